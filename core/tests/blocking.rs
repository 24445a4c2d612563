//! The blocking face on real threads: checkpoints get in at every row boundary, see exactly what was emitted, and are never
//! left waiting by a task that has gone another way.
#![cfg(feature = "std")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::sync::mpsc::channel;
use std::thread::{self, yield_now};
use std::time::Duration;

use turnstile::{CheckpointId, Reader, Refused, Remaining, Snapshot, blocking};

/// Only a test that fails waits for as long as this.
const FOREVER: Duration = Duration::from_secs(10);

fn reader() -> blocking::Reader<[u64; 4]> {
    blocking::Reader::new(Reader::new())
}

/// Starts a checkpoint, lets the task do `meanwhile` once the checkpoint is asked for (or was taken without that), and says
/// what the cut was, or nothing if it never came.
fn checkpointed(reader: &blocking::Reader<[u64; 4]>, meanwhile: impl FnOnce()) -> Option<Snapshot<Vec<u64>>> {
    let (taken, cut) = channel();
    let mine = reader.clone();
    let thread = thread::spawn(move || taken.send(mine.checkpoint(CheckpointId(1)).snapshot::<Vec<_>>()));
    while !reader.checkpoint_requested() && !thread.is_finished() {
        yield_now();
    }
    meanwhile();
    cut.recv_timeout(FOREVER).ok()
}

#[test]
fn a_checkpoint_that_waits_is_taken_at_the_next_row() {
    let reader = reader();
    let mut poller = reader.poller().expect("the only poller");
    reader.assign([1, 2]).expect("there is room");
    let mut lease = poller.next().expect("a split is there");
    let cut = checkpointed(&reader, || lease.advance(5));
    assert_eq!(cut, Some(Snapshot { splits: vec![1, 2], position: 5, accepted: 2, no_more_splits: false }));
    assert_eq!(lease.complete(), 1);
}

#[test]
fn a_checkpoint_does_not_wait_for_what_the_task_does_between_two_splits() {
    let reader = reader();
    let mut poller = reader.poller().expect("the only poller");
    reader.assign([1, 2]).expect("there is room");
    poller.next().expect("a split is there").complete();
    let cut = checkpointed(&reader, || ());
    assert_eq!(cut, Some(Snapshot { splits: vec![2], position: 0, accepted: 2, no_more_splits: false }));
    drop(poller.next().expect("the second split"));
    let cut = checkpointed(&reader, || ());
    assert_eq!(cut, Some(Snapshot { splits: vec![2], position: 0, accepted: 2, no_more_splits: false }));
}

#[test]
fn a_checkpoint_that_waits_is_taken_when_the_task_has_finished() {
    let reader = reader();
    let mut poller = reader.poller().expect("the only poller");
    reader.assign([1]).expect("there is room");
    poller.next().expect("a split is there").complete();
    reader.signal_no_more_splits();
    let cut = checkpointed(&reader, || assert!(poller.next().is_none()));
    assert_eq!(cut, Some(Snapshot { splits: vec![], position: 0, accepted: 1, no_more_splits: true }));
}

#[test]
fn a_checkpoint_that_waits_is_taken_when_the_poller_is_gone() {
    let reader = reader();
    let mut poller = reader.poller().expect("the only poller");
    reader.assign([1]).expect("there is room");
    let mut lease = poller.next().expect("a split is there");
    lease.advance(3);
    std::mem::forget(lease); // The poller goes on sitting.
    let cut = checkpointed(&reader, || drop(poller));
    assert_eq!(cut, Some(Snapshot { splits: vec![1], position: 3, accepted: 1, no_more_splits: false }));
}

#[test]
fn a_checkpoint_that_waits_is_taken_when_the_task_shuts_down() {
    let reader = reader();
    let mut poller = reader.poller().expect("the only poller");
    reader.assign([1, 2]).expect("there is room");
    // The poller has sat down for this one.
    assert_eq!(poller.shutdown(), Remaining::Split { split: 1, position: 0 });
    let cut = checkpointed(&reader, || while poller.shutdown() != Remaining::Finished {});
    let cut = cut.expect("the task stands up in the end, and says so");
    assert!(cut.no_more_splits);
    drop(poller);
}

