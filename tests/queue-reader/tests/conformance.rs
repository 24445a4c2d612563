//! The repaired reader, put to the test.

use std::process::ExitCode;

use queue_reader::{Output, Polled};
use turnstile_kit::Kit;

mod binding;
#[path = "../src/repaired.rs"]
mod repaired;

use binding::sync;
use repaired::RepairedReader as Reader;

const NAME: &str = "repaired";

fn main() -> ExitCode {
    Kit::new().reader::<binding::Bound>().main()
}
