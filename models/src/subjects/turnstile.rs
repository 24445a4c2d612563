//! Turnstile behind the calls of an engine.

use std::sync::Arc;

use super::Subject;
use crate::engine::loom::turnstile::{Answer, CheckpointId, Poller, Reader as Core};
use crate::journal::{Journal, Lane, Split};

/// The core, and the journal.
pub struct Reader {
    core: Arc<Core<[Split; 2]>>,
    journal: Journal,
}

impl Subject for Reader {
    type Poller = (Poller<Arc<Core<[Split; 2]>>>, Journal);

    fn new(journal: Journal) -> (Arc<Self>, Self::Poller) {
        let core = Arc::new(Core::new());
        let poller = Poller::claim(core.clone()).expect("the reader is new");
        (Arc::new(Self { core, journal: journal.clone() }), (poller, journal))
    }

    fn assign(&self, split: Split) {
        self.core.assign([split]).expect("there is room, and no other thread assigns");
        self.journal.note(Lane::Delivery, format!("assign s{split}"));
    }

    fn signal_no_more_splits(&self) {
        self.core.signal_no_more_splits();
        self.journal.note(Lane::Delivery, "signal no more splits");
    }

    fn poll((poller, journal): &mut Self::Poller) -> bool {
        match poller.poll() {
            Answer::Split(mut lease) => {
                journal.note(Lane::Poller, format!("poll: s{}", lease.split()));
                journal.emit(*lease.split());
                if lease.advance(1).is_some() {
                    // The only row is emitted: behind this boundary the split holds nothing.
                    lease.complete();
                    barrier(poller, journal);
                } else {
                    lease.complete();
                }
            }
            Answer::Checkpoint(_) => barrier(poller, journal),
            Answer::Pending => journal.note(Lane::Poller, "poll: Pending"),
            Answer::Finished => {
                journal.note(Lane::Poller, "poll: Finished");
                return true;
            }
        }
        false
    }

    fn checkpoint(&self) {
        match self.core.try_cut() {
            Ok(cut) => self.journal.barrier(Lane::Checkpoint, cut.splits().copied().collect()),
            Err(_) => {
                self.core.request_checkpoint(CheckpointId(1)).expect("nobody else asks");
                self.journal.note(Lane::Checkpoint, "request a checkpoint from the poller");
            }
        }
    }
}

fn barrier(poller: &mut Poller<Arc<Core<[Split; 2]>>>, journal: &Journal) {
    if let Ok(cut) = poller.cut() {
        journal.barrier(Lane::Poller, cut.splits().copied().collect());
    }
}
