//! The same reader as merged later: a concurrent deque, the checkpoint lock and a flag, and it loses splits in two ways.
//!
//! A poll takes a split from the deque *before* it takes the checkpoint lock: a checkpoint in between finds the split
//! neither in the deque nor among the rows before the barrier. And it ends when the deque is empty and the flag is set,
//! one after the other: each was true once, and a split that came in between is stranded.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Subject;
use crate::engine::loom::turnstile::sync::{AtomicUsize, Mutex, Ordering::SeqCst};
use crate::journal::{Journal, Lane, Split};

/// The deque, the flag and the lock. Each operation on the deque is atomic, as those of Java's are.
pub struct Reader {
    splits: Mutex<VecDeque<Split>>,
    no_more_splits: AtomicUsize,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    type Poller = Arc<Self>;

    fn new(journal: Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Mutex::new(VecDeque::new()),
            no_more_splits: AtomicUsize::new(0),
            checkpoint_lock: Mutex::new(()),
            journal,
        });
        (reader.clone(), reader)
    }

    fn assign(&self, split: Split) {
        self.splits.lock().push_back(split);
        self.journal.note(Lane::Delivery, format!("assign s{split}: into the deque"));
    }

    fn signal_no_more_splits(&self) {
        self.no_more_splits.store(1, SeqCst);
        self.journal.note(Lane::Delivery, "signal no more splits: flag set");
    }

    fn poll(this: &mut Arc<Self>) -> bool {
        let taken = this.splits.lock().pop_front();
        match taken {
            Some(split) => {
                this.journal.note(Lane::Poller, format!("poll: takes s{split} from the deque"));
                let _lock = this.checkpoint_lock.lock();
                this.journal.note(Lane::Poller, "takes the checkpoint lock");
                this.journal.emit(split);
            }
            None => this.journal.note(Lane::Poller, "poll: the deque gives nothing"),
        }
        let empty = this.splits.lock().is_empty();
        this.journal
            .note(Lane::Poller, if empty { "the deque is empty" } else { "the deque is not empty: poll again" });
        if !empty {
            return false;
        }
        let ended = this.no_more_splits.load(SeqCst) == 1;
        this.journal.note(Lane::Poller, if ended { "flag is set: finished" } else { "flag is not set: poll again" });
        ended
    }

    fn checkpoint(&self) {
        let _lock = self.checkpoint_lock.lock();
        let snapshot = self.splits.lock().iter().copied().collect();
        self.journal.barrier(Lane::Checkpoint, snapshot);
    }
}
