//! The same, repaired: two things that have to be true at one instant are, and whoever cannot wait leaves a note.

use crate::sync::{AtomicBool, Mutex, Ordering, SegQueue};
use crate::{Output, Polled};

/// A queue, a flag, and who takes from the queue.
pub struct RepairedReader<T> {
    splits: SegQueue<T>,
    no_more_splits: AtomicBool,
    /// Held for some pushes and pops, and never while a split is read.
    taker: Mutex<Taker>,
}

/// What the poller is about.
#[derive(Default)]
struct Taker {
    is_reading: bool,
    is_asked: bool,
}

impl<T: Clone> RepairedReader<T> {
    /// A reader that continues with these splits.
    pub fn new(splits: impl IntoIterator<Item = T>) -> Self {
        let taker = Mutex::new(Taker::default());
        let reader = Self { splits: SegQueue::new(), no_more_splits: AtomicBool::new(false), taker };
        reader.assign(splits);
        reader
    }

    /// Takes splits. Any thread may call it.
    pub fn assign(&self, splits: impl IntoIterator<Item = T>) {
        splits.into_iter().for_each(|split| self.splits.push(split));
    }

    /// There will be no more.
    pub fn signal_no_more_splits(&self) {
        self.no_more_splits.store(true, Ordering::SeqCst);
    }

    /// Reads a split, if there is one.
    pub fn poll(&self, output: &impl Output<T>) -> Polled {
        // The end first: what came before it is in the queue, and the pop finds it.
        let no_more_splits = self.no_more_splits.load(Ordering::SeqCst);
        let mut taker = self.taker.lock();
        let Some(split) = self.splits.pop() else {
            return if no_more_splits { Polled::Finished } else { Polled::Again };
        };
        // A split that is read is in no queue: until its rows are out no checkpoint is taken.
        taker.is_reading = true;
        drop(taker);
        output.emit(&split);
        let mut taker = self.taker.lock();
        taker.is_reading = false;
        if std::mem::take(&mut taker.is_asked) {
            output.barrier(&self.queued());
        }
        Polled::Again
    }

    /// Takes a checkpoint, on the engine's thread; or has the poller take it, after the split that it is reading.
    pub fn checkpoint(&self, output: &impl Output<T>) {
        let mut taker = self.taker.lock();
        if taker.is_reading {
            taker.is_asked = true;
        } else {
            output.barrier(&self.queued());
        }
    }

    /// Nobody can look into a `SegQueue`: once around, and nobody else pops meanwhile.
    fn queued(&self) -> Vec<T> {
        let around = (0..self.splits.len()).filter_map(|_| self.splits.pop());
        around.inspect(|split| self.splits.push(split.clone())).collect()
    }
}
