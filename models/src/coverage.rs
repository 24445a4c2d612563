//! Do the models reach what they are there for? Which operations really run at once, and which way control goes at every branch of the
//! core, as the altered core (with nothing altered) says of itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use turnstile_altered::altered::{BRANCHES, Branch, OPERATIONS, Seen, watch};

use crate::children;
use crate::docs::{grouped, write_into};
use crate::litmus;
use crate::model::{Model, QUICK};
use crate::pairs::{Cell, cells, function};

mod corners;
use corners::{CORNERS, Corner, why_never};

/// What to print, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// An object instead of tables.
    pub json: bool,
    /// A folder with `coverage.md`, to be brought up to date.
    pub doc: Option<PathBuf>,
}

/// What a model has reached.
struct Reached {
    model: Model,
    executions: u64,
    seen: Seen,
}

/// Two operations, and where they run at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The one, as users call it.
    pub one: String,
    /// The other.
    pub other: String,
    /// Why they are never called at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why_not: Option<String>,
    /// Why no step of the one can come between two of the other's, although they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why_apart: Option<String>,
    /// In which situations they were explored.
    pub situations: Vec<String>,
    /// In how many of these the one began while the other ran, in some execution.
    pub overlap: usize,
    /// In every interleaving: executions, of all these situations.
    pub interleavings: u64,
    /// With old values as well: executions, of all these situations.
    pub weak_memory: u64,
    /// The quick scenarios in which they overlap too.
    pub scenarios: Vec<String>,
}

/// A way that control can go, and whether it does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Way {
    /// `file:line`.
    pub site: String,
    /// The function, as its users call it.
    #[serde(rename = "in")]
    pub function: String,
    /// The condition, or the pattern of the arm.
    pub code: String,
    /// Which way.
    pub way: String,
    /// In how many executions, of all models.
    pub executions: u64,
    /// In how many models.
    pub models: usize,
    /// Why in none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why_never: Option<String>,
}

/// A corner, and whether it is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Turned {
    /// What happens in it.
    pub says: String,
    /// The branches that show it, all of them taken in one execution.
    pub shown_by: Vec<String>,
    /// In how many executions, of all models.
    pub executions: u64,
    /// In how many models.
    pub models: usize,
}

/// All of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Coverage {
    /// Every two public operations.
    pub pairs: Vec<Pair>,
    /// Every branch.
    pub branches: Vec<Way>,
    /// The corners.
    pub corners: Vec<Turned>,
}

/// Explores every quick model, watched.
///
/// # Errors
///
/// A model fails: what it has reached means nothing.
pub fn survey() -> io::Result<Coverage> {
    let models: Vec<Model> = Model::all().into_iter().filter(|model| model.weight() <= QUICK).collect();
    let reached = children::run_all(
        &models,
        Model::weight,
        |&model, bar| {
            bar.set_message(model.name());
            watch(CORNERS.iter().map(Corner::branches));
            let (fails, executions) = model.explore(|_| ());
            let seen = watch([]);
            if fails {
                Err(io::Error::other(format!("{} fails", model.name())))
            } else {
                Ok(Reached { model, executions, seen })
            }
        },
        |reached| format!("{}: {} executions", reached.model.name(), grouped(reached.executions)),
    )?;
    Ok(Coverage {
        pairs: cells().map(|cell| pair(&cell, &reached)).collect(),
        branches: BRANCHES.iter().enumerate().map(|(at, branch)| way(at, branch, &reached)).collect(),
        corners: CORNERS.iter().enumerate().map(|(at, corner)| turned(at, corner, &reached)).collect(),
    })
}

fn pair(Cell { one, other, cases, why_not, why_apart }: &Cell, reached: &[Reached]) -> Pair {
    let number = |name: &str| {
        OPERATIONS.iter().position(|known| *known == function(name)).expect("the list of pairs is checked")
    };
    let (a, b) = (number(one), number(other));
    let meet = |of: &&Reached| of.seen.pairs.contains(&(a.min(b), a.max(b)));
    let of_pair = |of: &&Reached| matches!(&of.model, Model::Pair(case, _) if cases.contains(case));
    let executions = |pass: &str| {
        let of_pass = |of: &&Reached| of_pair(of) && of.model.pass() == pass;
        reached.iter().filter(of_pass).map(|of| of.executions).sum()
    };
    let overlaps = |case| {
        let is_it = |of: &&Reached| matches!(&of.model, Model::Pair(known, _) if known == case);
        reached.iter().filter(is_it).any(|of| meet(&of))
    };
    let mut scenarios: Vec<String> = reached
        .iter()
        .filter(|of| matches!(of.model, Model::Scenario(_)))
        .filter(meet)
        .map(|of| of.model.family().into())
        .collect();
    scenarios.dedup();
    Pair {
        one: (*one).into(),
        other: (*other).into(),
        why_not: why_not.map(String::from),
        why_apart: why_apart.map(String::from),
        situations: cases.iter().map(|case| case.situation().into()).collect(),
        overlap: cases.iter().filter(|case| overlaps(*case)).count(),
        interleavings: executions("interleavings"),
        weak_memory: executions("weak-memory"),
        scenarios,
    }
}

fn turned(at: usize, corner: &Corner, reached: &[Reached]) -> Turned {
    let times = |of: &Reached| of.seen.together[at].1;
    Turned {
        says: corner.says.into(),
        shown_by: corner.shown_by.iter().map(|(function, code, way)| format!("`{function}`: `{code}` {way}")).collect(),
        executions: reached.iter().map(times).sum(),
        models: reached.iter().filter(|of| times(of) > 0).count(),
    }
}

