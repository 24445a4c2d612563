//! All of the evidence on one page.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use turnstile_kit::journal::Step;

use crate::coverage::Coverage;
use crate::docs::{about, grouped, write_into};
use crate::mutants::{self, Fate};
use crate::plan::{self, Verdict};

mod page;

/// What to read, and what to write.
#[derive(Clone, Debug)]
pub struct Options {
    /// A folder with what the other commands print, to be read, or to be filled.
    pub from: PathBuf,
    /// The page.
    pub out: PathBuf,
    /// An object instead of the page.
    pub json: bool,
    /// A folder with `evidence.md`, to be brought up to date.
    pub doc: Option<PathBuf>,
}

/// A reader that is known to be broken, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Specimen {
    /// Its number.
    pub case: String,
    /// Its name.
    pub slug: String,
    /// What it breaks.
    pub guarantee: String,
    /// Where it is caught.
    pub scenario: String,
    /// By what.
    pub checker: String,
    /// How far that explores.
    pub bound: String,
    /// Until it shows.
    pub executions: u64,
    /// Was it?
    pub caught: bool,
    /// What was violated.
    pub violation: Option<String>,
    /// The interleaving.
    pub steps: Option<Vec<Step>>,
}

/// All of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// What was checked: the commit, and whether something was changed since.
    pub commit: String,
    /// When, as the clock of the machine says.
    pub date: String,
    /// The scenarios.
    pub prove: Vec<plan::Row>,
    /// Pairs, branches and corners.
    pub coverage: Coverage,
    /// What is necessary.
    pub mutants: Vec<mutants::Row>,
    /// What is caught.
    pub casebook: Vec<Specimen>,
}

/// What Turnstile promises, and what the names of the scenarios begin with that hold it to that.
const PROMISES: &[(&str, &[&str])] = &[
    (
        "Each split is emitted exactly once. It is handed out again only if it was given back, and after a restore from its position on.",
        &["assign-", "batch-", "two-", "full-", "room-", "poll", "lease-", "whole-", "every-", "alone", "linearizable"],
    ),
    (
        "Finished is final: it is answered only if, at one instant, the end was announced and every accepted split was completed.",
        &[
            "assign-signal",
            "batch-then",
            "nothing-after",
            "payload-",
            "late-signal",
            "early-end",
            "every-",
            "linearizable",
        ],
    ),
    (
        "A checkpoint is one cut: rows before it are emitted, everything else is in the snapshot, with positions.",
        &["cut-", "inbox-", "request-", "blocking-", "one-cut", "every-", "linearizable"],
    ),
    (
        "No wake-up is lost: whatever ends a Pending wakes the poller.",
        &["wake-", "two-assigners-wake", "poll-gives", "every-pair"],
    ),
    (
        "Nothing is dropped: what is refused is handed back, and so is what is left at the end.",
        &["full-", "shutdown-", "alone", "every-"],
    ),
    (
        "Messages may be late, repeated, reordered or lost, and readers may crash: the job ends with each split read once.",
        &["protocol-", "job-"],
    ),
];

/// Rows that hold a promise.
struct Held {
    says: &'static str,
    scenarios: usize,
    exhaustive: usize,
    executions: u64,
    states: u64,
    holds: bool,
}

impl Evidence {
    fn ours(&self) -> impl Iterator<Item = &plan::Row> {
        self.prove.iter().filter(|row| row.subject == "turnstile")
    }

    fn promises(&self) -> impl Iterator<Item = Held> {
        PROMISES.iter().map(|(says, names)| {
            let rows: Vec<_> =
                self.ours().filter(|row| names.iter().any(|name| row.scenario.starts_with(name))).collect();
            let mut scenarios: Vec<&str> = rows.iter().map(|row| &*row.scenario).collect();
            scenarios.dedup();
            let count = |states: bool| {
                rows.iter().filter(|row| (row.pass == "states") == states).map(|row| row.executions).sum()
            };
            Held {
                says,
                scenarios: scenarios.len(),
                exhaustive: rows.iter().filter(|row| row.bound == "exhaustive").count(),
                executions: count(false),
                states: count(true),
                holds: !rows.is_empty() && rows.iter().all(|row| row.verdict == Verdict::Holds),
            }
        })
    }

    fn fates(&self, kind: Option<&str>) -> [usize; 3] {
        let of = |fate| {
            let is_it = |row: &&mutants::Row| row.verdict == fate && kind.is_none_or(|kind| row.kind == kind);
            self.mutants.iter().filter(is_it).count()
        };
        [of(Fate::Killed), of(Fate::Kept), of(Fate::Survived)]
    }

    /// Is there anything that does not hold, is not noticed, or is not caught?
    fn is_whole(&self) -> bool {
        self.ours().all(|row| row.verdict == Verdict::Holds)
            && self.fates(None)[2] == 0
            && self.coverage.missing().is_empty()
            && self.casebook.iter().all(|specimen| specimen.caught)
    }

