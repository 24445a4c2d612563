//! C11 · done-inferred-from-rows
//!
//! The reader knows that a split is done when it has seen its last row. A split whose last row is never shown, or that has none, is
//! never done: the reader polls it for ever.
//!
//! Seen in: apache/seatunnel#11471 and #11486, a bounded Kafka split that ends in a transaction marker, which no consumer ever sees.
//!
//! In Turnstile: the connector says that a split is complete; nothing is concluded from rows.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// What is queued, the first being read, and whether that is all; under one lock.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
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
        let reader = Arc::new(Self { state: Mutex::new((VecDeque::new(), false)), journal: journal.clone() });
        (reader.clone(), Task { reader, current: None })
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

    fn poll(task: &mut Task) -> Polled {
        if let Some(split) = task.current {
            task.reader.journal.note(format!("asks s{split} for rows: none; the last row was not seen"));
            return Polled::Again;
        }
        let (next, ended) = {
            let mut state = task.reader.state.lock();
            (state.0.pop_front(), state.1)
        };
        match next {
            Some(split) => {
                // Without a row there is nothing to compare with the end of the split.
                if task.reader.journal.read(split) == Ok(0) {
                    task.current = Some(split);
                }
                Polled::Again
            }
            None if ended => Polled::Finished,
            None => Polled::Again,
        }
    }
}
