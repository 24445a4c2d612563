//! C27 · shutdown-stops-draining
//!
//! Checkpoints are commands, and the task carries them out between two polls. When the reader has finished, the task only waits to be
//! closed, and its loop does not run any more. The last checkpoint comes after that, and nobody answers it.
//!
//! Seen in: apache/seatunnel#11557 (a job of a hundred rows stood still for over an hour), arroyo#1124.
//!
//! In Turnstile: whoever wants a checkpoint takes it where the poller is idle or has finished; there is nothing to answer.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// All under one lock.
struct State {
    pending: VecDeque<Split>,
    ended: bool,
    closing: bool,
    /// A checkpoint is wanted.
    command: bool,
}

/// The state, and the journal.
pub struct Reader {
    state: Mutex<State>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "shutdown-stops-draining";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = State { pending: VecDeque::new(), ended: false, closing: false, command: false };
        let reader = Arc::new(Self { state: Mutex::new(state), journal: journal.clone() });
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
        if state.closing {
            return Polled::Finished; // Only waits.
        }
        if std::mem::take(&mut state.command) {
            let snapshot: Vec<Split> = state.pending.iter().copied().collect();
            this.journal.barrier(&snapshot);
        }
        match state.pending.pop_front() {
            Some(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            None if state.ended => {
                state.closing = true;
                this.journal.note("finished: waits to be closed");
                Polled::Finished
            }
            None => Polled::Again,
        }
    }

    fn checkpoint(&self) {
        self.state.lock().command = true;
        self.journal.note("a checkpoint is wanted: a command for the task");
    }
}
