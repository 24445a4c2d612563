//! C10 · error-reported-as-end
//!
//! A fetcher reads for the poller, on a thread of its own. It fails; on its way out it is counted as gone, and then it publishes the
//! error. A poll in between finds no work, no fetcher, no more to come and no error, and says Finished. The job succeeds, with rows missing.
//!
//! Seen in: Flink, FLINK-19717.
//!
//! In Turnstile: a split is done when somebody says so. One whose lease is dropped, by a failure or a panic, is offered again, and
//! Finished waits for it.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Lane, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Ordering::SeqCst, spawn};

use super::parts::{Next, Queue};

/// What is queued; whether a fetcher is at work; and whether one has failed.
pub struct Reader {
    queue: Queue,
    fetches: AtomicBool,
    failed: AtomicBool,
    journal: Journal,
}

impl Reader {
    /// What a fetcher does: reads what there is.
    fn fetch(&self) {
        self.journal.enter(Lane::Fetcher);
        let mut failed = false;
        while let (false, Next::Split(split)) = (failed, self.queue.next()) {
            failed = self.journal.read(split).is_err();
        }
        self.fetches.store(false, SeqCst); // Its shutdown hook.
        self.journal.note("is gone");
        if failed {
            self.failed.store(true, SeqCst);
            self.journal.note("publishes the error");
        }
    }
}

impl Subject for Reader {
    const NAME: &'static str = "error-reported-as-end";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Fails];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let (queue, journal) = (Queue::new(journal), journal.clone());
        let reader = Arc::new(Self { queue, fetches: AtomicBool::new(false), failed: AtomicBool::new(false), journal });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.queue.assign(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.queue.end();
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        if this.failed.load(SeqCst) {
            return Polled::Failed;
        }
        if this.fetches.load(SeqCst) {
            return Polled::Again;
        }
        let ended = this.queue.has_ended(); // Before the look at what is left: that much is right.
        if !this.queue.splits().is_empty() {
            this.fetches.store(true, SeqCst);
            this.journal.note("starts a fetcher");
            let reader = this.clone();
            spawn(move || reader.fetch());
            return Polled::Again;
        }
        if !ended {
            return Polled::Again;
        }
        this.journal.note("no error, no fetcher, no work, no more to come: finished");
        Polled::Finished
    }
}
