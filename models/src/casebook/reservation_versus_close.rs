//! C30 · reservation-versus-close
//!
//! Whoever assigns reserves a place first, and fills it or gives it up. The reader has finished when it is closed and empty and no
//! reservation is out. It is closed while one is: the poller looks, and sleeps again. Then the reservation is given up, which makes the
//! end true; and nobody is woken, since nothing was added.
//!
//! Seen in: tokio#2854, #8075 and #8260.
//!
//! In Turnstile: an assignment that meets the end takes its BUSY bit back and wakes the poller in the same step.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Condvar, Mutex};

/// All under one lock.
struct State {
    splits: VecDeque<Split>,
    reserved: usize,
    closed: bool,
}

impl State {
    fn has_finished(&self) -> bool {
        self.closed && self.reserved == 0 && self.splits.is_empty()
    }
}

/// The state, and the bell of the poller.
pub struct Reader {
    state: Mutex<State>,
    bell: Condvar,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "reservation-versus-close";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Refuses, Ability::Waits];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = State { splits: VecDeque::new(), reserved: 0, closed: false };
        let reader = Arc::new(Self { state: Mutex::new(state), bell: Condvar::new(), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.state.lock().reserved += 1;
        self.journal.note("reserves a place");
        let mut state = self.state.lock();
        state.reserved -= 1;
        if state.closed {
            self.journal.note("closed: gives the place up, and wakes nobody");
            return Err(splits);
        }
        self.journal.note(format!("assign {}, and rings", set(&splits)));
        state.splits.extend(splits);
        self.bell.notify_all();
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        self.journal.note("closes, and rings");
        self.bell.notify_all();
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let mut state = this.state.lock();
        if let Some(split) = state.splits.pop_front() {
            drop(state);
            let _rows = this.journal.read(split);
            return Polled::Again;
        }
        if state.has_finished() { Polled::Finished } else { Polled::Again }
    }

    fn wait(this: &mut Arc<Self>) {
        let mut state = this.state.lock();
        while state.splits.is_empty() && !state.has_finished() {
            this.journal.note("nothing, and not finished: sleeps");
            state = this.bell.wait(state);
        }
    }
}
