//! C31 · control-mutates-live-cursor
//!
//! The poller walks a list with an index. A command from another thread tidies the list up: it drops what is done. The list is in
//! order, but the index points one further than it did, and the next split is skipped.
//!
//! Seen in: Debezium, DBZ-8303 (a command changes the context of a running snapshot); FLINK-39728 and beam#1525 are relatives.
//!
//! In Turnstile: only the poller moves the head. Others leave a request, which it sees at its next row.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// All under one lock.
struct State {
    list: Vec<Split>,
    /// So many of its first are done.
    done: usize,
    ended: bool,
}

/// The state, and the journal.
pub struct Reader {
    state: Mutex<State>,
    journal: Journal,
}

/// The task, and where it stands in the list.
pub struct Task {
    reader: Arc<Reader>,
    index: usize,
}

impl Subject for Reader {
    const NAME: &'static str = "control-mutates-live-cursor";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Task;

    fn new(journal: &Journal) -> (Arc<Self>, Task) {
        let state = State { list: Vec::new(), done: 0, ended: false };
        let reader = Arc::new(Self { state: Mutex::new(state), journal: journal.clone() });
        (reader.clone(), Task { reader, index: 0 })
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
        self.state.lock().list.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().ended = true;
        self.journal.note("no more splits");
    }

    fn poll(task: &mut Task) -> Polled {
        let mut state = task.reader.state.lock();
        let next = state.list.get(task.index).copied();
        task.reader.journal.note(format!("poll: number {} of {}", task.index, set(&state.list)));
        match next {
            Some(split) => {
                let _rows = task.reader.journal.read(split);
                task.index += 1;
                state.done += 1;
                Polled::Again
            }
            None if state.ended => Polled::Finished,
            None => Polled::Again,
        }
    }

    fn checkpoint(&self) {
        let mut state = self.state.lock();
        let done = std::mem::take(&mut state.done);
        state.list.drain(..done); // And the index of the poller stays.
        self.journal.barrier(&state.list);
    }
}
