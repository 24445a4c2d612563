//! C19 · split-in-flight-gap
//!
//! A poll takes a split out of the queue, and then makes it the current one. A snapshot is the queue and the current split. In between,
//! the split is in neither: a checkpoint at that moment forgets it, and who restores from it has lost it.
//!
//! Seen in: SeaTunnel's `IcebergSourceReader` (read in its code); reviews of apache/seatunnel#2904 and #2821.
//!
//! In Turnstile: the split that is being read is the head of the queue until it is complete. There is nowhere else for it to be.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Mutex, yield_now};

/// The queue with its end, and the current split.
pub struct Reader {
    pending: Mutex<(VecDeque<Split>, bool)>,
    current: Mutex<Option<Split>>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "split-in-flight-gap";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            pending: Mutex::new((VecDeque::new(), false)),
            current: Mutex::new(None),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
        self.pending.lock().0.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.pending.lock().1 = true;
        self.journal.note("no more splits");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let (next, ended) = {
            let mut pending = this.pending.lock();
            (pending.0.pop_front(), pending.1)
        };
        let Some(split) = next else { return if ended { Polled::Finished } else { Polled::Again } };
        this.journal.note(format!("takes s{split} out of the queue"));
        yield_now();
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
        let pending = self.pending.lock();
        let snapshot: Vec<Split> = current.iter().chain(&pending.0).copied().collect();
        self.journal.barrier(&snapshot);
    }
}
