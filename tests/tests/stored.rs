//! What a checkpoint holds of the delivery protocol, written and read as an engine would.

use serde::{Deserialize, Serialize};
use turnstile::CheckpointId;
use turnstile::delivery::{
    Attempt, Discovered, Entry, Enumerator, Heard, Identity, Log, Plan, Policy, ReaderId, Report, Slot,
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
