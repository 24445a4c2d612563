//! A checker's locks, which look like those of `std`, without the poison: parking_lot, which ships, has none.

use super::std_like;

/// What [`Mutex::lock`] gives.
pub type MutexGuard<'a, T> = std_like::MutexGuard<'a, T>;

/// See `parking_lot::Mutex`.
#[derive(Debug)]
pub struct Mutex<T>(std_like::Mutex<T>);

impl<T> Mutex<T> {
    /// A lock around `value`.
    pub fn new(value: T) -> Self {
        Self(std_like::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// See `parking_lot::Condvar`.
#[derive(Debug)]
pub struct Condvar(std_like::Condvar);

#[allow(clippy::new_without_default)]
impl Condvar {
    /// A condition nobody waits for.
    pub fn new() -> Self {
        Self(std_like::Condvar::new())
    }

    /// Lets go of the lock, waits for a notification and takes the lock again.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Wakes everybody who waits.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
