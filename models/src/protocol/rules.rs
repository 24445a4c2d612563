//! The rules of the protocol, each with what it comes to when it is left out. The core has no switch for them: a rule is taken
//! away by bending what the core gets to see, or what the engine does around it.

use turnstile::delivery::{Attempt, Entry, Fence, Message, Report};

use super::system::Split;

/// A rule of the protocol, or a duty of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A reader refuses messages for another attempt.
    AttemptOfMessages,
    /// A reader refuses what it has applied.
    Duplicates,
    /// A reader refuses what is ahead of the sequence.
    Gaps,
    /// A reader refuses what lies behind a cut that it has not taken.
    Early,
    /// The end is an entry of the log, in sequence.
    EndInSequence,
    /// Readers without work are told the end as well.
    EndForAll,
    /// The end is said again to a new attempt.
    EndIsState,
    /// The enumerator refuses reports of attempts that are over.
    AttemptOfReports,
    /// At a registration everything behind the restored checkpoint is given back.
    GiveBackAll,
    /// And nothing before it.
    GiveBackNoMore,
    /// A restored enumerator refuses the attempts from before.
    Floor,
    /// Entries are kept until a completed checkpoint holds them.
    ReleaseWhenCompleted,
    /// And only by what a reader said of that very checkpoint.
    ReleaseByItsOwnMark,
    /// The enumerator continues from its part of the checkpoint.
    RestoreIsNotStart,
    /// A reader's place in its log is part of its snapshot.
    NextIsStored,
    /// That place and its queue are taken at one instant.
    OneInstant,
    /// A cut is taken before the fence is told.
    TakenAfterTheCut,
    /// The enumerator hears of aborted checkpoints.
    AbortsAreHeard,
    /// Engine: what is under way when somebody crashes is aborted.
    AbortOnCrash,
    /// Engine: when the enumerator is restored, all readers are.
    AllAreRestored,
    /// Engine: attempts that begin after a restore have numbers of their own.
    FreshAttempts,
    /// Sink: output behind the restored checkpoint is rolled back.
    RollBack,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::AttemptOfMessages,
        Self::Duplicates,
        Self::Gaps,
        Self::Early,
        Self::EndInSequence,
        Self::EndForAll,
        Self::EndIsState,
        Self::AttemptOfReports,
        Self::GiveBackAll,
        Self::GiveBackNoMore,
        Self::Floor,
        Self::ReleaseWhenCompleted,
        Self::ReleaseByItsOwnMark,
        Self::RestoreIsNotStart,
        Self::NextIsStored,
        Self::OneInstant,
        Self::TakenAfterTheCut,
        Self::AbortsAreHeard,
        Self::AbortOnCrash,
        Self::AllAreRestored,
        Self::FreshAttempts,
        Self::RollBack,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AttemptOfMessages => "attempt-of-messages",
            Self::Duplicates => "duplicates",
            Self::Gaps => "gaps",
            Self::Early => "early",
            Self::EndInSequence => "end-in-sequence",
            Self::EndForAll => "end-for-all",
            Self::EndIsState => "end-is-state",
            Self::AttemptOfReports => "attempt-of-reports",
            Self::GiveBackAll => "give-back-all",
            Self::GiveBackNoMore => "give-back-no-more",
            Self::Floor => "floor",
            Self::ReleaseWhenCompleted => "release-when-completed",
            Self::ReleaseByItsOwnMark => "release-by-its-own-mark",
            Self::RestoreIsNotStart => "restore-is-not-start",
            Self::NextIsStored => "next-is-stored",
            Self::OneInstant => "one-instant",
            Self::TakenAfterTheCut => "taken-after-the-cut",
            Self::AbortsAreHeard => "aborts-are-heard",
            Self::AbortOnCrash => "abort-on-crash",
            Self::AllAreRestored => "all-are-restored",
            Self::FreshAttempts => "fresh-attempts",
            Self::RollBack => "roll-back",
        }
    }
}

/// What the core gets to see without the rule.
impl Rule {
    /// A message, as a reader without the rule would take it.
    pub(super) fn bend_message(self, mut message: Message<Split>, fence: &Fence) -> Message<Split> {
        match self {
            Rule::AttemptOfMessages => message.attempt = fence.attempt(),
            Rule::Duplicates => message.sequence = message.sequence.max(fence.next()),
            // What was applied stays refused.
            Rule::Gaps => message.sequence = message.sequence.min(fence.next()),
            Rule::Early => message.behind = None,
            Rule::EndInSequence if message.entry == Entry::NoMoreSplits => message.sequence = fence.next(),
            _ => {}
        }
        message
    }

    /// A report, as an enumerator without the rule would take it. `registered` is the attempt it knows, `logged` what it has in the
    /// log of that reader.
    pub(super) fn bend_report(self, mut report: Report, registered: Option<Attempt>, logged: &[u64]) -> Report {
        let registers = registered.is_none_or(|known| known < report.attempt);
        match self {
            Rule::AttemptOfReports => {
                report.attempt = registered.map_or(report.attempt, |known| known.max(report.attempt))
            }
            Rule::GiveBackAll if registers => {
                report.next = logged.last().map_or(report.next, |last| report.next.max(last + 1));
            }
            Rule::GiveBackNoMore if registers => {
                report.next = logged.first().map_or(report.next, |first| report.next.min(*first));
            }
            _ => {}
        }
        report
    }

    /// Would this message not be sent?
    pub(super) fn suppresses(self, message: &Message<Split>, fence: &Fence) -> bool {
        let end = message.entry == Entry::NoMoreSplits;
        match self {
            Rule::EndForAll => end && message.sequence == 0,
            Rule::EndIsState => end && fence.attempt() > Attempt(1),
            _ => false,
        }
    }
}
