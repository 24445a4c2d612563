//! C19 · split-in-flight-gap
//!
//! A poll takes a split out of the queue, and then makes it the current one. A snapshot is the queue and the current split. In between,
//! the split is in neither: a checkpoint at that moment forgets it, and who restores from it has lost it.
//!
//! Seen in: SeaTunnel's `IcebergSourceReader` (read in its code); reviews of apache/seatunnel#2904 and #2821.
//!
//! In Turnstile: the split that is being read is the head of the queue until it is complete. There is nowhere else for it to be.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

use super::parts::{Next, Queue};

/// The queue, and the current split.
pub struct Reader {
    pending: Queue,
    current: Mutex<Option<Split>>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "split-in-flight-gap";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let (pending, current) = (Queue::new(journal), Mutex::new(None));
        let reader = Arc::new(Self { pending, current, journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.pending.assign(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.pending.end();
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let split = match this.pending.next() {
            Next::Split(split) => split,
            Next::Nothing => return Polled::Again,
            Next::Ended => return Polled::Finished,
        };
        this.journal.note(format!("takes s{split} out of the queue"));
        let mut current = this.current.lock();
        *current = Some(split);
        this.journal.note(format!("s{split} is the current one"));
        let _rows = this.journal.read(split);
        *current = None;
        Polled::Again
    }

    fn checkpoint(&self) {
        // The current one first, so that what is on its way from the queue to it cannot be in both.
        let current = self.current.lock();
        let snapshot: Vec<Split> = current.iter().copied().chain(self.pending.splits()).collect();
        self.journal.barrier(&snapshot);
    }
}
