//! C03 · idiom-deque-flag
//!
//! A concurrent deque and a volatile flag: each is safe to share, and the pair is not. A poll takes at most one split and then
//! ends if the flag is set, without a look at what is left. A reader that was given two splits reads one of them. No race is
//! needed.
//!
//! Seen in: the TableStore reader of SeaTunnel, read in its code. Its readers for Elasticsearch, Easysearch, Typesense, DynamoDB
//! and Iceberg look at the deque first and at the flag second, which needs a race.
//!
//! In Turnstile: Finished means that the end was said, the queue is empty and no lease is out. One split that is read says nothing
//! about the others.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Mutex, Ordering::SeqCst};

/// The deque and the flag.
pub struct Reader {
    splits: Mutex<VecDeque<Split>>,
    no_more_splits: AtomicBool,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "idiom-deque-flag";
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
        let mut deque = self.splits.lock();
        self.journal.note(format!("assign {}: into the deque", set(&splits)));
        deque.extend(splits);
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
            let _rows = this.journal.read(split);
        }
        if this.no_more_splits.load(SeqCst) {
            this.journal.note("the flag is set: finished");
            return Polled::Finished;
        }
        Polled::Again
    }
}
