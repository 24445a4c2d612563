//! C25 · idiom-mutex-sleep
//!
//! A mutex around everything, and a short sleep where there is nothing to do. No step can come between two others, so it is all
//! true: the end, the snapshot, who has which split. It is only that the mutex is held while a split is read, and that the sleep
//! is a hope that somebody else gets in.
//!
//! Seen in: apache/seatunnel#5695, which adds a sleep of no time at all after a poll, so that a checkpoint may come in.
//!
//! In Turnstile: nobody waits for a lock, and nothing is timed. Requests for a checkpoint are a bit that the poller cannot
//! overlook.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Mutex, yield_now};

/// Queue and end, under one mutex.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "idiom-mutex-sleep";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Refuses, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self { state: Mutex::new((VecDeque::new(), false)), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let (queue, no_more_splits) = &mut *self.state.lock();
        if *no_more_splits {
            return Err(splits);
        }
        self.journal.note(format!("assign {}", set(&splits)));
        queue.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().1 = true;
        self.journal.note("no more splits");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let mut state = this.state.lock();
        this.journal.note("poll: takes the mutex");
        if let Some(split) = state.0.pop_front() {
            let _rows = this.journal.read(split);
            return Polled::Again;
        }
        if state.1 {
            return Polled::Finished;
        }
        drop(state);
        yield_now(); // The sleep.
        Polled::Again
    }

    fn checkpoint(&self) {
        self.journal.note("a checkpoint: wants the mutex");
        let state = self.state.lock();
        let snapshot: Vec<Split> = state.0.iter().copied().collect();
        self.journal.barrier(&snapshot);
    }
}
