//! What ships: the atomics of `core` and, for the blocking face, the locks of parking_lot.

use core::mem::MaybeUninit;
pub use core::sync::atomic::{AtomicUsize, Ordering};

/// A word that all may load, and at any time only one thread may store to.
pub type OwnedUsize = AtomicUsize;

/// What was last stored: for the thread that may store.
///
/// # Safety
///
/// No store is made meanwhile, and the last one happened before.
#[inline(always)]
pub unsafe fn unsync_load(word: &OwnedUsize) -> usize {
    // SAFETY: as the caller says; others only load.
    unsafe { word.as_ptr().read() }
}

/// `core`'s cell, opened only through closures so that loom can watch every access.
#[derive(Debug)]
pub struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// Reads through a shared pointer.
    #[inline(always)]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Writes through an exclusive pointer.
    #[inline(always)]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// `N` cells with nothing in them.
pub const fn uninit_cells<T, const N: usize>() -> [UnsafeCell<MaybeUninit<T>>; N] {
    [const { UnsafeCell::new(MaybeUninit::uninit()) }; N]
}

#[cfg(feature = "std")]
mod locks {
    /// What [`Mutex::lock`] gives.
    pub type MutexGuard<'a, T> = parking_lot::MutexGuard<'a, T>;

    /// parking_lot's lock.
    #[derive(Debug)]
    pub struct Mutex<T>(parking_lot::Mutex<T>);

    impl<T> Mutex<T> {
        /// A lock around `value`.
        pub const fn new(value: T) -> Self {
            Self(parking_lot::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock()
        }
    }

    /// parking_lot's condition variable.
    #[derive(Debug)]
    pub struct Condvar(parking_lot::Condvar);

    #[allow(clippy::new_without_default)]
    impl Condvar {
        /// A condition nobody waits for.
        pub const fn new() -> Self {
            Self(parking_lot::Condvar::new())
        }

        /// Lets go of the lock, waits for a notification and takes the lock again.
        pub fn wait<'a, T>(&self, mut guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(&mut guard);
            guard
        }

        /// Wakes everybody who waits.
        pub fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}
#[cfg(feature = "std")]
pub use locks::{Condvar, Mutex, MutexGuard};

/// What a loop does before it tries again. For a checker: let the others go first.
#[cfg(feature = "std")]
pub fn relax() {
    core::hint::spin_loop();
}
