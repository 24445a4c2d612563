//! The command, as its authors and their scripts use it: on a reader that is right, and on some that are not.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Runs the example `readers`.
fn readers(arguments: &[&str]) -> Output {
    let test = std::env::current_exe().expect("this test is a file");
    let built: PathBuf = test.ancestors().nth(2).expect("in a folder of the target directory").join("examples/readers");
    Command::new(&built).args(arguments).output().unwrap_or_else(|error| {
        panic!("{}: {error}: cargo build --package turnstile-kit --example readers", built.display())
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn status(arguments: &[&str]) -> Option<i32> {
    readers(arguments).status.code()
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    let output = readers(&[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

#[test]
fn what_holds_is_success_with_one_verdict_a_guarantee() {
    let output = readers(&["right/"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    let verdict = |guarantee: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(&format!("{guarantee} ")));
        line.unwrap_or_else(|| panic!("nothing on {guarantee}: {shown}"))
    };
    assert!(verdict("I6").contains(" holds in "), "{}", verdict("I6"));
    assert!(verdict("I11").contains("not supported: the reader does not say that it sleeps"), "{}", verdict("I11"));
    assert!(verdict("I8").ends_with("no scenario"), "{}", verdict("I8"));
    for number in 1..=14 {
        assert!(!verdict(&format!("I{number}")).contains("VIOLATED"), "{shown}");
    }
}

#[test]
fn a_loss_is_told_in_words_with_the_way_to_see_it_again_and_that_shows_it() {
    let output = readers(&["loses/one-cut"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for wanted in [
        "VIOLATED in loses/one-cut",
        "found   I6 one cut: restored from this checkpoint, s1 is lost",
        "means   A job restored from this checkpoint never reads s1",
        "repair  A split that has left the queue is in the snapshot",
        "│ poll: takes s1 │",
        "again   cargo run --example readers -- loses/one-cut --checker interleavings",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let again = readers(&["loses/one-cut", "--checker", "interleavings"]);
    assert_eq!(again.status.code(), Some(1));
    let lanes = |shown: &str| shown.lines().filter(|line| line.contains('│')).map(String::from).collect::<Vec<_>>();
    assert_eq!(lanes(&text(&again.stdout)), lanes(&shown), "the same picture");
}

#[test]
fn json_has_an_object_for_each_scenario_and_checker() {
    let rows = rows(&["loses/one-cut", "modest/one-cut"]);
    assert_eq!(rows.len(), 10, "two readers, five checkers");
    let [lost, not] = [&rows[5], &rows[0]];
    assert_eq!([&lost["subject"], &lost["scenario"], &lost["checker"]], ["loses", "one-cut", "interleavings"]);
    assert_eq!([&lost["verdict"], &lost["guarantee"]], ["violated", "I6"]);
    assert!(lost["violation"].as_str().is_some_and(|what| what.contains("s1 is lost")), "{lost}");
    assert!(lost["bound"].as_str().is_some_and(|bound| bound.starts_with("preemptions<=")), "{lost}");
    assert!(lost["executions"].as_u64() > Some(0) && lost["seconds"].is_number(), "{lost}");
    assert_eq!(lost["steps"][0]["lane"], "delivery", "{lost}");
    assert_eq!([&not["subject"], &not["verdict"], &not["lacks"][0]], ["modest", "not-supported", "Snapshots"]);
    assert_eq!((&not["executions"], &not["violation"]), (&Value::from(0), &Value::Null));
}

#[test]
fn what_is_not_supported_is_never_passed() {
    assert!(rows(&["modest/"]).iter().any(|row| row["verdict"] == "holds"), "some of it is supported");
    for row in rows(&["modest/"]) {
        assert_eq!(row["verdict"] == "not-supported", row["executions"] == 0, "{row}");
    }
    let output = readers(&["modest/one-cut"]);
    assert_eq!(output.status.code(), Some(2), "nothing was looked at");
    assert!(!text(&output.stdout).contains("holds in"), "{}", text(&output.stdout));
    let names =
        |arguments: &[&str]| text(&readers(&[&["modest/", "--list", "--format", "terse"], arguments].concat()).stdout);
    assert!(names(&[]).contains("modest/early-end: test\n") && names(&[]).contains("modest/one-cut: test\n"));
    assert!(!names(&["--ignored"]).contains("early-end") && names(&["--ignored"]).contains("modest/one-cut: test\n"));
}

#[test]
fn a_process_that_dies_is_a_violation_with_its_steps_and_its_last_words() {
    for row in rows(&["aborts/batch"]) {
        assert_eq!((&row["verdict"], &row["guarantee"]), (&"violated".into(), &"I12".into()), "{row}");
        let steps = row["steps"].as_array().map_or(&[][..], Vec::as_slice);
        assert!(steps.iter().any(|step| step["text"] == "poll: is about to abort"), "{row}");
        assert!(row["violation"].as_str().is_some_and(|what| what.contains("out of patience")), "{row}");
    }
    let shown = text(&readers(&["panics-twice/no-work"]).stdout);
    assert!(shown.contains("it panicked: once (and then the process died"), "{shown}");
    assert!(shown.contains("│ poll: is about to panic"), "{shown}");
}

#[test]
fn what_never_ends_is_a_violation_soon() {
    let started = Instant::now();
    for (reader, checker) in
        [("hangs", "interleavings"), ("hangs", "random"), ("hangs", "threads"), ("spins", "interleavings")]
    {
        let rows = rows(&[&format!("{reader}/no-work"), "--checker", checker]);
        assert_eq!([&rows[0]["verdict"], &rows[0]["guarantee"]], ["violated", "I13"], "{reader} {checker}");
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    let rows = rows(&["hangs/no-work", "--checker", "weak-memory"]);
    assert_eq!(rows[0]["steps"][0]["text"], "poll: waits for nobody", "what it had said is shown");
}

#[test]
fn a_lost_wake_up_is_one_whatever_loom_does_to_its_process() {
    for row in rows(&["sleeps/woken-by-end", "--checker", "interleavings", "--checker", "weak-memory"]) {
        assert_eq!((&row["verdict"], &row["guarantee"]), (&"violated".into(), &"I11".into()), "{row}");
        assert!(
            row["steps"].as_array().is_some_and(|steps| steps.iter().any(|step| step["text"] == "sleeps")),
            "{row}"
        );
    }
}

#[test]
fn filters_and_wrong_arguments() {
    let scenarios = |arguments: &[&str]| rows(&[arguments, &["--checker", "threads"]].concat()).len();
    assert_eq!(scenarios(&["right/late-signal"]), 1);
    let cuts = scenarios(&["right/cut-"]);
    assert!(cuts > 3 && scenarios(&["right/cut-", "--skip", "of-two"]) == cuts - 1);
    for wrong in
        [&["no such thing"][..], &["right/cut-", "--exact"], &["--checker", "luck"], &["--seconds", "0"], &["--what"]]
    {
        assert_eq!(status(wrong), Some(2), "{wrong:?}");
    }
    let said = text(&readers(&["no such thing"]).stderr);
    assert!(said.contains("there are: late-signal, ") && said.contains("of: right, modest, "), "{said}");
    let said = text(&readers(&["--scenarios", "right/one-cut"]).stdout);
    assert!(said.contains("At every instant of a poll") && said.contains("takes snapshots (Snapshots)"), "{said}");
}

#[test]
fn it_is_a_test_like_any_other() {
    for arguments in [&["-q"][..], &["--quiet"], &["--exact", "--nocapture"], &["--test-threads", "1"]] {
        let output = readers(&[&["right/late-signal"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    }
    assert_eq!(text(&readers(&["-q", "right/late-signal"]).stdout).lines().count(), 1, "a line");
}

#[test]
fn the_picture_is_of_the_one_that_fails() {
    let folder = std::env::temp_dir().join(format!("turnstile-kit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("picture.svg");
    let to = file.to_str().expect("a name");
    assert_eq!(status(&["loses/one-cut", "--svg", to]), Some(1));
    let picture = std::fs::read_to_string(&file).expect("it was written");
    assert!(picture.starts_with("<svg") && picture.contains("poll: takes s1"), "{picture}");
    let output = readers(&["loses/cut-", "--svg", to]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("name the one for the picture"), "{}", text(&output.stderr));
    std::fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_job_is_shown_in_its_states() {
    let output = readers(&["hasty/"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for wanted in [
        "hasty/job-of-one: VIOLATED",
        "found   I1 conservation: the job has ended, and s1 was never read",
        "means   The job ends without an error, and the rows of s1 are missing.",
        "again   cargo run --example readers -- hasty/job-of-one --checker states",
        "│ enumerator",
    ] {
        assert!(shown.contains(wanted), "no {wanted:?} in {shown}");
    }
    let rows = rows(&["hasty/", "--checker", "states"]);
    let verdict = |scenario: &str| {
        let row = rows.iter().find(|row| row["scenario"] == scenario).unwrap_or_else(|| panic!("no {scenario}"));
        assert_eq!(row["checker"], "states");
        (row["verdict"].clone(), row["bound"].clone())
    };
    assert_eq!(verdict("job-without-splits"), ("holds".into(), "exhaustive".into()));
    assert_eq!(verdict("message-lost").0, "not-supported");
    assert_eq!(verdict("job-in-parts").0, "violated");
}
