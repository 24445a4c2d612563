//! C24 · commit-versus-in-flight-output
//!
//! The reader hands its rows to a sink that keeps them for a while, and counts the split as done. A checkpoint commits the position behind
//! it. The rows that the sink had not written yet are lost with the process.
//!
//! Seen in: KAFKA-13469, KAFKA-5716, and a Solace connector (pubsubplus-connector-kafka-source#75).
//!
//! In Turnstile: completing a split is the connector's word that its rows are out. It gives it when the sink has acknowledged them.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// All under one lock.
struct State {
    pending: VecDeque<Split>,
    in_sink: Option<Split>,
    ended: bool,
}

/// The state, and the journal.
pub struct Reader {
    state: Mutex<State>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "commit-versus-in-flight-output";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = State { pending: VecDeque::new(), in_sink: None, ended: false };
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
        if let Some(split) = state.in_sink.take() {
            this.journal.note(format!("the sink writes the rows of s{split}"));
            let _rows = this.journal.read(split);
        }
        state.in_sink = state.pending.pop_front();
        match state.in_sink {
            Some(split) => {
                this.journal.note(format!("hands the rows of s{split} to the sink"));
                Polled::Again
            }
            None if state.ended => Polled::Finished,
            None => Polled::Again,
        }
    }

    fn checkpoint(&self) {
        let state = self.state.lock();
        let snapshot: Vec<Split> = state.pending.iter().copied().collect(); // What the sink has counts as done.
        self.journal.barrier(&snapshot);
    }
}
