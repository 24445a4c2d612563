//! As people write it.

use crate::sync::{AtomicBool, Ordering, SegQueue};
use crate::{Output, Polled};

/// A queue and a flag.
pub struct QueueReader<T> {
    splits: SegQueue<T>,
    no_more_splits: AtomicBool,
}

impl<T: Clone> QueueReader<T> {
    /// A reader that continues with these splits.
    pub fn new(splits: impl IntoIterator<Item = T>) -> Self {
        let reader = Self { splits: SegQueue::new(), no_more_splits: AtomicBool::new(false) };
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
        if let Some(split) = self.splits.pop() {
            output.emit(&split);
            return Polled::Again;
        }
        if self.no_more_splits.load(Ordering::SeqCst) { Polled::Finished } else { Polled::Again }
    }

    /// Takes a checkpoint, on the engine's thread.
    pub fn checkpoint(&self, output: &impl Output<T>) {
        output.barrier(&self.queued());
    }

    /// Nobody can look into a `SegQueue`: once around.
    fn queued(&self) -> Vec<T> {
        let around = (0..self.splits.len()).filter_map(|_| self.splits.pop());
        around.inspect(|split| self.splits.push(split.clone())).collect()
    }
}
