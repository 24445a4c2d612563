//! Every two operations of a reader at once, in every situation: which there are, and why the others are not. Of the plain face and of
//! the asynchronous one.
//!
//! Plain values. `pairs/run.rs` runs a case, on each engine.

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

impl Op {
    /// All of them.
    pub const ALL: &[Self] = &[
        Assign,
        Signal,
        Request,
        TryCut,
        Requested,
        Claim,
        Receive,
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

    /// As users call it.
    pub const fn name(self) -> &'static str {
        match self {
            Assign => "Reader::assign",
            Signal => "Reader::signal_no_more_splits",
            Request => "Reader::request_checkpoint",
            TryCut => "Reader::try_cut",
            Requested => "Reader::checkpoint_requested",
            Claim => "Poller::claim",
            Receive => "delivery::Inbox::receive",
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

    const fn owner(self) -> Owner {
        match self {
            Assign | Signal | Request | TryCut | Requested | Claim => Owner::Anybody,
            Receive | Report => Owner::Inbox,
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
    /// The same, and the poller has left its waker.
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
    /// A split is there and a checkpoint thread has the cut; the poller has left its waker and knocked.
    Knocked,
}
use Situation::*;

impl Situation {
    /// All of them.
    pub const ALL: &[Self] =
        &[Empty, Waiting, Queued, Full, Ending, Ended, Asked, QueuedAsked, Lent, LentWaiting, LentEnding, Knocked];

    /// As in the tables.
    pub const fn name(self) -> &'static str {
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
            Knocked => "knocked",
        }
    }

    /// Can this operation be the next one here?
    const fn allows(self, op: Op) -> bool {
        let is_lent = matches!(self, Lent | LentWaiting | LentEnding);
        match op.owner() {
            Owner::Anybody | Owner::Poller => true,
            // It is the only one to assign, and to announce the end.
            Owner::Inbox => matches!(self, Empty | Waiting | Queued | Full | Asked | Lent | LentWaiting | Knocked),
            Owner::Lease => matches!(self, Queued | Full | Ending | QueuedAsked),
            Owner::OwnedLease | Owner::Rows => is_lent,
            Owner::Checkpoint => !matches!(self, Waiting | LentWaiting | LentEnding),
        }
    }
}

/// Two operations, the first of them on the thread that has prepared the situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Before.
    pub situation: Situation,
    /// The one.
    pub first: Op,
    /// The other.
    pub second: Op,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {} ({})", self.first.name(), self.second.name(), self.situation.name())
    }
}

/// What can be moved to another thread: it borrows nothing.
const fn is_owned(op: Op) -> bool {
    matches!(op.owner(), Owner::Anybody | Owner::Inbox | Owner::Poller | Owner::OwnedLease)
}

/// Every case of these two.
pub fn cases_of(one: Op, other: Op) -> impl Iterator<Item = Case> {
    // What borrows stays where it was prepared.
    let (first, second) = if is_owned(other) { (one, other) } else { (other, one) };
    let is_possible = why_not(one, other).is_none();
    let allowed = move |situation: &&Situation| {
        // In the situation in which a cut is held, only its end is on this side.
        let holds_a_cut = **situation == Knocked && first != CutDrop;
        is_possible && !holds_a_cut && situation.allows(first) && situation.allows(second)
    };
    Situation::ALL.iter().filter(allowed).map(move |&situation| Case { situation, first, second })
}

/// Every two operations, each pair once.
fn pairs() -> impl Iterator<Item = (Op, Op)> {
    Op::ALL.iter().enumerate().flat_map(|(at, &one)| Op::ALL[at..].iter().map(move |&other| (one, other)))
}

/// Every case.
pub fn cases() -> impl Iterator<Item = Case> {
    pairs().flat_map(|(one, other)| cases_of(one, other))
}

/// Why these two never run at once, if they do not.
pub const fn why_not(one: Op, other: Op) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use turnstile_altered::altered::OPERATIONS;

    #[test]
    fn every_public_operation_is_here_or_meets_no_other() {
        for &operation in OPERATIONS.iter().filter(|operation| !operation.starts_with("blocking::")) {
            let is_here = Op::ALL.iter().any(|op| op.name() == operation);
            let is_alone = ALONE.iter().any(|(name, _)| *name == operation);
            assert!(
                is_here != is_alone,
                "{operation}: say in models/src/pairs.rs what it meets, or why it meets nothing"
            );
        }
        for name in Op::ALL.iter().map(|op| op.name()).chain(ALONE.iter().map(|(name, _)| *name)) {
            assert!(OPERATIONS.contains(&name), "{name} is no operation any more");
        }
    }

    #[test]
    fn every_pair_has_a_case_or_a_reason() {
        for (one, other) in pairs() {
            assert!(cases_of(one, other).next().is_some() != why_not(one, other).is_some(), "{one:?} {other:?}");
        }
    }
}
