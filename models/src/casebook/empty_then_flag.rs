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

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};

use super::parts::DequeAndFlag;

/// A queue and a flag.
pub struct Reader {
    splits: DequeAndFlag,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "empty-then-flag";
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
            return Polled::Again;
        }
        if this.splits.flag_is_set() { Polled::Finished } else { Polled::Again }
    }
}
