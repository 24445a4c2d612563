//! What is printed.

use std::fs;
use std::path::Path;

use comfy_table::{Table, presets};

use super::{Args, Outcome, Row, Verdict, distinct, phrase};
use crate::explore::Violation;
use crate::guarantee;
use crate::picture::{self, lanes};
use crate::trial::{Need, Trial};

/// All that is known, for people.
pub(super) fn print(trials: &[Trial], outcomes: &[Outcome<'_>], args: &Args, call: &str) {
    if !args.quiet {
        println!("{}\n", plain(&executions(outcomes)));
        println!(
            "all: every execution; <=n: each with at most n preemptions, in the time there was; part: not even those without; \
             else so many schedules.\n"
        );
        for subject in subjects(outcomes) {
            println!("{}\n", plain(&guarantees(subject, trials, outcomes)));
        }
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.holds() && outcome.is_supported()) {
        println!("{}", diagnosis(outcome, call));
    }
    for subject in subjects(outcomes) {
        println!("{}", summary(subject, outcomes));
    }
}

fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(head);
    table
}

/// Without the spaces at the ends of lines.
fn plain(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_string()).collect::<Vec<_>>().join("\n")
}

fn subjects<'a>(outcomes: &[Outcome<'a>]) -> Vec<&'a str> {
    distinct(outcomes.iter().map(|outcome| outcome.trial.subject))
}