    /// By checker and pass: runs, exhaustive ones, executions or states.
    fn by_pass(&self) -> Vec<(String, usize, usize, u64)> {
        let mut table: Vec<(String, usize, usize, u64)> = Vec::new();
        for row in self.ours() {
            let name = format!("{}, {}", row.checker, row.pass);
            let at = table.iter().position(|(known, ..)| *known == name).unwrap_or_else(|| {
                table.push((name, 0, 0, 0));
                table.len() - 1
            });
            table[at].1 += 1;
            table[at].2 += usize::from(row.bound == "exhaustive");
            table[at].3 += row.executions;
        }
        table
    }
}

/// Gathers what is missing, and writes the page. Succeeds if nothing is wrong in it.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    fs::create_dir_all(&options.from).map_err(about(&options.from))?;
    let evidence = Evidence {
        commit: output("git", &["describe", "--always", "--dirty"]),
        date: output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        prove: gather(&options.from, "prove")?,
        coverage: gather(&options.from, "coverage")?,
        mutants: gather(&options.from, "mutants")?,
        casebook: gather(&options.from, "casebook")?,
    };
    if let Some(folder) = &options.doc {
        write_into(&folder.join("evidence.md"), "evidence", &document(&evidence))?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&evidence)?);
    } else {
        if let Some(folder) = options.out.parent() {
            fs::create_dir_all(folder).map_err(about(folder))?;
        }
        fs::write(&options.out, page::html(&evidence)).map_err(about(&options.out))?;
        println!("{}", options.out.display());
    }
    Ok(ExitCode::from(u8::from(!evidence.is_whole())))
}

/// What a command said, or nothing.
fn output(command: &str, arguments: &[&str]) -> String {
    let said = Command::new(command).args(arguments).stderr(Stdio::null()).output();
    said.map_or(String::new(), |said| String::from_utf8_lossy(&said.stdout).trim().into())
}

/// What this command prints as JSON: from its file, which is written first if there is none.
fn gather<T: DeserializeOwned>(folder: &Path, command: &str) -> io::Result<T> {
    let file = folder.join(format!("{command}.json"));
    if !file.exists() {
        eprintln!("turnstile {command} --json > {}", file.display());
        let unfinished = file.with_extension("unfinished");
        let into = File::create(&unfinished).map_err(about(&unfinished))?;
        // It says by its status that something is wrong, and so does the page.
        Command::new(std::env::current_exe()?).args([command, "--json"]).stdout(into).status()?;
        fs::rename(&unfinished, &file).map_err(about(&file))?;
    }
    let text = fs::read_to_string(&file).map_err(about(&file))?;
    serde_json::from_str(&text).map_err(|error| {
        let says = format!("{}: {error}: remove it to have it written again", file.display());
        io::Error::new(io::ErrorKind::InvalidData, says)
    })
}

/// What does not depend on the machine.
fn document(evidence: &Evidence) -> String {
    let mut text =
        String::from("\n| promised | scenarios | exhaustive runs | executions | states |\n|---|--:|--:|--:|--:|\n");
    for Held { says, scenarios, exhaustive, executions, states, holds } in evidence.promises() {
        let says = if holds { says.to_string() } else { format!("**Violated:** {says}") };
        text += &format!("| {says} | {scenarios} | {exhaustive} | {} | {} |\n", grouped(executions), grouped(states));
    }
    text += "\n| checker, pass | runs | exhaustive | executions or states |\n|---|--:|--:|--:|\n";
    for (name, runs, exhaustive, executions) in evidence.by_pass() {
        text += &format!("| {name} | {runs} | {exhaustive} | {} |\n", grouped(executions));
    }
    // The rest takes ten minutes, and has a document of its own.
    let [killed, kept, survive] = evidence.fates(Some("ordering"));
    text += &format!(
        "\n* Memory orderings, each weaker by one step: {killed} are noticed by a model, {kept} are [kept for a reason](memory-ordering.md), {survive} survive. Guards, steps and their order: [what is necessary](mutants.md).\n"
    );
    let Coverage { pairs, branches, corners } = &evidence.coverage;
    let excused = pairs.iter().filter(|pair| pair.why_not.is_some()).count();
    let taken = branches.iter().filter(|way| way.executions > 0).count();
    text += &format!(
        "* Pairs of public operations: {}; explored at once: {}, in every situation in which both are possible; with a reason why they never are: {excused}.\n",
        pairs.len(),
        pairs.len() - excused
    );
    text += &format!("* Ways to go at a branch of the core: {}; taken: {taken}.\n", branches.len());
    text +=
        &format!("* Corners: {}; reached: {}.\n", corners.len(), corners.iter().filter(|of| of.executions > 0).count());
    let caught = evidence.casebook.iter().filter(|specimen| specimen.caught).count();
    text += &format!("* Specimens of public bugs: {}; caught: {caught}.\n", evidence.casebook.len());
    text
}

/// What is altered.
const KINDS: [(&str, &str); 4] = [
    ("ordering", "a memory ordering, weaker by one step"),
    ("guard", "a condition, decided beforehand or in part"),
    ("step", "a step, left out"),
    ("order", "two neighbouring steps, exchanged"),
];
