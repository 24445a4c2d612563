//! The MaxCompute reader of SeaTunnel 2.3.7 and 2.3.8 (apache/seatunnel issue 8379): it never forgets a split.
//!
//! Assigned splits go into a set. A poll reads every split of the set and removes none; then it looks whether the end was
//! announced. That is a message of its own, and when it is late, the next poll reads everything again. Rows arrive twice
//! or three times, and the job ends without an error.

use std::sync::Arc;

use super::Subject;
use crate::engine::loom::turnstile::sync::{AtomicUsize, Mutex, Ordering::SeqCst};
use crate::journal::{Journal, Lane, Split, set};

/// The set and the flag.
pub struct Reader {
    splits: Mutex<Vec<Split>>,
    no_more_splits: AtomicUsize,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    type Poller = Arc<Self>;

    fn new(journal: Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Mutex::new(Vec::new()),
            no_more_splits: AtomicUsize::new(0),
            checkpoint_lock: Mutex::new(()),
            journal,
        });
        (reader.clone(), reader)
    }

    fn assign(&self, split: Split) {
        self.splits.lock().push(split);
        self.journal.note(Lane::Delivery, format!("assign s{split}: into the set"));
    }

    fn signal_no_more_splits(&self) {
        self.no_more_splits.store(1, SeqCst);
        self.journal.note(Lane::Delivery, "signal no more splits: flag set");
    }

    fn poll(this: &mut Arc<Self>) -> bool {
        let _lock = this.checkpoint_lock.lock();
        let splits = this.splits.lock().clone();
        this.journal.note(Lane::Poller, format!("poll: the set holds {}", set(&splits)));
        for split in splits {
            this.journal.emit(split); // And nothing removes it.
        }
        let ended = this.no_more_splits.load(SeqCst) == 1;
        this.journal.note(Lane::Poller, if ended { "flag is set: finished" } else { "flag is not set: poll again" });
        ended
    }

    fn checkpoint(&self) {
        let _lock = self.checkpoint_lock.lock();
        let snapshot = self.splits.lock().clone();
        self.journal.barrier(Lane::Checkpoint, snapshot);
    }
}
