//! Turnstile in the scenarios of the kit, where schedules are sampled. `turnstile prove` explores them to the end.

use turnstile_kit::explore::{Budget, Checker, explore};
use turnstile_kit::scenario::SCENARIOS;
use turnstile_kit::subject::Subject;
use turnstile_models::engine::{shuttle, threads};

fn holds<S: Subject>(checkers: &[Checker]) {
    for scenario in SCENARIOS {
        for checker in checkers {
            let found = explore::<S>(scenario, *checker, Budget::default()).expect("it can do everything");
            assert!(found.violation.is_none(), "{} under {}: {found:?}", scenario.name, checker.name());
            assert!(found.executions > 1, "{} under {}", scenario.name, checker.name());
        }
    }
}

#[test]
fn turnstile_holds_in_every_scenario_at_random_and_by_priority() {
    holds::<shuttle::subject::Reader>(&[Checker::Random, Checker::Pct]);
}

#[test]
fn turnstile_holds_in_every_scenario_on_real_threads() {
    holds::<threads::subject::Reader>(&[Checker::Threads]);
}
