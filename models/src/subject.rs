//! Turnstile as a reader under test. Compiled once per engine, against `engine`.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};

use super::Parker;
use super::turnstile::{Answer, CheckpointId, Cut, Poller, Refused, Remaining, Snapshot};
use super::yield_now;

const CAPACITY: usize = 2;
type Core = super::turnstile::Reader<[Split; CAPACITY]>;

/// The core, and the journal.
pub struct Reader {
    core: Arc<Core>,
    journal: Journal,
}

/// What the poller's thread owns.
pub struct Task {
    poller: Poller<Arc<Core>>,
    parker: Parker,
    is_pending: bool,
    journal: Journal,
}

impl Reader {
    fn with(core: Core, journal: &Journal) -> (Arc<Self>, Task) {
        let (core, journal) = (Arc::new(core), journal.clone());
        let poller = Poller::claim(core.clone()).expect("the reader is new");
        let task = Task { poller, parker: Parker::new(), is_pending: false, journal: journal.clone() };
        (Arc::new(Self { core, journal }), task)
    }
}

impl Subject for Reader {
    const NAME: &'static str = "turnstile";
    const ABILITIES: &'static [Ability] = &[
        Ability::KeepsOrder,
        Ability::ManyDeliveries,
        Ability::Refuses,
        Ability::Waits,
        Ability::Snapshots,
        Ability::Restores,
        Ability::Fails,
        Ability::ShutsDown,
    ];
    type Poller = Task;

    fn new(journal: &Journal) -> (Arc<Self>, Task) {
        Self::with(Core::new(), journal)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        loop {
            let assigned = self.core.assign(&*splits).map_err(|refused| refused.reason());
            match assigned {
                Ok(()) => self.journal.note(format!("assign {}", set(&splits))),
                Err(Refused::Busy(())) => {
                    yield_now();
                    continue;
                }
                Err(_) => return Err(splits),
            }
            return Ok(());
        }
    }

    fn signal_no_more_splits(&self) {
        self.journal.note("no more splits");
        self.core.signal_no_more_splits();
    }

    fn poll(task: &mut Task) -> Polled {
        let waker = task.parker.waker();
        task.is_pending = false;
        match task.poller.poll_with(&waker) {
            Answer::Split(mut lease) => {
                let Ok(rows) = task.journal.read(*lease.split()) else { return Polled::Failed };
                // Behind this boundary the split holds nothing.
                let asked = lease.advance(rows as u64).is_some();
                lease.complete();
                if asked {
                    barrier(task.poller.cut().ok(), &task.journal);
                }
            }
            Answer::Checkpoint(_) => barrier(task.poller.cut().ok(), &task.journal),
            Answer::Pending => task.is_pending = true,
            Answer::Finished => return Polled::Finished,
        }
        Polled::Again
    }

    fn wait(task: &mut Task) {
        if task.is_pending {
            task.parker.park();
        }
    }

    fn checkpoint(&self) {
        let cut = self.core.try_cut().or_else(|_| {
            self.journal.note("asks the poller for a checkpoint");
            self.core.request_checkpoint(CheckpointId(1)).expect("nobody else asks");
            // If the poller has finished since the first look, it answers no more.
            self.core.try_cut()
        });
        barrier(cut.ok(), &self.journal);
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Task) {
        let snapshot = Snapshot { splits: snapshot.to_vec(), position: 0, accepted: 1, no_more_splits: false };
        Self::with(Core::restore(snapshot).expect("it fits"), journal)
    }

    fn shutdown(task: &mut Task) -> Vec<Split> {
        let mut back = Vec::new();
        loop {
            match task.poller.shutdown() {
                Remaining::Split { split, .. } => back.push(split),
                Remaining::Pending => yield_now(),
                Remaining::Finished => return back,
            }
        }
    }
}

fn barrier(cut: Option<Cut<'_, [Split; CAPACITY]>>, journal: &Journal) {
    if let Some(cut) = cut {
        journal.barrier(&cut.splits().copied().collect::<Vec<_>>());
    }
}
