//! A reader over crossbeam's `SegQueue`, a flag for the end, and a snapshot of what is queued: as people write it, and repaired.

mod as_written;
mod repaired;

pub use as_written::QueueReader;
pub use repaired::RepairedReader;

/// What the readers share between threads: the only line in which a conformance test differs.
mod sync {
    pub(crate) use std::sync::atomic::{AtomicBool, Ordering};

    pub(crate) use crossbeam_queue::SegQueue;
    pub(crate) use parking_lot::Mutex;
}

/// Where a task's rows and barriers go, in this order.
pub trait Output<T> {
    /// Reads a split, and emits its rows.
    fn emit(&self, split: &T);
    /// The rows up to here belong to a checkpoint that holds these splits.
    fn barrier(&self, splits: &[T]);
}

/// What a poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Call again.
    Again,
    /// There will never be anything.
    Finished,
}
