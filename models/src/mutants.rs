//! Is everything in the core necessary? Each ordering is weakened by itself, each guard decided beforehand, each step left out, each
//! two neighbouring steps exchanged; and some model has to fail.
//!
//! What can be altered is not listed here: it is found in the source, by the build script of `turnstile_altered`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use turnstile_altered::altered::{ALTERATIONS, Alteration, alter};
use turnstile_kit::engine::on_panic;

use crate::children::{self, say};
use crate::docs::{grouped, write_into};
use crate::model::{Model, QUICK};

mod kept;
use kept::why_kept;

/// What to print, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only what is altered in a function whose name contains this.
    pub filter: Option<String>,
    /// Nothing but orderings.
    pub orderings: bool,
    /// Of what is noticed: which other model would, if the one that did were not there?
    pub twice: bool,
    /// An array of objects instead of a table.
    pub json: bool,
    /// A folder with `memory-ordering.md` and `mutants.md`, to be brought up to date.
    pub doc: Option<PathBuf>,
}

/// What came of one alteration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// `file:line`.
    pub site: String,
    /// The function, as its users call it.
    #[serde(rename = "in")]
    pub function: String,
    /// `ordering`, `guard`, `step` or `order`.
    pub kind: String,
    /// What stands there.
    pub code: String,
    /// The edges that the comment above an ordering names.
    pub edges: Vec<String>,
    /// What became of it.
    pub change: String,
    /// The model and the pass that noticed.
    pub killed_by: Option<String>,
    /// Another model that notices too, where one was looked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub also_killed_by: Option<String>,
    /// Of the model that noticed, until it did; of all models, if none did.
    pub executions: u64,
    /// Is it needed?
    pub verdict: Fate,
    /// Why it stays all the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
}

/// Is it needed?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
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
    /// And is in this execution of it. What is altered may end the process at any moment.
    Executes(u64),
    /// A model has failed, in that execution.
    Killed(String, u64),
    /// None has, in so many executions of all.
    Survived(u64),
}

/// What a child looks for.
#[derive(Clone, Debug)]
struct Search {
    /// One of [`ALTERATIONS`]; without one, nothing is altered.
    alteration: Option<usize>,
    /// Only this model.
    only: Option<String>,
    /// Every model but those of this scenario.
    without: Option<String>,
}

impl Search {
    /// What a child is told.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["mutant".to_string()];
        arguments.extend(self.alteration.map(|number| format!("--alteration={number}")));
        arguments.extend(self.only.as_ref().map(|model| format!("--only={model}")));
        arguments.extend(self.without.as_ref().map(|scenario| format!("--without={scenario}")));
        arguments
    }

    fn models(&self) -> impl Iterator<Item = Model> {
        let alteration = self.alteration.map(|number| &ALTERATIONS[number]);
        let is_kept = alteration.is_some_and(|alteration| why_kept(alteration).is_some());
        let only_blocking = alteration.is_some_and(|alteration| alteration.function.starts_with("blocking::"));
        // What is kept for a reason, or noticed already, need not be looked for as far.
        let is_short = is_kept || self.without.is_some();
        let Self { only, without, .. } = self.clone();
        Model::all()
            .into_iter()
            .filter(move |model| only.as_ref().is_none_or(|name| model.name() == *name))
            .filter(move |model| without.as_ref().is_none_or(|family| model.family() != family))
            .filter(move |model| !only_blocking || model.is_blocking())
            .filter(move |model| !is_short || model.weight() <= QUICK)
            .map(move |model| if is_short { model.at_most(FEW_PREEMPTIONS) } else { model })
    }

    /// Which model fails, and in which of its executions; if none does, how many there were.
    fn run(&self, title: &str, bar: &ProgressBar) -> io::Result<(Option<String>, u64)> {
        let (mut model, mut execution) = (String::new(), 0);
        let found = children::listen(&self.arguments(), |message| {
            match message {
                Message::Begins(name) => {
                    bar.set_message(format!("{title}: {name}"));
                    (model, execution) = (name, 0);
                }
                Message::Executes(n) => execution = n,
                Message::Killed(name, executions) => return ControlFlow::Break((Some(name), executions)),
                Message::Survived(executions) => return ControlFlow::Break((None, executions)),
            }
            ControlFlow::Continue(())
        })?;
        match found {
            Ok(found) => Ok(found),
            // loom aborts when a lost wake-up is torn down, and memory that is no split's ends the process: that is a model that has failed.
            Err(_) if execution > 0 => Ok((Some(model), execution)),
            Err(status) => {
                Err(io::Error::other(format!("{title}: {status} before {model} was explored, which shows nothing")))
            }
        }
    }
}

