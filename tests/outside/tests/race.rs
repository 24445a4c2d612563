//! One race, run by threads, by loom or by shuttle: an enumerator assigns and finishes while a task reads and waits.

use std::sync::Arc;

use outside::{Connector, Report};

#[cfg(loom)]
mod engine {
    pub use loom::{future::block_on, model as explore, thread};
}
#[cfg(shuttle)]
mod engine {
    pub use shuttle::{future::block_on, thread};

    pub fn explore(race: impl Fn() + Send + Sync + 'static) {
        shuttle::check_random(race, 1000);
    }
}
#[cfg(not(any(loom, shuttle)))]
mod engine {
    pub use pollster::block_on;
    pub use std::thread;

    pub fn explore(race: impl Fn() + Send + Sync + 'static) {
        (0..100).for_each(|_| race());
    }
}
use engine::{block_on, explore, thread};

/// An enumerator that promises rows, finishes, and does what comes `afterwards`, while a task reads.
fn race(afterwards: fn(&Connector)) -> Report {
    let connector = Arc::new(Connector::new());
    let enumerator = thread::spawn({
        let connector = connector.clone();
        move || {
            connector.assign(3).unwrap();
            connector.finish();
            afterwards(&connector);
        }
    });
    let report = block_on(connector.read());
    enumerator.join().unwrap();
    report
}

#[test]
fn whoever_has_finished_has_read_all_that_was_promised() {
    explore(|| {
        let Report { read, promised, .. } = race(|_| ());
        assert_eq!((read, promised), (3, 3));
    });
}

#[cfg(any(loom, shuttle))]
mod explored {
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    #[test]
    fn there_are_many_executions_and_the_task_waits_in_some_and_not_in_others() {
        static EXECUTIONS: AtomicUsize = AtomicUsize::new(0);
        static WAITED: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
        explore(|| {
            EXECUTIONS.fetch_add(1, Relaxed);
            WAITED.lock().unwrap().insert(race(|_| ()).waited);
        });
        let (executions, waited) = (EXECUTIONS.load(Relaxed), WAITED.lock().unwrap());
        println!("{executions} executions; the task waited {waited:?} times");
        assert!(executions > 1);
        assert!(waited.contains(&0) && waited.contains(&1), "{waited:?}");
    }

    #[test]
    #[should_panic = "promised after the end"]
    fn a_promise_after_the_end_that_is_not_taken_back_yet_is_seen() {
        explore(|| {
            let Report { promised, .. } = race(|connector| {
                connector.assign(7).unwrap_err();
            });
            assert_eq!(promised, 3, "promised after the end");
        });
    }
}
