//! Is every ordering of the core necessary? Each is weakened by itself, and some model has to fail.
//!
//! The places are not listed: they are where the models pass. One that no model reaches is in the source and not among them, and that
//! is an error as well.

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Order};

use comfy_table::{CellAlignment, Table, presets};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use turnstile_kit::engine::on_panic;
use turnstile_loom::sync::{Ordering, Site, reached, weaken};

use crate::children::{self, say};
use crate::docs::{grouped, write_into};
use crate::plan::{Job, Verdict, jobs};
use crate::prove;

/// What to print, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// An array of objects instead of a table.
    pub json: bool,
    /// A folder with `memory-ordering.md`, to be brought up to date.
    pub doc: Option<PathBuf>,
}

/// The files with atomic operations, as they were compiled.
const SOURCES: [(&str, &str); 2] = [
    ("core/src/ring.rs", include_str!("../../core/src/ring.rs")),
    ("core/src/seat.rs", include_str!("../../core/src/seat.rs")),
];

/// Orderings that no model here can see missing, by a part of their line and the change, and where it is argued why they stay.
const KEPT: &[(&str, &str, &str)] = &[
    ("fetch_or(Seat::KNOCK, Release)", "Release to Relaxed", LOAD_BUFFERING),
    ("fetch_and(!Seat::HELD, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("fetch_and(!(Seat::HELD | Seat::KNOCK), AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("fetch_and(!Seat::OUT, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("fetch_add(Seat::OUT_TO_DONE, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("fetch_or(Seat::ASKED, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
];

const LOAD_BUFFERING: &str = "it forbids load buffering, which no engine here produces";

/// One ordering, and a weaker one in its place.
#[derive(Clone, Copy, Debug)]
struct Mutant {
    site: Site,
    weaker: Ordering,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    /// `file:line`.
    site: String,
    /// What stands there.
    code: String,
    /// The edges that its comment names.
    edges: Vec<String>,
    /// From which ordering to which.
    change: String,
    /// The model and the pass that noticed.
    killed_by: Option<String>,
    /// Of that model, until it did; of all models, if none did.
    executions: u64,
    verdict: Fate,
    /// Why it stays all the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    why: Option<String>,
}

/// Is it needed?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fate {
    /// A model fails without it.
    Killed,
    /// No model does, and there is a reason.
    Kept,
    /// No model does.
    Survived,
}

/// What a child says.
#[derive(Serialize, Deserialize)]
enum Message {
    /// It explores this model.
    Begins(String),
    /// This execution of it has panicked. loom may abort now.
    Panics(u64),
    /// A model has failed, in that execution.
    Killed(String, u64),
    /// None has, in so many executions of all.
    Survived(u64),
}

fn is_model(job: &Job) -> bool {
    job.checker_name() == "loom" && !job.is_specimen() && !job.deep
}

/// The models, those first that are quick to fail.
fn models() -> Vec<Job> {
    let mut models: Vec<Job> = jobs().into_iter().filter(is_model).collect();
    models.sort_by_key(|job| job.weight);
    models
}

fn name(job: &Job) -> String {
    format!("{}, {}", job.scenario(), job.pass())
}

/// How the file is called from the root of the project.
fn file(site: &Site) -> &'static str {
    let known = SOURCES.iter().map(|(file, _)| *file).find(|file| site.file.ends_with(file));
    known.unwrap_or(site.file)
}

/// What is weaker than this by one step.
fn weaker(order: Ordering) -> &'static [Ordering] {
    match order {
        Ordering::Acquire | Ordering::Release => &[Ordering::Relaxed],
        Ordering::AcqRel => &[Ordering::Acquire, Ordering::Release],
        _ => &[],
    }
}

/// Every ordering that the models reach, weakened in each way.
///
/// # Errors
///
/// Some ordering in the source is not reached, or one is reached elsewhere.
fn mutants() -> io::Result<Vec<Mutant>> {
    let _ = reached();
    for job in models().iter().filter(|job| job.weight <= 1) {
        let _ = job.run(|_| ());
    }
    let mut sites = reached();
    sites.sort_by_key(|site| (file(site), site.line));
    let there: Vec<(&str, u32)> = sites.iter().map(|site| (file(site), site.line)).collect();
    for (file, source) in SOURCES {
        let missed = (1..).zip(source.lines()).find(|(line, text)| is_ordered(text) && !there.contains(&(file, *line)));
        if let Some((line, text)) = missed {
            return Err(io::Error::other(format!("{file}:{line}: no quick model reaches `{}`", text.trim())));
        }
    }
    if let Some((file, line)) = there.iter().find(|(file, _)| SOURCES.iter().all(|(known, _)| known != file)) {
        return Err(io::Error::other(format!("{file}:{line} has an atomic operation: add the file to SOURCES")));
    }
    let weakened = |site: Site| weaker(site.order).iter().map(move |weaker| Mutant { site, weaker: *weaker });
    Ok(sites.into_iter().flat_map(weakened).collect())
}

/// Is this line an atomic operation with an ordering that can be weakened?
fn is_ordered(line: &str) -> bool {
    let operations = [".load(", ".store(", ".swap(", ".fetch_", ".compare_exchange"];
    let is_code = !line.trim_start().starts_with("//");
    is_code
        && operations.iter().any(|operation| line.contains(operation))
        && ["Acquire", "Release", "AcqRel"].iter().any(|order| line.contains(order))
}

impl Mutant {
    /// The line, and the edges in the comment above it.
    fn code(&self) -> (String, Vec<String>) {
        let source = SOURCES.iter().find(|(known, _)| *known == file(&self.site)).map_or("", |(_, source)| source);
        let lines: Vec<&str> = source.lines().take(self.site.line as usize).collect();
        let Some((code, above)) = lines.split_last() else { return Default::default() };
        let comment: Vec<&str> = above.iter().rev().copied().take_while(|line| line.trim().starts_with("//")).collect();
        let comment = comment.into_iter().rev().collect::<Vec<_>>().join(" ");
        let said = comment.split_once("ORD: ").map_or("", |(_, said)| said);
        let mut edges: Vec<String> = said.split('`').skip(1).step_by(2).map(String::from).collect();
        edges.dedup();
        (code.trim().to_string(), edges)
    }

    fn change(&self) -> String {
        format!("{:?} to {:?}", self.site.order, self.weaker)
    }

    fn why_kept(&self) -> Option<&'static str> {
        let (code, _) = self.code();
        KEPT.iter().find(|(part, change, _)| code.contains(part) && *change == self.change()).map(|(.., why)| *why)
    }

    fn row(&self, killed_by: Option<String>, executions: u64) -> Row {
        let (code, edges) = self.code();
        let why = self.why_kept().filter(|_| killed_by.is_none()).map(String::from);
        let verdict = match (&killed_by, &why) {
            (Some(_), _) => Fate::Killed,
            (None, Some(_)) => Fate::Kept,
            (None, None) => Fate::Survived,
        };
        let site = format!("{}:{}", file(&self.site), self.site.line);
        Row { site, code, edges, change: self.change(), killed_by, executions, verdict, why }
    }

    /// What a child is told.
    fn arguments(&self) -> Vec<String> {
        let Site { file, line, order } = self.site;
        vec!["mutant".into(), file.into(), line.to_string(), format!("{order:?}"), format!("{:?}", self.weaker)]
    }
}

/// The child: explores one model after the other with this ordering weakened, until one fails.
///
/// # Errors
///
/// An ordering has another name.
pub fn run_mutant(file: &str, line: u32, order: &str, weaker: &str) -> io::Result<ExitCode> {
    let named = |name: &str| {
        let all = [Ordering::Relaxed, Ordering::Acquire, Ordering::Release, Ordering::AcqRel];
        let found = all.into_iter().find(|order| format!("{order:?}") == name);
        found.ok_or_else(|| io::Error::other(format!("there is no ordering {name}")))
    };
    // For as long as the process lives.
    let site = Site { file: file.to_string().leak(), line, order: named(order)? };
    let weaker = named(weaker)?;
    let is_kept = Mutant { site, weaker }.why_kept().is_some();
    let execution = Arc::new(AtomicU64::new(0));
    let of_panic = execution.clone();
    on_panic(move |_| say(&Message::Panics(of_panic.load(Order::Relaxed))));
    let mut all = 0;
    // What is kept for a reason need not be looked for as long.
    for job in models().iter().filter(|job| !is_kept || job.weight <= 1) {
        say(&Message::Begins(name(job)));
        weaken(Some((site, weaker)));
        let count = execution.clone();
        let row = job.run(move |n| count.store(n, Order::Relaxed));
        weaken(None);
        if row.verdict == Verdict::Violated {
            say(&Message::Killed(name(job), row.executions));
            return Ok(ExitCode::SUCCESS);
        }
        all += row.executions;
    }
    say(&Message::Survived(all));
    Ok(ExitCode::SUCCESS)
}

/// Weakens every ordering, and prints which model noticed. Succeeds if none survives without a reason.
///
/// # Errors
///
/// A document cannot be written, or a child cannot be started.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    eprintln!("looks for the orderings");
    let mutants = mutants()?;
    let rows = children::run_all(
        &mutants,
        |mutant| u32::from(mutant.why_kept().is_some()),
        look,
        |row: &Row| format!("{} {}: {}", row.site, row.change, row.killed_by.as_deref().unwrap_or("survives")),
    )?;
    let killers: Vec<(usize, Job)> = jobs().into_iter().enumerate().filter(|(_, job)| kills(job, &rows)).collect();
    eprintln!("the models that noticed, with nothing weakened");
    if let Some(row) = prove::run_all(&killers)?.into_iter().find(|row| row.verdict != Verdict::Holds) {
        let violation = row.violation.unwrap_or_default();
        let text = format!("{} fails with nothing weakened, and proves nothing: {violation}", row.scenario);
        return Err(io::Error::other(text));
    }
    if let Some(folder) = &options.doc {
        write_into(&folder.join("memory-ordering.md"), "mutants", &document(&rows))?;
    }
    let count = |fate: Fate| rows.iter().filter(|row| row.verdict == fate).count();
    let survivors = count(Fate::Survived);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_table(&rows);
        let (killed, kept) = (count(Fate::Killed), count(Fate::Kept));
        println!(
            "\n{} weakened orderings: {killed} killed, {kept} kept for a reason, {survivors} survive.",
            rows.len()
        );
        println!("With nothing weakened, the models that noticed hold, in {} explorations.", killers.len());
    }
    Ok(ExitCode::from(u8::from(survivors > 0)))
}

