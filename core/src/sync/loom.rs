//! loom's atomics, in one of two passes.
//!
//! loom prunes executions with one "last access" per atomic. A thread that loads an atomic and then writes it hides
//! another thread's load behind its own, and the other order is never tried. Two remedies, neither of which touches
//! loom; each is complete where the other is not:
//!
//! * [`Pass::Interleavings`]: a load is a read-modify-write that adds nothing, and a store one that ignores what it
//!   read. All accesses conflict, so the one last access is enough, and every interleaving is explored. Loads see the
//!   newest value only.
//! * [`Pass::WeakMemory`]: a plain load behind a relaxed access to a shadow of the atomic. Loads may see stale values;
//!   complete on two threads, not on three.
//!
//! [`Pass::Stock`] is loom as it is, so that a test can tell when the remedies are no longer needed.

use std::cell::Cell;
use std::mem::MaybeUninit;

pub use loom::cell::UnsafeCell;
pub use loom::sync::atomic::Ordering;

/// How a load is shown to loom. Set once per exploration with [`set_pass`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pass {
    /// Every interleaving, newest values: complete for any number of threads.
    #[default]
    Interleavings,
    /// Stale values too: complete for two threads.
    WeakMemory,
    /// No remedy: misses executions.
    Stock,
}

std::thread_local! {
    static PASS: Cell<Pass> = const { Cell::new(Pass::Interleavings) };
}

/// Chooses the pass for all explorations started on this thread from now on.
pub fn set_pass(pass: Pass) {
    PASS.set(pass);
}

/// The pass of explorations on this thread.
pub fn pass() -> Pass {
    PASS.get()
}

/// loom's atomic word, and the shadow that makes its loads visible to each other in the weak pass.
#[derive(Debug)]
pub struct AtomicUsize {
    word: loom::sync::atomic::AtomicUsize,
    shadow: loom::sync::atomic::AtomicUsize,
}

impl AtomicUsize {
    /// An atomic that holds `value`.
    pub fn new(value: usize) -> Self {
        Self { word: loom::sync::atomic::AtomicUsize::new(value), shadow: loom::sync::atomic::AtomicUsize::new(0) }
    }

    /// See [`core::sync::atomic::AtomicUsize::load`].
    pub fn load(&self, order: Ordering) -> usize {
        match PASS.get() {
            Pass::Interleavings => self.word.fetch_add(0, order),
            Pass::WeakMemory => {
                self.shadow.fetch_add(0, Ordering::Relaxed);
                self.word.load(order)
            }
            Pass::Stock => self.word.load(order),
        }
    }

    /// See [`core::sync::atomic::AtomicUsize::store`].
    pub fn store(&self, value: usize, order: Ordering) {
        match PASS.get() {
            // loom may put a plain store between the two halves of a read-modify-write, and here every load is one.
            Pass::Interleavings => {
                self.word.swap(value, order);
            }
            Pass::WeakMemory | Pass::Stock => self.word.store(value, order),
        }
    }

    /// See [`core::sync::atomic::AtomicUsize::swap`].
    pub fn swap(&self, value: usize, order: Ordering) -> usize {
        self.word.swap(value, order)
    }

    /// See [`core::sync::atomic::AtomicUsize::fetch_add`].
    pub fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        self.word.fetch_add(value, order)
    }

    /// See [`core::sync::atomic::AtomicUsize::fetch_or`].
    pub fn fetch_or(&self, value: usize, order: Ordering) -> usize {
        self.word.fetch_or(value, order)
    }

    /// See [`core::sync::atomic::AtomicUsize::fetch_and`].
    pub fn fetch_and(&self, value: usize, order: Ordering) -> usize {
        self.word.fetch_and(value, order)
    }

    /// See [`core::sync::atomic::AtomicUsize::compare_exchange`].
    pub fn compare_exchange(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        self.word.compare_exchange(current, new, success, failure)
    }
}

/// A word that all may load, and at any time only one thread may store to: what is stored is kept in a cell as well, in
/// which loom notices another one. (Its own `unsync_load` takes the loads of the first pass for writes.)
#[derive(Debug)]
pub struct OwnedUsize {
    word: AtomicUsize,
    stored: UnsafeCell<usize>,
}

// SAFETY: the cell is opened only through loom.
unsafe impl Sync for OwnedUsize {}

impl OwnedUsize {
    /// A word that holds `value`.
    pub fn new(value: usize) -> Self {
        Self { word: AtomicUsize::new(value), stored: UnsafeCell::new(value) }
    }

    /// See [`core::sync::atomic::AtomicUsize::load`].
    pub fn load(&self, order: Ordering) -> usize {
        self.word.load(order)
    }

    /// See [`core::sync::atomic::AtomicUsize::store`].
    pub fn store(&self, value: usize, order: Ordering) {
        self.stored.with_mut(|stored| {
            // SAFETY: loom notices when another thread is at it.
            unsafe { *stored = value }
        });
        self.word.store(value, order);
    }
}

/// What was last stored: for the thread that may store. Nothing that loom could put another thread before.
///
/// # Safety
///
/// No store is made meanwhile, and the last one happened before.
pub unsafe fn unsync_load(word: &OwnedUsize) -> usize {
    word.stored.with(|stored| {
        // SAFETY: as the caller says; loom notices when it is not so.
        unsafe { *stored }
    })
}

/// `N` cells with nothing in them.
pub fn uninit_cells<T, const N: usize>() -> [UnsafeCell<MaybeUninit<T>>; N] {
    std::array::from_fn(|_| UnsafeCell::new(MaybeUninit::uninit()))
}

#[cfg(feature = "std")]
use loom::sync as std_like;
#[cfg(feature = "std")]
#[path = "locks.rs"]
mod locks;
#[cfg(feature = "std")]
pub use locks::{Condvar, Mutex, MutexGuard};

/// What a loop does before it tries again. For a checker: let the others go first.
#[cfg(feature = "std")]
pub fn relax() {
    loom::thread::yield_now();
}