/// How far is looked for what is kept for a reason, and for who else notices.
const FEW_PREEMPTIONS: usize = 2;
/// An execution takes less than a millisecond. One that takes so long does not end.
const HANGS: Duration = Duration::from_secs(20);
/// What is altered may ask for all memory there is.
const MEMORY: u64 = 4 << 30;

/// The child: explores one model after the other with this altered, until one fails.
///
/// # Errors
///
/// The system does not let itself be limited.
pub fn run_mutant(alteration: Option<usize>, only: Option<String>, without: Option<String>) -> io::Result<ExitCode> {
    rlimit::setrlimit(rlimit::Resource::AS, MEMORY, MEMORY)?;
    let search = Search { alteration, only, without };
    let now = Arc::new(Now::default());
    on_panic({
        let now = now.clone();
        move |_| say(&Message::Executes(now.execution.load(Ordering::Relaxed)))
    });
    watch_for_hangs(now.clone());
    let mut all = 0;
    for model in search.models() {
        say(&Message::Begins(model.name()));
        now.begin(model.name());
        alter(alteration);
        let count = now.clone();
        let (fails, executions) = model.explore(move |n| {
            count.execution.store(n, Ordering::Relaxed);
            if n < 100 || n.is_multiple_of(100) {
                say(&Message::Executes(n));
            }
        });
        alter(None);
        if fails {
            say(&Message::Killed(model.name(), executions));
            return Ok(ExitCode::SUCCESS);
        }
        all += executions;
    }
    say(&Message::Survived(all));
    Ok(ExitCode::SUCCESS)
}

/// What the child is at.
#[derive(Default)]
struct Now {
    model: Mutex<(u64, String)>,
    execution: AtomicU64,
}

impl Now {
    fn begin(&self, model: String) {
        let mut now = self.model.lock().expect("no panic inside");
        *now = (now.0 + 1, model);
        self.execution.store(0, Ordering::Relaxed);
    }
}

/// Ends the process, as killed by the model that it is at, when an execution does not end.
fn watch_for_hangs(now: Arc<Now>) {
    thread::spawn(move || {
        let (mut last, mut since) = ((0, 0), Duration::ZERO);
        let tick = HANGS / 20;
        loop {
            thread::sleep(tick);
            let (number, model) = now.model.lock().expect("no panic inside").clone();
            let execution = now.execution.load(Ordering::Relaxed);
            since = if (number, execution) == last { since + tick } else { Duration::ZERO };
            last = (number, execution);
            if since > HANGS {
                say(&Message::Killed(model, execution));
                std::process::exit(0);
            }
        }
    });
}

fn row(alteration: &Alteration, killed_by: Option<String>, also_killed_by: Option<String>, executions: u64) -> Row {
    let Alteration { file, line, function, kind, code, change, edges } = *alteration;
    let why = why_kept(alteration).filter(|_| killed_by.is_none()).map(String::from);
    let verdict = match (&killed_by, &why) {
        (Some(_), _) => Fate::Killed,
        (None, Some(_)) => Fate::Kept,
        (None, None) => Fate::Survived,
    };
    Row {
        site: format!("{file}:{line}"),
        function: function.into(),
        kind: kind.into(),
        code: code.into(),
        edges: edges.iter().copied().map(String::from).collect(),
        change: change.into(),
        killed_by,
        also_killed_by,
        executions,
        verdict,
        why,
    }
}

