//! What a checkpoint holds of the delivery protocol, written and read as an engine would.
#![cfg(all(feature = "alloc", feature = "serde"))]

use serde::{Deserialize, Serialize};
use serde_json::Value;
use turnstile::CheckpointId;
use turnstile::delivery::{
    Attempt, Discovered, Entry, Enumerator, Heard, Identity, Log, Mark, Plan, Policy, ReaderId, Report, Slot,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct File {
    path: String,
    bytes: u64,
}

impl Identity for File {
    type Id = String;
    fn id(&self) -> String {
        self.path.clone()
    }
}

fn file(path: &str) -> File {
    File { path: path.into(), bytes: 7 }
}

type Slots = Box<[Slot<File>]>;
type Logs = Box<[Log]>;

fn report(attempt: u64, next: u64) -> Report {
    Report { from: ReaderId(0), attempt: Attempt(attempt), next, done: next, limit: next + 1, cut: None }
}

/// A plan with two readers' logs, splits pending and released, and an end.
fn written() -> String {
    let (slots, logs): (Slots, Logs) = ((0..8).map(|_| Slot::EMPTY).collect(), [Log::EMPTY; 2].into());
    let mut enumerator = Enumerator::new(slots, logs, Policy::OnRequest, Attempt(0));
    for path in ["a", "b", "c", "d"] {
        assert_eq!(enumerator.discover(file(path)), Ok(Discovered::New));
    }
    enumerator.seal();
    assert!(enumerator.reopen());
    let _ = enumerator.hear(Report { from: ReaderId(1), ..report(1, 0) });
    let _ = enumerator.hear(report(1, 0));
    let _ = enumerator.hear(report(1, 1));
    let _ = enumerator.snapshot(CheckpointId(1)).expect("the first");
    let _ = enumerator.hear(Report { cut: Some(Mark { checkpoint: CheckpointId(1), next: 1 }), ..report(1, 1) });
    enumerator.checkpoint_completed(CheckpointId(1));
    let _ = enumerator.hear(report(1, 2));
    assert_eq!(enumerator.discover(file("e")), Ok(Discovered::New));
    serde_json::to_string(&enumerator.snapshot(CheckpointId(2)).expect("the second")).expect("plain data")
}

/// The paths of all that a document holds.
fn paths(value: &Value, path: &str, all: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(n, value)| paths(value, &format!("{path}/{n}"), all));
        }
        Value::Object(values) => values.iter().for_each(|(name, value)| paths(value, &format!("{path}/{name}"), all)),
        _ => {}
    }
    all.push(path.into());
}

/// A restored job, to its end, with another crash. Nothing in it may panic, or go on for ever.
fn live_on(plan: Plan<Slots, Logs>) {
    let mut enumerator = Enumerator::restore(plan, Attempt(1));
    let _ = enumerator.discover(file("f"));
    enumerator.seal();
    for round in 0..20 {
        for reader in [0, 1].map(ReaderId) {
            let next = enumerator.messages(reader).last().map_or(round, |message| message.sequence + 1);
            let _ = enumerator.hear(Report { from: reader, limit: next + 2, ..report(2, next) });
        }
    }
    let _ = enumerator.snapshot(CheckpointId(3));
    enumerator.checkpoint_completed(CheckpointId(3));
    let _ = enumerator.hear(Report { attempt: Attempt(3), ..report(3, 2) });
}

#[test]
fn a_plan_that_was_damaged_is_refused_or_does_no_harm() {
    let whole: Value = serde_json::from_str(&written()).expect("what was written");
    live_on(serde_json::from_value(whole.clone()).expect("a plan"));
    let mut all = Vec::new();
    paths(&whole, "", &mut all);
    let numbers = [0, 1, 2, 3, 7, u64::MAX].map(Value::from);
    let (mut refused, mut harmless) = (0, 0);
    for path in &all {
        let others = all.iter().filter_map(|other| whole.pointer(other)).chain(&numbers).chain([&Value::Null]);
        for other in others.filter(|other| **other != *whole.pointer(path).expect("it is there")) {
            let mut damaged = whole.clone();
            *damaged.pointer_mut(path).expect("it is there") = other.clone();
            match serde_json::from_value::<Plan<Slots, Logs>>(damaged) {
                Ok(plan) => {
                    harmless += 1;
                    live_on(plan);
                }
                Err(_) => refused += 1,
            }
        }
    }
    println!("{refused} refused, {harmless} harmless");
    assert!(harmless * 10 < refused, "{refused} refused, {harmless} harmless");
}

