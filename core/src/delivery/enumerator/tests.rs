//! What a few lines show better than an exploration: names, orders, refusals.

use std::vec::Vec;

use super::*;
use crate::delivery::Mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Split {
    name: u32,
    body: u32,
}

impl Identity for Split {
    type Id = u32;
    fn id(&self) -> u32 {
        self.name
    }
}

fn split(name: u32) -> Split {
    Split { name, body: name }
}

type Small<const N: usize, const R: usize> = Enumerator<[Slot<Split>; N], [Log; R]>;

fn enumerator<const N: usize, const R: usize>(policy: Policy) -> Small<N, R> {
    Enumerator::new([Slot::EMPTY; N], [Log::EMPTY; R], policy, Attempt(0))
}

fn report(from: u32, attempt: u64, next: u64, done: u64, limit: u64) -> Report {
    Report { from: ReaderId(from), attempt: Attempt(attempt), next, done, limit, cut: None }
}

/// The log as it would be sent: names, and `None` for an end.
fn log<const N: usize, const R: usize>(enumerator: &Small<N, R>, reader: u32) -> Vec<Option<u32>> {
    let entry = |message: Message<&Split>| match message.entry {
        Entry::Split(split) => Some(split.name),
        Entry::NoMoreSplits => None,
    };
    enumerator.messages(ReaderId(reader)).map(entry).collect()
}

#[test]
fn discovery_is_a_union_by_name_and_two_splits_of_one_name_are_refused() {
    let mut known = enumerator::<2, 1>(Policy::OnRequest);
    assert_eq!(known.discover(split(1)), Ok(Discovered::New));
    assert_eq!(known.discover(split(1)), Ok(Discovered::Known));
    let other = Split { name: 1, body: 7 };
    assert_eq!(known.discover(other), Err(NotTaken::Conflict(other)));
    assert_eq!(known.discover(split(2)), Ok(Discovered::New));
    assert_eq!(known.discover(split(3)), Err(NotTaken::Full(split(3))));
    known.seal();
    assert_eq!(known.discover(split(2)), Ok(Discovered::Known));
    assert_eq!(known.discover(split(3)), Err(NotTaken::Sealed(split(3))));
}

#[test]
fn readers_without_work_are_told_that_there_is_no_more() {
    let mut enumerator = enumerator::<4, 3>(Policy::OnRequest);
    for reader in 0..2 {
        assert_eq!(enumerator.hear(report(reader, 1, 0, 0, 1)), Heard::Registered { given_back: 0 });
    }
    assert_eq!(enumerator.discover(split(1)), Ok(Discovered::New));
    enumerator.seal();
    assert_eq!((log(&enumerator, 0), log(&enumerator, 1)), (std::vec![Some(1), None], std::vec![None]));
    // The third one registers when all is said and done.
    assert_eq!(enumerator.hear(report(2, 1, 0, 0, 1)), Heard::Registered { given_back: 0 });
    assert_eq!(log(&enumerator, 2), [None]);
    for (reader, end) in [(0, 2), (1, 1), (2, 1)] {
        assert!(!enumerator.is_done());
        assert_eq!(enumerator.hear(report(reader, 1, end, end, end + 1)), Heard::Advanced);
    }
    assert!(enumerator.is_done());
}

#[test]
fn splits_go_where_they_are_asked_for_and_no_further_than_that() {
    let mut enumerator = enumerator::<8, 2>(Policy::OnRequest);
    for name in 1..=5 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
    }
    assert_eq!(enumerator.hear(report(0, 1, 0, 0, 1)), Heard::Registered { given_back: 0 });
    assert_eq!(log(&enumerator, 0), [Some(1)]);
    assert_eq!(enumerator.hear(report(1, 1, 0, 0, 2)), Heard::Registered { given_back: 0 });
    assert_eq!(log(&enumerator, 1), [Some(2), Some(3)]);
    // The same again asks for nothing.
    assert_eq!(enumerator.hear(report(1, 1, 0, 0, 2)), Heard::Known);
    assert_eq!(enumerator.hear(report(1, 1, 0, 0, 1)), Heard::Known);
    assert_eq!(log(&enumerator, 1), [Some(2), Some(3)]);
    assert_eq!(enumerator.hear(report(1, 1, 2, 1, 3)), Heard::Advanced);
    assert_eq!(log(&enumerator, 1), [Some(4)]);
}