/// Alters everything, one at a time, and prints which model noticed. Succeeds if nothing survives without a reason.
///
/// # Errors
///
/// A document cannot be written, or a child cannot be started.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    let is_wanted = |of: &Alteration| {
        (!options.orderings || of.kind == "ordering")
            && (!options.twice || why_kept(of).is_none())
            && options.filter.as_ref().is_none_or(|part| of.function.contains(&**part))
    };
    let wanted: Vec<usize> = (0..ALTERATIONS.len()).filter(|&number| is_wanted(&ALTERATIONS[number])).collect();
    if wanted.is_empty() {
        let functions: BTreeSet<&str> = ALTERATIONS.iter().map(|alteration| alteration.function).collect();
        let functions = functions.into_iter().collect::<Vec<_>>().join(", ");
        eprintln!("no function is called {:?}; there are: {functions}", options.filter.as_deref().unwrap_or(""));
        return Ok(ExitCode::from(2));
    }
    let rows = children::run_all(
        &wanted,
        |&number| u32::from(why_kept(&ALTERATIONS[number]).is_some()),
        |&number, bar| look(number, options.twice, bar),
        |row: &Row| format!("{} {}: {}", row.site, row.change, row.killed_by.as_deref().unwrap_or("no model notices")),
    )?;
    let control = control(&rows)?;
    if let Some(folder) = &options.doc {
        if options.twice {
            write_into(&folder.join("mutants.md"), "models", &of_the_models(&rows))?;
        } else {
            write_into(&folder.join("memory-ordering.md"), "mutants", &of_orderings(&rows))?;
            if !options.orderings {
                write_into(&folder.join("mutants.md"), "mutants", &of_the_rest(&rows))?;
            }
        }
    }
    let count = |fate: Fate| rows.iter().filter(|row| row.verdict == fate).count();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_table(&rows);
        let (killed, kept, survived) = (count(Fate::Killed), count(Fate::Kept), count(Fate::Survived));
        println!("\n{} alterations: {killed} killed, {kept} kept for a reason, {survived} survive.", rows.len());
        println!("With nothing altered, the {control} models that noticed hold.");
    }
    Ok(ExitCode::from(u8::from(count(Fate::Survived) > 0)))
}

/// Explores every model that noticed something once more, with nothing altered. How many there are.
fn control(rows: &[Row]) -> io::Result<usize> {
    eprintln!("the models that noticed, with nothing altered");
    let noticed = |model: &Model| rows.iter().any(|row| row.killed_by.as_deref() == Some(&model.name()));
    let models: Vec<Model> = Model::all().into_iter().filter(noticed).collect();
    let fails = children::run_all(
        &models,
        Model::weight,
        |model, bar| {
            let search = Search { alteration: None, only: Some(model.name()), without: None };
            Ok(search.run("nothing altered", bar)?.0)
        },
        |fails| fails.clone().unwrap_or_else(|| "holds".into()),
    )?;
    match fails.into_iter().flatten().next() {
        Some(model) => Err(io::Error::other(format!("{model} fails with nothing altered, and proves nothing"))),
        None => Ok(models.len()),
    }
}

fn look(number: usize, twice: bool, bar: &ProgressBar) -> io::Result<Row> {
    let alteration = &ALTERATIONS[number];
    let title = format!("{}:{} {}", alteration.file, alteration.line, alteration.change);
    let search = Search { alteration: Some(number), only: None, without: None };
    let (killed_by, executions) = search.run(&title, bar)?;
    let also = match &killed_by {
        Some(model) if twice => Search { without: Some(family(model).into()), ..search }.run(&title, bar)?.0,
        _ => None,
    };
    Ok(row(alteration, killed_by, also, executions))
}

fn print_table(rows: &[Row]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["site", "in", "what", "change", "killed by", "executions", ""]);
    if let Some(column) = table.column_mut(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in rows {
        let (killed_by, verdict) = match row.verdict {
            Fate::Killed => (row.killed_by.as_deref().unwrap_or(""), "killed"),
            Fate::Kept => (row.why.as_deref().unwrap_or(""), "kept"),
            Fate::Survived => ("", "SURVIVES"),
        };
        let executions = grouped(row.executions);
        table.add_row([&*row.site, &row.function, &short(&row.code), &row.change, killed_by, &executions, verdict]);
    }
    println!("{table}");
}