/// Scenario by checker.
fn executions(outcomes: &[Outcome<'_>]) -> Table {
    let mut heads: Vec<(&str, &str)> = Vec::new();
    for run in outcomes.iter().flat_map(|outcome| &outcome.trial.runs) {
        let is_run = outcomes.iter().flat_map(|outcome| &outcome.rows).any(|row| row.checker == run.checker);
        if is_run && !heads.contains(&(run.checker, run.head)) {
            heads.push((run.checker, run.head));
        }
    }
    let mut table = table([]);
    table.set_header(["scenario"].into_iter().chain(heads.iter().map(|(_, head)| *head)));
    for outcome in outcomes {
        let cell = |checker: &str| {
            let row = outcome.rows.iter().find(|row| row.checker == checker);
            row.map_or_else(String::new, cell)
        };
        table.add_row([outcome.name.clone()].into_iter().chain(heads.iter().map(|(checker, _)| cell(checker))));
    }
    table
}

fn cell(row: &Row) -> String {
    let bound = match &*row.bound {
        "exhaustive" => "all ".to_string(),
        "nothing drained" => "part ".to_string(),
        bound => bound.strip_prefix("preemptions").map_or_else(String::new, |bound| format!("{bound} ")),
    };
    match row.verdict {
        Verdict::Holds => format!("holds: {bound}{}", row.executions),
        Verdict::Violated => format!("VIOLATED{}", at(row, " in ")),
        Verdict::NotSupported => "not supported".into(),
    }
}

/// In which execution it was, if the child lived to say so.
fn at(row: &Row, before: &str) -> String {
    if row.executions == 0 { String::new() } else { format!("{before}{}", row.executions) }
}

/// One verdict for each guarantee.
fn guarantees(subject: &str, trials: &[Trial], outcomes: &[Outcome<'_>]) -> Table {
    let mut table = table(["guarantee", "", subject]);
    for id in guarantee::all() {
        table.add_row([&*id, guarantee::name(&id), &verdict(&id, subject, trials, outcomes)]);
    }
    table
}

fn verdict(id: &str, subject: &str, trials: &[Trial], outcomes: &[Outcome<'_>]) -> String {
    let mine = || outcomes.iter().filter(|outcome| outcome.trial.subject == subject);
    let names = |of: &[&Outcome<'_>]| of.iter().map(|outcome| &*outcome.name).collect::<Vec<_>>().join(", ");
    let breaks = |outcome: &&Outcome<'_>| outcome.rows.iter().any(|row| row.guarantee.as_deref() == Some(id));
    let violated: Vec<_> = mine().filter(breaks).collect();
    if !violated.is_empty() {
        return format!("VIOLATED in {}", names(&violated));
    }
    let beyond = |trial: &Trial| trial.sees.iter().find(|(seen, _)| *seen == id).map(|(_, lacks)| lacks.clone());
    let (mut holding, mut failing, mut unsupported) = (Vec::new(), Vec::new(), Vec::<Vec<Need>>::new());
    for outcome in mine() {
        let Some(beyond) = beyond(outcome.trial) else { continue };
        let missing: Vec<Need> = outcome.trial.lacks.iter().cloned().chain(beyond).collect();
        if !missing.is_empty() {
            unsupported.push(missing);
        } else if outcome.holds() {
            holding.push(outcome);
        } else {
            failing.push(outcome);
        }
    }
    if !holding.is_empty() {
        let all = |outcome: &&&Outcome<'_>| outcome.rows.iter().any(|row| row.bound == "exhaustive");
        let exhaustive = holding.iter().filter(all).count();
        let rest = match unsupported.len() {
            0 => String::new(),
            n => format!("; {n} more not supported"),
        };
        let scenarios = if holding.len() == 1 { "1 scenario".into() } else { format!("{} scenarios", holding.len()) };
        return format!("holds in {scenarios}, in {exhaustive} to the last interleaving{rest}");
    }
    if !failing.is_empty() {
        return format!("not known: something else is violated in {}", names(&failing));
    }
    // The least that it would have to say.
    if let Some(lacks) = unsupported.iter().min_by_key(|missing| missing.len()) {
        return format!("not supported: {}", phrase(mine().next().map_or("", |outcome| outcome.trial.kind), lacks));
    }
    let is_seen = trials.iter().any(|trial| trial.subject == subject && beyond(trial).is_some());
    if is_seen { "not looked at".into() } else { "no scenario".into() }
}

/// What happened, what that means, and how to see it again.
fn diagnosis(outcome: &Outcome<'_>, call: &str) -> String {
    let Some(worst) = outcome.worst() else { return String::new() };
    let violation = violation(worst);
    let (means, repair) = guarantee::explained(&violation);
    let by: Vec<String> = outcome
        .trial
        .runs
        .iter()
        .filter_map(|run| {
            let row = outcome.rows.iter().find(|row| row.checker == run.checker)?;
            (row.verdict == Verdict::Violated).then(|| format!("{}{}", run.head, at(row, " in execution ")))
        })
        .collect();
    let Outcome { name, trial, .. } = outcome;
    let mut text = format!(
        "{name}: VIOLATED\n  claim   {}\n  found   {}\n  by      {}\n",
        trial.claim,
        violation.what,
        by.join("; ")
    );
    if violation.steps.is_empty() {
        text += "\n  There are no notes of it: the reader made none, or its process died at once.\n\n";
    } else {
        text += &format!("\n{}\n", lanes(&violation.steps));
    }
    text += &format!("  means   {means}\n  repair  {repair}\n  again   {call}{name} --checker {}\n", worst.checker);
    text
}

fn violation(row: &Row) -> Violation {
    Violation {
        guarantee: row.guarantee.clone().unwrap_or_default(),
        what: row.violation.clone().unwrap_or_default(),
        steps: row.steps.clone(),
    }
}

fn summary(subject: &str, outcomes: &[Outcome<'_>]) -> String {
    let mine: Vec<_> = outcomes.iter().filter(|outcome| outcome.trial.subject == subject).collect();
    let supported: Vec<_> = mine.iter().filter(|outcome| outcome.is_supported()).collect();
    let broken: Vec<&str> = supported.iter().filter(|outcome| !outcome.holds()).map(|outcome| &*outcome.name).collect();
    let not = mine.len() - supported.len();
    let mut text =
        format!("{subject}: {} of {} scenarios hold, {not} not supported", supported.len() - broken.len(), mine.len());
    if !broken.is_empty() {
        text += &format!(". VIOLATED: {}", broken.join(", "));
    }
    text
}

/// The list of scenarios.
pub(super) fn scenarios(outcomes: &[Outcome<'_>]) {
    for Outcome { name, trial, .. } in outcomes {
        println!("{name}\n  {}", trial.claim);
        if !trial.needs.is_empty() {
            let needs: Vec<String> = trial.needs.iter().map(|need| format!("{} ({})", need.says, need.name)).collect();
            println!("  needs a reader that {}", needs.join(", and "));
        }
        if !trial.lacks.is_empty() {
            println!("  not supported: {}", phrase(trial.kind, &trial.lacks));
        }
    }
}

/// The picture of the one scenario that fails.
pub(super) fn svg(outcomes: &[Outcome<'_>], file: &Path) -> Result<(), String> {
    let failing: Vec<_> = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.worst()?))).collect();
    match &failing[..] {
        [] => {
            eprintln!("nothing fails: {} is not written", file.display());
            Ok(())
        }
        [(outcome, worst)] => {
            let title = format!("{}: {}", outcome.trial.subject, outcome.trial.scenario);
            let picture = picture::svg(&title, worst.violation.as_deref().unwrap_or_default(), &worst.steps);
            fs::write(file, picture).map_err(|error| format!("{}: {error}", file.display()))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(outcome, _)| &*outcome.name).collect();
            Err(format!("several scenarios fail: name the one for the picture: {}", names.join(", ")))
        }
    }
}
