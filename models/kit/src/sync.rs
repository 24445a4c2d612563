//! What a reader under test is made of: atomics, locks and threads that the checker of the moment sees.
//!
//! One build serves all engines: a value asks, when it is made, which of them is running. Nothing here is for production.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
pub use std::sync::atomic::Ordering;

use turnstile_loom::sync as loom_core;

/// Who schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Loom,
    Shuttle,
    Threads,
}

thread_local! {
    // loom and shuttle run all of a model's threads on the thread that explores.
    static ENGINE: Cell<Engine> = const { Cell::new(Engine::Threads) };
}

impl Engine {
    pub(crate) fn current() -> Self {
        ENGINE.get()
    }

    /// Runs `body` with values for this engine.
    pub(crate) fn scope<T>(self, body: impl FnOnce() -> T) -> T {
        struct Reset(Engine);
        impl Drop for Reset {
            fn drop(&mut self) {
                ENGINE.set(self.0);
            }
        }
        let _reset = Reset(ENGINE.replace(self));
        body()
    }
}

/// One of three.
#[derive(Debug)]
enum Of<L, S, T> {
    Loom(L),
    Shuttle(S),
    Threads(T),
}

/// A value for the engine that runs.
macro_rules! made {
    ($loom:expr, $shuttle:expr, $threads:expr) => {
        match Engine::current() {
            Engine::Loom => Of::Loom($loom),
            Engine::Shuttle => Of::Shuttle($shuttle),
            Engine::Threads => Of::Threads($threads),
        }
    };
}

/// The same call on whichever it is.
macro_rules! each {
    ($value:expr, $it:ident => $call:expr) => {
        match $value {
            Of::Loom($it) => $call,
            Of::Shuttle($it) => $call,
            Of::Threads($it) => $call,
        }
    };
}

/// An atomic number. Under loom's interleavings every load sees the newest value; in the weak pass orderings count.
#[derive(Debug)]
pub struct AtomicUsize(Of<loom_core::AtomicUsize, shuttle::sync::atomic::AtomicUsize, std::sync::atomic::AtomicUsize>);

impl AtomicUsize {
    /// Holds `value`.
    pub fn new(value: usize) -> Self {
        Self(made!(
            loom_core::AtomicUsize::new(value),
            shuttle::sync::atomic::AtomicUsize::new(value),
            std::sync::atomic::AtomicUsize::new(value)
        ))
    }

    /// See [`std::sync::atomic::AtomicUsize::load`].
    pub fn load(&self, order: Ordering) -> usize {
        each!(&self.0, it => it.load(order))
    }

    /// See [`std::sync::atomic::AtomicUsize::store`].
    pub fn store(&self, value: usize, order: Ordering) {
        each!(&self.0, it => it.store(value, order));
    }

    /// See [`std::sync::atomic::AtomicUsize::swap`].
    pub fn swap(&self, value: usize, order: Ordering) -> usize {
        each!(&self.0, it => it.swap(value, order))
    }

    /// See [`std::sync::atomic::AtomicUsize::fetch_add`].
    pub fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        each!(&self.0, it => it.fetch_add(value, order))
    }

    /// See [`std::sync::atomic::AtomicUsize::compare_exchange`].
    ///
    /// # Errors
    ///
    /// The value that was found instead.
    pub fn compare_exchange(&self, old: usize, new: usize, one: Ordering, other: Ordering) -> Result<usize, usize> {
        each!(&self.0, it => it.compare_exchange(old, new, one, other))
    }
}

/// An atomic flag.
#[derive(Debug)]
pub struct AtomicBool(AtomicUsize);

impl AtomicBool {
    /// Holds `value`.
    pub fn new(value: bool) -> Self {
        Self(AtomicUsize::new(value.into()))
    }

    /// See [`std::sync::atomic::AtomicBool::load`].
    pub fn load(&self, order: Ordering) -> bool {
        self.0.load(order) != 0
    }

    /// See [`std::sync::atomic::AtomicBool::store`].
    pub fn store(&self, value: bool, order: Ordering) {
        self.0.store(value.into(), order);
    }

    /// See [`std::sync::atomic::AtomicBool::swap`].
    pub fn swap(&self, value: bool, order: Ordering) -> bool {
        self.0.swap(value.into(), order) != 0
    }
}

