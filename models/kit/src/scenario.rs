//! The scenarios: for every pair of operations that may run at once, from every state in which that differs, a small program.
//!
//! They follow from the operations and not from a list of known bugs: [`pairs()`](pairs::pairs) says which of them meet in which
//! scenario, and why where they meet in none. One judgement serves all of them.

use crate::journal::{BROKEN, Split, WITHOUT_ROWS};
use crate::subject::Ability;

mod judge;
pub mod pairs;
mod run;

/// What the engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Assign(&'static [Split]),
    Signal,
    Checkpoint,
    /// On the poller's thread only.
    Poll,
    /// Waits until what was accepted is read, and a checkpoint that was asked for is answered: no later step makes up for a
    /// wake-up that was lost before.
    Served,
}
use Do::{Assign, Checkpoint, Poll, Served, Signal};

/// How the poller goes on while others work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polls {
    /// It calls so often, then waits for the others to be done, and goes on to the end.
    Early(usize),
    /// It sleeps whenever there is nothing, until it has finished.
    Sleeping,
    /// It calls so often, and then the task is cancelled.
    Cancelled(usize),
}
use Polls::{Cancelled, Early, Sleeping};

/// One program.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in tables.
    pub name: &'static str,
    /// What has to hold, and how it could fail.
    pub claim: &'static str,
    /// What it needs of the reader.
    pub needs: &'static [Ability],
    /// The guarantee that is broken if everybody waits for somebody else.
    pub(crate) stuck: &'static str,
    before: &'static [Do],
    delivery: &'static [Do],
    /// On a thread of its own: another delivery, or the checkpoint.
    other: &'static [Do],
    polls: Polls,
    after: &'static [Do],
    /// The first read goes on until the others are done.
    slow: bool,
}

const PROGRESS: &str = "I13 progress: everybody waits for somebody else";
const WAKE_UP: &str = "I11 no lost wake-up: the poller sleeps, and nobody will wake it";
const BOUNDED: &str = "I10 bounded snapshot: the checkpoint waits until a split is read, however long that takes";
const UNHINDERED: &str = "I13 progress: somebody waits until a split is read, however long that takes";

