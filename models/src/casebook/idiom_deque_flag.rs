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

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};

use super::parts::DequeAndFlag;

/// The deque and the flag.
pub struct Reader {
    splits: DequeAndFlag,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "idiom-deque-flag";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self { splits: DequeAndFlag::new(journal), journal: journal.clone() });
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
            let _rows = this.journal.read(split);
        }
        if this.splits.flag_is_set() { Polled::Finished } else { Polled::Again }
    }
}
