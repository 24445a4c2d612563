//! shuttle's atomics and locks, and a cell that notices two accesses at once (shuttle has none).

use std::cell::UnsafeCell as StdUnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicIsize as StdAtomicIsize, Ordering as StdOrdering};

pub use shuttle::sync::atomic::{AtomicUsize, Ordering};

/// A word that all may load, and at any time only one thread may store to.
pub type OwnedUsize = AtomicUsize;

/// What was last stored: for the thread that may store. Not a point at which shuttle may switch.
///
/// # Safety
///
/// No store is made meanwhile, and the last one happened before.
pub unsafe fn unsync_load(word: &OwnedUsize) -> usize {
    // SAFETY: as the caller says.
    unsafe { word.raw_load() }
}

/// A cell that panics when a write meets any other access. Each access is a point at which shuttle may switch.
#[derive(Debug)]
pub struct UnsafeCell<T> {
    value: StdUnsafeCell<T>,
    /// -1 while somebody writes, else the number of readers. Not seen by shuttle.
    inside: StdAtomicIsize,
}

struct Inside<'a>(&'a StdAtomicIsize, isize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, StdOrdering::Relaxed);
    }
}

impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Self {
        Self { value: StdUnsafeCell::new(value), inside: StdAtomicIsize::new(0) }
    }

    /// Reads through a shared pointer.
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        let before = self.inside.fetch_add(1, StdOrdering::Relaxed);
        let _inside = Inside(&self.inside, 1);
        assert!(before >= 0, "a cell is read while it is written");
        switch();
        read(self.value.get())
    }

    /// Writes through an exclusive pointer.
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        let before = self.inside.fetch_sub(1, StdOrdering::Relaxed);
        let _inside = Inside(&self.inside, -1);
        assert!(before == 0, "a cell is written while it is {}", if before > 0 { "read" } else { "written" });
        switch();
        write(self.value.get())
    }
}

/// A schedule point. Not a yield: a yield marks the task as woken and hides lost wake-ups.
fn switch() {
    AtomicUsize::new(0).load(Ordering::Relaxed);
}

/// `N` cells with nothing in them.
pub fn uninit_cells<T, const N: usize>() -> [UnsafeCell<MaybeUninit<T>>; N] {
    std::array::from_fn(|_| UnsafeCell::new(MaybeUninit::uninit()))
}

#[cfg(feature = "std")]
use shuttle::sync as std_like;
#[cfg(feature = "std")]
#[path = "locks.rs"]
mod locks;
#[cfg(feature = "std")]
pub use locks::{Condvar, Mutex, MutexGuard};

/// What a loop does before it tries again. For a checker: let the others go first.
#[cfg(feature = "std")]
pub fn relax() {
    shuttle::thread::yield_now();
}