#[test]
fn a_task_that_is_stopped_leaves_its_splits_to_the_next_attempt() {
    let reader = reader();
    let mut poller = reader.poller().expect("the only poller");
    let task = thread::spawn(move || {
        let split = poller.next().expect("a split is there").complete();
        assert!(poller.next().is_none(), "waits until it is stopped");
        assert!(!poller.has_finished(), "which is not the end");
        (split, poller)
    });
    reader.assign([1]).expect("there is room");
    while reader.checkpoint(CheckpointId(1)).splits().len() == 1 {
        yield_now();
    }
    reader.stop();
    let (split, mut poller) = task.join().expect("the task");
    assert_eq!(split, 1);
    reader.assign([2]).expect("the reader goes on");
    assert!(poller.next().is_none(), "for good");
    let cut = reader.checkpoint(CheckpointId(2)).snapshot::<Vec<_>>();
    assert_eq!(cut, Snapshot { splits: vec![2], position: 0, accepted: 2, no_more_splits: false });
    assert_eq!(poller.shutdown(), Remaining::Split { split: 2, position: 0 });
}

#[test]
fn a_checkpoint_sees_exactly_the_rows_that_are_emitted_and_no_row_is_emitted_while_it_lasts() {
    const SPLITS: u64 = 40;
    const ROWS: u64 = 200;
    let reader = reader();
    let (emitted, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut poller = reader.poller().expect("the only poller");
    thread::scope(|scope| {
        let task = scope.spawn(|| {
            let mut read = Vec::new();
            while let Some(mut lease) = poller.next() {
                for row in 0..ROWS {
                    emitted.fetch_add(1, Relaxed);
                    lease.advance(row + 1);
                }
                read.push(lease.complete());
            }
            over.store(true, Release);
            read
        });
        let checkpoints = scope.spawn(|| {
            let mut taken = 0;
            while !over.load(Acquire) {
                taken += 1;
                let checkpoint = reader.checkpoint(CheckpointId(taken));
                let before = emitted.load(Relaxed);
                let splits: Vec<u64> = checkpoint.splits().copied().collect();
                // Splits are numbered in the order in which they are assigned and read, so the first one that is left says
                // how many are complete.
                if let Some(&first) = splits.first() {
                    assert_eq!(before, first * ROWS + checkpoint.position());
                    assert_eq!(splits, (first..first + splits.len() as u64).collect::<Vec<_>>());
                }
                yield_now();
                assert_eq!(emitted.load(Relaxed), before, "the task stands still");
            }
            taken
        });
        for split in 0..SPLITS {
            while let Err(refused) = reader.assign([split]) {
                assert!(matches!(refused, Refused::Full(_)), "{refused:?}");
                yield_now();
            }
        }
        reader.signal_no_more_splits();
        assert_eq!(task.join().expect("the task"), (0..SPLITS).collect::<Vec<_>>());
        println!("{} checkpoints", checkpoints.join().expect("the checkpoints"));
    });
    assert_eq!(emitted.into_inner(), SPLITS * ROWS);
}

#[test]
fn assigning_threads_wait_for_each_other_and_keep_the_order_of_each() {
    // Batches that take a while to copy, and room for all of them: the threads do nothing but meet.
    const BATCH: usize = 512;
    const EACH: usize = 400 * BATCH;
    let reader = blocking::Reader::new(Reader::<Box<[(usize, usize)]>>::with_capacity(3 * EACH));
    let mut poller = reader.poller().expect("the only poller");
    let start = Barrier::new(3);
    thread::scope(|scope| {
        for thread in 0..3 {
            let (reader, start) = (&reader, &start);
            let splits: Vec<(usize, usize)> = (0..EACH).map(|split| (thread, split)).collect();
            scope.spawn(move || {
                start.wait();
                for batch in splits.chunks(BATCH) {
                    if let Err(refused) = reader.assign(batch) {
                        reader.signal_no_more_splits(); // Else the poller waits for what never comes.
                        panic!("{refused:?}");
                    }
                }
            });
        }
        let mut next = [0; 3];
        for _ in 0..3 * EACH {
            let (thread, split) = poller.next().expect("the end was not announced").complete();
            assert_eq!(split, next[thread], "of thread {thread}");
            next[thread] += 1;
        }
        reader.signal_no_more_splits();
        assert!(poller.next().is_none());
        assert_eq!(next, [EACH; 3]);
    });
}
