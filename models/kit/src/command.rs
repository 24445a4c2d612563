//! The command of the kit: a test of the author's own crate, with `harness = false`.

mod children;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser};
use serde::{Deserialize, Serialize};

use crate::explore::{Budget, Violation};
use crate::job::Job;
use crate::journal::{Step, length};
use crate::litmus::canaries;
use crate::subject::Subject;
use crate::trial::{self, Need, Trial};

/// What is put to the test. Its [`main`](Kit::main) is the `main` of a test with `harness = false`.
#[derive(Default)]
pub struct Kit {
    trials: Vec<Trial>,
}

/// Puts what this crate has written through the scenarios of Turnstile's kit, each in a process of its own: readers under loom, shuttle
/// and real threads, jobs through every state.
#[derive(Parser)]
#[command(
    after_help = "Exit status: 0 every scenario that is supported holds, 1 something is violated, 2 wrong arguments.\n\
    What is not supported was not looked at: it is neither passed nor failed. --scenarios says what it would need."
)]
struct Args {
    /// Only these scenarios: each a name, or a part of names
    #[arg(value_name = "SCENARIO")]
    scenario: Vec<String>,
    /// Only this checker, or these: interleavings, weak-memory, random, pct, threads; of jobs: states
    #[arg(long, value_name = "NAME")]
    checker: Vec<String>,
    /// How long a scenario may take under each checker. loom takes it all where it does not get to the end
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Print an array with one object for each scenario and checker
    #[arg(long)]
    json: bool,
    /// Write a picture of the one scenario that fails
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// List the scenarios, what each claims, and what it needs
    #[arg(long)]
    scenarios: bool,
    /// Only what fails, and a line
    #[arg(short, long, help_heading = "As for any test")]
    quiet: bool,
    /// A SCENARIO is a whole name
    #[arg(long, help_heading = "As for any test")]
    exact: bool,
    /// Not the scenarios with this in their names
    #[arg(long, value_name = "NAME", help_heading = "As for any test")]
    skip: Vec<String>,
    /// Show what the reader prints, and every panic
    #[arg(long, alias = "no-capture", help_heading = "As for any test")]
    nocapture: bool,
    /// List the names
    #[arg(long, help_heading = "As for any test")]
    list: bool,
    /// Only what is not supported: nothing of it can run
    #[arg(long, help_heading = "As for any test")]
    ignored: bool,
    /// So many processes at once; else, as many as there are processors
    #[arg(long, value_name = "N", help_heading = "As for any test", value_parser = clap::value_parser!(u64).range(1..))]
    test_threads: Option<u64>,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    color: Option<String>,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    /// In a child: this trial, told on the standard output.
    #[arg(long, hide = true)]
    trial: Option<usize>,
    /// In a child: with each step as it comes.
    #[arg(long, hide = true)]
    aloud: bool,
}

impl Args {
    fn budget(&self) -> Budget {
        Budget { time: Duration::from_secs(self.seconds), ..Budget::default() }
    }

    fn wants(&self, checker: &str) -> bool {
        self.checker.is_empty() || self.checker.iter().any(|wanted| wanted == checker)
    }
}

/// What came of a scenario under a checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Holds,
    Violated,
    NotSupported,
}

/// The same with how far it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    subject: String,
    scenario: String,
    checker: String,
    bound: String,
    executions: u64,
    seconds: f64,
    verdict: Verdict,
    guarantee: Option<String>,
    violation: Option<String>,
    steps: Vec<Step>,
    /// Why it is not supported.
    lacks: Vec<String>,
}

impl Row {
    /// Nothing is known yet: that is no verdict to pass with.
    fn of(trial: &Trial, checker: &str) -> Self {
        let verdict = if trial.lacks.is_empty() { Verdict::Violated } else { Verdict::NotSupported };
        Self {
            subject: trial.subject.into(),
            scenario: trial.scenario.into(),
            checker: checker.into(),
            bound: String::new(),
            executions: 0,
            seconds: 0.0,
            verdict,
            guarantee: None,
            violation: None,
            steps: Vec::new(),
            lacks: trial.lacks.iter().map(|need| need.name.clone()).collect(),
        }
    }

    fn violated(self, violation: Violation) -> Self {
        let Violation { guarantee, what, steps } = violation;
        Self { verdict: Verdict::Violated, guarantee: Some(guarantee), violation: Some(what), steps, ..self }
    }
}

