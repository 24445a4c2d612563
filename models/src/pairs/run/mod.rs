//! Any case, on one engine. This folder is compiled once per engine, against `engine`.

use super::{reads_are_newest, scenarios, spawn, turnstile, yield_now};
use crate::pairs::Case;

mod blocking;
mod plain;

/// Runs the two at once, on this thread and on another, and what is left of the reader to its end.
pub fn run(case: Case) {
    match case {
        Case::Plain(case) => plain::run(case),
        Case::Blocking(case) => blocking::run(case),
    }
}
