//! The job over a terrible network: with the fence each row arrives exactly once, and it is the fence that does it.

use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs the job, small and with a crash every 0.25 s. Answers with its exit code and what it said.
fn lossy(arguments: &[&str]) -> (Option<i32>, String) {
    let sizes = ["--readers=3", "--splits=150", "--rows=20", "--seconds-between-crashes=0.25"];
    let Output { status, stdout, stderr } = Command::new(built()).args(sizes).args(arguments).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

/// The number that stands before `what`.
fn number(said: &str, what: &str) -> u32 {
    let before = said.split_once(what).unwrap_or_else(|| panic!("nothing about {what}: {said}")).0;
    before.split_whitespace().last().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{said}"))
}

#[test]
fn over_a_network_that_loses_and_doubles_and_with_crashes_each_row_arrives_exactly_once() {
    let (code, said) = lossy(&["--seed=1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("each row exactly once"), "{said}");
    assert!(said.contains("done after ") && said.contains(" with 3000 rows: 0 missing, 0 duplicates"), "{said}");
    // It was terrible enough to show something.
    for what in ["packets Lost", "packets Doubled", "packets Late", "crashes Reader", "crashes Enumerator"] {
        assert!(number(&said, what) > 0, "{said}");
    }
    for refused in ["receipts Duplicate", "receipts Stale"] {
        assert!(number(&said, refused) > 0, "{said}");
    }
    assert!(!said.contains("Torn"), "{said}");
}

/// The proof that the job can fail.
#[test]
fn without_the_fence_rows_are_duplicated() {
    let (code, said) = lossy(&["--seed=1", "--without-fence"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("NOT exactly once"), "{said}");
    assert!(number(&said, " duplicates") > 0, "{said}");
}

/// The job, which `cargo test` has built beside this test.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let built = test.ancestors().nth(2).expect("in a folder of the target directory").join("examples/lossy");
    assert!(built.exists(), "build it first: cargo build --package turnstile-tests --example lossy");
    built
}
