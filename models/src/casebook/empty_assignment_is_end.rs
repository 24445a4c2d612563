//! C09 · empty-assignment-is-end
//!
//! "No more splits" has no message of its own: on the wire it is an assignment without splits. An enumerator whose round has nothing
//! for this reader sends just that, and the reader ends. What the next round brings is never read.
//!
//! Seen in: SeaTunnel's Zeta engine (`SourceFlowLifeCycle.receivedSplits`), read in its code.
//!
//! In Turnstile: an assignment of nothing changes nothing, and the end is another operation.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

/// What is queued, and whether that is all; under one lock.
pub struct Reader {
    state: Mutex<(VecDeque<Split>, bool)>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "empty-assignment-is-end";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self { state: Mutex::new((VecDeque::new(), false)), journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
        let mut state = self.state.lock();
        if splits.is_empty() {
            state.1 = true; // That is how the end is written.
            self.journal.note("which is the end");
        }
        state.0.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        let _ = self.assign(Vec::new());
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let (next, ended) = {
            let mut state = this.state.lock();
            (state.0.pop_front(), state.1)
        };
        match next {
            Some(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            None if ended => {
                this.journal.note("nothing queued, and ended: finished");
                Polled::Finished
            }
            None => Polled::Again,
        }
    }
}
