//! C25 · snapshot-starved-by-poller
//!
//! The task holds the checkpoint lock while it reads a whole split. A checkpoint that is wanted meanwhile waits until that is over, be it
//! a row or a table; and if the task takes the lock again at once, for longer.
//!
//! Seen in: apache/seatunnel#5694, #5555 and #12316.
//!
//! In Turnstile: the one who wants a checkpoint leaves a request, which the poller sees at its next row; an idle poller is not needed.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::Mutex;

use super::parts::{Next, Queue};

/// What is queued, and the lock of the checkpoints.
pub struct Reader {
    queue: Queue,
    checkpoint_lock: Mutex<()>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "snapshot-starved-by-poller";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let (queue, checkpoint_lock) = (Queue::new(journal), Mutex::new(()));
        let reader = Arc::new(Self { queue, checkpoint_lock, journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.queue.assign(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.queue.end();
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let _lock = this.checkpoint_lock.lock();
        this.journal.note("poll: takes the checkpoint lock");
        match this.queue.next() {
            Next::Split(split) => {
                let _rows = this.journal.read(split);
                Polled::Again
            }
            Next::Nothing => Polled::Again,
            Next::Ended => Polled::Finished,
        }
    }

    fn checkpoint(&self) {
        self.journal.note("wants the checkpoint lock");
        let _lock = self.checkpoint_lock.lock();
        self.journal.barrier(&self.queue.splits());
    }
}
