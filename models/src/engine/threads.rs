//! Real threads on the machine at hand: the core as it ships.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::Instant;

pub use std::sync::Mutex as Lock;
pub use std::thread::{JoinHandle, spawn, yield_now};
pub use turnstile;

use super::{Explored, caught};

#[path = "../cluster.rs"]
pub mod cluster;
#[path = "../scenarios.rs"]
pub mod scenarios;
#[path = "../subject.rs"]
pub mod subject;

/// How this engine is called in tables.
pub const NAME: &str = "threads";

/// Is what a thread reads always the newest value? The scenarios' own counters are ordered like the events that they count.
pub fn reads_are_newest() -> bool {
    true
}

/// What a scenario may take by chance. Another one for each execution.
pub fn seed() -> u64 {
    static EXECUTION: AtomicU64 = AtomicU64::new(0);
    EXECUTION.fetch_add(1, Ordering::Relaxed)
}

struct Bell {
    rung: AtomicBool,
    thread: std::thread::Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Where the thread that made it waits.
pub struct Parker(Arc<Bell>);

impl Parker {
    /// Nobody has rung yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(Arc::new(Bell { rung: AtomicBool::new(false), thread: std::thread::current() }))
    }

    /// Wakes this parker.
    pub fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Waits for a waker.
    pub fn park(&self) {
        while !self.0.rung.swap(false, Ordering::Acquire) {
            std::thread::park();
        }
    }
}

/// `core`'s cell behind loom's interface.
#[derive(Debug)]
pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }
    /// Reads through a shared pointer.
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }
    /// Writes through an exclusive pointer.
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// Runs `scenario` `repeats` times. The machine schedules, so this finds what it finds.
pub fn explore(repeats: usize, scenario: impl Fn(), progress: impl Fn(u64)) -> Explored {
    let started = Instant::now();
    let mut executions = 0;
    let violation = caught(|| {
        for _ in 0..repeats {
            executions += 1;
            progress(executions);
            scenario();
        }
    });
    Explored { executions, seconds: started.elapsed().as_secs_f64(), violation, schedule: None }
}
