//! C03 · idiom-segqueue-flag
//!
//! What people write instead of a reader: crossbeam's `SegQueue`, an atomic flag for the end, and a poll that pops and then looks at the
//! flag. Both are correct by themselves, and lock-free; the two looks are two instants all the same, and the last split is stranded.
//!
//! Seen in: the idiom of C03, over the queue that comes to mind first.
//!
//! In Turnstile: the end is a bit of the queue's own tail.

use std::sync::Arc;

use crossbeam_queue::SegQueue;
use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Ordering::SeqCst, Shared};

/// The queue and the flag.
pub struct Reader {
    splits: Shared<SegQueue<Split>>,
    no_more_splits: AtomicBool,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "idiom-segqueue-flag";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = Arc::new(Self {
            splits: Shared::new(SegQueue::new()),
            no_more_splits: AtomicBool::new(false),
            journal: journal.clone(),
        });
        (reader.clone(), reader)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        for split in splits {
            self.splits.with(|queue| queue.push(split));
            self.journal.note(format!("push s{split}"));
        }
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.no_more_splits.store(true, SeqCst);
        self.journal.note("no more splits: the flag is set");
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        if let Some(split) = this.splits.with(SegQueue::pop) {
            this.journal.note(format!("pop: {}", set(&[split])));
            let _rows = this.journal.read(split);
            return Polled::Again;
        }
        this.journal.note("pop: nothing");
        if this.no_more_splits.load(SeqCst) {
            this.journal.note("the flag is set: finished");
            return Polled::Finished;
        }
        Polled::Again
    }
}
