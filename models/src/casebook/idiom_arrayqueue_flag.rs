//! C03 · idiom-arrayqueue-flag
//!
//! The same with a bound: `ArrayQueue` of crossbeam and an atomic flag. It does answer "full" instead of waiting. And it ends on
//! `is_empty() && no_more_splits`, which reads like one condition and is two looks, the older one first.
//!
//! Seen in: the same order as in zesterer/flume#120, with a queue that is in order by itself.
//!
//! In Turnstile: "closed and empty" is one load of one word; a batch for which there is no room comes back, and the bound counts
//! the split that is being read.

use std::sync::Arc;

use crossbeam_queue::ArrayQueue;
use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Ordering::SeqCst, Shared};

/// The queue and the flag.
pub struct Reader {
    splits: Shared<ArrayQueue<Split>>,
    no_more_splits: AtomicBool,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "idiom-arrayqueue-flag";
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Shared::new(ArrayQueue::new(2)),
            no_more_splits: AtomicBool::new(false),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        // One thread assigns: room that is there now stays.
        if self.splits.with(|queue| queue.capacity() - queue.len()) < splits.len() {
            return Err(splits);
        }
        for split in splits {
            self.splits.with(|queue| queue.push(split)).expect("there is room");
            self.journal.note(format!("assign s{split}: push"));
        }
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.no_more_splits.store(true, SeqCst);
        self.journal.note("no more splits: the flag is set");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        let is_empty = this.splits.with(ArrayQueue::is_empty);
        this.journal.note(format!("poll: the queue is {}empty", if is_empty { "" } else { "not " }));
        if is_empty && this.no_more_splits.load(SeqCst) {
            this.journal.note("the flag is set: finished");
            return Polled::Finished;
        }
        if let Some(split) = this.splits.with(ArrayQueue::pop) {
            let _rows = this.journal.read(split);
        }
        Polled::Again
    }
}
