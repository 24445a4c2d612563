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

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

use super::parts::DequeAndFlag;

/// The deque, the flag and the lock. Each operation on the deque is atomic, as those of Java's are.
pub struct Reader {
    splits: DequeAndFlag,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "poll-before-lock";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let splits = DequeAndFlag::new(journal);
        let reader = Arc::new(Self { splits, checkpoint_lock: Mutex::new(()), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.splits.assign(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.splits.set_flag();
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        if let Some(split) = this.splits.pop() {
            let _lock = this.checkpoint_lock.lock();
            this.journal.note("takes the checkpoint lock");
            let _rows = this.journal.read(split);
        }
        if !this.splits.splits().is_empty() {
            return Polled::Again;
        }
        this.journal.note("the deque is empty");
        if this.splits.flag_is_set() { Polled::Finished } else { Polled::Again }
    }

    fn checkpoint(&self) {
        let _lock = self.checkpoint_lock.lock();
        self.journal.barrier(&self.splits.splits());
    }
}
