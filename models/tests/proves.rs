//! What `cargo test` explores of the plan: everything that takes seconds. The rest is `cargo run --release`.

use turnstile_models::plan::{Job, Verdict, jobs};

/// Runs the quick jobs that `wanted` picks, and fails with the first that does not come out as expected.
fn run(wanted: impl Fn(&Job) -> bool) {
    let quick: Vec<Job> = jobs().into_iter().filter(|job| !job.deep && job.weight <= 2 && wanted(job)).collect();
    assert!(!quick.is_empty());
    for job in quick {
        let row = job.run(|_| ());
        println!(
            "{} {} {} {} {}: {} executions in {:.1} s",
            row.subject, row.scenario, row.checker, row.pass, row.bound, row.executions, row.seconds
        );
        assert_eq!(row.verdict, job.expected(), "{} {}: {:?}", row.scenario, row.pass, row.violation);
        let is_explored = row.executions > 1 || row.threads == 1 || row.verdict == Verdict::Violated;
        assert!(is_explored, "{}: nothing was explored", row.scenario);
        assert_eq!(row.steps.is_empty(), row.verdict == Verdict::Holds, "a failure comes with its interleaving");
    }
}

#[test]
fn every_claim_holds_in_every_interleaving_and_with_stale_values() {
    run(|job| job.checker_name() == "loom" && !job.is_specimen());
}

#[test]
fn every_claim_holds_in_large_schedules() {
    run(|job| job.checker_name() == "shuttle");
}

#[test]
fn every_claim_holds_on_real_threads() {
    run(|job| job.checker_name() == "threads");
}

#[test]
fn every_state_of_the_protocol_keeps_what_is_promised() {
    run(|job| job.pass() == "states" && !job.is_specimen());
}

#[test]
fn every_broken_reader_is_caught_where_it_is_known_to_break() {
    run(Job::is_specimen);
}
