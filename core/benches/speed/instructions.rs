//! Instructions for each operation: what can be held to a limit on any machine that has valgrind, whatever else it does.
//!
//! This executable runs itself under valgrind with so much to do, and with twice as much; the difference is what the
//! operations took, without start and end. The same with a queue that does nothing is the harness, and is subtracted.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, io};

use serde::Serialize;
use turnstile::{Poller, Reader};

use crate::handoff::{BATCH, batch, finished, pending, single};
use crate::measure::Subject;
use crate::queues::{ArrayQueue, Harness, Queue, Split, Turnstile};

/// How much more than its limit an operation may take: what a new compiler may change and nobody needs to hear of.
const TOLERANCE: f64 = 0.03;

type Small = Split<3>;

/// What is counted: its name, how often in one unit of work, and who does it.
struct Counted {
    name: &'static str,
    each: u64,
    subjects: fn() -> Vec<Subject>,
}

const OPERATIONS: &[Counted] = &[
    Counted {
        name: "batch of 64 assigned and drained, per split",
        each: BATCH as u64,
        subjects: || vec![batch::<Turnstile, Small>(), batch::<ArrayQueue, Small>(), batch::<Harness, Small>()],
    },
    Counted {
        name: "one split assigned and polled",
        each: 1,
        subjects: || vec![single::<Turnstile, Small>(), single::<ArrayQueue, Small>(), single::<Harness, Small>()],
    },
    Counted {
        name: "Pending",
        each: 1,
        subjects: || vec![pending::<Turnstile, Small>(), pending::<ArrayQueue, Small>(), pending::<Harness, Small>()],
    },
    Counted {
        name: "Finished",
        each: 1,
        subjects: || {
            vec![finished::<Turnstile, Small>(), finished::<ArrayQueue, Small>(), finished::<Harness, Small>()]
        },
    },
    Counted { name: "row boundary", each: 1, subjects: || vec![rows(true), rows(false)] },
];

/// Rows that take no time, with and without a boundary between them.
fn rows(boundaries: bool) -> Subject {
    let harness = <Harness as Queue<Small>>::NAME;
    let name = if boundaries { <Turnstile as Queue<Small>>::NAME } else { harness };
    let round = move |rows| {
        let reader = Reader::<[u64; 1]>::new();
        reader.assign([0]).expect("it is empty");
        let mut poller = Poller::claim(&reader).expect("the only one");
        let turnstile::Answer::Split(mut lease) = poller.poll() else { panic!("it was assigned") };
        for row in 0..rows {
            black_box(row);
            if boundaries {
                assert!(lease.advance(row).is_none());
            }
        }
        0.0
    };
    Subject { name, round: Box::new(round) }
}

/// What one operation takes of whom.
#[derive(Debug, Serialize)]
pub(crate) struct Count {
    pub(crate) operation: &'static str,
    pub(crate) turnstile: f64,
    pub(crate) array_queue: Option<f64>,
}

/// Does so much of one operation and nothing else: what is run under valgrind.
pub(crate) fn run(operation: usize, subject: usize, work: u64) {
    black_box((((OPERATIONS[operation].subjects)()[subject]).round)(work));
}

fn under_valgrind(operation: usize, subject: usize, work: u64) -> io::Result<u64> {
    let count = [operation.to_string(), subject.to_string(), work.to_string()];
    let valgrind = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
    let run = Command::new("valgrind").args(valgrind).arg(env::current_exe()?).arg("--count").args(count).output()?;
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    let refs = said.lines().find_map(|line| line.split_once("refs:")).filter(|_| run.status.success());
    let refs = refs.and_then(|(_, number)| number.trim().replace(',', "").parse().ok());
    refs.ok_or_else(|| io::Error::other(format!("valgrind counted nothing:\n{said}")))
}

/// Counts all of them.
///
/// # Errors
///
/// Without valgrind.
pub(crate) fn count() -> io::Result<Vec<Count>> {
    const WORK: u64 = 2_000;
    let of = |(at, operation): (usize, &Counted)| {
        let each = |subject| -> io::Result<f64> {
            let (once, twice) = (under_valgrind(at, subject, WORK)?, under_valgrind(at, subject, 2 * WORK)?);
            Ok((twice - once) as f64 / (WORK * operation.each) as f64)
        };
        let subjects = (0..(operation.subjects)().len()).map(each).collect::<io::Result<Vec<_>>>()?;
        let (harness, subjects) = subjects.split_last().expect("there is a harness");
        let subjects: Vec<f64> = subjects.iter().map(|instructions| instructions - harness).collect();
        Ok(Count { operation: operation.name, turnstile: subjects[0], array_queue: subjects.get(1).copied() })
    };
    OPERATIONS.iter().enumerate().map(of).collect()
}

fn limits() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.json")
}

/// Holds `counts` to the limits in the file, and says which are exceeded and what to do about it.
///
/// # Errors
///
/// If any is, or if the file does not name exactly what is counted.
pub(crate) fn judge(counts: &[Count]) -> io::Result<()> {
    let limits: BTreeMap<String, f64> = serde_json::from_str(&fs::read_to_string(limits())?)?;
    let mut wrong = Vec::new();
    for Count { operation, turnstile, .. } in counts {
        match limits.get(*operation) {
            Some(limit) if *turnstile > limit * (1.0 + TOLERANCE) => {
                wrong.push(format!("{operation}: {turnstile:.1} instructions, the limit is {limit:.1}"));
            }
            Some(_) => {}
            None => wrong.push(format!("{operation}: has no limit")),
        }
    }
    if limits.len() > counts.len() {
        wrong.push("the file has a limit for something that is not counted".to_owned());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{}\nThe shipped code has become longer. `valgrind --tool=callgrind` on the bench executable shows where. If that is the \
         price of something, say so in the commit and run `cargo bench -- --instructions --accept`, which writes \
         core/benches/instructions.json.",
        wrong.join("\n")
    )))
}

/// Makes what was counted the limit.
pub(crate) fn accept(counts: &[Count]) -> io::Result<()> {
    let tenths = |count: &Count| (count.operation, (count.turnstile * 10.0).round() / 10.0);
    let limits: BTreeMap<&str, f64> = counts.iter().map(tenths).collect();
    fs::write(self::limits(), serde_json::to_string_pretty(&limits)? + "\n")
}
