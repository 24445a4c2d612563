//! Large schedules, at random and by priority. Sequentially consistent only.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::Instant;
use std::{env, fs, io};

use shuttle::rand::RngCore;
use shuttle::scheduler::ReplayScheduler;
pub use shuttle::sync::Mutex as Lock;
pub use shuttle::thread::{JoinHandle, spawn, yield_now};
use turnstile_kit::engine::FailurePersistence;
pub use turnstile_kit::engine::Schedules;
pub use turnstile_shuttle as turnstile;
pub use turnstile_shuttle::sync::UnsafeCell;

use super::Explored;

#[path = "../cluster.rs"]
pub mod cluster;
#[path = "../scenarios.rs"]
pub mod scenarios;
#[path = "../subject.rs"]
pub mod subject;

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

/// Runs `scenario` under `schedules` schedules, from a fixed seed.
pub fn explore(
    kind: Schedules,
    schedules: usize,
    scenario: impl Fn() + Send + Sync + 'static,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Explored {
    let executions = Arc::new(AtomicU64::new(0));
    let counter = executions.clone();
    // Where shuttle writes the schedule of an execution that fails: in the folder that it was told first. Without one it goes to
    // standard error.
    let folder = env::temp_dir().join(format!("turnstile-{}", std::process::id()));
    let _ = fs::create_dir(&folder);
    let failures = FailurePersistence::File(Some(folder.clone()));
    let body = move || {
        progress(counter.fetch_add(1, Ordering::Relaxed) + 1);
        scenario();
    };
    let started = Instant::now();
    let violation = turnstile_kit::engine::shuttle(kind, schedules, None, failures, body);
    let executions = executions.load(Ordering::Relaxed);
    let kept = folder.with_extension(format!("{executions}.schedule"));
    let schedule = fs::rename(folder.join("schedule000.txt"), &kept).is_ok().then_some(kept);
    let _ = fs::remove_dir_all(&folder); // A second panic of the same execution has its own file.
    Explored { executions, seconds: started.elapsed().as_secs_f64(), violation, schedule }
}

/// Runs `scenario` once, under a schedule that an exploration has written.
///
/// # Errors
///
/// The file cannot be read.
pub fn replay(schedule: &Path, scenario: impl Fn() + Send + Sync + 'static) -> io::Result<Explored> {
    let scheduler = ReplayScheduler::new_from_file(schedule)?;
    let started = Instant::now();
    let violation = turnstile_kit::engine::shuttle_with(scheduler, None, FailurePersistence::None, scenario);
    let schedule = Some(schedule.to_path_buf());
    Ok(Explored { executions: 1, seconds: started.elapsed().as_secs_f64(), violation, schedule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_schedule_is_written_and_fails_again_in_one_execution() {
        let lost_update = || {
            let count = Arc::new(shuttle::sync::atomic::AtomicU64::new(0));
            let add = |count: Arc<shuttle::sync::atomic::AtomicU64>| {
                move || count.store(count.load(Ordering::SeqCst) + 1, Ordering::SeqCst)
            };
            let other = spawn(add(count.clone()));
            add(count.clone())();
            other.join().expect("it ends");
            assert_eq!(count.load(Ordering::SeqCst), 2, "an update was lost");
        };
        for kind in [Schedules::Random, Schedules::Pct(3)] {
            // On a thread of its own: shuttle does not write two schedules of the same length there.
            let explored = std::thread::spawn(move || explore(kind, 1_000, lost_update, |_| ()));
            let explored = explored.join().expect("it ends");
            let schedule = explored.schedule.expect("it is written");
            let again = replay(&schedule, lost_update).expect("it can be read");
            assert_eq!((again.executions, again.violation), (1, explored.violation));
            fs::remove_file(schedule).expect("it is ours");
        }
        let explored = explore(Schedules::Random, 10, || (), |_| ());
        assert_eq!((explored.violation, explored.schedule), (None, None));
    }
}
