//! C29 · stale-waiter
//!
//! Whoever waits puts a condition of its own into a list, and whoever has news signals the first of the list. A waiter that turns
//! out to have something to do leaves, and its entry stays. The next news goes to that entry. The one who sleeps now is further
//! down the list, and hears nothing.
//!
//! Seen in: FLINK-37663, the queue between fetchers and reader, where a first repair removed some of the stale entries;
//! facebookincubator/velox#4848 and facebookincubator/velox#8897 lose entries of a list of promises.
//!
//! In Turnstile: one poller waits, so there is one cell for one waker, and the bit that says that it is filled is in the word
//! that the news is written to. Waking takes the waker out.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Condvar, Mutex, MutexGuard};

/// All of the state, under one lock.
#[derive(Default)]
struct State {
    queue: VecDeque<Split>,
    no_more_splits: bool,
    waiters: VecDeque<Arc<Condvar>>,
}

/// A reader that takes its lock for each whole step.
pub struct Reader {
    state: Mutex<State>,
    journal: Journal,
}

impl Reader {
    fn wake_one(&self, mut state: MutexGuard<'_, State>) {
        let first = state.waiters.pop_front();
        self.journal.note(if first.is_some() { "signals the first waiter" } else { "no waiter" });
        first.iter().for_each(|waiter| waiter.notify_one());
    }
}

impl Subject for Reader {
    const NAME: &'static str = "stale-waiter";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Waits];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self { state: Mutex::new(State::default()), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let mut state = self.state.lock();
        self.journal.note(format!("assign {}", set(&splits)));
        state.queue.extend(splits);
        self.wake_one(state);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        let mut state = self.state.lock();
        self.journal.note("no more splits");
        state.no_more_splits = true;
        self.wake_one(state);
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let mut state = this.state.lock();
        if let Some(split) = state.queue.pop_front() {
            let _rows = this.journal.read(split);
            return Polled::Again;
        }
        this.journal.note("poll: nothing");
        if state.no_more_splits { Polled::Finished } else { Polled::Again }
    }

    fn wait(this: &mut Arc<Self>) {
        let mut state = this.state.lock();
        let me = Arc::new(Condvar::new());
        state.waiters.push_back(me.clone());
        this.journal.note(format!("wait: is waiter {} of the list", state.waiters.len()));
        while state.queue.is_empty() && !state.no_more_splits {
            this.journal.note("sleeps");
            state = me.wait(state);
        }
        this.journal.note("need not sleep: leaves"); // And its entry may still be there.
    }
}
