//! Work in child processes of this executable, as many at once as there are processors; and what is going on, on standard error.
//!
//! A child is used because loom aborts the process when a deadlocked model is torn down: one lost wake-up must not take the
//! others with it.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde::de::DeserializeOwned;
use turnstile_kit::engine::Reaped;

/// The child: a message, on a line of its standard output.
pub(crate) fn say(message: &impl Serialize) {
    let line = serde_json::to_string(message).expect("plain data");
    println!("{line}");
}

/// Starts a child and listens to its messages, until one breaks off with a result. If none has, how it ended.
pub(crate) fn listen<M: DeserializeOwned, R>(
    arguments: &[String],
    mut hear: impl FnMut(M) -> ControlFlow<R>,
) -> io::Result<Result<R, ExitStatus>> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = Reaped(command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let output = child.0.stdout.take().expect("it was piped");
    for line in BufReader::new(output).lines() {
        if let ControlFlow::Break(result) = hear(serde_json::from_str(&line?)?) {
            return Ok(Ok(result));
        }
    }
    Ok(Err(child.0.wait()?))
}

/// Does all jobs, heavy ones first, and answers with what came of them in their order. `done` is the line that is written when
/// nobody sees the bars.
pub(crate) fn run_all<J: Sync, R: Send>(
    jobs: &[J],
    weight: impl Fn(&J) -> u32,
    run: impl Fn(&J, &ProgressBar) -> io::Result<R> + Sync,
    done: impl Fn(&R) -> String + Sync,
) -> io::Result<Vec<R>> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(weight(&jobs[at])));
    let queue = Mutex::new(VecDeque::from(order));
    let results: Mutex<Vec<Option<R>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let show = Progress::new(jobs.len());
    let failure: Mutex<Option<io::Error>> = Mutex::new(None);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let bar = show.worker();
                loop {
                    let Some(at) = queue.lock().expect("no panic inside").pop_front() else { break };
                    match run(&jobs[at], &bar) {
                        Ok(result) => {
                            show.finished(|| done(&result));
                            results.lock().expect("no panic inside")[at] = Some(result);
                        }
                        Err(error) => *failure.lock().expect("no panic inside") = Some(error),
                    }
                }
                bar.finish_and_clear();
            });
        }
    });
    show.clear();
    if let Some(error) = failure.into_inner().expect("no panic inside") {
        return Err(error);
    }
    Ok(results.into_inner().expect("no panic inside").into_iter().flatten().collect())
}

/// Bars on a terminal, else a line per finished job.
struct Progress {
    bars: MultiProgress,
    total: ProgressBar,
    terminal: bool,
}

impl Progress {
    fn new(jobs: usize) -> Self {
        let terminal = io::stderr().is_terminal();
        let bars = MultiProgress::with_draw_target(if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        let total = bars.add(ProgressBar::new(jobs as u64));
        total.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}").expect("a valid template"));
        total.enable_steady_tick(Duration::from_millis(200));
        Self { bars, total, terminal }
    }

    fn worker(&self) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(ProgressStyle::with_template("  {spinner} {msg}").expect("a valid template"));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    fn finished(&self, line: impl FnOnce() -> String) {
        self.total.inc(1);
        if !self.terminal {
            let (done, all) = (self.total.position(), self.total.length().unwrap_or(0));
            let _ = writeln!(io::stderr(), "{done}/{all} {}", line());
        }
    }

    fn clear(&self) {
        self.total.finish_and_clear();
    }
}
