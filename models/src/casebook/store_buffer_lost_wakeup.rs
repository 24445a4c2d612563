//! C32 · store-buffer-lost-wakeup
//!
//! The poller writes that it waits, and looks once more for work. Delivery writes that there is work, and looks whether anybody waits.
//! With release and acquire each of them may read what was there before the other's write: the poller sleeps with work in its queue, and
//! delivery has seen nobody to wake.
//!
//! Seen in: may#126, tokio#1788, nexus#512 and vector#25988.
//!
//! In Turnstile: work and waiter are bits of one word, changed by read-modify-writes, of which one comes first.

use std::sync::Arc;

use crossbeam_queue::SegQueue;
use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicUsize, Condvar, Mutex, Ordering::Acquire, Ordering::Release, Shared};

/// The queue, two words about it, and a bell.
pub struct Reader {
    splits: Shared<SegQueue<Split>>,
    /// How much delivery has said: splits, and the end.
    said: AtomicUsize,
    ended: AtomicUsize,
    waits: AtomicUsize,
    bell: Mutex<bool>,
    rung: Condvar,
    journal: Journal,
}

/// The task, and how much it has heard; `None`: it has found something, and looks again before it waits.
pub struct Task {
    reader: Arc<Reader>,
    heard: Option<usize>,
}

impl Reader {
    fn say(&self, number: usize) {
        self.said.store(number, Release);
        if self.waits.load(Acquire) == 0 {
            self.journal.note("nobody waits");
            return;
        }
        self.journal.note("rings");
        *self.bell.lock() = true;
        self.rung.notify_all();
    }
}

impl Subject for Reader {
    const NAME: &'static str = "store-buffer-lost-wakeup";
    const ABILITIES: &'static [Ability] = &[Ability::Waits];
    type Poller = Task;

    fn new(journal: &Journal) -> (Arc<Self>, Task) {
        let reader = Arc::new(Self {
            splits: Shared::new(SegQueue::new()),
            said: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            waits: AtomicUsize::new(0),
            bell: Mutex::new(false),
            rung: Condvar::new(),
            journal: journal.clone(),
        });
        (reader.clone(), Task { reader, heard: None })
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.journal.note(format!("assign {}", set(&splits)));
        self.splits.with(|queue| splits.into_iter().for_each(|split| queue.push(split)));
        self.say(1);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.journal.note("no more splits");
        self.ended.store(1, Release);
        self.say(2);
    }

    fn poll(task: &mut Task) -> Polled {
        task.heard = Some(task.reader.said.load(Acquire));
        let ended = task.reader.ended.load(Acquire) == 1;
        if let Some(split) = task.reader.splits.with(SegQueue::pop) {
            let _rows = task.reader.journal.read(split);
            task.heard = None;
            return Polled::Again;
        }
        if ended { Polled::Finished } else { Polled::Again }
    }

    fn wait(task: &mut Task) {
        let reader = &task.reader;
        reader.waits.store(1, Release);
        if task.heard == Some(reader.said.load(Acquire)) {
            reader.journal.note("says that it waits, sees nothing new, and sleeps");
            let mut rung = reader.bell.lock();
            while !*rung {
                rung = reader.rung.wait(rung);
            }
            *rung = false;
        }
        reader.waits.store(0, Release);
    }
}
