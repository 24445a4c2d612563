//! What the kit says of the reader as it is written. `cargo test` runs the repaired one as well: as `conformance`.

use std::process::Command;

#[test]
fn the_reader_as_written_fails_with_the_scenario_the_guarantee_and_the_split() {
    let test = std::env::current_exe().expect("this test is a file");
    let built = test.ancestors().nth(2).expect("in a folder of the target directory").join("examples/as_written");
    let output = Command::new(&built).output().unwrap_or_else(|error| panic!("{}: {error}", built.display()));
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for (scenario, found, means) in [
        (
            "early-end",
            "I3 Finished is linearizable: the reader has finished, and s1 was never read",
            "The job ends without an error, and the rows of s1 are missing.",
        ),
        (
            "one-cut",
            "I6 one cut: restored from this checkpoint, s1 is lost",
            "A job restored from this checkpoint never reads s1",
        ),
    ] {
        let told = shown.split("\n\n").skip_while(|part| !part.starts_with(&format!("{scenario}: VIOLATED")));
        let told = told.take(3).collect::<Vec<_>>().join("\n\n");
        let again = format!("again   cargo run --example as_written -- {scenario} --checker interleavings");
        for wanted in [found, means, &again, "│ pop: nothing"] {
            assert!(told.contains(wanted), "{wanted}: {shown}");
        }
    }
}
