//! The command, as scripts use it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn turnstile(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_turnstile")).args(arguments).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn json_has_one_object_a_row_with_its_bound_and_verdict() {
    let output = turnstile(&["prove", "--filter", "wake-by-assign", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("an array");
    assert_eq!(rows.len(), 5, "two passes of loom, two kinds of shuttle, threads");
    for row in rows {
        assert_eq!(row["scenario"], "wake-by-assign");
        assert_eq!(row["subject"], "turnstile");
        assert_eq!(row["verdict"], "holds");
        assert!(row["executions"].as_u64() > Some(1));
        assert!(row["seconds"].is_number());
        let bound = row["bound"].as_str().expect("a bound");
        assert!(bound == "exhaustive" || bound.starts_with("preemptions<=") || bound.starts_with("schedules="));
    }
}

#[test]
fn a_broken_reader_is_shown_with_its_guarantee_and_its_lanes() {
    let output = turnstile(&["prove", "--filter", "late-signal"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(shown.contains("seatunnel-2.3.7 in late-signal: caught in execution"), "{shown}");
    assert!(shown.contains("I2 taking consumes: s1 was read"), "{shown}");
    assert!(shown.contains("│ delivery") && shown.contains("│ poller"), "{shown}");
}

#[test]
fn a_row_can_be_run_again_by_itself() {
    let output = turnstile(&["replay", "one-cut", "interleavings"]);
    assert_eq!(output.status.code(), Some(1), "one of its readers is broken");
    assert!(text(&output.stdout).contains("VIOLATED in the last of them"), "{}", text(&output.stdout));
    assert_eq!(turnstile(&["replay", "one-cut", "no such pass"]).status.code(), Some(2));
    let output = turnstile(&["replay", "cut-poll", "random", "--schedule", "no-such-file"]);
    assert!(!output.status.success() && text(&output.stderr).contains("No such file"), "{}", text(&output.stderr));
}

#[test]
fn a_filter_that_matches_nothing_is_an_error_that_says_what_there_is() {
    let output = turnstile(&["prove", "--filter", "no such thing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there are: assign-poll, "), "{}", text(&output.stderr));
}

#[test]
fn the_casebook_is_a_list_with_everything_caught_and_tells_each_story() {
    let output = turnstile(&["casebook", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let cases: Vec<Value> = serde_json::from_slice(&output.stdout).expect("an array");
    assert!(cases.iter().all(|case| case["caught"] == true && case["executions"].as_u64() > Some(0)));
    assert!(
        cases.iter().any(|case| case["case"] == "C02" && case["guarantee"] == "I6" && case["scenario"] == "one-cut")
    );
    let shown = text(&turnstile(&["casebook", "c02"]).stdout);
    assert!(shown.contains("takes the checkpoint lock") && shown.contains("│ checkpoint"), "{shown}");
    let output = turnstile(&["casebook", "C99"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("C01 reread-until-no-more"), "{}", text(&output.stderr));
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for tests");
    folder
}

#[test]
fn one_specimen_is_drawn_into_a_file() {
    let file = folder("svg").join("c02.svg");
    let name = file.to_str().expect("a name");
    let output = turnstile(&["casebook", "C02", "--svg", name]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let says = text(&output.stdout);
    assert!(says.starts_with(name) && says.ends_with(": C02 poll-before-lock in 11 steps\n"), "{says}");
    let drawn = fs::read_to_string(&file).expect("the picture");
    assert!(drawn.starts_with("<svg ") && drawn.contains("takes the checkpoint lock") && drawn.contains("I6 one cut"));

    for (arguments, status, says) in [
        (&["casebook", "C03", "--svg", name][..], 2, "C03 has several specimens; name one of them: empty-then-flag, "),
        (&["casebook", "C99", "--svg", name], 2, "there is no case C99"),
        (&["casebook", "--svg", name], 2, "<CASE>"),
        (&["casebook", "C02", "--svg", name, "--json"], 2, "cannot be used with"),
        (&["casebook", "C02", "--svg", "no/such/folder.svg"], 1, "no/such/folder.svg: "),
    ] {
        let output = turnstile(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
    assert_eq!(fs::read_to_string(&file).expect("the picture"), drawn, "an error leaves the file alone");
}

#[test]
fn the_casebook_is_written_into_documents_without_what_is_gone() {
    let folder = folder("doc");
    let name = folder.to_str().expect("a name");
    let errors = || {
        let output = turnstile(&["casebook", "--doc", name]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!folder.join("casebook").exists(), "nothing is written");
        text(&output.stderr)
    };
    assert!(errors().contains("casebook.md: No such file"), "{}", errors());
    fs::write(folder.join("casebook.md"), "no marks\n").expect("a document");
    assert!(errors().contains("casebook.md lacks two lines with <!-- casebook -->"), "{}", errors());

    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    fs::write(folder.join("casebook.md"), "a\n<!-- casebook -->\nold\n<!-- casebook -->\nz\n").expect("a document");
    fs::write(folder.join("pairs.md"), "<!-- pairs -->\n<!-- pairs -->\n").expect("a document");
    fs::create_dir(folder.join("casebook")).expect("a folder");
    for file in ["C99-gone.md", "C99-gone.svg", "notes.md"] {
        fs::write(folder.join("casebook").join(file), "old").expect("a file");
    }
    let output = turnstile(&["casebook", "--doc", name]);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let table = read("casebook.md");
    assert!(
        table.starts_with("a\n<!-- casebook -->\n\n| case |") && table.ends_with("<!-- casebook -->\nz\n"),
        "{table}"
    );
    assert!(table.contains("| [C02](casebook/C02-poll-before-lock.md) | poll-before-lock | I6 | one-cut |"), "{table}");
    let cases: Vec<Value> = serde_json::from_slice(&turnstile(&["casebook", "--json"]).stdout).expect("an array");
    for case in &cases {
        let stem = format!("{}-{}", case["case"].as_str().unwrap(), case["slug"].as_str().unwrap());
        assert!(table.contains(&format!("(casebook/{stem}.md)")), "{stem}: {table}");
        let page = read(&format!("casebook/{stem}.md"));
        assert!(page.contains("\nIn Turnstile: ") && page.contains(&format!("]({stem}.svg)")), "{page}");
        assert!(read(&format!("casebook/{stem}.svg")).contains(" role=\"img\" "), "{stem}");
    }
    assert_eq!(read("casebook/notes.md"), "old");
    let files = fs::read_dir(folder.join("casebook")).expect("the pages").count();
    assert_eq!(files, 2 * cases.len() + 1, "what is gone is removed, what is not ours is kept");

    let page = read("casebook/C02-poll-before-lock.md");
    for part in ["# C02 · poll-before-lock\n", "\nBroken: **I6 one cut**: ", "\n```text\n     │ delivery", "`one-cut`"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let again = turnstile(&["casebook", "--doc", name]);
    assert!(again.status.success() && read("casebook.md") == table && read("casebook/C02-poll-before-lock.md") == page);
    assert_eq!(turnstile(&["casebook", "C02", "--doc", name]).status.code(), Some(2), "all or nothing");
}