#[test]
fn a_push_policy_keeps_the_order_and_every_owner_exists() {
    for policy in [Policy::RoundRobin, Policy::ByHash] {
        let mut enumerator = enumerator::<64, 3>(policy);
        for name in 0..50 {
            assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
        }
        let mut all = 0;
        for reader in 0..3 {
            assert!(matches!(enumerator.hear(report(reader, 1, 0, 0, 100)), Heard::Registered { .. }));
            let names: Vec<u32> = log(&enumerator, reader).into_iter().flatten().collect();
            assert!(names.is_sorted(), "{policy:?}: {names:?}");
            all += names.len();
        }
        assert_eq!(all, 50);
    }
}

#[test]
fn what_a_crashed_reader_had_not_stored_goes_back_before_all_else_in_its_order() {
    let mut enumerator = enumerator::<8, 2>(Policy::OnRequest);
    for name in 1..=4 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
    }
    assert_eq!(enumerator.hear(report(0, 1, 0, 0, 3)), Heard::Registered { given_back: 0 });
    assert_eq!(enumerator.hear(report(0, 1, 3, 0, 3)), Heard::Advanced);
    // A checkpoint held the first entry only. Until the new attempt asks for work, it gets none.
    assert_eq!(enumerator.hear(report(0, 2, 1, 0, 1)), Heard::Registered { given_back: 2 });
    assert_eq!(enumerator.hear(report(0, 2, 1, 0, 1)), Heard::Known, "registering twice is nothing");
    assert_eq!(enumerator.hear(report(0, 1, 3, 3, 6)), Heard::Stale { current: Attempt(2) });
    assert_eq!(enumerator.hear(report(1, 1, 0, 0, 4)), Heard::Registered { given_back: 0 });
    assert_eq!(log(&enumerator, 1), [Some(2), Some(3), Some(4)]);
    assert_eq!(enumerator.find(&1), Some(Home::Released), "it is in the snapshot that was restored");
}

#[test]
fn a_reader_that_was_restored_from_elsewhere_is_refused_and_changes_nothing() {
    let mut enumerator = enumerator::<4, 1>(Policy::OnRequest);
    assert_eq!(enumerator.discover(split(1)), Ok(Discovered::New));
    assert_eq!(enumerator.hear(report(0, 1, 0, 0, 2)), Heard::Registered { given_back: 0 });
    assert_eq!(enumerator.hear(report(0, 2, 1, 0, 2)), Heard::Registered { given_back: 0 });
    let before = enumerator.clone();
    assert_eq!(enumerator.hear(report(0, 3, 0, 0, 2)), Heard::Torn { start: 1, end: 1 });
    assert_eq!(enumerator.hear(report(0, 3, 2, 0, 2)), Heard::Torn { start: 1, end: 1 });
    assert_eq!(enumerator.hear(report(1, 3, 2, 0, 2)), Heard::Unknown);
    assert_eq!(enumerator, before);
}

#[test]
fn each_generation_has_an_end_of_its_own_in_every_log() {
    let mut enumerator = enumerator::<4, 2>(Policy::RoundRobin);
    for reader in 0..2 {
        assert_eq!(enumerator.hear(report(reader, 1, 0, 0, 9)), Heard::Registered { given_back: 0 });
    }
    assert_eq!(enumerator.discover(split(1)), Ok(Discovered::New));
    assert!(!enumerator.reopen());
    enumerator.seal();
    assert_eq!(enumerator.generation(), 0);
    assert!(enumerator.reopen());
    assert_eq!(enumerator.generation(), 1);
    assert_eq!(enumerator.discover(split(2)), Ok(Discovered::New));
    assert_eq!(enumerator.discover(split(3)), Ok(Discovered::New));
    enumerator.seal();
    assert_eq!(log(&enumerator, 0), [Some(1), None, Some(3), None]);
    assert_eq!(log(&enumerator, 1), [None, Some(2), None]);
    // A crash back into the first generation: its end comes again, in its place.
    assert_eq!(enumerator.hear(report(0, 2, 1, 0, 9)), Heard::Registered { given_back: 1 });
    assert_eq!(log(&enumerator, 0), [None, Some(3), None]);
}

