//! **Claim.** Whatever two operations of the blocking face meet: neither waits for ever; what was accepted is emitted or handed back,
//! once and in order; each cut is exact, and the task stands still while it lives.
//! **Could fail** where a lock, a turn or a knock is passed on in the wrong order.
//! **Size.** One operation each; one split of two rows more or less.

use super::scenarios::{Row, join, rows_of};
use super::turnstile::{CheckpointId, Reader, Refused, Remaining, blocking};
use super::{Record, Room, spawn, yield_now};
use crate::pairs::Meeting;
use crate::pairs::blocking::{Op, Situation};

type Handle = blocking::Reader<Room>;
type Poller = blocking::Poller<Room>;

/// What both threads know.
#[derive(Clone)]
struct Stage {
    reader: Handle,
    record: Record,
    /// A checkpoint thread has the cut when the two begin.
    is_held: bool,
}

impl Stage {
    fn assign(&self, by: usize) {
        match self.reader.assign([self.record.issue(by)]) {
            Ok(()) => self.record.accept(by),
            Err(Refused::Full(_) | Refused::Closed(_)) => {}
            Err(refused) => panic!("a thread that waits for others is refused as {refused:?}"),
        }
    }

    fn cut(&self, checkpoint: blocking::Checkpoint<'_, Room>) {
        let emitted = self.record.emitted();
        let snapshot = checkpoint.snapshot();
        yield_now();
        assert_eq!(self.record.emitted(), emitted, "the task stands still");
        self.record.cut(snapshot, emitted);
    }

    /// Reads what comes next to its end, if anything does.
    fn next(&self, poller: &mut Poller) -> bool {
        let Some(mut lease) = poller.next() else { return false };
        let (from, number) = (lease.split().from, lease.split().number);
        for row in rows_of(from, number, lease.position()) {
            self.record.sink.emit(row);
            lease.advance(row.2 + 1);
        }
        drop(lease.complete());
        true
    }

    /// Takes back what comes next.
    fn shutdown(&self, poller: &mut Poller) -> Option<Vec<Row>> {
        let Remaining::Split { split, position } = poller.shutdown() else { return None };
        let rows: Vec<Row> = rows_of(split.from, split.number, position).collect();
        rows.iter().for_each(|&row| self.record.sink.emit(row));
        Some(rows)
    }

    /// The same, while others are at work.
    fn take_back(&self, poller: &mut Poller) {
        self.shutdown(poller).into_iter().flatten().for_each(|row| self.record.back.emit(row));
    }

    /// An operation that borrows nothing, on any thread.
    fn act(&self, op: Op, poller: &mut Option<Poller>, by: usize) {
        match op {
            Op::Assign => self.assign(by),
            Op::Signal => self.reader.signal_no_more_splits(),
            Op::Stop => self.reader.stop(),
            Op::Requested => _ = self.reader.checkpoint_requested(),
            Op::Claim => *poller = self.reader.poller().ok(),
            Op::Checkpoint => self.cut(self.reader.checkpoint(CheckpointId(by as u64))),
            Op::Next => _ = self.next(poller.as_mut().expect("it was given to this thread")),
            Op::Shutdown => {
                self.take_back(poller.as_mut().expect("it was given to this thread"));
                if self.is_held {
                    // The first may have found the seat taken, and must have left it so.
                    self.take_back(poller.as_mut().expect("it was given to this thread"));
                }
            }
            Op::DropPoller => {
                *poller = None;
                if self.is_held {
                    // As above, for the next one.
                    self.take_back(poller.insert(self.reader.poller().expect("it was dropped")));
                }
            }
            Op::Advance | Op::Unlocked | Op::Complete | Op::GiveBack => unreachable!("it borrows the poller"),
            Op::CheckpointDrop => unreachable!("it borrows the reader"),
        }
    }
}

/// Runs the two at once, on this thread and on another, and what is left of the reader to its end.
pub(super) fn run(Meeting { situation, first, second }: Meeting<Op>) {
    let reader = Handle::new(Reader::new());
    let stage = Stage { reader, record: Record::default(), is_held: first == Op::CheckpointDrop };
    for _ in 0..situation.splits() {
        stage.assign(0);
    }
    if matches!(situation, Situation::Ending | Situation::Ended) {
        stage.reader.signal_no_more_splits();
    }
    if situation == Situation::Stopped {
        stage.reader.stop();
    }
    let poller = both(&stage, first, second, situation);
    settle(stage, poller);
}

/// The two at once. Answers with the poller, if there still is one.
fn both(stage: &Stage, first: Op, second: Op, situation: Situation) -> Option<Poller> {
    let mut poller = Some(stage.reader.poller().expect("the reader is new"));
    if situation == Situation::Forgotten {
        std::mem::forget(poller.as_mut().and_then(Poller::next));
    }
    let held = (first == Op::CheckpointDrop).then(|| stage.reader.checkpoint(CheckpointId(0)));
    let other = |mut poller: Option<Poller>| {
        let stage = stage.clone();
        spawn(move || {
            stage.act(second, &mut poller, 2);
            poller
        })
    };
    let running = match first {
        Op::Advance | Op::Unlocked | Op::Complete | Op::GiveBack => {
            let mut lease = poller.as_mut().and_then(Poller::next).expect("a split was assigned");
            stage.record.sink.emit((0, 0, 0));
            lease.advance(1);
            let running = other(None);
            match first {
                Op::Advance => {
                    stage.record.sink.emit((0, 0, 1));
                    let is_asked = stage.reader.checkpoint_requested();
                    lease.advance(2);
                    assert!(!is_asked || !stage.reader.checkpoint_requested(), "a checkpoint waits for one row");
                }
                Op::Unlocked => {
                    lease.unlocked(|| ());
                    stage.record.sink.emit((0, 0, 1));
                    lease.advance(2);
                }
                Op::Complete => {
                    stage.record.sink.emit((0, 0, 1));
                    drop(lease.complete());
                }
                _ => {
                    drop(lease);
                    // Perhaps before a checkpoint thread that waits has heard of it.
                    stage.next(poller.as_mut().expect("it was not given away"));
                }
            }
            running
        }
        Op::CheckpointDrop => {
            let running = other(poller.take());
            stage.cut(held.expect("it was taken above"));
            running
        }
        _ => {
            let mut mine = None;
            let mut theirs = poller.take();
            if matches!(first, Op::Shutdown | Op::DropPoller) {
                (mine, theirs) = (theirs, mine);
            }
            let running = other(theirs);
            stage.act(first, &mut mine, 1);
            poller = mine;
            running
        }
    };
    let ends_a_wait = matches!(first, Op::Assign | Op::Signal | Op::Stop) || situation != Situation::Empty;
    if second == Op::Next && !ends_a_wait {
        stage.reader.signal_no_more_splits();
    }
    let theirs = join(running);
    assert!(poller.is_none() || theirs.is_none(), "a reader has two pollers");
    poller.or(theirs)
}

/// With one thread left: is everything there, and does it come to an end?
fn settle(stage: Stage, poller: Option<Poller>) {
    let mut poller = poller.unwrap_or_else(|| stage.reader.poller().expect("it was dropped"));
    assert!(!stage.reader.checkpoint_requested(), "the request was answered");
    stage.reader.signal_no_more_splits();
    while stage.next(&mut poller) {}
    if !poller.has_finished() {
        // It was stopped, or shut down.
        while stage.shutdown(&mut poller).is_some() {}
        assert!(matches!(poller.shutdown(), Remaining::Finished), "nothing is left to wait for");
    }
    let Stage { reader, record, .. } = stage;
    drop((poller, reader));
    record.check();
}
