//! C01 · reread-until-no-more
//!
//! The reader never forgets a split. Assigned splits go into a set; a poll reads every split of the set and removes none, then looks
//! whether the end was announced. The end is a message of its own, and when it is late, the next poll reads everything again. Rows
//! arrive twice or three times, and the job ends without an error.
//!
//! Seen in: the MaxCompute reader of SeaTunnel 2.3.7 and 2.3.8, apache/seatunnel#8379.
//!
//! In Turnstile: a poll lends the split at the head of the queue, and completing the lease removes it. Whether more will come is
//! another bit, and no poll reads it to find work.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Mutex, Ordering::SeqCst};

/// The set and the flag.
pub struct Reader {
    splits: Mutex<Vec<Split>>,
    no_more_splits: AtomicBool,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "reread-until-no-more";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Mutex::new(Vec::new()),
            no_more_splits: AtomicBool::new(false),
            checkpoint_lock: Mutex::new(()),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}: into the set", set(&splits)));
        self.splits.lock().extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.no_more_splits.store(true, SeqCst);
        self.journal.note("no more splits: the flag is set");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let _lock = this.checkpoint_lock.lock();
        let splits = this.splits.lock().clone();
        this.journal.note(format!("poll: the set holds {}", set(&splits)));
        for split in splits {
            let _rows = this.journal.read(split); // And nothing removes it.
        }
        if this.no_more_splits.load(SeqCst) {
            this.journal.note("the flag is set: finished");
            return Polled::Finished;
        }
        this.journal.note("the flag is not set: poll again");
        Polled::Again
    }

    fn checkpoint(&self) {
        let _lock = self.checkpoint_lock.lock();
        let snapshot = self.splits.lock().clone();
        self.journal.barrier(&snapshot);
    }
}
