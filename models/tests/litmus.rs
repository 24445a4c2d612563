//! How far loom can be trusted: the canaries, and random programs against brute force.

use std::collections::BTreeSet;

use clap::Parser;
use turnstile_models::litmus::canaries::{self, Canary, Expected};
use turnstile_models::litmus::program::{Action, Observation, Op, Program};
use turnstile_models::litmus::random::{Difference, Plan, Report, Writes, compare, long_run};
use turnstile_models::litmus::reference::Memory;
use turnstile_models::litmus::{Pass, explore};

const A: usize = 0;
const B: usize = 1;

fn relaxed(word: usize, action: Action) -> Op {
    Op { word, action, synchronises: false }
}

/// Acquires where it reads, releases where it writes.
fn synchronising(word: usize, action: Action) -> Op {
    Op { word, action, synchronises: true }
}

fn program<const THREADS: usize>(threads: [&[Op]; THREADS]) -> Program {
    Program { threads: threads.map(<[Op]>::to_vec).to_vec() }
}

/// What the threads read, in every outcome that `memory` allows.
fn reads(memory: Memory, program: &Program) -> BTreeSet<Vec<Vec<usize>>> {
    memory.allows(program).into_iter().map(|outcome| outcome.reads).collect()
}

/// The weak pass against what it is meant to show.
fn weak() -> Plan {
    Plan { pass: Pass::WeakMemory, memory: Memory::ReleaseAcquire, ..Plan::default() }
}

fn run(plan: Plan) -> Report {
    let report = compare(&plan, |_| ());
    println!("{report}");
    report
}