/// A trial that was selected, and what came of it.
struct Outcome<'a> {
    /// What to call it by, and no other.
    name: String,
    trial: &'a Trial,
    rows: Vec<Row>,
}

impl Outcome<'_> {
    fn is_supported(&self) -> bool {
        self.trial.lacks.is_empty()
    }

    fn holds(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.verdict == Verdict::Holds)
    }

    /// The violation that is shown: the shortest one that has a picture.
    fn worst(&self) -> Option<&Row> {
        let violated = self.rows.iter().filter(|row| row.verdict == Verdict::Violated);
        violated.min_by_key(|row| (row.steps.is_empty(), length(&row.steps)))
    }
}

impl Kit {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this reader.
    #[must_use]
    pub fn reader<S: Subject>(mut self) -> Self {
        self.trials.extend(trial::of_reader::<S>());
        self
    }

    /// And this job.
    #[must_use]
    pub fn job<J: Job>(mut self) -> Self {
        self.trials.extend(trial::of_job::<J>());
        self
    }

    /// Does what the arguments of the process say: `--help` tells which there are.
    pub fn main(self) -> ExitCode {
        let call = call();
        let parsed = Args::command().bin_name(call.trim_end()).try_get_matches();
        let args = match parsed.and_then(|matches| Args::from_arg_matches(&matches)) {
            Ok(args) => args,
            Err(error) => {
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
        self.start(&args, &call).unwrap_or_else(|problem| {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        })
    }

    fn start(&self, args: &Args, call: &str) -> Result<ExitCode, String> {
        if let Some(index) = args.trial {
            let trial = self.trials.get(index).ok_or_else(|| format!("there is no trial {index}"))?;
            return Ok(children::child(trial, args));
        }
        self.check()?;
        let selected = self.select(args)?;
        if args.list {
            selected.iter().for_each(|index| println!("{}: test", self.name(&self.trials[*index])));
            if args.format.as_deref() != Some("terse") {
                println!("\n{} tests, 0 benchmarks", selected.len());
            }
            return Ok(ExitCode::SUCCESS);
        }
        if args.scenarios {
            report::scenarios(&self.outcomes(&selected, Vec::new()));
            return Ok(ExitCode::SUCCESS);
        }
        let uses_loom = |index: &usize| {
            let trial = &self.trials[*index];
            trial.lacks.is_empty() && trial.runs.iter().any(|run| run.by_loom && args.wants(run.checker))
        };
        if selected.iter().any(uses_loom) {
            match canaries::green() {
                Ok(summary) if !args.quiet && !args.json => println!("{summary}\n"),
                Ok(_) => {}
                Err(failure) => {
                    eprintln!("{failure}\nloom does not explore what it should: nothing is judged");
                    return Ok(ExitCode::from(1));
                }
            }
        }
        let none = selected.iter().all(|index| !self.trials[*index].lacks.is_empty());
        let rows = children::run_all(&self.trials, &selected, args, |trial| self.name(trial));
        let outcomes = self.outcomes(&selected, rows);
        if args.json {
            let rows: Vec<&Row> = outcomes.iter().flat_map(|outcome| &outcome.rows).collect();
            println!("{}", serde_json::to_string_pretty(&rows).expect("plain data"));
        } else {
            report::print(&self.trials, &outcomes, args, call);
        }
        if let Some(file) = &args.svg {
            report::svg(&outcomes, file)?;
        }
        if none && (!args.ignored || !args.scenario.is_empty()) {
            return Err("nothing was looked at: what was asked for is not supported".into());
        }
        let holds = outcomes.iter().all(|outcome| !outcome.is_supported() || outcome.holds());
        Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    /// Is there something, and can it be told apart?
    fn check(&self) -> Result<(), String> {
        let names: Vec<String> = self.trials.iter().map(|trial| self.name(trial)).collect();
        match names.iter().enumerate().find(|(at, name)| names[..*at].contains(*name)) {
            _ if names.is_empty() => Err("there is nothing to look at: Kit::new().reader::<MyReader>().main()".into()),
            Some((at, _)) => Err(format!("two are called {:?}: give each a NAME of its own", self.trials[at].subject)),
            None => Ok(()),
        }
    }

    /// What to call a trial by, and no other.
    fn name(&self, trial: &Trial) -> String {
        let is_alone = self.trials.iter().all(|other| other.subject == trial.subject);
        if is_alone { trial.scenario.into() } else { format!("{}/{}", trial.subject, trial.scenario) }
    }

    fn outcomes(&self, selected: &[usize], rows: Vec<Vec<Row>>) -> Vec<Outcome<'_>> {
        let trials = selected.iter().map(|index| &self.trials[*index]);
        let rows = rows.into_iter().chain(std::iter::repeat_with(Vec::new));
        trials.zip(rows).map(|(trial, rows)| Outcome { name: self.name(trial), trial, rows }).collect()
    }

    /// What the arguments ask for, by number.
    fn select(&self, args: &Args) -> Result<Vec<usize>, String> {
        let names: Vec<String> = self.trials.iter().map(|trial| self.name(trial)).collect();
        let mut wanted = vec![args.scenario.is_empty(); names.len()];
        for filter in &args.scenario {
            let is_exact = |at: usize| names[at] == *filter || self.trials[at].scenario == filter;
            let any_exact = (0..names.len()).any(is_exact);
            let matching: Vec<usize> = (0..names.len())
                .filter(|at| if any_exact || args.exact { is_exact(*at) } else { names[*at].contains(filter.as_str()) })
                .collect();
            if matching.is_empty() {
                let scenarios = distinct(self.trials.iter().map(|trial| trial.scenario)).join(", ");
                let subjects = distinct(self.trials.iter().map(|trial| trial.subject)).join(", ");
                return Err(format!("no scenario matches {filter:?}; there are: {scenarios}; of: {subjects}"));
            }
            matching.into_iter().for_each(|at| wanted[at] = true);
        }
        let known = |name: &str| self.trials.iter().flat_map(|trial| &trial.runs).any(|run| run.checker == name);
        if let Some(unknown) = args.checker.iter().find(|name| !known(name)) {
            let names = distinct(self.trials.iter().flat_map(|trial| &trial.runs).map(|run| run.checker));
            return Err(format!("there is no checker {unknown:?}; there are: {}", names.join(", ")));
        }
        let is_wanted = |at: &usize| {
            let trial = &self.trials[*at];
            let has_checker = trial.runs.iter().any(|run| args.wants(run.checker));
            let is_skipped = args.skip.iter().any(|name| names[*at].contains(name.as_str()));
            wanted[*at] && !is_skipped && has_checker && (!args.ignored || !trial.lacks.is_empty())
        };
        Ok((0..names.len()).filter(is_wanted).collect())
    }
}

/// How this executable is called by hand.
fn call() -> String {
    let file = std::env::current_exe().unwrap_or_default();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = file.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    match stem.rsplit_once('-') {
        Some((name, hash)) if folder == "deps" && hash.len() == 16 => format!("cargo test --test {name} -- "),
        _ if folder == "examples" => format!("cargo run --example {stem} -- "),
        _ => format!("{} ", file.display()),
    }
}

/// What a subject would have to say.
fn phrase(kind: &str, needs: &[Need]) -> String {
    let each: Vec<String> = needs.iter().map(|need| format!("it {} ({})", need.says, need.name)).collect();
    format!("the {kind} does not say that {}", each.join(", and that "))
}

/// Each once, in the order in which they come.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::journal::{Journal, Split};
    use crate::subject::Polled;

    struct Nobody;

    impl Subject for Nobody {
        const NAME: &'static str = "nobody";
        type Poller = ();

        fn new(_: &Journal) -> (Arc<Self>, ()) {
            (Arc::new(Self), ())
        }
        fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
            Err(splits)
        }
        fn signal_no_more_splits(&self) {}
        fn poll((): &mut ()) -> Polled {
            Polled::Finished
        }
    }

    #[test]
    fn nothing_and_two_of_a_name_are_errors() {
        let problem = |kit: Kit| kit.check().err().unwrap_or_default();
        assert!(problem(Kit::new()).contains("nothing to look at"));
        assert_eq!(problem(Kit::new().reader::<Nobody>()), "");
        assert!(problem(Kit::new().reader::<Nobody>().reader::<Nobody>()).contains("two are called \"nobody\""));
    }

    #[test]
    fn what_has_no_row_does_not_hold() {
        let kit = Kit::new().reader::<Nobody>();
        assert!(kit.outcomes(&[0], Vec::new()).iter().all(|outcome| !outcome.holds()));
        let row = Row::of(&kit.trials[0], "threads");
        assert!(kit.outcomes(&[0], vec![vec![row]]).iter().all(|outcome| !outcome.holds()));
    }
}
