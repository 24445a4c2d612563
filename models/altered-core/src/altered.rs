//! Which alteration is in force, and what is seen when none is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::vec::Vec;

/// One way to leave something out.
#[derive(Clone, Copy, Debug)]
pub struct Alteration {
    /// From the root of the project.
    pub file: &'static str,
    /// From 1.
    pub line: u32,
    /// As its users call it: `Reader::assign`.
    pub function: &'static str,
    /// `ordering`, `guard`, `step` or `order`.
    pub kind: &'static str,
    /// What stands there.
    pub code: &'static str,
    /// What becomes of it.
    pub change: &'static str,
    /// The edges that the comment above it names.
    pub edges: &'static [&'static str],
}

/// A place at which control goes one way or another.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// From the root of the project.
    pub file: &'static str,
    /// From 1.
    pub line: u32,
    /// As its users call it.
    pub function: &'static str,
    /// The condition, or the pattern of the arm.
    pub code: &'static str,
    /// Which way.
    pub way: &'static str,
}

// `ALTERATIONS`, `BRANCHES` and `OPERATIONS`, the public functions that run code of the core.
include!(concat!(env!("OUT_DIR"), "/altered.rs"));

std::thread_local! {
    static NOW: Cell<Option<usize>> = const { Cell::new(None) };
    static WATCH: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// What explorations on this thread have seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Operations of different threads, by their place in [`OPERATIONS`], of which one began while the other ran.
    pub pairs: BTreeSet<(usize, usize)>,
    /// In how many executions each of [`BRANCHES`] was taken.
    pub branches: Vec<u64>,
    /// Branches that are looked for in one and the same execution, and in how many they were all taken.
    pub together: Vec<(Vec<usize>, u64)>,
    /// Those that were taken in this execution.
    taken: BTreeSet<usize>,
    /// The operations that are running.
    running: Vec<(loom::thread::ThreadId, usize)>,
}

/// Puts this alteration in force, in explorations on this thread.
pub fn alter(which: Option<usize>) {
    NOW.set(which);
}

/// Which one is.
#[inline]
pub(crate) fn now() -> Option<usize> {
    NOW.get()
}

/// Begins to watch, for these branches to be taken together as well, and answers with what was seen since the last time.
pub fn watch(together: impl IntoIterator<Item = Vec<usize>>) -> Seen {
    let together = together.into_iter().map(|branches| (branches, 0)).collect();
    let fresh = Seen { branches: std::vec![0; BRANCHES.len()], together, ..Seen::default() };
    WATCH.replace(Some(fresh)).unwrap_or_default()
}

/// An execution begins.
pub fn begin() {
    WATCH.with_borrow_mut(|seen| {
        let Some(seen) = seen else { return };
        let taken = std::mem::take(&mut seen.taken);
        for (branches, times) in &mut seen.together {
            *times += u64::from(branches.iter().all(|branch| taken.contains(branch)));
        }
        for branch in taken {
            seen.branches[branch] += 1;
        }
        seen.running.clear();
    });
}

/// This branch is taken.
#[inline]
pub(crate) fn take(branch: usize) {
    WATCH.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            seen.taken.insert(branch);
        }
    });
}

/// An operation that runs, until it is dropped.
pub(crate) struct Running(Option<(loom::thread::ThreadId, usize)>);

/// This operation begins.
pub(crate) fn enter(operation: usize) -> Running {
    WATCH.with_borrow_mut(|seen| {
        let Some(seen) = seen else { return Running(None) };
        let thread = loom::thread::current().id();
        for &(other, running) in seen.running.iter().filter(|(other, _)| *other != thread) {
            seen.pairs.insert((operation.min(running), operation.max(running)));
        }
        seen.running.push((thread, operation));
        Running(Some((thread, operation)))
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(this) = self.0 else { return };
        // Not during a panic of the checker, which may drop what the borrow above holds.
        WATCH.with(|seen| {
            if let Ok(mut seen) = seen.try_borrow_mut()
                && let Some(seen) = seen.as_mut()
                && let Some(at) = seen.running.iter().rposition(|running| *running == this)
            {
                seen.running.remove(at);
            }
        });
    }
}
