//! Drains one search in child processes, and writes down what each of them brought back: whoever reads it again is
//! where the last one was.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pieces::Pieces;
use super::run::{Outcome, Piece};
use crate::children;
use crate::docs::about;

/// What a child says on its standard output, one per line.
#[derive(Serialize, Deserialize)]
pub(super) enum Message {
    Executions(u64),
    /// With the processor time that it took.
    Done(Box<Outcome>, Duration),
}

/// One search.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// What a file may be called.
    pub(super) title: String,
    /// For the child: what is explored. The piece, and for how long, follow.
    pub(super) arguments: Vec<String>,
}

/// How far it came.
#[derive(Clone, Debug)]
pub(super) struct Drained {
    pub(super) executions: u64,
    /// Of processor time on each of the processors.
    pub(super) time: Duration,
    pub(super) is_done: bool,
    pub(super) violation: Option<String>,
}

/// The first line of a file. Counts of two programs cannot be added.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    search: String,
    build: u64,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
struct Line {
    piece: u64,
    time: Duration,
    outcome: Outcome,
}

/// What is written down, and what it comes to.
struct Log {
    file: File,
    pieces: Pieces,
    /// Of all processes.
    time: Duration,
}

impl Log {
    fn open(folder: &Path, search: &str) -> io::Result<Self> {
        let path = folder.join(format!("{search}.jsonl"));
        let about = about(&path);
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(&path).map_err(&about)?;
        let old = fs::read(&path).map_err(&about)?;
        // A line without its end was being written when the process was killed.
        let whole = old.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(&about)?;
        let mut lines: VecDeque<&[u8]> = old[..whole].split_inclusive(|byte| *byte == b'\n').collect();
        let head = Head { search: search.into(), build: build()? };
        match lines.pop_front() {
            None => write(&mut file, &head).map_err(&about)?,
            Some(line) if serde_json::from_slice::<Head>(line)? == head => {}
            Some(_) => return Err(about(io::Error::other("another build wrote this: begin in another folder"))),
        }
        let mut log = Self { file, pieces: Pieces::default(), time: Duration::ZERO };
        for line in lines {
            let Line { piece, time, outcome } = serde_json::from_slice(line)?;
            if !log.pieces.apply(piece, outcome) {
                return Err(about(io::Error::other(format!("there is no piece {piece}"))));
            }
            log.time += time;
        }
        Ok(log)
    }

    fn append(&mut self, line: Line) -> io::Result<()> {
        write(&mut self.file, &line)?;
        self.time += line.time;
        self.pieces.apply(line.piece, line.outcome);
        Ok(())
    }
}

/// In one write.
fn write(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    file.write_all((serde_json::to_string(line)? + "\n").as_bytes())
}

/// A number that is another one when this program is another one.
fn build() -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(std::env::current_exe()?)?);
    Ok(hasher.finish())
}

struct State {
    log: Log,
    in_flight: BTreeSet<u64>,
    failed: Option<io::Error>,
}

/// Goes on with a search until it is done, or has taken so much time on each of the processors. `progress` hears the
/// number of executions.
pub(super) fn drain(
    search: &Search,
    folder: &Path,
    time: Duration,
    progress: impl Fn(u64) + Sync,
) -> io::Result<Drained> {
    let log = Log::open(folder, &search.title)?;
    let state = Mutex::new(State { log, in_flight: BTreeSet::new(), failed: None });
    let changed = Condvar::new();
    let workers = workers();
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((number, piece, slice)) = next(&state, &changed, time) {
                    let ran = run(search, folder, number, &piece, slice);
                    let mut state = state.lock().expect("no panic inside");
                    state.in_flight.remove(&number);
                    let line = |(outcome, time)| Line { piece: number, time, outcome };
                    if let Err(error) = ran.and_then(|ran| state.log.append(line(ran))) {
                        state.failed = Some(error);
                    }
                    progress(state.log.pieces.executions);
                    changed.notify_all();
                }
            });
        }
    });
    let State { log, failed, .. } = state.into_inner().expect("no panic inside");
    if let Some(error) = failed {
        return Err(error);
    }
    let Log { pieces, time, .. } = log;
    let is_done = pieces.is_done();
    Ok(Drained { executions: pieces.executions, time: per_worker(time), is_done, violation: pieces.violation })
}

/// As many processes as there are processors.
pub(super) fn workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn per_worker(time: Duration) -> Duration {
    time / u32::try_from(workers()).expect("not so many processors")
}

/// A piece that nobody explores, and for how long somebody should; waits for one. None when there is no more to do.
fn next(state: &Mutex<State>, changed: &Condvar, time: Duration) -> Option<(u64, Piece, Duration)> {
    let mut state = state.lock().expect("no panic inside");
    loop {
        let State { log, in_flight, failed } = &mut *state;
        let spent = per_worker(log.time);
        if failed.is_some() || log.pieces.is_done() || spent >= time {
            return None;
        }
        let open = log.pieces.open();
        if let Some((&number, piece)) = open.iter().find(|(number, _)| !in_flight.contains(number)) {
            // Short at first, and while there is nothing for the other processors.
            let most = Duration::from_millis(if open.len() <= workers() { 100 } else { 2_000 });
            in_flight.insert(number);
            return Some((number, piece.clone(), (spent / 20).clamp(Duration::from_millis(50), most)));
        }
        state = changed.wait(state).expect("no panic inside");
    }
}

/// One piece in a child, for a while. The file is called after this process: another one may have left children behind.
fn run(search: &Search, folder: &Path, number: u64, piece: &Piece, slice: Duration) -> io::Result<(Outcome, Duration)> {
    let file = folder.join(format!("{}-{}-{number}.piece", search.title, std::process::id()));
    fs::write(&file, serde_json::to_string(piece)?).map_err(about(&file))?;
    let mut arguments = search.arguments.clone();
    arguments.extend([file.display().to_string(), slice.as_millis().to_string()]);
    let mut executions = 0;
    let ran = children::listen(&arguments, |message| match message {
        Message::Executions(so_far) => {
            executions = so_far;
            ControlFlow::Continue(())
        }
        Message::Done(outcome, time) => ControlFlow::Break((*outcome, time)),
    })?;
    let _ = fs::remove_file(&file);
    // It died without a word, as loom does on a deadlock with wakers alive.
    Ok(ran.unwrap_or_else(|status| {
        let violation = Some(format!("the checker aborted ({status}): a deadlock, that is, a lost wake-up"));
        (Outcome { executions, violation, ..Outcome::default() }, Duration::ZERO)
    }))
}
