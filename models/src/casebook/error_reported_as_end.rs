//! C10 · error-reported-as-end
//!
//! A fetcher reads for the poller, on a thread of its own. It fails; on its way out it is counted as gone, and then it publishes the
//! error. A poll in between finds no work, no fetcher, no more to come and no error, and says Finished. The job succeeds, with rows missing.
//!
//! Seen in: Flink, FLINK-19717.
//!
//! In Turnstile: a split is done when somebody says so. One whose lease is dropped, by a failure or a panic, is offered again, and
//! Finished waits for it.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Lane, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, AtomicUsize, Mutex, Ordering::SeqCst, spawn};

/// What is queued and whether that is all; fetchers at work; and whether one has failed.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
    fetchers: AtomicUsize,
    failed: AtomicBool,
    journal: Journal,
}

impl Reader {
    fn fetch(&self, split: Split) {
        self.journal.enter(Lane::Fetcher);
        let result = self.journal.read(split);
        self.fetchers.store(0, SeqCst); // Its shutdown hook.
        self.journal.note("is gone");
        if result.is_err() {
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
        let reader = Arc::new(Self {
            state: Mutex::new((VecDeque::new(), false)),
            fetchers: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
        self.state.lock().0.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().1 = true;
        self.journal.note("no more splits");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        if this.failed.load(SeqCst) {
            return Polled::Failed;
        }
        if this.fetchers.load(SeqCst) > 0 {
            return Polled::Again;
        }
        let (next, ended) = {
            let mut state = this.state.lock();
            (state.0.pop_front(), state.1)
        };
        if let Some(split) = next {
            this.fetchers.store(1, SeqCst);
            this.journal.note(format!("starts a fetcher for s{split}"));
            let reader = this.clone();
            spawn(move || reader.fetch(split));
            return Polled::Again;
        }
        if !ended {
            return Polled::Again;
        }
        this.journal.note("no error, no fetcher, no work, no more to come: finished");
        Polled::Finished
    }
}
