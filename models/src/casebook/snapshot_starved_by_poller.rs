//! C25 · snapshot-starved-by-poller
//!
//! The task holds the checkpoint lock while it reads a whole split. A checkpoint that is wanted meanwhile waits until that is over, be it
//! a row or a table; and if the task takes the lock again at once, for longer.
//!
//! Seen in: apache/seatunnel#5694, #5555 and #12316.
//!
//! In Turnstile: the one who wants a checkpoint leaves a request, which the poller sees at its next row; an idle poller is not needed.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// What is queued and whether that is all; and the lock of the checkpoints.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "snapshot-starved-by-poller";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = Mutex::new((VecDeque::new(), false));
        let reader = Arc::new(Self { state, checkpoint_lock: Mutex::new(()), journal: journal.clone() });
        (reader.clone(), reader)
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

    fn poll(this: &mut Arc<Self>) -> Polled {
        let _lock = this.checkpoint_lock.lock();
        this.journal.note("poll: takes the checkpoint lock");
        let (next, ended) = {
            let mut state = this.state.lock();
            (state.0.pop_front(), state.1)
        };
        match next {
            Some(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            None if ended => Polled::Finished,
            None => Polled::Again,
        }
    }

    fn checkpoint(&self) {
        self.journal.note("wants the checkpoint lock");
        let _lock = self.checkpoint_lock.lock();
        let snapshot: Vec<Split> = self.state.lock().0.iter().copied().collect();
        self.journal.barrier(&snapshot);
    }
}
