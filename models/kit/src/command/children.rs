//! Each scenario is run by this executable once more, as a child: loom aborts a process in which a deadlocked execution is torn
//! down, and a thread that is stuck must not live on. Whatever becomes of a child, there is a verdict.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::{Args, Row, Verdict};
use crate::engine::Reaped;
use crate::explore::{Found, Look, Violation};
use crate::journal::Step;
use crate::trial::{Run, Trial};
use crate::{engine, journal};

/// What a child says on its standard output, a line each.
#[derive(Serialize, Deserialize)]
enum Message {
    /// It looks at this checker now.
    Begins(String),
    /// So far.
    Executions(u64),
    /// If nothing comes after this, this is what came of it.
    Last(Box<Row>),
    Done(Box<Row>),
    /// Of a child that tells each; none where an execution begins.
    Step(Option<Step>),
}

/// The reader may have printed half a line. When nobody listens any more, there is nothing left to do.
fn say(message: &Message) {
    let line = serde_json::to_string(message).expect("plain data");
    if writeln!(io::stdout(), "\n{line}").is_err() {
        std::process::exit(1);
    }
}

const BEAT: Duration = Duration::from_millis(200);
/// An execution that has not ended after so many beats never does: others take milliseconds.
const STANDS_STILL: usize = 15;
/// A child that has not said anything for so long is past doing so.
const SILENCE: Duration = Duration::from_secs(20);

/// The child: looks at one trial, and tells.
pub(super) fn child(trial: &Trial, args: &Args) -> ExitCode {
    if args.nocapture {
        engine::show_panics();
    }
    if args.aloud {
        journal::aloud(|step| say(&Message::Step(step.cloned())));
    }
    for run in trial.runs.iter().filter(|run| args.wants(run.checker)) {
        say(&Message::Begins(run.checker.into()));
        let look = Look::default();
        let row = {
            let _watch = Watch::over(trial, run, &look);
            found(trial, run, run.run(args.budget(), &look))
        };
        say(&Message::Done(Box::new(row)));
    }
    ExitCode::SUCCESS
}

fn found(trial: &Trial, run: &Run, found: Found) -> Row {
    let Found { executions, bound, seconds, violation } = found;
    let row = Row { executions, bound, seconds, ..Row::of(trial, run.checker) };
    match violation {
        Some(violation) => row.violated(violation),
        None => Row { verdict: Verdict::Holds, ..row },
    }
}