#[test]
fn entries_behind_a_cut_say_so_until_it_is_completed_or_aborted() {
    let behind = |enumerator: &Small<8, 1>| -> Vec<_> {
        enumerator.messages(ReaderId(0)).map(|message| message.behind.map(|cut| cut.0)).collect()
    };
    let mut enumerator = enumerator::<8, 1>(Policy::RoundRobin);
    assert_eq!(enumerator.hear(report(0, 1, 0, 0, 9)), Heard::Registered { given_back: 0 });
    for name in 1..=3 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
        assert!(enumerator.snapshot(CheckpointId(u64::from(name))).is_ok());
    }
    assert_eq!(enumerator.snapshot(CheckpointId(3)), Err(Crowded::Old));
    enumerator.seal();
    assert_eq!(behind(&enumerator), [None, Some(1), Some(2), Some(3)]);
    enumerator.checkpoint_aborted(CheckpointId(2));
    assert_eq!(behind(&enumerator), [None, Some(1), Some(1), Some(3)]);
    enumerator.checkpoint_aborted(CheckpointId(3));
    assert_eq!(behind(&enumerator), [None, Some(1), Some(1), Some(1)]);
    for cut in 4..=6 {
        assert!(enumerator.snapshot(CheckpointId(cut)).is_ok());
    }
    assert_eq!(enumerator.snapshot(CheckpointId(7)), Err(Crowded::Full));
    enumerator.checkpoint_completed(CheckpointId(6));
    assert!(enumerator.snapshot(CheckpointId(7)).is_ok());
}

#[test]
fn an_entry_is_released_when_a_completed_checkpoint_holds_it_and_not_before() {
    let mut enumerator = enumerator::<8, 1>(Policy::RoundRobin);
    for name in 0..4 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
    }
    assert_eq!(enumerator.hear(report(0, 1, 0, 0, 9)), Heard::Registered { given_back: 4 }, "its log, for a moment");
    assert!(enumerator.snapshot(CheckpointId(1)).is_ok());
    let mark = |next| Some(Mark { checkpoint: CheckpointId(1), next });
    let _ = enumerator.hear(Report { cut: mark(2), ..report(0, 1, 3, 3, 9) });
    let homes = |enumerator: &Small<8, 1>| {
        (0..4).filter(|name| enumerator.find(name) == Some(Home::Released)).collect::<Vec<_>>()
    };
    assert!(homes(&enumerator).is_empty());
    enumerator.checkpoint_completed(CheckpointId(1));
    assert_eq!(homes(&enumerator), [0, 1]);
    assert!((4..50).all(|name| enumerator.find(&name).is_none()), "whatever lies where it would be looked for");
    // And when the reader's word comes after that of the checkpoint.
    assert!(enumerator.snapshot(CheckpointId(2)).is_ok());
    enumerator.checkpoint_completed(CheckpointId(2));
    let mark = Some(Mark { checkpoint: CheckpointId(2), next: 3 });
    let _ = enumerator.hear(Report { cut: mark, ..report(0, 1, 3, 3, 9) });
    assert_eq!(homes(&enumerator), [0, 1, 2]);
    assert_eq!(log(&enumerator, 0), [Some(3)]);
}

#[test]
fn every_name_is_found_in_a_full_table() {
    let names = [3, 1_000, 77, 5, 123_456, 42, 9, 31_337];
    let mut known = enumerator::<8, 1>(Policy::OnRequest);
    for name in names {
        assert_eq!(known.discover(split(name)), Ok(Discovered::New));
    }
    for name in names {
        assert_eq!((known.discover(split(name)), known.find(&name)), (Ok(Discovered::Known), Some(Home::Pending)));
    }
    assert_eq!((known.discover(split(4)), known.find(&4)), (Err(NotTaken::Full(split(4))), None));
}

