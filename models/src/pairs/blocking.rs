//! The blocking face: operations that may wait for each other.

use super::Operation;

/// An operation, of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // `Op::name` says it.
pub enum Op {
    /// Anybody's.
    Assign,
    Signal,
    Stop,
    Requested,
    Claim,
    /// The checkpoint is taken, and dropped.
    Checkpoint,
    /// The poller's.
    Next,
    Shutdown,
    DropPoller,
    /// Of a lease, which borrows the poller.
    Advance,
    Unlocked,
    Complete,
    GiveBack,
    /// A checkpoint that was taken before ends.
    CheckpointDrop,
}
use Op::*;

/// What two operations cannot both have is one thread's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Anybody,
    Poller,
    Lease,
    Checkpoint,
}

impl Operation for Op {
    type Situation = Situation;

    const ALL: &'static [Self] = &[
        Assign,
        Signal,
        Stop,
        Requested,
        Claim,
        Checkpoint,
        Next,
        Shutdown,
        DropPoller,
        Advance,
        Unlocked,
        Complete,
        GiveBack,
        CheckpointDrop,
    ];

    fn name(self) -> &'static str {
        match self {
            Assign => "blocking::Reader::assign",
            Signal => "blocking::Reader::signal_no_more_splits",
            Stop => "blocking::Reader::stop",
            Requested => "blocking::Reader::checkpoint_requested",
            Claim => "blocking::Reader::poller",
            Checkpoint => "blocking::Reader::checkpoint",
            Next => "blocking::Poller::next",
            Shutdown => "blocking::Poller::shutdown",
            DropPoller => "blocking::Poller::drop",
            Advance => "blocking::Lease::advance",
            Unlocked => "blocking::Lease::unlocked",
            Complete => "blocking::Lease::complete",
            GiveBack => "blocking::Lease::drop",
            CheckpointDrop => "blocking::Checkpoint::drop",
        }
    }

    fn touches(self) -> u8 {
        const TAIL: u8 = 1;
        const SEAT: u8 = 2;
        /// See `plain.rs`.
        const ROOM: u8 = 4;
        /// The lock of those who assign, of those who take checkpoints, of the turn, and of where the task waits.
        const DELIVERY: u8 = 8;
        const CHECKPOINT: u8 = 16;
        const TURN: u8 = 32;
        const BELL: u8 = 64;
        match self {
            Assign => DELIVERY | TAIL | ROOM,
            Signal => TAIL,
            Stop => BELL,
            Requested | Claim => SEAT,
            Checkpoint => CHECKPOINT | TURN | SEAT | TAIL,
            Next => BELL | TURN | SEAT | TAIL | ROOM,
            Shutdown => TURN | SEAT | TAIL | ROOM,
            DropPoller | Advance | Unlocked | GiveBack => TURN | SEAT,
            Complete => ROOM,
            // It also wakes a poller that knocked, and that one is in `Next`.
            CheckpointDrop => CHECKPOINT | TURN | SEAT,
        }
    }

    fn is_owned(self) -> bool {
        matches!(self.owner(), Owner::Anybody | Owner::Poller)
    }

    fn can_meet(first: Self, second: Self, situation: Situation) -> bool {
        // A checkpoint waits until the poller that sits does something.
        let is_left = situation == Forgotten && first.owner() != Owner::Poller && second.owner() != Owner::Poller;
        !is_left && situation.allows(first) && situation.allows(second)
    }

    fn why_not(one: Op, other: Op) -> Option<&'static str> {
        use Owner::{Checkpoint, Lease, Poller};
        match (one.owner(), other.owner()) {
            (Poller | Lease, Poller | Lease) => Some("both need the poller"),
            (Checkpoint, Checkpoint) | (Lease, Checkpoint) => Some("both have the seat"),
            _ => None,
        }
    }

    fn why_apart(one: Op, other: Op) -> Option<&'static str> {
        match (one, other) {
            (Assign, Claim) => Some("there is a poller, and the other goes no further than to see that"),
            (DropPoller, CheckpointDrop) => {
                Some("a poller that does not sit has nothing to do when it is dropped; what is in it is `Poller::drop`")
            }
            (Claim | Checkpoint, Complete) => {
                Some("the lease's poller has the seat, and the other goes no further than to see that")
            }
            _ => None,
        }
    }
}

impl Op {
    const fn owner(self) -> Owner {
        match self {
            Assign | Signal | Stop | Requested | Claim | Checkpoint => Owner::Anybody,
            Next | Shutdown | DropPoller => Owner::Poller,
            Advance | Unlocked | Complete | GiveBack => Owner::Lease,
            CheckpointDrop => Owner::Checkpoint,
        }
    }
}

/// Public operations that meet no other, and why.
pub const ALONE: &[(&str, &str)] = &[
    ("blocking::Reader::new", "nobody else knows the reader yet"),
    (
        "blocking::Reader::inbox",
        "it opens an inbox, before anybody else uses the reader; what comes then is `Inbox::receive`",
    ),
    ("blocking::Reader::capacity", "a constant"),
    ("blocking::Checkpoint::id", OF_THE_HANDLE),
    ("blocking::Poller::has_finished", OF_THE_HANDLE),
    ("blocking::Lease::split", OF_THE_HANDLE),
    ("blocking::Lease::position", OF_THE_HANDLE),
];

const OF_THE_HANDLE: &str = "no atomic operation: it reads what its handle alone may touch";

/// What the reader is like when the two begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// It holds nothing, and more may come.
    Empty,
    /// A split is there, and room for one.
    Queued,
    /// No room.
    Full,
    /// The end is announced, and a split is left.
    Ending,
    /// The end is announced, and nothing is left.
    Ended,
    /// A split is there, and the task was stopped.
    Stopped,
    /// A split is there, and its lease was forgotten: the poller sits.
    Forgotten,
}
use Situation::*;

impl super::Situation for Situation {
    const ALL: &'static [Self] = &[Empty, Queued, Full, Ending, Ended, Stopped, Forgotten];

    fn name(self) -> &'static str {
        match self {
            Empty => "empty",
            Queued => "queued",
            Full => "full",
            Ending => "ending",
            Ended => "ended",
            Stopped => "stopped",
            Forgotten => "forgotten",
        }
    }
}

impl Situation {
    /// How many splits there are.
    pub const fn splits(self) -> usize {
        match self {
            Empty | Ended => 0,
            Queued | Ending | Stopped | Forgotten => 1,
            Full => 2,
        }
    }

    /// Can this operation be the next one here?
    const fn allows(self, op: Op) -> bool {
        match op.owner() {
            Owner::Anybody | Owner::Poller => true,
            Owner::Checkpoint => !matches!(self, Forgotten),
            Owner::Lease => self.splits() > 0 && !matches!(self, Stopped | Forgotten),
        }
    }
}