/// Tells how far it is, until it is dropped; and ends the process with a verdict if it gets no further.
struct Watch {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watch {
    fn over(trial: &Trial, run: &Run, look: &Look) -> Self {
        let row = Row { bound: "unfinished".into(), ..Row::of(trial, run.checker) };
        let last: Arc<Mutex<Option<Row>>> = Arc::default();
        let of_panic = {
            let (look, row, stuck, last) = (look.clone(), row.clone(), trial.stuck, last.clone());
            move |message: &str| {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                // What follows the first one may come of it.
                if last.is_none() {
                    let row = Row { executions: look.count(), ..row.clone() };
                    let row = last.insert(row.violated(look.violation(stuck, message)));
                    say(&Message::Last(Box::new(row.clone())));
                }
            }
        };
        engine::on_panic(of_panic);
        let is_over = Arc::new(AtomicBool::new(false));
        let watch = {
            let (look, is_over) = (look.clone(), is_over.clone());
            move || {
                let (mut known, mut beats) = (0, 0);
                while !is_over.load(Ordering::Relaxed) {
                    thread::park_timeout(BEAT);
                    let executions = look.count();
                    beats = if executions == known { beats + 1 } else { 0 };
                    known = executions;
                    if beats >= STANDS_STILL && !is_over.load(Ordering::Relaxed) {
                        let row = last.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(|| {
                            let what = "I13 progress: a call neither returns nor lets others go on";
                            let row = Row { executions, ..row.clone() };
                            row.violated(Violation::new(what.into(), look.steps()))
                        });
                        say(&Message::Done(Box::new(row)));
                        std::process::exit(0);
                    }
                    say(&Message::Executions(executions));
                }
            }
        };
        Self { is_over, thread: Some(thread::spawn(watch)) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Runs what is supported in children. Answers with a row for each checker, in the order of `selected`.
pub(super) fn run_all(
    trials: &[Trial],
    selected: &[usize],
    args: &Args,
    name: impl Fn(&Trial) -> String,
) -> Vec<Vec<Row>> {
    let names: Vec<String> = selected.iter().map(|index| name(&trials[*index])).collect();
    // What the children's threads see of a trial is plain.
    struct Job<'a> {
        at: usize,
        index: usize,
        name: &'a str,
        rows: Vec<Row>,
    }
    let mut rows: Vec<Vec<Row>> = Vec::new();
    let mut jobs = VecDeque::new();
    for (at, index) in selected.iter().enumerate() {
        let trial = &trials[*index];
        let checkers = trial.runs.iter().filter(|run| args.wants(run.checker));
        let empty: Vec<Row> = checkers.map(|run| Row::of(trial, run.checker)).collect();
        if trial.lacks.is_empty() {
            jobs.push_back(Job { at, index: *index, name: &names[at], rows: empty });
            rows.push(Vec::new());
        } else {
            rows.push(empty);
        }
    }
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let at_once = args.test_threads.map_or(processors, |n| usize::try_from(n).unwrap_or(usize::MAX)).min(jobs.len());
    let (bars, total) = progress(jobs.len());
    let jobs = Mutex::new(jobs);
    let results = Mutex::new(&mut rows);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                let bar = bars.add(ProgressBar::new_spinner());
                bar.set_style(ProgressStyle::with_template("  {spinner} {msg}").expect("a valid template"));
                bar.enable_steady_tick(BEAT);
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(Job { at, index, name, rows }) = job else { break };
                    let rows = run(index, name, rows, args, &bar);
                    results.lock().unwrap_or_else(PoisonError::into_inner)[at] = rows;
                    total.inc(1);
                }
                bar.finish_and_clear();
            });
        }
    });
    total.finish_and_clear();
    rows
}

/// Bars on a terminal, and nothing elsewhere.
fn progress(jobs: usize) -> (MultiProgress, ProgressBar) {
    let bars = MultiProgress::new();
    let total = bars.add(ProgressBar::new(jobs as u64));
    total.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}").expect("a valid template"));
    (bars, total)
}

/// Children for one trial, a new one after each that does not live to see the last checker.
fn run(index: usize, name: &str, mut left: Vec<Row>, args: &Args, bar: &ProgressBar) -> Vec<Row> {
    let mut rows = Vec::new();
    while !left.is_empty() {
        let (done, died) = child_of(index, name, &left, args, false, bar);
        let is_in_vain = done.is_empty();
        left.retain(|row| done.iter().all(|done| done.checker != row.checker));
        rows.extend(done);
        // It may have ended itself after a verdict: then the next one goes on with the others.
        if let Some(mut died) = died
            && (is_in_vain || died.is_about(&left))
        {
            // Without a word about the steps: once more, aloud.
            if died.last.is_none()
                && !died.is_silent
                && let (_, Some(again)) = child_of(index, name, &left[..1], args, true, bar)
            {
                died.steps = again.steps;
            }
            rows.push(died.row(left.remove(0)));
        }
    }
    rows
}

/// A child that ended before it was through.
struct Died {
    checker: Option<String>,
    executions: u64,
    last: Option<Row>,
    /// If it told them: those of the execution in which it died.
    steps: Vec<Step>,
    is_silent: bool,
    how: String,
}

impl Died {
    /// Had it begun with the first of those that are left?
    fn is_about(&self, left: &[Row]) -> bool {
        left.first().is_some_and(|row| self.checker.as_deref() == Some(&row.checker))
    }

