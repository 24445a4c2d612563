//! The rules of the protocol, each with what it comes to when it is left out. The core has no switch for them: a rule is taken
//! away by bending what the core gets to see, or what the engine does around it.

use turnstile::delivery::{Attempt, Entry, Fence, Message, Report};

use super::system::Split;

/// One table: what is named, listed and explored is the same.
macro_rules! rules {
    ($($rule:ident, $name:literal, $says:literal;)*) => {
        /// A rule of the protocol, or a duty of the engine or of the sink.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule {
            $(#[doc = $says] $rule,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule),*];

            /// Its name in tables.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)*
                }
            }

            /// The rule, in a sentence.
            pub const fn says(self) -> &'static str {
                match self {
                    $(Self::$rule => $says,)*
                }
            }
        }
    };
}

rules! {
    AttemptOfMessages, "attempt-of-messages", "A reader refuses messages for another attempt";
    Duplicates, "duplicates", "A reader refuses what it has applied";
    Gaps, "gaps", "A reader refuses what is ahead of the sequence";
    Early, "early", "A reader refuses what lies behind a cut that it has not taken";
    EndInSequence, "end-in-sequence", "The end is an entry of the log, in sequence";
    EndForAll, "end-for-all", "Readers without work are told the end as well";
    EndIsState, "end-is-state", "The end is said again to a new attempt";
    AttemptOfReports, "attempt-of-reports", "The enumerator refuses reports of attempts that are over";
    GiveBackAll, "give-back-all", "At a registration everything behind the restored checkpoint is given back";
    GiveBackNoMore, "give-back-no-more", "At a registration nothing that the restored checkpoint holds is given back";
    Floor, "floor", "A restored enumerator refuses the attempts from before";
    ReleaseWhenCompleted, "release-when-completed", "Entries are kept until a completed checkpoint holds them";
    ReleaseByItsOwnMark, "release-by-its-own-mark", "Entries are released by what a reader said of the very checkpoint that completed";
    RestoreIsNotStart, "restore-is-not-start", "The enumerator continues from its part of the checkpoint";
    NextIsStored, "next-is-stored", "A reader's place in its log is part of its snapshot";
    OneInstant, "one-instant", "A cut takes a reader's queue and its place in the log at one instant";
    TakenAfterTheCut, "taken-after-the-cut", "A cut is taken before the fence is told";
    AbortsAreHeard, "aborts-are-heard", "The enumerator hears of aborted checkpoints";
    AbortOnCrash, "abort-on-crash", "Engine: what is under way when somebody crashes is aborted";
    AllAreRestored, "all-are-restored", "Engine: when the enumerator is restored, all readers are";
    FreshAttempts, "fresh-attempts", "Engine: attempts that begin after a restore have numbers of their own";
    RollBack, "roll-back", "Sink: output behind the restored checkpoint is rolled back";
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
