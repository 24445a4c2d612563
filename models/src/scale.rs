//! How large a scenario may be, and still be explored to the end without a bound: each grows until a size does not
//! drain in the time it has.

pub mod path;
pub mod pieces;
pub mod run;

mod drain;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use self::drain::{Drained, Message, Search, drain, workers};
use self::run::{Limit, Piece, explore, processor_time};
use crate::children::say;
use crate::docs::{about, grouped, write_into};
use crate::engine::loom::set_reduced;
use crate::litmus::canaries;
use crate::plan::{Checker, GROWING, Growing};

/// What to let grow, and how to print it.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much processor time each size may take, on each of the processors.
    pub minutes: f64,
    /// Only scenarios whose name contains this.
    pub filter: Option<String>,
    /// No more than so many sizes.
    pub sizes: Option<usize>,
    /// Where to write down what is done.
    pub folder: Option<PathBuf>,
    /// Also with threads that begin in a fixed order.
    pub reduced: bool,
    /// An array of rows instead of a table.
    pub json: bool,
    /// A folder with `scale.md`, to be brought up to date.
    pub doc: Option<PathBuf>,
}

/// One size of one scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The claim.
    pub scenario: String,
    /// What loom lets vary.
    pub pass: String,
    /// What grows: `splits` or `assigners`.
    pub grows: String,
    /// Do the threads begin in a fixed order?
    pub reduced: bool,
    /// Threads at this size.
    pub threads: usize,
    /// Splits of each assigning thread.
    pub splits: usize,
    /// Assigning threads.
    pub assigners: usize,
    /// How often it ran.
    pub executions: u64,
    /// How much processor time that took, on each of so many processors.
    pub seconds: f64,
    /// The processors.
    pub processors: usize,
    /// Was everything explored?
    pub drained: bool,
    /// What was violated, if anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub violation: Option<String>,
}

/// The child: a piece, for a while.
///
/// # Errors
///
/// The piece cannot be read.
pub fn run_slice(growing: usize, number: usize, reduced: bool, file: &Path, milliseconds: u64) -> io::Result<ExitCode> {
    let growing = GROWING.get(growing).ok_or_else(|| io::Error::other("nothing grows that has this number"))?;
    let piece: Piece = serde_json::from_slice(&fs::read(file).map_err(about(file))?)?;
    let limit = Limit { executions: u64::MAX, time: Duration::from_millis(milliseconds) };
    let scratch = file.with_extension(std::process::id().to_string());
    turnstile_loom::sync::set_pass(growing.pass);
    let size = growing.size(number);
    set_reduced(reduced.then(|| growing.threads(size) - 1));
    let body = growing.body(size);
    let heard = |executions| say(&Message::Executions(executions));
    let outcome = explore(&piece, limit, &scratch, body, heard)?;
    say(&Message::Done(Box::new(outcome), processor_time()));
    Ok(ExitCode::SUCCESS)
}

/// Lets everything grow that `options` ask for. Fails if anything is violated.
///
/// # Errors
///
/// What is done cannot be written down, or was by another build.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    let name = |growing: &Growing| format!("{} {}", growing.name(), pass(growing));
    let is_wanted =
        |growing: &Growing| options.filter.as_ref().is_none_or(|pattern| name(growing).contains(pattern.as_str()));
    if !GROWING.iter().any(is_wanted) {
        let names: BTreeSet<_> = GROWING.iter().map(name).collect();
        eprintln!("nothing that grows matches; there are: {}", Vec::from_iter(names).join(", "));
        return Ok(ExitCode::from(2));
    }
    if let Err(failure) = canaries::green() {
        eprintln!("{failure}\nloom does not explore what it should: nothing may be called exhaustive.");
        return Ok(ExitCode::from(1));
    }
    let temporary = std::env::temp_dir().join(format!("turnstile-scale-{}", std::process::id()));
    let folder = options.folder.as_deref().unwrap_or(&temporary);
    fs::create_dir_all(folder).map_err(about(folder))?;
    let mut rows = Vec::new();
    for (index, growing) in GROWING.iter().enumerate().filter(|(_, growing)| is_wanted(growing)) {
        for reduced in [false, true] {
            if !reduced || options.reduced {
                rows.extend(grow(index, growing, reduced, options, folder)?);
            }
        }
    }
    if options.folder.is_none() {
        fs::remove_dir_all(folder).map_err(about(folder))?;
    }
    if let Some(docs) = &options.doc {
        write_into(&docs.join("scale.md"), "scale", &document(&rows, options.minutes))?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_table(&rows);
    }
    let holds = rows.iter().all(|row| row.violation.is_none());
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn pass(growing: &Growing) -> String {
    Checker::Loom(growing.pass, None).pass()
}