fn site(branch: &Branch) -> String {
    format!("{}:{}", branch.file, branch.line)
}

fn way(at: usize, branch: &Branch, reached: &[Reached]) -> Way {
    let times = |of: &Reached| of.seen.branches[at];
    let executions = reached.iter().map(times).sum();
    let &Branch { function, code, way, .. } = branch;
    Way {
        site: site(branch),
        function: function.into(),
        code: code.into(),
        way: way.into(),
        executions,
        models: reached.iter().filter(|of| times(of) > 0).count(),
        why_never: why_never(branch).filter(|_| executions == 0).map(String::from),
    }
}

impl Coverage {
    /// What is missing, a line each.
    pub fn missing(&self) -> Vec<String> {
        let is_said = |pair: &&Pair| pair.why_not.is_some() || pair.overlap > 0 || pair.why_apart.is_some();
        let apart = self.pairs.iter().filter(|pair| !is_said(pair));
        let apart = apart.map(|pair| format!("{} × {}: the two never overlap", pair.one, pair.other));
        let untaken = self.branches.iter().filter(|way| way.executions == 0 && way.why_never.is_none());
        let untaken = untaken.map(|way| format!("{} {} {}: never taken", way.site, way.code, way.way));
        let unseen = self.corners.iter().filter(|corner| corner.executions == 0);
        apart.chain(untaken).chain(unseen.map(|corner| format!("{}: never seen", corner.says))).collect()
    }
}

/// Explores, and prints the matrix. Succeeds if every two operations overlap or have a reason not to, and every branch is taken or has a
/// reason not to be.
///
/// # Errors
///
/// A model fails, or a document cannot be written.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    litmus::canaries::green().map_err(io::Error::other)?;
    let coverage = survey()?;
    if let Some(folder) = &options.doc {
        document(&coverage, folder)?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&coverage)?);
    } else {
        print(&coverage);
    }
    let missing = coverage.missing();
    for line in &missing {
        eprintln!("MISSING: {line}");
    }
    Ok(ExitCode::from(u8::from(!missing.is_empty())))
}

fn print(coverage: &Coverage) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["operation", "and", "situations", "they overlap in", "interleavings", "weak memory"]);
    for column in 2..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for pair in coverage.pairs.iter().filter(|pair| pair.why_not.is_none()) {
        let number = |n: usize| n.to_string();
        table.add_row([
            &pair.one,
            &pair.other,
            &number(pair.situations.len()),
            &number(pair.overlap),
            &grouped(pair.interleavings),
            &grouped(pair.weak_memory),
        ]);
    }
    println!("{table}\n");
    let excused = coverage.pairs.iter().filter(|pair| pair.why_not.is_some()).count();
    let taken = coverage.branches.iter().filter(|way| way.executions > 0).count();
    println!(
        "{} pairs of operations: {} run at once, {excused} have a reason not to.\n{} ways to go at a branch: {taken} are taken, {} have a reason not to be.",
        coverage.pairs.len(),
        coverage.pairs.len() - excused,
        coverage.branches.len(),
        coverage.branches.len() - taken,
    );
}

/// The matrix, the corners and what is never taken.
fn document(coverage: &Coverage, folder: &Path) -> io::Result<()> {
    let doc = folder.join("coverage.md");
    let mut matrix = String::new();
    let mut last = "";
    for pair in coverage.pairs.iter().filter(|pair| pair.why_not.is_none()) {
        if pair.one != last {
            last = &pair.one;
            matrix += &format!(
                "\n### {last}\n\n| and | in | overlap | interleavings | weak memory | scenarios |\n|---|---|--:|--:|--:|---|\n"
            );
        }
        matrix += &format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            pair.other,
            pair.situations.join("; "),
            pair.why_apart.clone().filter(|_| pair.overlap == 0).unwrap_or(pair.overlap.to_string()),
            grouped(pair.interleavings),
            grouped(pair.weak_memory),
            pair.scenarios.join(", ")
        );
    }
    write_into(&doc, "pairs", &matrix)?;
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for pair in &coverage.pairs {
        if let Some(why) = &pair.why_not {
            reasons.entry(why).or_default().push(format!("{} × {}", pair.one, pair.other));
        }
    }
    let mut never = String::from("\n");
    for (why, pairs) in reasons {
        never += &format!("* **{why}** ({}): {}.\n", pairs.len(), pairs.join(", "));
    }
    write_into(&doc, "never", &never)?;
    let mut corners = String::from("\n| corner | shown by | models | executions |\n|---|---|--:|--:|\n");
    for corner in &coverage.corners {
        let (by, executions) = (corner.shown_by.join("; ").replace('|', "\\|"), grouped(corner.executions));
        corners += &format!("| {} | {by} | {} | {executions} |\n", corner.says, corner.models);
    }
    write_into(&doc, "corners", &corners)?;
    let mut branches = String::from("\n| branch | in | way | why never |\n|---|---|---|---|\n");
    for way in coverage.branches.iter().filter(|way| way.executions == 0) {
        let why = way.why_never.as_deref().unwrap_or("**missing**");
        let code = way.code.replace('|', "\\|");
        branches += &format!("| `{code}` | {} | {} | {why} |\n", way.function, way.way);
    }
    let is_whole = coverage.branches.iter().all(|way| way.executions > 0);
    write_into(&doc, "branches", if is_whole { "\nNone: each of them is taken." } else { &branches })
}
