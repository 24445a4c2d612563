//! Public bugs of split readers, each as a minimal rendering of its mechanism, in our own words: one file that reads like the story,
//! and the scenario of the kit that catches it.
//!
//! Every single operation on a shared collection or flag has the benefit of the doubt: it is atomic. What fails is the order of
//! the steps, and nothing else.

use turnstile_kit::explore::{Budget, Checker, Found, Violation, explore};
use turnstile_kit::job;
use turnstile_kit::scenario::SCENARIOS;

/// One way in which a reader, or a whole job, fails.
#[derive(Clone, Copy)]
pub struct Case {
    /// `C01` to `C33`; a case with several ways to fail has several specimens.
    pub case: &'static str,
    /// What it is called.
    pub slug: &'static str,
    /// The guarantee that it breaks.
    pub guarantee: &'static str,
    /// The scenario that shows it.
    pub scenario: &'static str,
    /// Its file.
    pub file: &'static str,
    /// What is in it.
    source: &'static str,
    /// The checker that shows it.
    pub checker: &'static str,
    /// What it counts: executions, or states.
    pub counts: &'static str,
    run: fn(&str) -> Found,
}

/// What shows a specimen: a checker of threads for readers, or the search of all states for jobs.
macro_rules! shown {
    (States $subject:ty) => {
        ("every state", "states", |scenario| {
            let scenario = job::scenario::SCENARIOS.iter().find(|known| known.name == scenario);
            job::search::explore::<$subject>(scenario.expect(KNOWN), Budget::default()).expect(ABLE)
        })
    };
    ($checker:ident $subject:ty) => {
        (Checker::$checker.name(), "executions", |scenario| {
            let scenario = SCENARIOS.iter().find(|known| known.name == scenario);
            explore::<$subject>(scenario.expect(KNOWN), Checker::$checker, Budget::default()).expect(ABLE)
        })
    };
}

const KNOWN: &str = "a specimen names a scenario that there is";
const ABLE: &str = "a specimen can do what its scenario needs";

macro_rules! cases {
    ($($case:literal $slug:literal $module:ident::$subject:ident, $guarantee:literal in $scenario:literal by $checker:ident;)*) => {
        $(pub mod $module;)*
        /// All specimens, in the order of the casebook.
        pub const CASES: &[Case] = &[$({
            let (checker, counts, run): (&str, &str, fn(&str) -> Found) = shown!($checker $module::$subject);
            Case {
                case: $case,
                slug: $slug,
                guarantee: $guarantee,
                scenario: $scenario,
                file: concat!("models/src/casebook/", stringify!($module), ".rs"),
                source: include_str!(concat!("casebook/", stringify!($module), ".rs")),
                checker,
                counts,
                run,
            }
        }),*];
    };
}

mod messages;
mod parts;
mod reporting;

cases! {
    "C01" "reread-until-no-more" reread_until_no_more::Reader, "I2" in "late-signal" by Interleavings;
    "C02" "poll-before-lock" poll_before_lock::Reader, "I6" in "one-cut" by Interleavings;
    "C03" "empty-then-flag" empty_then_flag::Reader, "I3" in "early-end" by Interleavings;
    "C03" "idiom-segqueue-flag" idiom_segqueue_flag::Reader, "I3" in "early-end" by Interleavings;
    "C03" "idiom-arrayqueue-flag" idiom_arrayqueue_flag::Reader, "I3" in "early-end" by Interleavings;
    "C03" "idiom-deque-flag" idiom_deque_flag::Reader, "I3" in "batch" by Interleavings;
    "C04" "end-only-if-work" end_only_if_work::EndOnlyIfWork, "I4" in "job-of-one" by States;
    "C05" "end-lost-on-failover" end_lost_on_failover::EndLostOnFailover, "I4" in "reader-starts-again" by States;
    "C06" "end-misaddressed-or-repeated" end_misaddressed::EndMisaddressed, "I4" in "job-of-one" by States;
    "C07" "end-without-scope" end_without_scope::EndWithoutScope, "I1" in "job-in-parts" by States;
    "C08" "late-retransmit-after-end" late_retransmit_after_end::LateRetransmitAfterEnd, "I12" in "message-again" by States;
    "C09" "empty-assignment-is-end" empty_assignment_is_end::Reader, "I3" in "empty-assignment" by Interleavings;
    "C10" "error-reported-as-end" error_reported_as_end::Reader, "I12" in "broken-split" by Interleavings;
    "C11" "done-inferred-from-rows" done_inferred_from_rows::Reader, "I1" in "split-without-rows" by Interleavings;
    "C12" "assign-before-register" assign_before_register::AssignBeforeRegister, "I1" in "reader-starts-again" by States;
    "C13" "returned-split-parked" returned_split_parked::ReturnedSplitParked, "I9" in "reader-starts-again" by States;
    "C14" "identity-not-injective" identity_not_injective::IdentityNotInjective, "I1" in "job-of-two" by States;
    "C15" "lost-or-ambiguous-assignment" lost_or_ambiguous_assignment::LostAssignment, "I5" in "message-lost" by States;
    "C15" "ambiguous-assignment" ambiguous_assignment::AmbiguousAssignment, "I2" in "message-lost" by States;
    "C16" "cut-skew" cut_skew::CutSkew, "I6" in "reader-is-restored" by States;
    "C17" "give-back-without-checkpoint-id" give_back_without_checkpoint_id::GiveBack, "I8" in "reader-is-restored" by States;
    "C18" "double-split-request" double_split_request::DoubleRequest, "I9" in "job-in-parts" by States;
    "C19" "split-in-flight-gap" split_in_flight_gap::Reader, "I6" in "one-cut" by Interleavings;
    "C19" "idiom-channel-disconnect" idiom_channel_disconnect::Reader, "I6" in "one-cut" by Interleavings;
    "C20" "done-split-still-in-state" done_split_still_in_state::Reader, "I6" in "cut-after-read" by Interleavings;
    "C21" "torn-or-aliased-state" torn_or_aliased_state::Reader, "I6" in "one-cut" by Interleavings;
    "C22" "restore-re-enumerates" restore_re_enumerates::PlansAgain, "I7" in "job-is-restored" by States;
    "C23" "completion-fire-and-forget" completion_fire_and_forget::FireAndForget, "I9" in "reader-is-restored" by States;
    "C24" "commit-versus-in-flight-output" commit_versus_in_flight_output::Reader, "I6" in "one-cut" by Interleavings;
    "C25" "snapshot-starved-by-poller" snapshot_starved_by_poller::Reader, "I10" in "cut-while-slow" by Interleavings;
    "C25" "idiom-mutex-sleep" idiom_mutex_sleep::Reader, "I10" in "cut-while-slow" by Interleavings;
    "C26" "lock-order-and-held-lock" lock_order_and_held_lock::Reader, "I10" in "cut-meets-assign" by Interleavings;
    "C27" "shutdown-stops-draining" shutdown_stops_draining::Reader, "I10" in "cut-after-end" by Interleavings;
    "C28" "back-pressure-blocks-its-relief" back_pressure_blocks_its_relief::Reader, "I13" in "more-than-it-holds" by Interleavings;
    "C29" "stale-waiter" stale_waiter::Reader, "I11" in "woken-by-assign" by Interleavings;
    "C30" "reservation-versus-close" reservation_versus_close::Reader, "I11" in "woken-by-two" by Interleavings;
    "C31" "control-mutates-live-cursor" control_mutates_live_cursor::Reader, "I3" in "cut-of-two" by Interleavings;
    "C32" "store-buffer-lost-wakeup" store_buffer_lost_wakeup::Reader, "I11" in "woken-by-end" by WeakMemory;
    "C33" "false-full-false-empty" false_full_false_empty::Reader, "I3" in "assign-meets-end" by Interleavings;
}