/// One size after the other, until one does not drain.
fn grow(index: usize, growing: &Growing, reduced: bool, options: &Options, folder: &Path) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let pass = pass(growing);
    for number in 0..options.sizes.unwrap_or(usize::MAX) {
        let size = growing.size(number);
        let threads = growing.threads(size);
        if threads > loom::MAX_THREADS {
            break;
        }
        let mut title = format!("{}-{pass}-{}x{}", growing.name(), size.assigners, size.splits);
        let mut arguments = vec!["slice".into(), index.to_string(), number.to_string()];
        if reduced {
            title += "-reduced";
            arguments.push("--reduced".into());
        }
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a valid template"));
        let search = Search { title, arguments };
        let time = Duration::from_secs_f64(options.minutes * 60.0);
        let Drained { executions, time, is_done, violation } = drain(&search, folder, time, |executions| {
            bar.set_message(format!("{}: {} executions", search.title, grouped(executions)));
            bar.tick();
        })?;
        bar.finish_and_clear();
        let seconds = time.as_secs_f64();
        let how = if is_done { "" } else { ", and more" };
        eprintln!("{}: {} executions{how} in {seconds:.1} s", search.title, grouped(executions));
        let drained = is_done && violation.is_none();
        rows.push(Row {
            scenario: growing.name().into(),
            pass: pass.clone(),
            grows: growing.along().into(),
            reduced,
            threads,
            splits: size.splits,
            assigners: size.assigners,
            executions,
            seconds,
            processors: workers(),
            drained,
            violation,
        });
        if !drained {
            break;
        }
    }
    Ok(rows)
}

/// The rows of one scenario, as they grow.
fn families(rows: &[Row]) -> Vec<Vec<&Row>> {
    let mut families: Vec<Vec<&Row>> = Vec::new();
    let key = |row: &Row| (row.scenario.clone(), row.pass.clone(), row.grows.clone(), row.reduced);
    for row in rows {
        match families.last_mut() {
            Some(family) if key(family[0]) == key(row) => family.push(row),
            _ => families.push(vec![row]),
        }
    }
    families
}

impl Row {
    fn size(&self) -> usize {
        if self.grows == "splits" { self.splits } else { self.assigners }
    }

    /// The size and its executions.
    fn count(&self) -> String {
        let more = if self.drained { "" } else { "> " };
        format!("{}: {more}{}", self.size(), grouped(self.executions))
    }
}

/// The largest size that took no longer, or a dash; nothing, where nobody has waited so long for the next.
fn largest(family: &[&Row], minutes: f64) -> String {
    if family.iter().any(|row| !row.drained && row.seconds < minutes * 60.0) {
        return String::new();
    }
    let within = family.iter().take_while(|row| row.drained && row.seconds <= minutes * 60.0);
    within.last().map_or("–".into(), |row| row.size().to_string())
}

/// Executions in a second, at the largest size.
fn speed(family: &[&Row]) -> String {
    family.last().map_or(String::new(), |row| grouped((row.executions as f64 / row.seconds).round() as u64))
}

fn document(rows: &[Row], waited: f64) -> String {
    let processors = rows.first().map_or(0, |row| row.processors);
    let mut text = format!(
        "\nAt least {waited} min for each size, on each of {processors} processors.\n\n\
         | scenario | pass | grows | threads | executions at each size | a second | 1 min | 10 min | 1 h |\n\
         |---|---|---|--:|---|--:|--:|--:|--:|\n"
    );
    for family in families(rows) {
        let first = family[0];
        let threads: BTreeSet<_> = family.iter().map(|row| row.threads).collect();
        let threads: Vec<_> = threads.iter().map(usize::to_string).collect();
        let counts: Vec<_> = family.iter().map(|row| row.count()).collect();
        let reduced = if first.reduced { ", reduced" } else { "" };
        text += &format!(
            "| {}{reduced} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            first.scenario,
            first.pass,
            first.grows,
            threads.join(", "),
            counts.join(" · "),
            speed(&family),
            largest(&family, 1.0),
            largest(&family, 10.0),
            largest(&family, 60.0)
        );
    }
    text
}

fn print_table(rows: &[Row]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["scenario", "pass", "threads", "assigners", "splits", "executions", "time", "a second", ""]);
    for column in 2..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in rows {
        let reduced = if row.reduced { " (reduced)" } else { "" };
        table.add_row([
            format!("{}{reduced}", row.scenario),
            row.pass.clone(),
            row.threads.to_string(),
            row.assigners.to_string(),
            row.splits.to_string(),
            grouped(row.executions),
            format!("{:.1} s", row.seconds),
            speed(&[row]),
            match &row.violation {
                Some(violation) => format!("VIOLATED: {violation}"),
                None if row.drained => "exhaustive".into(),
                None => "and more".into(),
            },
        ]);
    }
    println!("{table}");
}
