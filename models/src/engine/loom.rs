//! Every interleaving, or with stale values as far as loom goes.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::Instant;

pub use loom::cell::UnsafeCell;
pub use loom::sync::Mutex as Lock;
pub use loom::thread::{JoinHandle, yield_now};
use loom::thread::{Thread, park};
pub use turnstile_loom as turnstile;
pub use turnstile_loom::sync::Pass;

use super::Explored;

#[path = "../cluster.rs"]
pub mod cluster;
#[path = "../pairs/run/mod.rs"]
pub mod pairs;
#[path = "../scenarios.rs"]
pub mod scenarios;
#[path = "../subject.rs"]
pub mod subject;

/// How this engine is called in tables.
pub const NAME: &str = "loom";

/// Is what a thread reads always the newest value? If not, an order of events that is not made of the model's own
/// synchronisation proves nothing.
pub fn reads_are_newest() -> bool {
    turnstile_loom::sync::pass() == Pass::Interleavings
}

/// What a scenario may take by chance. Nothing, here: every execution has to do the same.
pub fn seed() -> u64 {
    0
}

std::thread_local! {
    static REDUCED: Cell<Option<usize>> = const { Cell::new(None) };
    static WAITING: RefCell<Vec<Thread>> = const { RefCell::new(Vec::new()) };
}

/// The threads of what is explored on this thread from now on, if they are to begin in the order in which they are
/// started.
///
/// A thread touches nothing shared before its first operation, so when it begins is of no consequence; but loom knows
/// no operation of a thread that has not begun, and tries its beginning at each step of the others. That holds where
/// all threads are started before anything is touched, and so many have to be.
pub fn set_reduced(threads: Option<usize>) {
    REDUCED.set(threads);
    WAITING.take();
}

/// Starts a thread of the model.
pub fn spawn<T: 'static>(body: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    let Some(threads) = REDUCED.get() else { return loom::thread::spawn(body) };
    let later = threads - 1 - WAITING.with_borrow(Vec::len);
    // No branch in here is explored: there is one way to begin.
    loom::stop_exploring();
    let thread = loom::thread::spawn(move || {
        // loom goes on with whoever has yielded least. Each thread yields more often than those that begin after it, so
        // that the one that begins is preferred to the others.
        for _ in 0..later {
            yield_now();
        }
        park();
        loom::explore();
        body()
    });
    for _ in 0..=later {
        yield_now();
    }
    WAITING.with_borrow_mut(|waiting| waiting.push(thread.thread().clone()));
    if later == 0 {
        for (index, waiting) in WAITING.take().iter().enumerate() {
            if index > 0 {
                loom::stop_exploring();
            }
            waiting.unpark();
            yield_now();
        }
    } else {
        loom::explore();
    }
    thread
}

struct Bell {
    rung: loom::sync::Notify,
    /// The thread that parks here.
    owner: loom::thread::ThreadId,
    /// It rang itself. No part of the model.
    again: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if loom::thread::current().id() == self.owner {
            self.again.store(true, Ordering::Relaxed);
        } else {
            self.rung.notify();
        }
    }
}

/// Where the thread that made it waits. Its waker is an uninstrumented `Arc`: cloning it is no step of the model.
pub struct Parker(Arc<Bell>);

impl Parker {
    /// Nobody has rung yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(Arc::new(Bell {
            rung: loom::sync::Notify::new(),
            owner: loom::thread::current().id(),
            again: AtomicBool::new(false),
        }))
    }

    /// Wakes this parker.
    pub fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Waits for a waker. May return for no reason, once, as loom's notifications do. A thread that woke itself goes to
    /// the end of the queue, as a task that wakes itself does.
    pub fn park(&self) {
        if self.0.again.swap(false, Ordering::Relaxed) {
            yield_now();
        } else {
            self.0.rung.wait();
        }
    }
}

/// Explores `scenario` in `pass`, with at most `preemptions` forced switches, or without a bound. `progress` hears the
/// number of each execution before it begins.
///
/// loom's own limits on time and number are off: reaching one returns as if all were well.
pub fn explore(
    pass: Pass,
    preemptions: Option<usize>,
    scenario: impl Fn() + Send + Sync + 'static,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Explored {
    turnstile_loom::sync::set_pass(pass);
    run(preemptions, scenario, progress)
}

/// The same in the pass that was set.
pub(super) fn run(
    preemptions: Option<usize>,
    scenario: impl Fn() + Send + Sync + 'static,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Explored {
    let executions = Arc::new(AtomicU64::new(0));
    let counter = executions.clone();
    let started = Instant::now();
    let violation = turnstile_kit::engine::loom(preemptions, None, None, move || {
        progress(counter.fetch_add(1, Ordering::Relaxed) + 1);
        scenario();
    });
    let executions = executions.load(Ordering::Relaxed);
    Explored { executions, seconds: started.elapsed().as_secs_f64(), violation, schedule: None }
}
