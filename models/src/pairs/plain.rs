//! The plain face and the asynchronous one: operations that never wait.

use super::Operation;

/// An operation, of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // `Op::name` says it.
pub enum Op {
    /// Anybody's.
    Assign,
    Signal,
    Request,
    TryCut,
    Requested,
    Claim,
    /// The delivery side's, where there is an inbox.
    Receive,
    ReceiveEnd,
    Report,
    /// The poller's.
    Poll,
    PollWith,
    PollNext,
    Cut,
    Shutdown,
    DropPoller,
    /// Of a lease, which borrows the poller.
    Advance,
    LeaseCut,
    Complete,
    IntoOwned,
    /// Of an owned lease.
    Enter,
    CompleteOwned,
    GiveBack,
    /// Of its rows, which borrow it.
    RowsAdvance,
    RowsCut,
    RowsDrop,
    /// A checkpoint thread ends its cut.
    CutDrop,
}
use Op::*;

/// Whose operation it is: what two of the same kind cannot both have is one thread's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Anybody,
    Inbox,
    Poller,
    Lease,
    OwnedLease,
    Rows,
    Checkpoint,
}

impl Operation for Op {
    type Situation = Situation;

    const ALL: &'static [Self] = &[
        Assign,
        Signal,
        Request,
        TryCut,
        Requested,
        Claim,
        Receive,
        ReceiveEnd,
        Report,
        Poll,
        PollWith,
        PollNext,
        Cut,
        Shutdown,
        DropPoller,
        Advance,
        LeaseCut,
        Complete,
        IntoOwned,
        Enter,
        CompleteOwned,
        GiveBack,
        RowsAdvance,
        RowsCut,
        RowsDrop,
        CutDrop,
    ];

    fn name(self) -> &'static str {
        match self {
            Assign => "Reader::assign",
            Signal => "Reader::signal_no_more_splits",
            Request => "Reader::request_checkpoint",
            TryCut => "Reader::try_cut",
            Requested => "Reader::checkpoint_requested",
            Claim => "Poller::claim",
            Receive => "delivery::Inbox::receive (a split)",
            ReceiveEnd => "delivery::Inbox::receive (the end)",
            Report => "delivery::Inbox::report",
            Poll => "Poller::poll",
            PollWith => "Poller::poll_with",
            PollNext => "Poller::poll_next",
            Cut => "Poller::cut",
            Shutdown => "Poller::shutdown",
            DropPoller => "Poller::drop",
            Advance => "Lease::advance",
            LeaseCut => "Lease::cut",
            Complete => "Lease::complete",
            IntoOwned => "Lease::into_owned",
            Enter => "OwnedLease::enter",
            CompleteOwned => "OwnedLease::complete",
            GiveBack => "OwnedLease::drop",
            RowsAdvance => "Rows::advance",
            RowsCut => "Rows::cut",
            RowsDrop => "Rows::drop",
            CutDrop => "Cut::drop",
        }
    }

    fn touches(self) -> u8 {
        const TAIL: u8 = 1;
        const SEAT: u8 = 2;
        /// The head: moved by the poller, and loaded for room by whoever assigns. Who has the seat knows it.
        const ROOM: u8 = 4;
        match self {
            Assign | Receive | Report => TAIL | ROOM,
            Signal | ReceiveEnd => TAIL,
            Request | CompleteOwned | GiveBack | RowsDrop => SEAT | TAIL,
            Requested | Claim | DropPoller | Advance | IntoOwned | Enter | RowsAdvance => SEAT,
            Complete => ROOM,
            TryCut | Cut | LeaseCut | RowsCut | CutDrop => TAIL | SEAT,
            Poll | PollWith | PollNext | Shutdown => TAIL | SEAT | ROOM,
        }
    }

    fn is_owned(self) -> bool {
        matches!(self.owner(), Owner::Anybody | Owner::Inbox | Owner::Poller | Owner::OwnedLease)
    }

    fn can_meet(first: Self, second: Self, situation: Situation) -> bool {
        // In the situation in which a cut is held, only its end is on this side.
        let holds_a_cut = situation == Knocked && first != CutDrop;
        !holds_a_cut && situation.allows(first) && situation.allows(second)
    }

    fn why_not(one: Op, other: Op) -> Option<&'static str> {
        use Owner::{Anybody, Checkpoint, Inbox, Lease, OwnedLease, Poller, Rows};
        match (one.owner(), other.owner()) {
            (Inbox, Inbox) => Some("both need the inbox"),
            (Anybody, Inbox) if matches!(one, Assign | Signal) => {
                Some("the inbox is the only one to assign and to announce")
            }
            (Poller | Lease, Poller | Lease) => Some("both need the poller"),
            (OwnedLease | Rows, OwnedLease | Rows) => Some("both need the owned lease"),
            (Lease, OwnedLease | Rows) => Some("a split is lent, or it is not"),
            (Checkpoint, Checkpoint) | (Lease | Rows, Checkpoint) => Some("both have the seat"),
            _ => None,
        }
    }

    fn why_apart(one: Op, other: Op) -> Option<&'static str> {
        match (one, other) {
            (TryCut | Claim, Complete) => {
                Some("the lease's poller has the seat, and the other goes no further than to see that")
            }
            _ => None,
        }
    }
}

