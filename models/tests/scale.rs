//! A search in pieces is the search: the same executions, the same outcomes, also when the process was killed in
//! between.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use turnstile_loom::sync::set_pass;
use turnstile_models::engine::loom::{explore as undivided, set_reduced};
use turnstile_models::litmus::Pass;
use turnstile_models::litmus::program::{Observation, Program};
use turnstile_models::litmus::random::{Plan, Writes};
use turnstile_models::litmus::reference::Memory;
use turnstile_models::plan::GROWING;
use turnstile_models::scale::pieces::Pieces;
use turnstile_models::scale::run::{Limit, explore};

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scale-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for tests");
    folder
}

/// Explores everything in pieces of at most so many executions at a time: the last piece first, so that the order is
/// another one than loom's. Answers with the number of executions and of pieces that came back.
fn divided(name: &str, pass: Pass, most: u64, body: impl Fn() + Send + Sync + Clone + 'static) -> (u64, usize) {
    set_pass(pass);
    let scratch = folder(name).join("scratch");
    let limit = Limit { executions: most, time: Duration::MAX };
    let (mut pieces, mut back) = (Pieces::default(), 0);
    while !pieces.is_done() {
        let (number, piece) = pieces.open().last_key_value().map(|(number, piece)| (*number, piece.clone())).unwrap();
        let outcome = explore(&piece, limit, &scratch, body.clone(), |_| ()).expect("a file can be written");
        pieces.apply(number, outcome);
        back += 1;
    }
    assert_eq!(pieces.violation, None);
    (pieces.executions, back)
}

#[test]
fn the_pieces_of_a_scenario_have_as_many_executions_as_the_whole() {
    for (scenario, pass, number, most) in [
        ("assign-poll", Pass::Interleavings, 0, 7),
        ("assign-poll", Pass::WeakMemory, 0, 20),
        ("batch-then-signal", Pass::Interleavings, 0, 500),
        ("full-and-wrap", Pass::Interleavings, 2, 50),
        ("full-and-wrap", Pass::WeakMemory, 1, 50),
        ("full-and-wrap", Pass::Interleavings, 3, 500),
        ("two-assigners", Pass::Interleavings, 0, 700),
    ] {
        let growing = GROWING.iter().find(|growing| growing.name() == scenario && growing.pass == pass).unwrap();
        let size = growing.size(number);
        let whole = undivided(pass, None, growing.body(size), |_| ());
        assert_eq!(whole.violation, None);
        let body = Arc::new(growing.body(size));
        let (executions, pieces) = divided("scenarios", pass, most, move || body());
        println!("{scenario} {pass:?} {size:?}: {executions} executions, {pieces} pieces came back");
        assert_eq!(executions, whole.executions, "{scenario} {pass:?} {size:?}");
        assert!(pieces > 3, "{scenario}: it was not divided");
    }
}

/// Every outcome of a program, and how many executions there were.
fn outcomes(name: &str, program: &Program, pass: Pass, most: u64) -> (BTreeSet<Observation>, u64) {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let body = {
        let (program, seen) = (program.clone(), seen.clone());
        move || {
            seen.lock().unwrap().insert(program.run());
        }
    };
    let (executions, _) = divided(name, pass, most, body);
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (seen, executions)
}

fn programs(max_threads: usize, max_ops: usize, pass: Pass) -> Plan {
    Plan { seed: 7, programs: 20, max_threads, max_ops, pass, ..Plan::default() }
}

#[test]
fn the_pieces_of_random_programs_show_what_the_whole_shows() {
    let interleavings = [programs(2, 4, Pass::Interleavings), programs(3, 2, Pass::Interleavings)];
    let weak = Plan { memory: Memory::ReleaseAcquire, writes: Writes::Disciplined, ..programs(2, 3, Pass::WeakMemory) };
    let mut compared = 0;
    for plan in interleavings.into_iter().chain([weak]) {
        for (_, program) in plan.draw() {
            let whole = program.explore(plan.pass);
            assert_eq!(outcomes("programs", &program, plan.pass, 5), (whole.seen, whole.executions), "\n{program}");
            compared += 1;
        }
    }
    assert_eq!(compared, 60);
}