#[test]
fn a_plan_that_is_refused_says_what_is_wrong_with_it() {
    let whole: Value = serde_json::from_str(&written()).expect("what was written");
    for (path, wrong, why) in [
        ("/discovered", 4, "a name is not where it is looked for"),
        ("/pending/last", 0, "a split is in no list, or in two"),
        ("/generation", 0, "a log's numbers do not fit its entries"),
        ("/cuts/0", 2, "a cut is under way in it"),
        ("/completed", 1, "a cut is under way in it"),
    ] {
        let mut damaged = whole.clone();
        *damaged.pointer_mut(path).unwrap_or_else(|| panic!("no {path} in {whole:#}")) = wrong.into();
        let refused = serde_json::from_value::<Plan<Slots, Logs>>(damaged).expect_err(path);
        assert_eq!(refused.to_string(), format!("this is not a plan as it was written: {why}"), "{path}");
    }
}

#[test]
fn every_slot_may_be_taken_and_no_number_twice() {
    let (slots, logs): (Slots, Logs) = ((0..4).map(|_| Slot::EMPTY).collect(), [Log::EMPTY].into());
    let mut enumerator = Enumerator::new(slots, logs, Policy::OnRequest, Attempt(0));
    for path in ["a", "b", "c", "d"] {
        assert_eq!(enumerator.discover(file(path)), Ok(Discovered::New));
    }
    let read = |written: &str| serde_json::from_str::<Plan<Slots, Logs>>(written);
    let pending = serde_json::to_string(&enumerator.snapshot(CheckpointId(1)).expect("the first")).expect("plain data");
    assert!(read(&pending).is_ok());
    let mut without_readers: Value = serde_json::from_str(&pending).expect("what was written");
    without_readers["logs"] = Value::Array(Vec::new());
    assert!(read(&without_readers.to_string()).is_err());

    let _ = enumerator.hear(Report { limit: 4, ..report(1, 0) });
    let sent = serde_json::to_string(&enumerator.snapshot(CheckpointId(2)).expect("the second")).expect("plain data");
    assert!(read(&sent).is_ok());
    assert!(sent.contains(r#""sequence":1"#));
    assert!(read(&sent.replace(r#""sequence":1"#, r#""sequence":0"#)).is_err());
}

#[test]
fn an_enumerator_goes_on_from_what_was_written() {
    let (slots, logs): (Slots, Logs) = ((0..8).map(|_| Slot::EMPTY).collect(), [Log::EMPTY; 2].into());
    let mut enumerator = Enumerator::new(slots, logs, Policy::OnRequest, Attempt(0));
    for path in ["a", "b", "c"] {
        assert_eq!(enumerator.discover(file(path)), Ok(Discovered::New));
    }
    let _ = enumerator.hear(report(1, 0));
    let _ = enumerator.hear(report(1, 1));
    let plan = enumerator.snapshot(CheckpointId(1)).expect("the first");
    let written = serde_json::to_string(&plan).expect("plain data");

    let plan: Plan<Slots, Logs> = serde_json::from_str(&written).expect("what was written");
    let mut enumerator = Enumerator::restore(plan, Attempt(1));
    assert_eq!(enumerator.discover(file("a")), Ok(Discovered::Known));
    assert_eq!(enumerator.hear(report(2, 1)), Heard::Registered { given_back: 1 });
    let sent: Vec<_> = enumerator.messages(ReaderId(0)).map(|message| (message.sequence, message.entry)).collect();
    assert_eq!(sent, [(1, Entry::Split(&file("b")))]);
}