impl Op {
    const fn owner(self) -> Owner {
        match self {
            Assign | Signal | Request | TryCut | Requested | Claim => Owner::Anybody,
            Receive | ReceiveEnd | Report => Owner::Inbox,
            Poll | PollWith | PollNext | Cut | Shutdown | DropPoller => Owner::Poller,
            Advance | LeaseCut | Complete | IntoOwned => Owner::Lease,
            Enter | CompleteOwned | GiveBack => Owner::OwnedLease,
            RowsAdvance | RowsCut | RowsDrop => Owner::Rows,
            CutDrop => Owner::Checkpoint,
        }
    }
}

/// Public operations that meet no other, and why.
pub const ALONE: &[(&str, &str)] = &[
    ("Cut::id", OF_THE_HANDLE),
    ("Cut::splits", OF_THE_HANDLE),
    ("Cut::position", OF_THE_HANDLE),
    ("Cut::accepted", OF_THE_HANDLE),
    ("Cut::mark", OF_THE_HANDLE),
    ("Cut::no_more_splits", OF_THE_HANDLE),
    ("Cut::snapshot", OF_THE_HANDLE),
    ("Lease::split", OF_THE_HANDLE),
    ("Lease::position", OF_THE_HANDLE),
    ("OwnedLease::split", OF_THE_HANDLE),
    ("Rows::position", OF_THE_HANDLE),
    ("Reader::capacity", "a constant"),
    ("Reader::restore", NEW),
    ("Reader::with_capacity", NEW),
    ("Reader::restore_with_capacity", NEW),
    ("delivery::Inbox::open", "a cut, before anybody else uses the reader"),
    ("delivery::Inbox::reopen", "a cut of another reader, which nobody else uses yet"),
    ("delivery::Inbox::taken", "it touches no reader"),
];

const OF_THE_HANDLE: &str = "no atomic operation: it reads what its handle alone may touch";
const NEW: &str = "nobody else knows the reader yet";

/// What the reader is like when the two begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// It holds nothing, and more may come.
    Empty,
    /// The same; the poller has read a split, and left its waker.
    Waiting,
    /// A split is there, and room for one.
    Queued,
    /// No room.
    Full,
    /// The end is announced, and a split is left.
    Ending,
    /// The end is announced, and nothing is left.
    Ended,
    /// It holds nothing, and a checkpoint is asked for.
    Asked,
    /// A split is there, and a checkpoint is asked for.
    QueuedAsked,
    /// The split is lent to an owned lease.
    Lent,
    /// The same, and the poller has left its waker.
    LentWaiting,
    /// The same, the end is announced, and the poller has left its waker.
    LentEnding,
    /// The same, and a checkpoint is asked for.
    LentAsked,
    /// A split is there and a checkpoint thread has the cut; the poller has left its waker and knocked.
    Knocked,
    /// A split is there; the poller has read one before, and stood up when there was nothing.
    Rested,
    /// A split is there, and the poller has just taken a cut of its own.
    OwnCut,
    /// It holds nothing, and the poller has left another waker than the one that it brings next.
    Replaced,
    /// The end is announced, and the poller has just completed the last split: it still sits.
    Seated,
    /// A split is there, and no poller.
    Unclaimed,
    /// Finished was answered.
    Over,
}
use Situation::*;

impl super::Situation for Situation {
    const ALL: &'static [Self] = &[
        Empty,
        Waiting,
        Queued,
        Full,
        Ending,
        Ended,
        Asked,
        QueuedAsked,
        Lent,
        LentWaiting,
        LentEnding,
        LentAsked,
        Knocked,
        Rested,
        OwnCut,
        Replaced,
        Seated,
        Unclaimed,
        Over,
    ];

    fn name(self) -> &'static str {
        match self {
            Empty => "empty",
            Waiting => "waiting",
            Queued => "queued",
            Full => "full",
            Ending => "ending",
            Ended => "ended",
            Asked => "asked",
            QueuedAsked => "queued, asked",
            Lent => "lent",
            LentWaiting => "lent, waiting",
            LentEnding => "lent, ending",
            LentAsked => "lent, asked",
            Knocked => "knocked",
            Rested => "rested",
            OwnCut => "after a cut of the poller's",
            Replaced => "waiting, with another waker",
            Seated => "ended, seated",
            Unclaimed => "unclaimed",
            Over => "finished",
        }
    }
}

impl Situation {
    /// Can this operation be the next one here?
    const fn allows(self, op: Op) -> bool {
        let is_lent = matches!(self, Lent | LentWaiting | LentEnding | LentAsked);
        match op.owner() {
            Owner::Anybody => true,
            Owner::Poller => !matches!(self, Unclaimed),
            // It is the only one to assign, and to announce the end.
            Owner::Inbox => !matches!(self, Ending | Ended | QueuedAsked | LentEnding | Seated | Over),
            Owner::Lease => matches!(self, Queued | Full | Ending | QueuedAsked | Rested | OwnCut),
            Owner::OwnedLease | Owner::Rows => is_lent,
            Owner::Checkpoint => !matches!(self, Waiting | LentWaiting | LentEnding | LentAsked | Replaced | Seated),
        }
    }
}