const PLAIN: Scenario = Scenario {
    name: "",
    claim: "",
    needs: &[],
    stuck: PROGRESS,
    before: &[],
    delivery: &[],
    other: &[],
    polls: Early(2),
    after: &[],
    slow: false,
};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    // Poll against the end and against assignments.
    Scenario {
        name: "late-signal",
        claim: "A split is read once, however many polls fall between its assignment and the end.",
        before: &[Assign(&[1])],
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "early-end",
        claim: "A reader finishes only when what came before the end is read: 'nothing there' and 'no more to come' have to be true \
                at one instant.",
        delivery: &[Assign(&[1]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "batch",
        claim: "What is assigned together is read, all of it, once, when polls fall in between.",
        delivery: &[Assign(&[1, 2]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "batch-after-batch",
        claim: "A second assignment neither repeats nor replaces the first.",
        before: &[Assign(&[1]), Poll],
        delivery: &[Assign(&[2]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "no-work",
        claim: "A reader that never gets a split finishes when it is told the end.",
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "end-said-twice",
        claim: "To hear the end again changes nothing, before and after finishing.",
        before: &[Assign(&[1]), Signal],
        delivery: &[Signal],
        polls: Early(3),
        ..PLAIN
    },
    Scenario {
        name: "empty-assignment",
        claim: "An assignment of nothing is not the end.",
        delivery: &[Assign(&[]), Assign(&[1]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "split-without-rows",
        claim: "A split that has no rows is done like any other.",
        before: &[Assign(&[WITHOUT_ROWS, 1])],
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "broken-split",
        claim: "A reader that could not read a split never says that it has finished.",
        needs: &[Ability::Fails],
        before: &[Assign(&[BROKEN])],
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "assign-after-end",
        claim: "A split that comes after the end is handed back, or read.",
        needs: &[Ability::Refuses],
        before: &[Signal],
        delivery: &[Assign(&[1])],
        ..PLAIN
    },
    Scenario {
        name: "assign-before-finished",
        claim: "A split that comes after the end, with another still to be read, is handed back, or read.",
        needs: &[Ability::Refuses],
        before: &[Assign(&[1]), Signal],
        delivery: &[Assign(&[2])],
        ..PLAIN
    },
    Scenario {
        name: "assign-while-slow",
        claim: "Neither an assignment nor the end waits until a split is read.",
        stuck: UNHINDERED,
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2]), Signal],
        polls: Early(1),
        slow: true,
        ..PLAIN
    },
    // Deliveries against each other.
    Scenario {
        name: "two-deliveries",
        claim: "Of two assignments at once none is lost.",
        needs: &[Ability::ManyDeliveries],
        delivery: &[Assign(&[1])],
        other: &[Assign(&[2])],
        after: &[Signal],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "assign-meets-end",
        claim: "An assignment that meets the end is handed back, or read.",
        needs: &[Ability::ManyDeliveries, Ability::Refuses],
        delivery: &[Assign(&[1])],
        other: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "end-by-two",
        claim: "The end may be said by two at once.",
        needs: &[Ability::ManyDeliveries],
        before: &[Assign(&[1])],
        delivery: &[Signal],
        other: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "last-room",
        claim: "Of two assignments that meet where there may be room for one, each is read, or comes back.",
        needs: &[Ability::ManyDeliveries],
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2])],
        other: &[Assign(&[3])],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    // More than a reader may have room for.
    Scenario {
        name: "more-than-it-holds",
        claim: "A reader that has no room says so; it does not wait for a poll that the same thread would make.",
        before: &[Assign(&[1]), Assign(&[2]), Assign(&[3]), Poll],
        delivery: &[Assign(&[4]), Signal],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "room-made-by-poll",
        claim: "An assignment that meets the poll that makes room for it is read, or comes back.",
        before: &[Assign(&[1]), Assign(&[2]), Assign(&[3])],
        delivery: &[Assign(&[4])],
        polls: Early(3),
        after: &[Signal],
        ..PLAIN
    },
    // Waiting.
    Scenario {
        name: "woken-by-assign",
        claim: "Whoever assigns wakes a poller that sleeps.",
        needs: &[Ability::Waits],
        stuck: WAKE_UP,
        delivery: &[Assign(&[1]), Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-by-end",
        claim: "The end wakes a poller that sleeps.",
        needs: &[Ability::Waits],
        stuck: WAKE_UP,
        before: &[Assign(&[1]), Poll],
        delivery: &[Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-by-two",
        claim: "Two that wake the poller at once do not cancel each other.",
        needs: &[Ability::Waits, Ability::ManyDeliveries, Ability::Refuses],
        stuck: WAKE_UP,
        delivery: &[Assign(&[1])],
        other: &[Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-for-a-batch",
        claim: "An assignment wakes a poller that sleeps, and it sleeps no more until all of the batch is read.",
        needs: &[Ability::Waits],
        stuck: WAKE_UP,
        delivery: &[Assign(&[1, 2]), Served, Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-by-checkpoint",
        claim: "A checkpoint does not wait for a poller that sleeps.",
        needs: &[Ability::Waits, Ability::Snapshots],
        stuck: WAKE_UP,
        other: &[Checkpoint, Served, Signal],
        polls: Sleeping,
        ..PLAIN
    },
    // The cut.
    Scenario {
        name: "one-cut",
        claim: "At every instant of a poll, a split is among the rows before the barrier or in the snapshot, and not in both.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-of-two",
        claim: "The same while one split is read and another is queued.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1, 2])],
        other: &[Checkpoint],
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-after-read",
        claim: "A split that is done is in no later snapshot.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1]), Poll],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-assign",
        claim: "A checkpoint sees an assignment, or does not; nobody waits for ever.",
        needs: &[Ability::Snapshots],
        stuck: "I10 bounded snapshot: checkpoint and delivery wait for each other",
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-refusal",
        claim: "A checkpoint makes no room, and takes none.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1]), Assign(&[2]), Assign(&[3])],
        delivery: &[Assign(&[4])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-late-assign",
        claim: "What is refused after the end is in no snapshot.",
        needs: &[Ability::Snapshots, Ability::Refuses],
        before: &[Assign(&[1]), Signal],
        delivery: &[Assign(&[2])],
        other: &[Checkpoint],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-end",
        claim: "A checkpoint that meets the end is taken, and holds what is left.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1])],
        delivery: &[Signal],
        other: &[Checkpoint],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-finish",
        claim: "A checkpoint that meets the last poll is taken, by one of the two.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1]), Signal, Poll],
        other: &[Checkpoint],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-after-end",
        claim: "A reader that has finished still takes the last checkpoint, also when it is told the end again.",
        needs: &[Ability::Snapshots],
        stuck: "I10 bounded snapshot: nobody answers the last checkpoint",
        before: &[Assign(&[1]), Signal, Poll, Poll, Poll],
        delivery: &[Signal],
        other: &[Checkpoint],
        ..PLAIN
    },
    Scenario {
        name: "cut-while-slow",
        claim: "A checkpoint does not wait until a split is read.",
        needs: &[Ability::Snapshots],
        stuck: BOUNDED,
        before: &[Assign(&[1])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        slow: true,
        ..PLAIN
    },
    Scenario {
        name: "cut-and-assign-while-slow",
        claim: "A checkpoint that has to wait for a row keeps nobody else waiting.",
        needs: &[Ability::Snapshots],
        stuck: UNHINDERED,
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2]), Signal],
        other: &[Checkpoint],
        polls: Early(1),
        slow: true,
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-failure",
        claim: "A split that cannot be read is in the snapshot, before and after that is known.",
        needs: &[Ability::Snapshots, Ability::Fails],
        before: &[Assign(&[BROKEN])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    // Shutdown.
    Scenario {
        name: "shutdown",
        claim: "A task that is cancelled hands back what it has not read, and only that.",
        needs: &[Ability::ShutsDown],
        before: &[Assign(&[1, 2])],
        delivery: &[Signal],
        polls: Cancelled(1),
        ..PLAIN
    },
    Scenario {
        name: "shutdown-meets-assign",
        claim: "An assignment that meets the shutdown is handed back by one of the two, or read.",
        needs: &[Ability::ShutsDown, Ability::Refuses],
        delivery: &[Assign(&[1])],
        polls: Cancelled(1),
        ..PLAIN
    },
    Scenario {
        name: "shutdown-meets-more",
        claim: "The same when the shutdown has something to hand back already.",
        needs: &[Ability::ShutsDown, Ability::Refuses],
        before: &[Assign(&[1, 2])],
        delivery: &[Assign(&[3])],
        polls: Cancelled(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-shutdown",
        claim: "A checkpoint that meets the shutdown is taken, or not, and neither waits for the other.",
        needs: &[Ability::ShutsDown, Ability::Snapshots],
        stuck: "I10 bounded snapshot: checkpoint and shutdown wait for each other",
        before: &[Assign(&[1, 2])],
        other: &[Checkpoint],
        polls: Cancelled(0),
        ..PLAIN
    },
];

impl Scenario {
    /// How many threads it has.
    pub fn threads(&self) -> usize {
        1 + usize::from(!self.delivery.is_empty()) + usize::from(!self.other.is_empty())
    }

    /// How many splits.
    pub fn splits(&self) -> usize {
        let all = [self.before, self.delivery, self.other, self.after].into_iter().flatten();
        all.map(|step| if let Assign(splits) = step { splits.len() } else { 0 }).sum()
    }
}
