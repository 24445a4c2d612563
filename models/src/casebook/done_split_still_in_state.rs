//! C20 · done-split-still-in-state
//!
//! The reader remembers the current split, for the snapshot. When its last row is read, it is still the current one, until the next is
//! taken. A checkpoint in that time holds a split that is done; restored from it, the reader reads it again.
//!
//! Seen in: apache/seatunnel#10859, and SeaTunnel's `IcebergSourceReader` (read in its code).
//!
//! In Turnstile: completing a lease removes the split from the queue, and the queue is what a snapshot holds.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// All under one lock.
struct State {
    pending: VecDeque<Split>,
    current: Option<Split>,
    ended: bool,
}

/// The state, and the journal.
pub struct Reader {
    state: Mutex<State>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "done-split-still-in-state";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = Mutex::new(State { pending: VecDeque::new(), current: None, ended: false });
        let reader = Arc::new(Self { state, journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
        self.state.lock().pending.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().ended = true;
        self.journal.note("no more splits");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let mut state = this.state.lock();
        let Some(split) = state.pending.pop_front() else {
            return if state.ended { Polled::Finished } else { Polled::Again };
        };
        state.current = Some(split);
        let _rows = this.journal.read(split); // And it stays the current one.
        Polled::Again
    }

    fn checkpoint(&self) {
        let state = self.state.lock();
        let snapshot: Vec<Split> = state.current.iter().chain(&state.pending).copied().collect();
        self.journal.barrier(&snapshot);
    }
}
