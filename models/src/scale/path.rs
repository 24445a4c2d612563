//! loom's search, as loom 0.7.3 writes it into a file: the path of choices that leads to the next execution, and at
//! each choice what was tried and what has to be.
//!
//! These types mirror loom's own, field by field. A file that has another shape is refused.

use serde::{Deserialize, Serialize};

/// A choice: the thread that moves, the store that is read, whether a wake-up is spurious.
pub type Choice = u8;

/// The path to the next execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    preemption_bound: Option<u8>,
    pos: usize,
    branches: Branches,
    exploring: bool,
    skipping: bool,
    exploring_on_start: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Branches {
    entries: Vec<Branch>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Branch {
    Schedule(Schedule),
    Load(Load),
    Spurious(Spurious),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    preemptions: u8,
    initial_active: Option<u8>,
    threads: [Thread; loom::MAX_THREADS],
    prev: Option<Index>,
    exploring: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    index: usize,
    _p: (),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    values: [u8; 7],
    pos: u8,
    len: u8,
    exploring: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spurious {
    spur: bool,
    exploring: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Thread {
    /// Cannot move.
    Disabled,
    /// Can, and nothing asks for it.
    Skip,
    /// Has tried in vain.
    Yield,
    /// Is still to be tried.
    Pending,
    /// Is being tried.
    Active,
    /// Was tried.
    Visited,
}

impl Branch {
    fn chosen(&self) -> Option<Choice> {
        match self {
            Self::Schedule(schedule) => {
                schedule.threads.iter().position(|thread| *thread == Thread::Active).map(|at| at as Choice)
            }
            Self::Load(load) => Some(load.pos),
            Self::Spurious(spurious) => Some(spurious.spur.into()),
        }
    }

    /// What is still to be tried here.
    fn pending(&self) -> Vec<Choice> {
        match self {
            Self::Schedule(schedule) => schedule.of(Thread::Pending),
            Self::Load(load) if load.exploring => (load.pos + 1..load.len).collect(),
            Self::Spurious(spurious) if spurious.exploring && !spurious.spur => vec![1],
            Self::Load(_) | Self::Spurious(_) => Vec::new(),
        }
    }

    /// Nothing but this choice. A thread that is asked for later shows as pending; loads and wake-ups ask for nothing.
    fn freeze(&mut self, choice: Choice) {
        match self {
            Self::Schedule(schedule) => {
                for (at, thread) in schedule.threads.iter_mut().enumerate() {
                    *thread = match *thread {
                        _ if at == usize::from(choice) => Thread::Active,
                        Thread::Pending | Thread::Active => Thread::Visited,
                        other => other,
                    };
                }
            }
            Self::Load(load) => {
                load.pos = choice;
                load.exploring = false;
            }
            Self::Spurious(spurious) => {
                spurious.spur = choice != 0;
                spurious.exploring = false;
            }
        }
    }
}

impl Schedule {
    fn of(&self, state: Thread) -> Vec<Choice> {
        (0..).zip(self.threads).filter(|(_, thread)| *thread == state).map(|(at, _)| at).collect()
    }
}

impl Path {
    /// How many choices there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.branches.entries.len()
    }

    /// What is chosen at the first `length` branches, or at all of them if there are fewer.
    pub fn choices(&self, length: usize) -> Vec<Option<Choice>> {
        self.branches.entries.iter().take(length).map(Branch::chosen).collect()
    }

    /// What is still to be tried at the branch with this number.
    pub fn pending(&self, at: usize) -> Vec<Choice> {
        self.branches.entries[at].pending()
    }

    /// Leaves nothing to be tried at the first `length` branches but what is chosen there.
    pub fn freeze(&mut self, length: usize) {
        for branch in &mut self.branches.entries[..length] {
            if let Some(chosen) = branch.chosen() {
                branch.freeze(chosen);
            }
        }
    }

    /// The path that leads to the branch with this number, and there takes this choice.
    pub fn turned(&self, at: usize, choice: Choice) -> Self {
        let mut turned = self.clone();
        turned.branches.entries.truncate(at + 1);
        turned.freeze(at);
        turned.branches.entries[at].freeze(choice);
        turned
    }
}
