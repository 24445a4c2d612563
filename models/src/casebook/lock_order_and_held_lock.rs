//! C26 · lock-order-and-held-lock
//!
//! The connector has a lock for its state, the engine one for its context. Delivery changes the state and, with its lock held, calls the
//! engine; a checkpoint comes from the engine, with the context locked, and wants the state. Each has what the other needs.
//!
//! Seen in: apache/seatunnel#10808 (a review of its code), and the shape of SeaTunnel's JDBC enumerator.
//!
//! In Turnstile: the core has no lock, and calls nobody; the blocking face has one, and holds it across no call.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// The state of the connector, and the context of the engine.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
    context: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "lock-order-and-held-lock";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = Mutex::new((VecDeque::new(), false));
        let reader = Arc::new(Self { state, context: Mutex::new(()), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let mut state = self.state.lock();
        self.journal.note(format!("assign {}: locks the state, and wants the context", set(&splits)));
        let _context = self.context.lock();
        state.0.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().1 = true;
        self.journal.note("no more splits");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let mut state = this.state.lock();
        match state.0.pop_front() {
            Some(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            None if state.1 => Polled::Finished,
            None => Polled::Again,
        }
    }

    fn checkpoint(&self) {
        let _context = self.context.lock();
        self.journal.note("checkpoint: locks the context, and wants the state");
        let snapshot: Vec<Split> = self.state.lock().0.iter().copied().collect();
        self.journal.barrier(&snapshot);
    }
}