    fn row(self, row: Row) -> Row {
        match self.last {
            Some(last) => {
                let violation = last.violation.map(|what| format!("{what} (and then {})", self.how));
                Row { violation, ..last }
            }
            None => {
                let what = format!("I12 total transitions: {}", self.how);
                Row { executions: self.executions, bound: "unfinished".into(), ..row }
                    .violated(Violation::new(what, self.steps))
            }
        }
    }
}

/// Starts a child and listens to it. What it found, and how it died if it did before the end.
fn child_of(
    index: usize,
    name: &str,
    left: &[Row],
    args: &Args,
    aloud: bool,
    bar: &ProgressBar,
) -> (Vec<Row>, Option<Died>) {
    let mut command = Command::new(std::env::current_exe().expect("this is a file"));
    command.args(["--trial", &index.to_string(), "--seconds", &args.seconds.to_string()]);
    left.iter().for_each(|row| {
        command.args(["--checker", &row.checker]);
    });
    for (given, flag) in [(args.nocapture, "--nocapture"), (aloud, "--aloud")] {
        command.args(given.then_some(flag));
    }
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = Reaped(piped.expect("this file can be started again"));
    let said = Said::new(args.nocapture);
    let errors = child.0.stderr.take().map(|errors| said.listen(errors));
    let lines = lines(child.0.stdout.take());
    let (mut checker, mut executions, mut last, mut steps, mut done) = (None, 0, None, Vec::new(), Vec::new());
    let is_silent = loop {
        if done.len() >= left.len() {
            return (done, None);
        }
        let line = match lines.recv_timeout(SILENCE) {
            Ok(line) => line,
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
        };
        match serde_json::from_str(&line) {
            Ok(Message::Begins(of)) => {
                bar.set_message(format!("{name}: {of}"));
                (checker, executions, last) = (Some(of), 0, None);
            }
            Ok(Message::Executions(so_far)) => executions = so_far,
            Ok(Message::Last(row)) => last = Some(*row),
            Ok(Message::Done(row)) => done.push(*row),
            Ok(Message::Step(None)) => steps.clear(),
            Ok(Message::Step(Some(step))) => steps.push(step),
            Err(_) => said.add(&line),
        }
    };
    if is_silent {
        let _ = child.0.kill();
    }
    let status = child.0.wait();
    // Nobody else holds the other end, unless the reader has started processes: those are not waited for.
    if !is_silent && let Some(errors) = errors {
        let _ = errors.join();
    }
    let how = match status {
        _ if is_silent => format!("nothing was heard of it for {} s, and it was killed", SILENCE.as_secs()),
        Ok(status) => format!("the process died: {status}"),
        Err(error) => format!("the process died: {error}"),
    };
    let how = said.after().map_or(how.clone(), |words| format!("{how}; its last words: {words}"));
    (done, Some(Died { checker, executions, last, steps, is_silent, how }))
}

fn lines(output: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(output) = output {
        thread::spawn(move || each_line(output, |line| sender.send(line).is_ok()));
    }
    receiver
}

/// Whatever the bytes are.
fn each_line(output: impl Read, mut with: impl FnMut(String) -> bool) {
    let lines = BufReader::new(output).split(b'\n').map_while(Result::ok);
    let mut lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| !line.is_empty());
    while lines.next().is_some_and(&mut with) {}
}

/// What a child printed that is no message: the last of it.
#[derive(Clone)]
struct Said {
    lines: Arc<Mutex<VecDeque<String>>>,
    aloud: bool,
}

impl Said {
    fn new(aloud: bool) -> Self {
        Self { lines: Arc::default(), aloud }
    }

    fn listen(&self, errors: impl Read + Send + 'static) -> thread::JoinHandle<()> {
        let said = self.clone();
        thread::spawn(move || {
            each_line(errors, |line| {
                said.add(&line);
                true
            });
        })
    }

    fn add(&self, line: &str) {
        if self.aloud {
            let _ = writeln!(io::stderr(), "{line}");
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line.into());
        if lines.len() > 3 {
            lines.pop_front();
        }
    }

    fn after(&self) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        (!lines.is_empty()).then(|| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" / "))
    }
}
