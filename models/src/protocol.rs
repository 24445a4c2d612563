//! The delivery protocol, explored state by state: the core's own enumerator and fences, with a network that delays, repeats,
//! reorders and loses, checkpoints that overlap and abort, and crashes of everybody.

pub mod rules;
pub mod states;
pub mod system;
mod words;

use rules::Rule;
use states::{Explored, explore, serve};
use system::Size;
use turnstile::delivery::Policy;

/// An exploration with so many splits and readers.
type Explore = fn(Size, Option<Rule>) -> Explored;

/// One size at which the protocol is explored.
#[derive(Debug)]
pub struct Run {
    /// Its name in tables.
    pub name: &'static str,
    /// Readers and enumerator.
    pub participants: usize,
    /// Splits.
    pub splits: usize,
    /// How large otherwise.
    pub size: Size,
    explore: Explore,
    serve: fn(Size, Option<Rule>, String),
    /// Only with `--deep`.
    pub deep: bool,
    /// About how many seconds it takes.
    pub weight: u32,
}

/// All that the sizes below do not say.
const SMALL: Size = Size {
    checkpoints: 1,
    crashes: 1,
    late: 0,
    generations: 1,
    room: 1,
    discovery: false,
    aborts: true,
    overlap: true,
    queues: false,
    policy: Policy::OnRequest,
};

const fn run<const N: usize, const R: usize>(name: &'static str, size: Size, weight: u32) -> Run {
    Run {
        name,
        participants: R + 1,
        splits: N,
        size,
        explore: explore::<N, R>,
        serve: serve::<N, R>,
        deep: false,
        weight,
    }
}

const fn deep(run: Run) -> Run {
    Run { deep: true, ..run }
}

/// What is explored. Each has a bad network, crashes of readers and of the enumerator, and readers without work; beyond that:
pub const RUNS: &[Run] = &[
    // Messages that arrive long after they were sent.
    run::<2, 2>("protocol-late", Size { late: 1, ..SMALL }, 20),
    run::<1, 2>("protocol-later", Size { late: 2, crashes: 2, checkpoints: 0, ..SMALL }, 20),
    // Reports of old cuts arrive when a newer checkpoint is complete.
    run::<1, 1>("protocol-late-cuts", Size { late: 1, checkpoints: 2, ..SMALL }, 5),
    // Splits wait in readers' queues, and are in their snapshots.
    run::<2, 2>("protocol-queues", Size { queues: true, room: 2, ..SMALL }, 20),
    // Anything may happen while splits are discovered, and discovered again after a restore.
    run::<2, 2>("protocol-discovery", Size { discovery: true, ..SMALL }, 10),
    // No checkpoint ever completes.
    run::<2, 2>("protocol-no-checkpoints", Size { checkpoints: 0, crashes: 3, late: 1, ..SMALL }, 5),
    // Two checkpoints under way at once, given up at any time.
    run::<1, 2>("protocol-overlap", Size { checkpoints: 2, ..SMALL }, 15),
    // Readers that are opened again.
    run::<2, 2>("protocol-generations", Size { generations: 2, ..SMALL }, 10),
    // Splits that have owners from birth.
    run::<2, 2>("protocol-round-robin", Size { policy: Policy::RoundRobin, ..SMALL }, 1),
    run::<2, 2>("protocol-by-hash", Size { policy: Policy::ByHash, ..SMALL }, 1),
    // More of everything; one checkpoint at a time, given up only by crashes.
    run::<3, 2>("protocol-large", Size { checkpoints: 2, crashes: 2, aborts: false, overlap: false, ..SMALL }, 220),
    deep(run::<2, 2>("protocol-overlap-two", Size { checkpoints: 2, ..SMALL }, 30)),
];

impl Run {
    /// Explores it.
    pub fn explore(&self) -> Explored {
        (self.explore)(self.size, None)
    }

    /// Shows it in a browser, for as long as the process lives.
    pub fn serve(&self, without: Option<Rule>, address: String) {
        (self.serve)(self.size, without, address);
    }
}

/// Where what comes of leaving a rule out is looked for, one after the other.
const WITHOUT: [(Size, Explore); 5] = [
    (SMALL, explore::<2, 2>),
    (Size { queues: true, discovery: true, ..SMALL }, explore::<1, 2>),
    (Size { late: 1, ..SMALL }, explore::<1, 2>),
    (Size { queues: true, ..SMALL }, explore::<2, 2>),
    (Size { checkpoints: 2, ..SMALL }, explore::<1, 2>),
];

/// About how many seconds [`without`] takes.
pub const fn weight_without(rule: Rule) -> u32 {
    match rule {
        Rule::AttemptOfMessages | Rule::AttemptOfReports | Rule::Floor => 4,
        Rule::GiveBackNoMore | Rule::OneInstant => 4,
        Rule::ReleaseByItsOwnMark => 10,
        _ => 1,
    }
}

/// Leaves a rule out, and looks for what comes of it.
pub fn without(rule: Rule) -> Explored {
    let mut all = Explored::default();
    for (size, explore) in WITHOUT {
        let explored = explore(size, Some(rule));
        all.states += explored.states;
        all.seconds += explored.seconds;
        all.violated = explored.violated;
        if all.violated.is_some() {
            break;
        }
    }
    all
}
