//! The reader as people write it, put to the test: `cargo run --example as_written`. It fails.

use std::process::ExitCode;

use queue_reader::{Output, Polled};
use turnstile_kit::Kit;

#[path = "../src/as_written.rs"]
mod as_written;
#[path = "../tests/binding/mod.rs"]
mod binding;

use as_written::QueueReader as Reader;
use binding::sync;

const NAME: &str = "as-written";

fn main() -> ExitCode {
    Kit::new().reader::<binding::Bound>().main()
}
