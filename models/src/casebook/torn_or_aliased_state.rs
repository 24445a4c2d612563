//! C21 · torn-or-aliased-state
//!
//! A snapshot is copied under one lock, and sent with the barrier under another. In between the reader goes on: what it reads in that time
//! is in the copy, and before the barrier as well.
//!
//! Seen in: apache/seatunnel#6180 (copied under one lock, written under another); its relatives are #11392, #3937 and paimon#1561.
//!
//! In Turnstile: a cut keeps the poller out for as long as it lives; what it shows is what the barrier stands for.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

use super::parts::{Next, Queue};

/// What is queued; and the way out, for rows and barriers.
pub struct Reader {
    queue: Queue,
    output: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "torn-or-aliased-state";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self { queue: Queue::new(journal), output: Mutex::new(()), journal: journal.clone() });
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
        let _output = this.output.lock();
        match this.queue.next() {
            Next::Split(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            Next::Nothing => Polled::Again,
            Next::Ended => Polled::Finished,
        }
    }

    fn checkpoint(&self) {
        let copy = self.queue.splits();
        self.journal.note(format!("copies the state: {}", set(&copy)));
        let _output = self.output.lock();
        self.journal.barrier(&copy);
    }
}