/// Has this model noticed something?
fn kills(job: &Job, rows: &[Row]) -> bool {
    is_model(job) && rows.iter().any(|row| row.killed_by.as_deref() == Some(&name(job)))
}

fn look(mutant: &Mutant, bar: &ProgressBar) -> io::Result<Row> {
    let title = format!("{}:{} {}", file(&mutant.site), mutant.site.line, mutant.change());
    let (mut model, mut execution) = (String::new(), 0);
    let found = children::listen(&mutant.arguments(), |message| {
        match message {
            Message::Begins(name) => {
                bar.set_message(format!("{title}: {name}"));
                (model, execution) = (name, 0);
            }
            Message::Panics(n) => execution = n,
            Message::Killed(name, executions) => return ControlFlow::Break((Some(name), executions)),
            Message::Survived(executions) => return ControlFlow::Break((None, executions)),
        }
        ControlFlow::Continue(())
    })?;
    // loom aborts when a lost wake-up is torn down: that is a model that has failed.
    let (killed_by, executions) = found.unwrap_or((Some(model), execution));
    Ok(mutant.row(killed_by, executions))
}

fn print_table(rows: &[Row]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["site", "edges", "change", "killed by", "executions", ""]);
    if let Some(column) = table.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in rows {
        let (killed_by, verdict) = match row.verdict {
            Fate::Killed => (row.killed_by.as_deref().unwrap_or(""), "killed"),
            Fate::Kept => (row.why.as_deref().unwrap_or(""), "kept"),
            Fate::Survived => ("", "SURVIVES"),
        };
        table.add_row([&*row.site, &row.edges.join(", "), &row.change, killed_by, &grouped(row.executions), verdict]);
    }
    println!("{table}");
}

fn document(rows: &[Row]) -> String {
    let mut text = String::from("\n| operation | edges | change | killed by | in execution |\n|---|---|---|---|--:|\n");
    for row in rows {
        let Row { site, edges, change, killed_by, executions, why, .. } = row;
        let (by, executions) = match (killed_by, why) {
            (Some(by), _) => (by.clone(), grouped(*executions)),
            (None, Some(why)) => (format!("kept: {why}"), String::new()),
            (None, None) => ("**survives**".into(), String::new()),
        };
        let name = site.trim_start_matches("core/src/");
        text += &format!("| {name} | {} | {change} | {by} | {executions} |\n", edges.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ordering_of_the_core_is_reached_and_can_be_weakened() {
        let mutants = mutants().expect("all are reached");
        assert!(mutants.len() > 20, "{}", mutants.len());
        for mutant in &mutants {
            let (code, edges) = mutant.code();
            assert!(is_ordered(&code) && !edges.is_empty(), "{mutant:?}: {code}");
        }
        for (part, change, _) in KEPT {
            let is_there = |mutant: &Mutant| mutant.code().0.contains(part) && mutant.change() == *change;
            assert!(mutants.iter().any(is_there), "{part}, {change}");
        }
    }
}
