//! Prints the casebook: all of it as a table or as JSON, or one case with its story and its steps.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use turnstile_kit::explore::Found;
use turnstile_kit::picture::lanes;

use crate::casebook::{CASES, Case};
use crate::docs::about;
use crate::pages;

/// What to show, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// One case, by number or name.
    pub case: Option<String>,
    /// An array of objects instead of text.
    pub json: bool,
    /// A file for the picture of one specimen, instead of text.
    pub svg: Option<PathBuf>,
    /// A folder with `casebook.md`, to be brought up to date, and to have a page for each specimen.
    pub doc: Option<PathBuf>,
}

/// Shows one case, or all of them in a table. Succeeds if each that is looked at is caught.
pub fn casebook(options: &Options) -> io::Result<ExitCode> {
    let wanted = options.case.as_deref();
    let is_wanted = |case: &&Case| {
        wanted.is_none_or(|wanted| [case.case, case.slug].iter().any(|name| name.eq_ignore_ascii_case(wanted)))
    };
    let cases: Vec<&Case> = CASES.iter().filter(is_wanted).collect();
    if cases.is_empty() {
        let all: Vec<_> = CASES.iter().map(|case| format!("{} {}", case.case, case.slug)).collect();
        eprintln!("there is no case {}; there are: {}", wanted.unwrap_or(""), all.join(", "));
        return Ok(ExitCode::from(2));
    }
    if let Some(file) = &options.svg {
        return draw(&cases, file);
    }
    let found: Vec<Found> = cases.iter().map(|case| case.explore()).collect();
    let all = || cases.iter().zip(&found);
    if let Some(folder) = &options.doc {
        match all().map(|(case, found)| Some((*case, found, case.caught(found)?))).collect::<Option<Vec<_>>>() {
            Some(caught) => pages::write(folder, &caught)?,
            None => eprintln!("not all are caught: nothing is written into {}", folder.display()),
        }
    }
    if options.json {
        let rows = all().map(|(case, found)| as_json(case, found));
        println!("{:#}", Value::Array(rows.collect()));
    } else if wanted.is_some() {
        all().for_each(|(case, found)| tell(case, found));
    } else {
        print_table(&cases, &found);
    }
    Ok(ExitCode::from(u8::from(!all().all(|(case, found)| case.is_caught(found)))))
}

/// Writes the picture of one specimen.
fn draw(cases: &[&Case], file: &Path) -> io::Result<ExitCode> {
    let &[case] = cases else {
        let names: Vec<_> = cases.iter().map(|case| case.slug).collect();
        eprintln!("{} has several specimens; name one of them: {}", cases[0].case, names.join(", "));
        return Ok(ExitCode::from(2));
    };
    let found = case.explore();
    let Some(violation) = case.caught(&found) else {
        eprintln!("{0} {1} is not caught, and has no picture: see turnstile casebook {1}", case.case, case.slug);
        return Ok(ExitCode::from(1));
    };
    fs::write(file, pages::picture(case, violation)).map_err(about(file))?;
    println!("{}: {} {} in {} steps", file.display(), case.case, case.slug, violation.steps.len());
    Ok(ExitCode::SUCCESS)
}

fn print_table(cases: &[&Case], found: &[Found]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["case", "", "breaks", "scenario", "checker", "bound", "until it shows", ""]);
    for (case, found) in cases.iter().zip(found) {
        let verdict = if case.is_caught(found) { "caught" } else { "NOT CAUGHT" };
        let executions = format!("{} {}", found.executions, case.counts);
        table.add_row([
            case.case,
            case.slug,
            case.guarantee,
            case.scenario,
            case.checker,
            &found.bound,
            &executions,
            verdict,
        ]);
    }
    println!("{table}\n\none of them, with its story and its steps: turnstile casebook CASE");
}

fn as_json(case: &Case, found: &Found) -> Value {
    let violation = found.violation.as_ref();
    json!({
        "case": case.case,
        "slug": case.slug,
        "guarantee": case.guarantee,
        "scenario": case.scenario,
        "checker": case.checker,
        "bound": found.bound,
        "executions": found.executions,
        "caught": case.is_caught(found),
        "violation": violation.map(|violation| &violation.what),
        "steps": violation.map(|violation| &violation.steps),
    })
}

/// The story, and what the checker has found.
fn tell(case: &Case, found: &Found) {
    println!("{}\n\n{}: {}\n", case.story(), case.scenario, case.claim());
    let Found { bound, executions, violation, .. } = found;
    match violation {
        Some(violation) => {
            println!("{}\n\n{}", violation.what, lanes(&violation.steps));
            println!("{}, {bound}, {executions} {} until it shows; {}\n", case.checker, case.counts, case.file);
        }
        None => println!("NOT CAUGHT: {bound}, {executions} executions; {}\n", case.file),
    }
}