/// Where, what and how, as in the documents.
fn place(site: &str, code: &str, change: &str) -> String {
    let code = short(code).replace('|', "\\|");
    format!("| {} | `{code}` | {change} |", site.trim_start_matches("core/src/"))
}

/// The beginning, if it is long.
fn short(code: &str) -> String {
    const LONG: usize = 60;
    if code.chars().count() <= LONG { code.into() } else { code.chars().take(LONG - 1).chain(['…']).collect() }
}

/// The table of the orderings.
fn of_orderings(rows: &[Row]) -> String {
    let mut text = String::from("\n| operation | edges | change | killed by | in execution |\n|---|---|---|---|--:|\n");
    for row in rows.iter().filter(|row| row.kind == "ordering") {
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

/// What is kept, by its reason; and the table of what is noticed, by its function.
fn of_the_rest(rows: &[Row]) -> String {
    let rest = || rows.iter().filter(|row| row.kind != "ordering");
    let place = |row: &Row| place(&row.site, &row.code, &row.change);
    let mut reasons: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rest() {
        if let Some(why) = &row.why {
            reasons.entry(why).or_default().push(row);
        }
    }
    let mut text = String::from("\n## Kept\n\n| site | what stands there | change | because |\n|---|---|---|---|\n");
    for (why, rows) in reasons {
        for row in rows {
            text += &format!("{} {why} |\n", place(row));
        }
    }
    text += "\n## Noticed\n\n| site | what stands there | change | killed by | in execution |\n|---|---|---|---|--:|\n";
    for row in rest().filter(|row| row.why.is_none()) {
        let by = row.killed_by.as_deref().unwrap_or("**survives**");
        text += &format!("{} {by} | {} |\n", place(row), grouped(row.executions));
    }
    text
}

/// The scenario of a model, by its name.
fn family(name: &str) -> &'static str {
    Model::all().iter().find(|model| model.name() == name).expect("it has noticed something").family()
}

/// What goes red without which scenario; and without which nothing does.
fn of_the_models(rows: &[Row]) -> String {
    let mut alone: BTreeMap<&str, Vec<&Row>> = Model::all().iter().map(|model| (model.family(), Vec::new())).collect();
    for row in rows.iter().filter(|row| row.also_killed_by.is_none()) {
        if let Some(name) = &row.killed_by {
            alone.entry(family(name)).or_default().push(row);
        }
    }
    let mut text = String::from("\n| without | survive | for instance | change |\n|---|--:|---|---|\n");
    for (scenario, rows) in alone.iter().filter(|(_, rows)| !rows.is_empty()) {
        let Row { function, code, change, .. } = rows[0];
        let code = short(code).replace('|', "\\|");
        text += &format!("| `{scenario}` | {} | `{function}`: `{code}` | {change} |\n", rows.len());
    }
    let others = alone.iter().filter(|(_, rows)| rows.is_empty()).map(|(scenario, _)| format!("`{scenario}`"));
    text + "\nWithout any one of these nothing survives, because another notices: "
        + &others.collect::<Vec<_>>().join(", ")
        + ".\n\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_judges_everything_that_can_be_left_out_and_nothing_else() {
        const DOCUMENT: &str = include_str!("../../docs/mutants.md");
        let mut rows: Vec<&str> = DOCUMENT.lines().filter(|line| line.contains(".rs:")).collect();
        for Alteration { file, line, code, change, .. } in ALTERATIONS.iter().filter(|of| of.kind != "ordering") {
            let row = place(&format!("{file}:{line}"), code, change);
            let at = rows.iter().position(|known| known.starts_with(&row));
            rows.remove(at.unwrap_or_else(|| panic!("{row}: run turnstile mutants --doc docs")));
        }
        assert!(rows.is_empty(), "run turnstile mutants --doc docs: {rows:?}");
        assert!(!DOCUMENT.contains("**survives**"));
    }
}
