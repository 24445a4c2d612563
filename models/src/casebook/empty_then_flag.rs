//! C03 · empty-then-flag
//!
//! A poll takes the next split; if there is none, it looks whether the end was announced. Between the two looks the last split comes
//! in, and the end behind it. "Nothing there" was true, and "no more to come" was true, but never together; the reader says Finished
//! with a split in its queue.
//!
//! Seen in: crossfire-rs#70, rust-lang/rust#34731, flume#120; the same order of looks stands in SeaTunnel's readers of Elasticsearch,
//! Easysearch, Typesense, DynamoDB and Iceberg (read in their code).
//!
//! In Turnstile: the end of the queue and the end of the input are one word, and Finished is one load of it.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Mutex, Ordering::SeqCst};

/// A queue and a flag.
pub struct Reader {
    splits: Mutex<VecDeque<Split>>,
    no_more_splits: AtomicBool,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "empty-then-flag";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Mutex::new(VecDeque::new()),
            no_more_splits: AtomicBool::new(false),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
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
            let _rows = this.journal.read(split);
            return Polled::Again;
        }
        this.journal.note("poll: the queue is empty");
        if this.no_more_splits.load(SeqCst) {
            this.journal.note("the flag is set: finished");
            return Polled::Finished;
        }
        Polled::Again
    }
}
