//! C02 · poll-before-lock
//!
//! The same reader as merged later: a concurrent deque, the checkpoint lock and a flag. A poll takes a split from the deque *before* it
//! takes the checkpoint lock: a checkpoint in between finds the split neither in the deque nor among the rows before the barrier. And
//! it ends when the deque is empty and the flag is set, one after the other: each was true once, and a split that came in between is
//! stranded.
//!
//! Seen in: the MaxCompute reader of SeaTunnel after apache/seatunnel#8582, read in its code.
//!
//! In Turnstile: a split that is being read stays at the head of the queue, so there is no instant at which a snapshot could miss it;
//! and "closed and empty" is one load of one word.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Mutex, Ordering::SeqCst};

/// The deque, the flag and the lock. Each operation on the deque is atomic, as those of Java's are.
pub struct Reader {
    splits: Mutex<VecDeque<Split>>,
    no_more_splits: AtomicBool,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "poll-before-lock";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Mutex::new(VecDeque::new()),
            no_more_splits: AtomicBool::new(false),
            checkpoint_lock: Mutex::new(()),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}: into the deque", set(&splits)));
        self.splits.lock().extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.no_more_splits.store(true, SeqCst);
        self.journal.note("no more splits: the flag is set");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let taken = this.splits.lock().pop_front();
        if let Some(split) = taken {
            this.journal.note(format!("poll: takes s{split} from the deque"));
            let _lock = this.checkpoint_lock.lock();
            this.journal.note("takes the checkpoint lock");
            let _rows = this.journal.read(split);
        }
        if !this.splits.lock().is_empty() {
            return Polled::Again;
        }
        this.journal.note("the deque is empty");
        if this.no_more_splits.load(SeqCst) {
            this.journal.note("the flag is set: finished");
            return Polled::Finished;
        }
        Polled::Again
    }

    fn checkpoint(&self) {
        let _lock = self.checkpoint_lock.lock();
        let snapshot: Vec<Split> = self.splits.lock().iter().copied().collect();
        self.journal.barrier(&snapshot);
    }
}
