//! Runs the plan in child processes, and prints what came of it.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use turnstile_kit::picture::lanes;

use crate::children::{self, say};
use crate::docs::{grouped, write_into};
use crate::engine::show_panics;
use crate::litmus;
use crate::plan::{Job, Row, Verdict, jobs};

/// What to run and how to print it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Also what takes longer than minutes.
    pub deep: bool,
    /// Only scenarios whose name contains this.
    pub filter: Option<String>,
    /// An array of rows instead of a table.
    pub json: bool,
    /// A folder with documents that show what was explored, to be brought up to date.
    pub doc: Option<PathBuf>,
}

/// What a child says on its standard output, one per line.
#[derive(Serialize, Deserialize)]
enum Message {
    Executions(u64),
    Done(Box<Row>),
}

/// The child: runs job number `index` and reports on standard output.
pub fn run_job(index: usize) -> ExitCode {
    let Some(job) = jobs().into_iter().nth(index) else {
        eprintln!("there is no job {index}");
        return ExitCode::from(2);
    };
    say(&Message::Done(Box::new(job.run(|executions| {
        if executions.is_multiple_of(5_000) {
            say(&Message::Executions(executions));
        }
    }))));
    ExitCode::SUCCESS
}

/// Runs the jobs of one scenario and pass here, with what they say on standard error, until one of them fails. With a schedule,
/// only that.
pub fn replay(scenario: &str, pass: &str, deep: bool, schedule: Option<&Path>) -> io::Result<ExitCode> {
    let is_wanted = |job: &Job| job.scenario() == scenario && job.pass() == pass && (deep || !job.deep);
    let wanted: Vec<Job> = jobs().into_iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        eprintln!("there is no {scenario} in the pass {pass}: turnstile prove --filter {scenario} lists what there is");
        return Ok(ExitCode::from(2));
    }
    show_panics();
    for job in wanted {
        let row = match schedule {
            Some(schedule) => job.run_schedule(schedule)?,
            None => job.run(|executions| {
                if executions.is_multiple_of(5_000) {
                    eprintln!("{executions} executions");
                }
            }),
        };
        println!("{} {} {}: {} executions", row.scenario, row.subject, row.bound, grouped(row.executions));
        if let Some(violation) = row.violation {
            println!("VIOLATED in the last of them\n{violation}\n{}", lanes(&row.steps));
            return Ok(ExitCode::from(1));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs everything that `options` ask for. Succeeds if every claim about Turnstile holds, every specimen is caught and the
/// canaries are green.
pub fn prove(options: &Options) -> io::Result<ExitCode> {
    let wanted: Vec<(usize, Job)> = jobs()
        .into_iter()
        .enumerate()
        .filter(|(_, job)| options.deep || !job.deep)
        .filter(|(_, job)| options.filter.as_ref().is_none_or(|pattern| job.scenario().contains(pattern.as_str())))
        .collect();
    if wanted.is_empty() {
        let mut names: Vec<_> = Vec::new();
        for job in jobs() {
            if !names.contains(&job.scenario()) {
                names.push(job.scenario());
            }
        }
        eprintln!("no scenario matches {:?}; there are: {}", options.filter.as_deref().unwrap_or(""), names.join(", "));
        return Ok(ExitCode::from(2));
    }
    let canaries = match litmus::canaries::green() {
        Ok(summary) => summary,
        Err(failure) => {
            eprintln!("{failure}\nloom does not explore what it should: nothing may be called exhaustive.");
            return Ok(ExitCode::from(1));
        }
    };
    let rows = run_all(&wanted)?;
    let as_expected = |specimens: bool| {
        let mut pairs = wanted.iter().zip(&rows).filter(|((_, job), _)| job.is_specimen() == specimens);
        pairs.all(|((_, job), row)| row.verdict == job.expected())
    };
    let (holds, caught) = (as_expected(false), as_expected(true));
    if let Some(folder) = &options.doc {
        write_docs(folder, &wanted, &rows)?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        println!("{canaries}\n");
        print_table(&wanted, &rows);
        print_rules(&wanted, &rows, options.filter.as_deref() == Some("protocol-rules"));
        println!("{}", verdict(&rows, holds, caught));
    }
    Ok(if holds && caught { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn verdict(rows: &[Row], holds: bool, caught: bool) -> String {
    let ours = || rows.iter().filter(|row| row.subject == "turnstile");
    let of_states = |row: &&Row| row.pass == "states";
    let states: u64 = ours().filter(of_states).map(|row| row.executions).sum();
    let executions = ours().map(|row| row.executions).sum::<u64>() - states;
    let exhaustive = ours().filter(|row| row.bound == "exhaustive").count();
    let mut text = format!(
        "turnstile: {} of {} runs hold, {} of them exhaustive, in {} executions and {} states.",
        ours().filter(|row| row.verdict == Verdict::Holds).count(),
        ours().count(),
        exhaustive,
        grouped(executions),
        grouped(states)
    );
    if !holds {
        text += "\nNOT PROVEN: a claim about turnstile is violated.";
    }
    if !caught {
        text += "\nNOT CONVINCING: a reader that is known to be broken was not caught where it breaks.";
    }
    text
}

/// Brings the documents up to date: what was explored, and the rules with what comes of leaving each out. Nothing in it depends
/// on the machine.
fn write_docs(folder: &Path, wanted: &[(usize, Job)], rows: &[Row]) -> io::Result<()> {
    let mut explored =
        String::from("\n| scenario | pass | threads | splits | bound | executions |\n|---|---|--:|--:|---|--:|\n");
    let mut states = String::from("\n| scenario | readers | splits | bound | states |\n|---|--:|--:|---|--:|\n");
    let mut of_jobs = String::from("\n| scenario | splits | bound | states |\n|---|--:|---|--:|\n");
    let mut rules = String::from("\n| rule | without it | steps |\n|---|---|--:|\n");
    let mut counterexamples = String::from("\n");
    for ((_, job), row) in wanted.iter().zip(rows) {
        let Row { scenario, subject, pass, threads, splits, bound, executions, steps, violation, .. } = row;
        let executions = grouped(*executions);
        if let Some(says) = job.rule() {
            let violation = violation.as_deref().unwrap_or("nothing");
            rules +=
                &format!("| **{subject}**: {says} | [{violation}](counterexamples.md#{subject}) | {} |\n", steps.len());
            counterexamples += &format!(
                "## {subject}\n\nThe rule: {says}. Without it is violated, in {} steps: *{violation}*.\n\n```text\n{}```\n\n",
                steps.len(),
                lanes(steps)
            );
        } else if row.checker == "kit" {
            of_jobs += &format!("| {scenario} | {splits} | {bound} | {executions} |\n");
        } else if row.checker == "stateright" {
            states += &format!("| {scenario} | {} | {splits} | {bound} | {executions} |\n", threads - 1);
        } else if row.checker == "loom" && !job.is_specimen() {
            explored += &format!("| {scenario} | {pass} | {threads} | {splits} | {bound} | {executions} |\n");
        }
    }
    write_into(&folder.join("checking.md"), "prove", &explored)?;
    write_into(&folder.join("casebook.md"), "jobs", &of_jobs)?;
    write_into(&folder.join("protocol.md"), "states", &states)?;
    write_into(&folder.join("protocol.md"), "rules", &rules)?;
    write_into(&folder.join("counterexamples.md"), "rules", &counterexamples)
}

fn print_table(wanted: &[(usize, Job)], rows: &[Row]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["scenario", "checker", "pass", "threads", "splits", "bound", "executions", "time", "verdict"]);
    for column in [3, 4, 6, 7] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for ((_, job), row) in wanted.iter().zip(rows) {
        if job.is_specimen() {
            continue;
        }
        table.add_row([
            row.scenario.clone(),
            row.checker.clone(),
            row.pass.clone(),
            row.threads.to_string(),
            row.splits.to_string(),
            row.bound.clone(),
            grouped(row.executions),
            format!("{:.1} s", row.seconds),
            match row.verdict {
                Verdict::Holds => "holds".into(),
                Verdict::Violated => "VIOLATED".into(),
            },
        ]);
    }
    println!("{table}\n");
    for ((_, job), row) in wanted.iter().zip(rows) {
        match (&row.violation, job.is_specimen()) {
            _ if job.is_without_a_rule() => {}
            (Some(violation), true) => {
                println!("{} in {}: caught in execution {}", row.subject, row.scenario, grouped(row.executions));
                println!("{violation}\n{}", lanes(&row.steps));
            }
            (None, true) => println!(
                "{} in {}: holds, {} executions; another scenario catches it\n",
                row.subject,
                row.scenario,
                grouped(row.executions)
            ),
            (Some(violation), false) => {
                println!(
                    "{} ({} {}): VIOLATED in execution {}",
                    row.scenario,
                    row.checker,
                    row.pass,
                    grouped(row.executions)
                );
                println!("{violation}");
                if !row.steps.is_empty() {
                    println!("{}", lanes(&row.steps));
                }
                let schedule = row.schedule.as_ref().map(|file| format!(" --schedule {}", file.display()));
                let schedule = schedule.unwrap_or_default();
                println!("again, with all that it says: turnstile replay {} {}{schedule}\n", row.scenario, row.pass);
            }
            (None, false) => {}
        }
    }
}

/// The rules of the protocol, and what comes of leaving each of them out; asked for by name, step by step.
fn print_rules(wanted: &[(usize, Job)], rows: &[Row], in_full: bool) {
    let mut rules =
        wanted.iter().zip(rows).filter(|((_, job), _)| job.is_without_a_rule()).map(|(_, row)| row).peekable();
    if rules.peek().is_none() {
        return;
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["without the rule", "what is violated", "steps", "states"]);
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut pictures = String::new();
    for row in rules {
        let violation = row.violation.as_deref().unwrap_or("NOTHING: the rule is not needed, or nothing sees it");
        table.add_row([&*row.subject, violation, &row.steps.len().to_string(), &grouped(row.executions)]);
        pictures += &format!("without {}: {violation}\n{}\n", row.subject, lanes(&row.steps));
    }
    println!("{table}\n");
    if in_full {
        println!("{pictures}");
    } else {
        println!("step by step: turnstile prove --filter protocol-rules\n");
    }
}

/// Runs the jobs in children, long ones first, and answers with their rows in the order of the jobs.
pub(crate) fn run_all(wanted: &[(usize, Job)]) -> io::Result<Vec<Row>> {
    let line = |row: &Row| {
        let Row { subject, scenario, checker, pass, executions, seconds, .. } = row;
        format!("{subject} {scenario} {checker} {pass}: {} executions in {seconds:.1} s", grouped(*executions))
    };
    children::run_all(wanted, |(_, job)| job.weight, |(index, job), bar| run_child(*index, job, bar), line)
}

fn run_child(index: usize, job: &Job, bar: &ProgressBar) -> io::Result<Row> {
    bar.set_message(job.title());
    let mut executions = 0;
    let row = children::listen(&["job".into(), index.to_string()], |message| match message {
        Message::Executions(so_far) => {
            executions = so_far;
            bar.set_message(format!("{}: {} executions", job.title(), grouped(so_far)));
            ControlFlow::Continue(())
        }
        Message::Done(row) => ControlFlow::Break(*row),
    })?;
    // It died without a word, as loom does on a deadlock with wakers alive: that is a finding, not an accident.
    Ok(row.unwrap_or_else(|status| {
        job.died(executions, format!("the checker aborted ({status}): a deadlock, that is, a lost wake-up"))
    }))
}
