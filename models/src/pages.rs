//! The casebook as documents: a page and a picture for each specimen, and the table of all.

use std::fs;
use std::io;
use std::path::Path;

use turnstile_kit::explore::{Found, Violation};
use turnstile_kit::picture::{lanes, svg};
use turnstile_kit::scenario::pairs::{Operation, Pair, pairs};

use crate::casebook::Case;
use crate::docs::{about, grouped, write_into};

/// What the checker has found, as a picture.
pub(crate) fn picture(case: &Case, violation: &Violation) -> String {
    svg(&format!("{} · {}", case.case, case.slug), &violation.what, &violation.steps)
}

/// Brings the table in `folder/casebook.md` up to date, and the pages in `folder/casebook`, without those of specimens that are gone.
/// Nothing in it depends on the machine.
pub(crate) fn write(folder: &Path, caught: &[(&Case, &Found, &Violation)]) -> io::Result<()> {
    write_into(&folder.join("casebook.md"), "casebook", &table(caught))?;
    write_into(&folder.join("pairs.md"), "pairs", &matrix())?;
    let folder = folder.join("casebook");
    fs::create_dir_all(&folder).map_err(about(&folder))?;
    let mut written = Vec::new();
    for (case, found, violation) in caught {
        for (name, text) in [
            (format!("{}.md", stem(case)), page(case, found, violation)),
            (format!("{}.svg", stem(case)), picture(case, violation)),
        ] {
            let file = folder.join(&name);
            fs::write(&file, text).map_err(about(&file))?;
            written.push(name);
        }
    }
    for entry in fs::read_dir(&folder).map_err(about(&folder))? {
        let name = entry.map_err(about(&folder))?.file_name();
        if name.to_str().is_some_and(|name| is_ours(name) && !written.iter().any(|written| written == name)) {
            let file = folder.join(name);
            fs::remove_file(&file).map_err(about(&file))?;
        }
    }
    Ok(())
}

/// The name of its page and its picture.
fn stem(case: &Case) -> String {
    format!("{}-{}", case.case, case.slug)
}

/// Does a file in the folder of the pages have a name that a specimen could have?
fn is_ours(name: &str) -> bool {
    matches!(name.as_bytes(), [b'C', b'0'..=b'9', b'0'..=b'9', b'-', ..])
        && (name.ends_with(".md") || name.ends_with(".svg"))
}

fn page(case: &Case, found: &Found, violation: &Violation) -> String {
    let &Case { case: number, slug, scenario, file, .. } = case;
    let (story, claim, checker, counts) = (case.story(), case.claim(), case.checker, case.counts);
    let (bound, executions) = (&found.bound, grouped(found.executions));
    let broken = match violation.what.split_once(": ") {
        Some((guarantee, how)) => format!("**{guarantee}**: {how}"),
        None => format!("**{}**", violation.what),
    };
    let (stem, steps) = (stem(case), lanes(&violation.steps));
    format!(
        "# {story}\n\nScenario `{scenario}`: {claim}\n\nBroken: {broken}.\n\n\
         ![{number} {slug}, step by step: the same as below]({stem}.svg)\n\n```text\n{steps}```\n\n\
         * Checker: {checker}; {bound}; {counts} until it shows: {executions}.\n\
         * Source: [{file}](../../{file}).\n\
         * Again: `cargo run --release -- casebook {slug}`; the picture: `--svg FILE`.\n\n\
         [All of them](../casebook.md). Written by `turnstile casebook --doc docs`.\n"
    )
}

/// All of them.
fn table(caught: &[(&Case, &Found, &Violation)]) -> String {
    let mut text =
        String::from("\n| case | | breaks | scenario | checker | until it shows |\n|---|---|---|---|---|--:|\n");
    for (case, found, _) in caught {
        let &Case { case: number, slug, guarantee, scenario, .. } = case;
        let (page, checker, executions) = (stem(case), case.checker, grouped(found.executions));
        text += &format!(
            "| [{number}](casebook/{page}.md) | {slug} | {guarantee} | {scenario} | {checker} | {executions} |\n"
        );
    }
    text
}

/// Which operations meet where, in which scenarios; or why in none.
fn matrix() -> String {
    let (pairs, mut text) = (pairs(), String::new());
    for alike in pairs.chunk_by(|one, other| one.operations == other.operations) {
        let [one, other] = alike[0].operations.map(Operation::name);
        text += &format!("\n## {one} × {other}\n\n| the reader is | scenarios, or why there is none |\n|---|---|\n");
        for Pair { situation, scenarios, why_none, .. } in alike {
            let cell = why_none.map_or_else(|| scenarios.join(", "), |why| format!("*{why}*"));
            text += &format!("| {} | {cell} |\n", situation.name());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casebook::CASES;

    #[test]
    fn a_page_can_be_told_from_other_files_and_from_the_other_pages() {
        let mut names: Vec<_> =
            CASES.iter().flat_map(|case| ["md", "svg"].map(|kind| format!("{}.{kind}", stem(case)))).collect();
        assert!(names.iter().all(|name| is_ours(name)), "{names:?}");
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "two specimens have one name");
        for name in ["README.md", "C2-x.md", "C02.md", "C02-x.txt", "c02-x.svg", ""] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
