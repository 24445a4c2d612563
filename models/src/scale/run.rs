//! A piece of a search, and how it is explored: depth first below its frozen beginning, as loom does, and never in it.
//!
//! Executions below may ask for another thread at a branch of the beginning; loom notes it there, and would go there
//! when nothing is left below. So the search runs in bursts, with the path written down after each. When a burst has
//! left the beginning, it is cut in halves until the last execution below is found: what is asked for is handed in, and
//! the count is exact.

use std::fs;
use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use turnstile_kit::engine::{builder, check};

use super::path::{Choice, Path};

/// A part of the search that nobody else explores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The next execution; of the whole search that has not begun, none.
    pub path: Option<Path>,
    /// So many branches at the beginning are not this piece's to change.
    pub frozen: usize,
}

/// When a piece is given back although it is not done.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// After so many executions.
    pub executions: u64,
    /// After so much processor time, looked at between bursts.
    pub time: Duration,
}

/// What came of exploring a piece for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How often the scenario ran, each execution of the search counted once.
    pub executions: u64,
    /// At which branches of the frozen beginning another choice was asked for.
    pub requests: Vec<(usize, Choice)>,
    /// Where the search stands, if there is more below.
    pub rest: Option<Path>,
    /// What the last execution violated.
    pub violation: Option<String>,
}

/// What came of one burst.
struct Burst {
    executions: u64,
    /// The path to the execution after it, if there is one.
    next: Option<Path>,
    violation: Option<String>,
}

/// The first burst, and how long bursts become.
const FIRST: u64 = 64;
const LONG: Duration = Duration::from_millis(60);

/// What this process has had of a processor. It does not depend on who else works on the machine.
pub fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).expect("time does not run backwards")
}

/// Explores `piece` until it is done or the limit is reached. `scratch` is a file that nobody else uses. `heard` is
/// told how many executions there were, after each burst.
///
/// # Errors
///
/// The file cannot be written or read.
pub fn explore(
    piece: &Piece,
    limit: Limit,
    scratch: &FilePath,
    body: impl Fn() + Send + Sync + 'static,
    mut heard: impl FnMut(u64),
) -> io::Result<Outcome> {
    let (body, started) = (Arc::new(body), processor_time());
    let beginning = piece.path.as_ref().map(|path| path.choices(piece.frozen)).unwrap_or_default();
    let is_below = |path: &Path| path.choices(piece.frozen) == beginning;
    let mut outcome = Outcome { rest: piece.path.clone(), ..Outcome::default() };
    let mut length = FIRST.min(limit.executions);
    // Once it is known: with the last of so many executions nothing is left below.
    let mut within = None;
    loop {
        let size = within.map_or(length, |within: u64| if within == 1 { 1 } else { within / 2 });
        let burst_started = processor_time();
        let burst = burst(outcome.rest.as_ref(), size, scratch, body.clone())?;
        heard(outcome.executions + burst.executions);
        if burst.violation.is_some() {
            outcome.executions += burst.executions;
            return Ok(Outcome { rest: None, violation: burst.violation, ..outcome });
        }
        match burst.next {
            Some(next) if is_below(&next) => {
                outcome.executions += burst.executions;
                outcome.rest = Some(next);
                if let Some(within) = &mut within {
                    assert!(size < *within, "the same executions again, and they went another way");
                    *within -= size;
                } else if outcome.executions >= limit.executions || processor_time() - started >= limit.time {
                    outcome.hand_in(piece.frozen);
                    return Ok(outcome);
                } else if processor_time() - burst_started < LONG / 2 {
                    length *= 2;
                }
                length = length.min(limit.executions.saturating_sub(outcome.executions)).max(1);
            }
            // The whole search has no beginning that could have been left.
            None if piece.frozen == 0 => {
                outcome.executions += burst.executions;
                return Ok(Outcome { rest: None, ..outcome });
            }
            next if burst.executions == 1 => {
                outcome.executions += 1;
                outcome.rest = next;
                outcome.hand_in(piece.frozen);
                return Ok(Outcome { rest: None, ..outcome });
            }
            _ => within = Some(burst.executions),
        }
    }
}

impl Outcome {
    /// What was asked for in the beginning, whether the search has gone there already or not, and nothing of it in the
    /// rest.
    fn hand_in(&mut self, frozen: usize) {
        let Some(rest) = &mut self.rest else { return };
        let length = frozen.min(rest.len());
        for at in 0..length {
            self.requests.extend(rest.pending(at).into_iter().map(|choice| (at, choice)));
        }
        if rest.len() <= frozen {
            let left = rest.len() - 1;
            self.requests.extend(rest.choices(rest.len())[left].map(|choice| (left, choice)));
        }
        rest.freeze(length);
    }
}

/// Runs `size` executions from `path` on, or fewer if the search ends.
fn burst(
    path: Option<&Path>,
    size: u64,
    scratch: &FilePath,
    body: Arc<impl Fn() + Send + Sync + 'static>,
) -> io::Result<Burst> {
    let _ = fs::remove_file(scratch);
    if let Some(path) = path {
        fs::write(scratch, serde_json::to_string(path)?)?;
    }
    let executions = Arc::new(AtomicU64::new(0));
    // loom looks before it runs: before the execution after the last one it writes the path to it, and stops.
    let last = usize::try_from(size + 1).expect("bursts are short");
    let mut builder = builder(None);
    builder.checkpoint_file = Some(scratch.into());
    builder.checkpoint_interval = last;
    builder.max_permutations = Some(last);
    let violation = check(&builder, {
        let (executions, scratch) = (executions.clone(), scratch.to_owned());
        move || {
            if executions.fetch_add(1, Ordering::Relaxed) == 0 {
                // It was read. If there is a file in the end, it is a new one.
                let _ = fs::remove_file(&scratch);
            }
            body();
        }
    });
    let next = match fs::read(scratch) {
        Ok(text) => Some(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let _ = fs::remove_file(scratch);
    Ok(Burst { executions: executions.load(Ordering::Relaxed), next, violation })
}