/// Something that is safe to share by itself, such as a queue of another crate: each access is one step, so that all orders of
/// accesses are tried. What happens inside an access is not looked into, and must not wait.
#[derive(Debug)]
pub struct Shared<T> {
    turn: AtomicUsize,
    value: T,
}

impl<T> Shared<T> {
    /// Holds `value`.
    pub fn new(value: T) -> Self {
        Self { turn: AtomicUsize::new(0), value }
    }

    /// One access.
    pub fn with<R>(&self, access: impl FnOnce(&T) -> R) -> R {
        self.turn.fetch_add(1, Ordering::SeqCst);
        access(&self.value)
    }
}

/// A lock. Poisoning is ignored: a panic ends the execution as it is.
#[derive(Debug)]
pub struct Mutex<T>(Of<loom::sync::Mutex<T>, shuttle::sync::Mutex<T>, std::sync::Mutex<T>>);

/// Releases its lock when it is dropped.
#[derive(Debug)]
pub struct MutexGuard<'a, T>(
    Of<loom::sync::MutexGuard<'a, T>, shuttle::sync::MutexGuard<'a, T>, std::sync::MutexGuard<'a, T>>,
);

impl<T> Mutex<T> {
    /// Holds `value`.
    pub fn new(value: T) -> Self {
        Self(made!(loom::sync::Mutex::new(value), shuttle::sync::Mutex::new(value), std::sync::Mutex::new(value)))
    }

    /// Waits until nobody else has it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(match &self.0 {
            Of::Loom(lock) => Of::Loom(lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())),
            Of::Shuttle(lock) => Of::Shuttle(lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())),
            Of::Threads(lock) => Of::Threads(lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())),
        })
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        each!(&self.0, it => it)
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        each!(&mut self.0, it => it)
    }
}

/// A condition to wait for. Its lock must be of the same execution.
#[derive(Debug)]
pub struct Condvar(Of<loom::sync::Condvar, shuttle::sync::Condvar, std::sync::Condvar>);

impl Condvar {
    /// Nobody waits.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(made!(loom::sync::Condvar::new(), shuttle::sync::Condvar::new(), std::sync::Condvar::new()))
    }

    /// Gives the lock up, waits for a notification, and takes it again.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        MutexGuard(match (&self.0, guard.0) {
            (Of::Loom(it), Of::Loom(guard)) => Of::Loom(it.wait(guard).unwrap_or_else(|it| it.into_inner())),
            (Of::Shuttle(it), Of::Shuttle(guard)) => Of::Shuttle(it.wait(guard).unwrap_or_else(|it| it.into_inner())),
            (Of::Threads(it), Of::Threads(guard)) => Of::Threads(it.wait(guard).unwrap_or_else(|it| it.into_inner())),
            _ => panic!("the lock and the condition belong to different engines"),
        })
    }

    /// Wakes one.
    pub fn notify_one(&self) {
        each!(&self.0, it => it.notify_one());
    }

    /// Wakes all.
    pub fn notify_all(&self) {
        each!(&self.0, it => it.notify_all());
    }
}

/// A thread that was started with [`spawn`].
#[derive(Debug)]
pub struct JoinHandle<T>(Of<loom::thread::JoinHandle<T>, shuttle::thread::JoinHandle<T>, std::thread::JoinHandle<T>>);

impl<T> JoinHandle<T> {
    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// If it has panicked.
    pub fn join(self) -> T {
        each!(self.0, it => it.join().expect("a thread of the scenario panicked"))
    }
}

/// Starts a thread of the execution.
pub fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    JoinHandle(made!(loom::thread::spawn(body), shuttle::thread::spawn(body), std::thread::spawn(body)))
}

/// Lets the others go on: in every loop that waits for somebody.
pub fn yield_now() {
    match Engine::current() {
        Engine::Loom => loom::thread::yield_now(),
        Engine::Shuttle => shuttle::thread::yield_now(),
        Engine::Threads => std::thread::yield_now(),
    }
}

/// Which thread of the execution this is.
pub(crate) fn current() -> String {
    match Engine::current() {
        Engine::Loom => format!("{:?}", loom::thread::current().id()),
        Engine::Shuttle => format!("{:?}", shuttle::thread::current().id()),
        Engine::Threads => format!("{:?}", std::thread::current().id()),
    }
}
