//! Large schedules, at random and by priority. Sequentially consistent only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::Instant;

use shuttle::rand::RngCore;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
pub use shuttle::sync::Mutex as Lock;
pub use shuttle::thread::{JoinHandle, spawn, yield_now};
pub use turnstile_shuttle as turnstile;
pub use turnstile_shuttle::sync::UnsafeCell;

use super::{Explored, caught};

#[path = "../cluster.rs"]
pub mod cluster;
#[path = "../scenarios.rs"]
pub mod scenarios;

/// How this engine is called in tables.
pub const NAME: &str = "shuttle";

/// Is what a thread reads always the newest value? shuttle knows nothing else.
pub fn reads_are_newest() -> bool {
    true
}

/// What a scenario may take by chance. Part of the schedule.
pub fn seed() -> u64 {
    shuttle::rand::thread_rng().next_u64()
}

struct Bell {
    rung: shuttle::sync::Mutex<bool>,
    changed: shuttle::sync::Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().expect("nobody panics while ringing") = true;
        self.changed.notify_one();
    }
}

/// Where a poller waits.
pub struct Parker(Arc<Bell>);

impl Parker {
    /// Nobody has rung yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(Arc::new(Bell { rung: shuttle::sync::Mutex::new(false), changed: shuttle::sync::Condvar::new() }))
    }

    /// Wakes this parker.
    pub fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Waits for a waker.
    pub fn park(&self) {
        let mut rung = self.0.rung.lock().expect("nobody panics while ringing");
        while !*rung {
            rung = self.0.changed.wait(rung).expect("nobody panics while ringing");
        }
        *rung = false;
    }
}

/// How schedules are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedules {
    /// Each step by a fair die.
    Random,
    /// Probabilistic concurrency testing with this many priority changes.
    Pct(usize),
}

/// Runs `scenario` under `schedules` schedules, from a fixed seed.
pub fn explore(
    kind: Schedules,
    schedules: usize,
    scenario: impl Fn() + Send + Sync + 'static,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Explored {
    const SEED: u64 = 0x7412_5717;
    let executions = Arc::new(AtomicU64::new(0));
    let counter = executions.clone();
    let mut config = shuttle::Config::new();
    config.max_steps = shuttle::MaxSteps::FailAfter(10_000_000);
    config.failure_persistence = shuttle::FailurePersistence::None;
    config.stack_size = 0x20000;
    let body = move || {
        let n = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if n.is_multiple_of(100) {
            progress(n);
        }
        scenario();
    };
    let started = Instant::now();
    let violation = caught(move || match kind {
        Schedules::Random => {
            shuttle::Runner::new(RandomScheduler::new_from_seed(SEED, schedules), config).run(body);
        }
        Schedules::Pct(depth) => {
            shuttle::Runner::new(PctScheduler::new_from_seed(SEED, depth, schedules), config).run(body);
        }
    });
    Explored { executions: executions.load(Ordering::Relaxed), seconds: started.elapsed().as_secs_f64(), violation }
}