#[test]
fn a_late_report_of_the_same_attempt_takes_nothing_back() {
    let mut enumerator = enumerator::<8, 1>(Policy::RoundRobin);
    for name in 0..4 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
    }
    assert!(matches!(enumerator.hear(report(0, 1, 0, 0, 1)), Heard::Registered { .. }));
    assert_eq!(log(&enumerator, 0), [Some(0)], "the others are its own, and there is no room for them yet");
    assert_eq!(enumerator.hear(report(0, 1, 3, 2, 9)), Heard::Advanced);
    let before = enumerator.clone();
    for (next, done, limit) in [(2, 2, 9), (3, 1, 9), (3, 2, 8)] {
        assert_eq!(enumerator.hear(report(0, 1, next, done, limit)), Heard::Known);
        assert_eq!(enumerator, before);
    }
    assert_eq!(log(&enumerator, 0), [Some(3)]);
}

#[test]
fn all_is_done_only_when_all_is_discovered_handed_out_and_completed() {
    let mut enumerator = enumerator::<4, 1>(Policy::OnRequest);
    assert!(!enumerator.is_done(), "nothing is there, but something may come");
    assert_eq!(enumerator.discover(split(1)), Ok(Discovered::New));
    enumerator.seal();
    assert!(!enumerator.is_done(), "nobody has it");
    assert!(matches!(enumerator.hear(report(0, 1, 0, 0, 1)), Heard::Registered { .. }));
    assert_eq!(enumerator.hear(report(0, 1, 2, 1, 2)), Heard::Advanced);
    assert!(!enumerator.is_done(), "it is not completed");
    assert_eq!(enumerator.hear(report(0, 1, 2, 2, 3)), Heard::Advanced);
    assert!(enumerator.is_done());
}

#[test]
fn a_split_that_nobody_can_take_yet_does_not_hold_up_the_next_generation() {
    let mut enumerator = enumerator::<8, 2>(Policy::OnRequest);
    assert!(matches!(enumerator.hear(report(0, 1, 0, 0, 1)), Heard::Registered { .. }));
    assert!(matches!(enumerator.hear(report(1, 1, 0, 0, 0)), Heard::Registered { .. }));
    assert_eq!(enumerator.discover(split(1)), Ok(Discovered::New));
    enumerator.seal();
    assert!(enumerator.reopen());
    // Restored to the start, and with no room: its split is pending again, in the generation that the other has left.
    assert_eq!(enumerator.hear(report(0, 2, 0, 0, 0)), Heard::Registered { given_back: 1 });
    assert_eq!(enumerator.discover(split(2)), Ok(Discovered::New));
    assert_eq!(enumerator.hear(report(1, 1, 1, 1, 2)), Heard::Advanced);
    assert_eq!(log(&enumerator, 1), [Some(2)]);
    assert_eq!(enumerator.hear(report(0, 2, 0, 0, 1)), Heard::Advanced);
    assert_eq!(log(&enumerator, 0), [Some(1), None]);
}

#[test]
fn what_readers_said_of_a_cut_stays_with_it_while_others_come_and_go() {
    let mut enumerator = enumerator::<8, 1>(Policy::RoundRobin);
    for name in 0..4 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
    }
    assert!(matches!(enumerator.hear(report(0, 1, 0, 0, 9)), Heard::Registered { .. }));
    for cut in 1..=4 {
        assert!(enumerator.snapshot(CheckpointId(cut)).is_ok());
        let mark = Some(Mark { checkpoint: CheckpointId(cut), next: cut - 1 });
        let _ = enumerator.hear(Report { cut: mark, ..report(0, 1, 3, 0, 9) });
    }
    let released =
        |enumerator: &Small<8, 1>| (0..4).filter(|name| enumerator.find(name) == Some(Home::Released)).count();
    enumerator.checkpoint_aborted(CheckpointId(2));
    assert!(enumerator.snapshot(CheckpointId(5)).is_ok());
    enumerator.checkpoint_completed(CheckpointId(3));
    assert_eq!(released(&enumerator), 2);
    enumerator.checkpoint_completed(CheckpointId(5));
    assert_eq!(released(&enumerator), 2, "nobody has said anything of the fifth");
}

