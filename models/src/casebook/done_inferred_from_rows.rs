//! C11 · done-inferred-from-rows
//!
//! The reader knows that a split is done when it has seen its last row. A split whose last row is never shown, or that has none, is
//! never done: the reader polls it for ever.
//!
//! Seen in: apache/seatunnel#11471 and #11486, a bounded Kafka split that ends in a transaction marker, which no consumer ever sees.
//!
//! In Turnstile: the connector says that a split is complete; nothing is concluded from rows.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};

use super::parts::{Next, Queue};

/// What is queued.
pub struct Reader {
    queue: Queue,
    journal: Journal,
}

/// The task, and what it is reading.
pub struct Task {
    reader: Arc<Reader>,
    current: Option<Split>,
}

impl Subject for Reader {
    const NAME: &'static str = "done-inferred-from-rows";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries];
    type Poller = Task;

    fn new(journal: &Journal) -> (Arc<Self>, Task) {
        let reader = Arc::new(Self { queue: Queue::new(journal), journal: journal.clone() });
        (reader.clone(), Task { reader, current: None })
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.queue.assign(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.queue.end();
    }

    fn poll(task: &mut Task) -> Polled {
        if let Some(split) = task.current {
            task.reader.journal.note(format!("asks s{split} for rows: none; the last row was not seen"));
            return Polled::Again;
        }
        match task.reader.queue.next() {
            // Without a row there is nothing to compare with the end of the split.
            Next::Split(split) if task.reader.journal.read(split) == Ok(0) => task.current = Some(split),
            Next::Split(_) | Next::Nothing => {}
            Next::Ended => return Polled::Finished,
        }
        Polled::Again
    }
}