#[test]
fn threads_that_begin_in_order_show_the_same_in_fewer_executions() {
    let (mut all, mut fewer) = (0, 0);
    for plan in [programs(3, 2, Pass::Interleavings), programs(4, 1, Pass::Interleavings)] {
        for (_, program) in plan.draw() {
            let whole = program.explore(plan.pass);
            set_reduced(Some(program.threads.len() - 1));
            let (seen, executions) = outcomes("reduced", &program, plan.pass, u64::MAX);
            set_reduced(None);
            assert_eq!(seen, whole.seen, "\n{program}");
            all += whole.executions;
            fewer += executions;
        }
    }
    println!("{all} executions, and {fewer}");
    assert!(fewer < all);
}

#[test]
fn what_is_violated_in_a_piece_ends_the_search() {
    set_pass(Pass::Interleavings);
    let growing = &GROWING[0];
    let body = growing.body(growing.size(0));
    let runs = Mutex::new(0);
    let body = Arc::new(move || {
        *runs.lock().unwrap() += 1;
        assert!(*runs.lock().unwrap() < 100, "enough");
        body();
    });
    let scratch = folder("violated").join("scratch");
    let mut pieces = Pieces::default();
    while !pieces.is_done() {
        let (number, piece) = pieces.open().first_key_value().map(|(number, piece)| (*number, piece.clone())).unwrap();
        let limit = Limit { executions: 10, time: Duration::MAX };
        let body = body.clone();
        pieces.apply(number, explore(&piece, limit, &scratch, move || body(), |_| ()).expect("a file"));
    }
    assert_eq!(pieces.violation.as_deref(), Some("enough"));
    assert!(pieces.executions <= 100);
}

fn scale(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnstile"));
    let arguments = ["--filter", "assign-poll interleavings", "--sizes", "2", "--minutes", "5", "--json", "--folder"];
    command.arg("scale").args(arguments).arg(folder);
    command
}

#[test]
fn a_search_that_is_killed_twice_comes_to_the_same_count_and_does_nothing_again_that_was_written_down() {
    let folder = folder("killed");
    let log = folder.join("assign-poll-interleavings-1x2.jsonl");
    let written = || fs::read(&log).unwrap_or_default();
    let lines = || written().iter().filter(|byte| **byte == b'\n').count();
    for wanted in [3, 6] {
        let mut child = scale(&folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let started = Instant::now();
        while lines() < wanted && started.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(child.try_wait().expect("it is ours"), None, "it was done before it could be killed");
        child.kill().expect("it runs");
        child.wait().expect("it is ours");
    }
    let before = written();
    // As if the third line of a process had been cut short.
    fs::write(&log, [&*before, br#"{"piece":"#].concat()).expect("it can be written");

    let output = scale(&folder).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("an array");
    assert_eq!(rows.len(), 2);
    let growing = &GROWING[0];
    for (number, row) in rows.iter().enumerate() {
        let whole = undivided(growing.pass, None, growing.body(growing.size(number)), |_| ());
        assert_eq!(row["executions"], whole.executions, "{row}");
        assert_eq!(row["drained"], true);
    }
    assert!(before.ends_with(b"\n") && written().starts_with(&before), "what was done is not done again");

    // The same once more reads it, and runs nothing.
    let after = written();
    let again: Vec<Value> =
        serde_json::from_slice(&scale(&folder).output().expect("it starts").stdout).expect("an array");
    assert_eq!((again, written()), (rows, after));

    // Another program must not go on with it.
    let written = String::from_utf8(written()).expect("JSON");
    let (head, lines) = written.split_once('\n').expect("a head");
    let (before, _) = head.split_once("\"build\":").expect("the build is named");
    let foreign = format!("{before}\"build\":1}}\n{lines}");
    fs::write(&log, foreign).expect("it can be written");
    let output = scale(&folder).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another build wrote this"));
}