impl Case {
    /// What has to hold there.
    pub fn claim(&self) -> &'static str {
        let of_readers = SCENARIOS.iter().map(|scenario| (scenario.name, scenario.claim));
        let of_jobs = job::scenario::SCENARIOS.iter().map(|scenario| (scenario.name, scenario.claim));
        of_readers.chain(of_jobs).find(|(name, _)| *name == self.scenario).expect(KNOWN).1
    }

    /// The guarantees that can be seen broken there.
    pub fn sees(&self) -> Vec<&'static str> {
        let of_readers = SCENARIOS.iter().filter(|scenario| scenario.name == self.scenario);
        let of_jobs = job::scenario::SCENARIOS.iter().filter(|scenario| scenario.name == self.scenario);
        of_readers.flat_map(|it| it.sees()).map(|(id, _)| id).chain(of_jobs.flat_map(|it| it.sees())).collect()
    }

    /// Puts the specimen through its scenario.
    pub fn explore(&self) -> Found {
        (self.run)(self.scenario)
    }

    /// The story, as the head of its file tells it.
    pub fn story(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    /// What was found, if it is what the specimen is there for.
    pub fn caught<'a>(&self, found: &'a Found) -> Option<&'a Violation> {
        found.violation.as_ref().filter(|violation| violation.guarantee == self.guarantee)
    }

    /// Is what was found what the specimen is there for?
    pub fn is_caught(&self, found: &Found) -> bool {
        self.caught(found).is_some()
    }
}

#[cfg(test)]
mod tests {
    use turnstile_kit::explore::drain;

    use super::*;

    #[test]
    fn every_specimen_is_caught_by_its_scenario_with_the_guarantee_that_it_breaks() {
        for case in CASES {
            let found = case.explore();
            let violation = found.violation.unwrap_or_else(|| panic!("{} is not caught: {}", case.case, found.bound));
            println!(
                "{} {} {} {}\n{}",
                case.case,
                found.executions,
                found.bound,
                violation.what,
                turnstile_kit::picture::lanes(&violation.steps)
            );
            assert_eq!(violation.guarantee, case.guarantee, "{}: {}", case.case, violation.what);
            let is_said = case.sees().contains(&case.guarantee);
            assert!(is_said, "{} is said not to see {}", case.scenario, case.guarantee);
        }
    }

    #[test]
    fn the_lost_wake_up_of_weak_memory_is_none_without_it() {
        let case = CASES.iter().find(|case| case.case == "C32").expect("it is there");
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == case.scenario).expect("it is there");
        let found = drain::<store_buffer_lost_wakeup::Reader>(scenario, None);
        assert!(found.violation.is_none() && found.executions > 100, "{found:?}");
    }

    #[test]
    fn every_case_has_a_specimen_and_each_tells_where_it_was_seen() {
        for number in 1..=33 {
            let name = format!("C{number:02}");
            assert!(CASES.iter().any(|case| case.case == name), "{name}");
        }
        for case in CASES {
            let story = case.story();
            assert!(story.starts_with(&format!("{} · {}", case.case, case.slug)), "{story}");
            assert!(story.contains("\nSeen in: ") && story.contains("\nIn Turnstile: "), "{story}");
        }
    }
}