#[test]
fn a_restored_enumerator_sends_nothing_before_it_has_heard_and_has_no_cut_under_way() {
    let mut enumerator = enumerator::<8, 1>(Policy::RoundRobin);
    assert_eq!(enumerator.discover(split(1)), Ok(Discovered::New));
    enumerator.seal();
    assert!(matches!(enumerator.hear(report(0, 1, 0, 0, 9)), Heard::Registered { .. }));
    for cut in 1..=3 {
        assert!(enumerator.snapshot(CheckpointId(cut)).is_ok());
    }
    let plan = enumerator.snapshot(CheckpointId(4)).expect("four are possible");
    let mut restored = Enumerator::restore(plan, Attempt(1));
    assert_eq!(log(&restored, 0), []);
    for cut in 5..=8 {
        assert!(restored.snapshot(CheckpointId(cut)).is_ok());
    }
}

#[test]
fn a_reader_that_comes_back_is_met_by_a_restored_enumerator_as_by_one_that_never_died() {
    let mut enumerator = enumerator::<8, 1>(Policy::RoundRobin);
    for name in 0..4 {
        assert_eq!(enumerator.discover(split(name)), Ok(Discovered::New));
    }
    enumerator.seal();
    assert!(matches!(enumerator.hear(report(0, 1, 0, 0, 9)), Heard::Registered { .. }));
    assert!(enumerator.snapshot(CheckpointId(1)).is_ok());
    let mark = Some(Mark { checkpoint: CheckpointId(1), next: 2 });
    assert_eq!(enumerator.hear(Report { cut: mark, ..report(0, 1, 3, 3, 9) }), Heard::Advanced);
    enumerator.checkpoint_completed(CheckpointId(1));
    let restored = Enumerator::restore(enumerator.snapshot(CheckpointId(2)).expect("one is under way"), Attempt(1));
    assert_eq!((enumerator.attempt(ReaderId(0)), restored.attempt(ReaderId(0))), (Some(Attempt(1)), None));
    // Its checkpoint was any of those that a log of five entries may have, or none of them.
    for next in 0..=6 {
        let meet = |mut enumerator: Small<8, 1>| {
            let heard = enumerator.hear(report(0, 2, next, next, 9));
            let homes: Vec<_> = (0..4).map(|name| enumerator.find(&name)).collect();
            (heard, log(&enumerator, 0), homes, enumerator.is_done())
        };
        let met = meet(restored.clone());
        assert_eq!(matches!(met.0, Heard::Registered { .. }), (2..=5).contains(&next), "{next}");
        if (2..=5).contains(&next) {
            assert_eq!(met, meet(enumerator.clone()), "{next}");
        }
    }
}

#[test]
fn names_have_the_published_hash_and_numbers_the_same_on_every_machine() {
    let of = |bytes: &[u8]| {
        let mut hasher = Fnv::default();
        hasher.write(bytes);
        hasher.finish()
    };
    let published: [(&[u8], u64); 3] =
        [(b"", 0xcbf2_9ce4_8422_2325), (b"a", 0xaf63_dc4c_8601_ec8c), (b"foobar", 0x8594_4171_f739_67e8)];
    for (bytes, expected) in published {
        assert_eq!(of(bytes), expected);
    }
    assert_eq!(hash(&0x0102_u16), of(&[2, 1]));
    assert_eq!(hash(&0x0102_u32), of(&[2, 1, 0, 0]));
    assert_eq!(hash(&0x0102_u64), of(&[2, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(hash(&0x0102_u128), of(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(hash(&0x0102_usize), hash(&0x0102_u64));
}