#[track_caller]
fn assert_none<'a>(differences: impl Iterator<Item = &'a Difference>) {
    let differences: Vec<_> = differences.map(Difference::to_string).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

// The canaries.

#[test]
fn every_canary_is_alive() {
    match canaries::green() {
        Ok(summary) => {
            summary.outcomes.iter().for_each(|outcome| println!("{outcome}"));
            println!("{summary}");
        }
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_canary_dies_of_anything_but_what_it_expects() {
    let dies = |canary: &Canary, expected| {
        let mut canary = *canary;
        canary.expected = expected;
        canary.run().ok.is_err()
    };
    for canary in canaries::all() {
        assert!(dies(&canary, Expected::Results(&[&[7]])), "{}", canary.name);
        match canary.expected {
            Expected::Race => assert!(dies(&canary, Expected::OneExecution(&[0]))),
            Expected::OneExecution(result) => assert!(dies(&canary, Expected::Results(Box::leak(Box::new([result]))))),
            Expected::Results(results) => {
                assert!(dies(&canary, Expected::Race));
                assert!(dies(&canary, Expected::Results(&results[1..])), "one result too many: {}", canary.name);
            }
        }
    }
}

#[test]
fn a_panic_inside_an_exploration_is_handed_over() {
    let exploration = explore(Pass::Interleavings, || -> usize { panic!("the model is {}", "wrong") });
    assert_eq!(exploration.panic.as_deref(), Some("the model is wrong"));
    assert_eq!(exploration.executions, 1);
}

// The references, on programs small enough to do by hand.

#[test]
fn sequential_consistency_allows_three_outcomes_of_store_buffering() {
    let program = program([
        &[synchronising(A, Action::Store(1)), synchronising(B, Action::Load)],
        &[synchronising(B, Action::Store(2)), synchronising(A, Action::Load)],
    ]);
    let outcome = |first, second| Observation { reads: vec![vec![first], vec![second]], left: [1, 2] };
    let either_first_or_both = BTreeSet::from([outcome(0, 1), outcome(2, 0), outcome(2, 1)]);
    assert_eq!(Memory::Sequential.allows(&program), either_first_or_both);

    let neither = BTreeSet::from([outcome(0, 0)]);
    assert_eq!(Memory::ReleaseAcquire.allows(&program), &either_first_or_both | &neither);
}

#[test]
fn every_operation_does_what_its_name_says() {
    let cas = |expected, new| Action::CompareExchange { expected, new };
    let steps = [Action::Store(1), Action::Add(2), cas(1, 4), cas(3, 8), Action::Swap(16), Action::Load];
    let program = program([&steps.map(|action| relaxed(A, action))]);
    let only = Observation { reads: vec![vec![1, 3, 3, 8, 16]], left: [16, 0] };
    for memory in [Memory::Sequential, Memory::ReleaseAcquire, Memory::ReleaseAcquireOlder] {
        assert_eq!(memory.allows(&program), BTreeSet::from([only.clone()]));
    }
    assert_eq!(program.explore(Pass::WeakMemory).seen, BTreeSet::from([only]));
}

#[test]
fn a_flag_that_releases_carries_the_message_and_a_relaxed_one_does_not() {
    let message = |flag: fn(usize, Action) -> Op| {
        program([
            &[relaxed(A, Action::Store(1)), flag(B, Action::Store(2))],
            &[flag(B, Action::Load), relaxed(A, Action::Load)],
        ])
    };
    let flag_without_message = vec![vec![], vec![2, 0]];
    assert!(!reads(Memory::Sequential, &message(relaxed)).contains(&flag_without_message));
    assert!(reads(Memory::ReleaseAcquire, &message(relaxed)).contains(&flag_without_message));
    assert!(!reads(Memory::ReleaseAcquire, &message(synchronising)).contains(&flag_without_message));
}

#[test]
fn a_release_sequence_goes_on_through_a_read_modify_write_and_ends_at_a_store() {
    let overwritten = |by: Action| {
        program([
            &[relaxed(A, Action::Store(1)), synchronising(B, Action::Store(2)), relaxed(B, by)],
            &[synchronising(B, Action::Load), relaxed(A, Action::Load)],
        ])
    };
    assert!(!reads(Memory::ReleaseAcquire, &overwritten(Action::Swap(4))).contains(&vec![vec![2], vec![4, 0]]));
    assert!(reads(Memory::ReleaseAcquire, &overwritten(Action::Store(4))).contains(&vec![vec![], vec![4, 0]]));
}

#[test]
fn two_words_written_crosswise_may_both_be_left_with_the_first_write() {
    let program = program([
        &[synchronising(A, Action::Store(1)), synchronising(B, Action::Store(2))],
        &[synchronising(B, Action::Store(4)), synchronising(A, Action::Store(8))],
    ]);
    let left = |memory: Memory| -> BTreeSet<_> { memory.allows(&program).iter().map(|outcome| outcome.left).collect() };
    assert_eq!(left(Memory::Sequential), BTreeSet::from([[1, 2], [8, 2], [8, 4]]));
    assert_eq!(left(Memory::ReleaseAcquire), BTreeSet::from([[1, 2], [8, 2], [8, 4], [1, 4]]));
}

#[test]
fn each_memory_allows_what_the_stricter_one_allows() {
    for (_, program) in (Plan { programs: 2_000, ..Plan::default() }).draw() {
        let [strict, loose, looser] = [Memory::Sequential, Memory::ReleaseAcquire, Memory::ReleaseAcquireOlder]
            .map(|memory| memory.allows(&program));
        assert!(strict.is_subset(&loose) && loose.is_subset(&looser), "{program}");
    }
}

// loom against the references.

#[test]
fn the_interleaving_pass_shows_sequential_consistency_and_nothing_else() {
    assert_none(run(Plan { programs: 300, ..Plan::default() }).differences.iter());
    assert_none(run(Plan { programs: 50, max_ops: 4, ..Plan::default() }).differences.iter());
    assert_none(run(Plan { programs: 40, max_threads: 3, max_ops: 2, ..Plan::default() }).differences.iter());
}

#[test]
fn the_weak_pass_shows_every_interleaving_and_every_stale_value_on_two_threads() {
    let report = run(Plan { programs: 150, ..weak() });
    assert_none(report.missed());
    // It shows too much as well, where a word is stored to by one thread and written by another.
    assert!(report.beyond().count() > 0);
}

#[test]
fn the_weak_pass_shows_nothing_else_where_a_stored_word_has_one_writer() {
    assert_none(run(Plan { programs: 150, writes: Writes::Disciplined, ..weak() }).differences.iter());
}

#[test]
fn stock_loom_misses_interleavings_and_the_comparison_notices() {
    let report = run(Plan { programs: 200, pass: Pass::Stock, ..Plan::default() });
    assert!(report.missed().count() > 0);
}

#[test]
fn the_weak_pass_misses_an_interleaving_of_three_threads() {
    let cas = Action::CompareExchange { expected: 0, new: 4 };
    let program = program([
        &[relaxed(A, Action::Load)],
        &[relaxed(A, Action::Load), relaxed(A, Action::Add(1))],
        &[relaxed(A, cas)],
    ]);
    // The load and its shadow are two steps, and others get between them.
    let cas_load_add_load = Observation { reads: vec![vec![5], vec![4, 4], vec![0]], left: [5, 0] };
    let allowed = Memory::Sequential.allows(&program);
    assert_eq!(program.explore(Pass::Interleavings).seen, allowed);
    assert_eq!(&allowed - &program.explore(Pass::WeakMemory).seen, BTreeSet::from([cas_load_add_load]));

    // One of the random programs that show the same.
    let plan = Plan { pass: Pass::WeakMemory, max_threads: 3, max_ops: 2, only: Some(66), ..Plan::default() };
    assert_eq!(run(plan).missed().count(), 1);
}

#[test]
fn loom_lets_no_read_modify_write_read_an_older_value() {
    let program = program([
        &[relaxed(A, Action::Store(1)), relaxed(B, Action::Store(2))],
        &[relaxed(B, Action::Load), relaxed(A, Action::Swap(4))],
    ]);
    // The swap stands before the store of 1 although the thread knows of what was stored after that.
    let older = Observation { reads: vec![vec![], vec![2, 0]], left: [1, 2] };
    let language = Memory::ReleaseAcquireOlder.allows(&program);
    let shown = program.explore(Pass::WeakMemory).seen;
    assert_eq!(&language - &shown, BTreeSet::from([older]));
    assert!(Memory::ReleaseAcquire.allows(&program).is_subset(&shown));
}

// What is printed.

#[derive(Parser)]
enum Turnstile {
    Litmus(Plan),
}

#[test]
fn a_command_without_arguments_is_the_default_plan() {
    let Turnstile::Litmus(plan) = Turnstile::parse_from(["turnstile", "litmus"]);
    assert_eq!(plan, Plan::default());
}

#[test]
fn the_printed_command_runs_just_the_program_that_missed() {
    let report = run(Plan { seed: 5, programs: 100, pass: Pass::Stock, ..Plan::default() });
    let missed = report.missed().last().unwrap();
    let Turnstile::Litmus(plan) = Turnstile::parse_from(missed.again.split_whitespace());

    let again = run(plan);
    assert_eq!(again.programs, 1);
    assert_eq!(again.missed().next().unwrap().to_string(), missed.to_string());
}

#[test]
fn a_program_that_missed_is_printed_with_a_column_for_each_thread() {
    let report = run(Plan { pass: Pass::Stock, only: Some(27), ..Plan::default() });
    let expected = "\
program 27: 3 outcomes, 2 missing, 0 beyond; executions: 1
  thread 0             | thread 1
  a.load(Acquire)      | a.load(Relaxed)
  a.load(Acquire)      | a.cas(0, 1, Relaxed)
  b.load(Relaxed)      |
  missing: thread 0 read [0, 1, 0], thread 1 read [0, 0], left a=1 b=0
  missing: thread 0 read [1, 1, 0], thread 1 read [0, 0], left a=1 b=0
  again: turnstile litmus --seed 1 --threads 2 --ops 3 --pass stock --writes any --memory sequential --only 27";
    assert_eq!(report.missed().next().unwrap().to_string(), expected);
}

#[test]
fn the_long_run_finds_nothing_unexpected_in_any_row() {
    for report in long_run(7, 20, |_, _| ()) {
        println!("{report}");
        assert!(report.programs > 0 && report.executions > report.programs as u64);
        assert_none(report.unexpected());
    }
}
