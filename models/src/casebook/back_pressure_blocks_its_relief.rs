//! C28 · back-pressure-blocks-its-relief
//!
//! The queue has room for two splits, and whoever hands over a third waits until there is room. The thread that waits is the one that
//! would have read them.
//!
//! Seen in: airbyte#34454 (a pool whose tasks wait, in their places, for tasks that get none), datafusion#24883, trino#16031.
//!
//! In Turnstile: an assignment that does not fit is handed back, all of it, at once.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Condvar, Mutex};

const ROOM: usize = 2;

/// What is queued and whether that is all; and a bell for those who wait for room.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
    room: Condvar,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "back-pressure-blocks-its-relief";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = Mutex::new((VecDeque::new(), false));
        let reader = Arc::new(Self { state, room: Condvar::new(), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        for split in splits {
            let mut state = self.state.lock();
            while state.0.len() == ROOM {
                self.journal.note(format!("assign {}: full, waits for room", set(&[split])));
                state = self.room.wait(state);
            }
            self.journal.note(format!("assign {}", set(&[split])));
            state.0.push_back(split);
        }
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().1 = true;
        self.journal.note("no more splits");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let (next, ended) = {
            let mut state = this.state.lock();
            (state.0.pop_front(), state.1)
        };
        this.room.notify_all();
        match next {
            Some(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            None if ended => Polled::Finished,
            None => Polled::Again,
        }
    }
}
