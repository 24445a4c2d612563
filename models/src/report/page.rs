//! The page: one file, that fetches nothing and runs nothing.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use turnstile_kit::picture::svg;

use super::{Evidence, Held, KINDS, Specimen};
use crate::coverage::Pair;
use crate::docs::grouped;
use crate::mutants::{Fate, Row};

const LIMITS: &str = include_str!("../../../docs/limits.md");
const STYLE: &str = include_str!("page.css");

/// All of it.
pub(super) fn html(evidence: &Evidence) -> String {
    let Evidence { commit, date, .. } = evidence;
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Turnstile: the evidence" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Turnstile ⊢" }
                    p { "A split queue, a poll state machine and a checkpoint cut for the readers of data-integration engines. What is proven of the code that ships, how far, and what is not." }
                    p.dim { "Commit " code { (commit) } " · " (date) }
                }
                nav {
                    a href="#minute" { "In a minute" } a href="#explored" { "Explored" } a href="#pairs" { "Pairs" }
                    a href="#ledger" { "Necessary" } a href="#casebook" { "Casebook" } a href="#limits" { "Limits" }
                }
                main {
                    (minute(evidence))
                    (explored(evidence))
                    (pairs(&evidence.coverage.pairs))
                    (corners(evidence))
                    (ledger(evidence))
                    (casebook(&evidence.casebook))
                    section #limits {
                        h2 { "Limits" }
                        (PreEscaped(rendered(LIMITS)))
                    }
                }
            }
        }
    }
    .into_string()
}

/// What is proven, how far, and what is not.
fn minute(evidence: &Evidence) -> Markup {
    let [killed, kept, survive] = evidence.fates(None);
    let coverage = &evidence.coverage;
    let caught = evidence.casebook.iter().filter(|specimen| specimen.caught).count();
    let loom = || evidence.ours().filter(|row| row.checker == "loom");
    markup! {
        section #minute {
            h2 { "In a minute" }
            @if evidence.is_whole() {
                p.verdict { "Everything below holds, within the bounds that stand beside it." }
            } @else {
                p.verdict.bad { "Not everything below holds." }
            }
            div.columns {
                div {
                    h3 { "What is proven" }
                    ul.promises {
                        @for Held { says, scenarios, executions, states, holds, .. } in evidence.promises() {
                            li class=(if holds { "good" } else { "bad" }) {
                                (says)
                                span.dim {
                                    " " (scenarios) " scenarios"
                                    @if executions > 0 { ", " (grouped(executions)) " executions" }
                                    @if states > 0 { ", " (grouped(states)) " states" }
                                    "."
                                }
                            }
                        }
                    }
                }
                div {
                    h3 { "How far" }
                    dl {
                        (fact(loom().filter(|row| row.bound == "exhaustive").count(), &format!("of {} runs under loom are exhaustive: every interleaving of two or three threads, or every weak-memory execution of two that loom can show. The others name a bound on preemptions.", loom().count())))
                        (fact(coverage.pairs.iter().filter(|pair| pair.why_not.is_none()).count(), "pairs of public operations run at once, in every situation in which both are possible."))
                        (fact(killed, &format!("ways to weaken or leave out something in the core are noticed by a model; {kept} are kept for a reason, {survive} survive.")))
                        (fact(caught, &format!("of {} renderings of public bugs are caught.", evidence.casebook.len())))
                    }
                    p { "The code that is explored is the code that ships. Exhaustive is said only after canaries have shown that the checker explores what it should." }
                }
                div {
                    h3 { "What is not" }
                    ul { @for limit in headings(LIMITS) { li { (limit) } } }
                    p { a href="#limits" { "In full below." } }
                }
            }
        }
    }
}

fn fact(number: usize, says: &str) -> Markup {
    markup! { div { dt { (grouped(number as u64)) } dd { (says) } } }
}

fn explored(evidence: &Evidence) -> Markup {
    markup! {
        section #explored {
            h2 { "What was explored" }
            p { "Each row is one claim under one checker. " i { "exhaustive" } ": every execution of the pass. " i { "preemptions<=n" } ": every execution with at most n forced switches. " i { "schedules=k" } ": k samples. " i { "late<=n" } ": every state with so many late messages." }
            div.wide { table {
                thead { tr { th { "checker, pass" } th.number { "runs" } th.number { "exhaustive" } th.number { "executions, states" } } }
                tbody { @for (name, runs, exhaustive, executions) in evidence.by_pass() {
                    tr { td { (name) } td.number { (runs) } td.number { (exhaustive) } td.number { (grouped(executions)) } }
                } }
            } }
            details {
                summary { "Every run" }
                div.wide { table {
                    thead { tr { th { "scenario" } th { "checker, pass" } th.number { "threads" } th.number { "splits" } th { "bound" } th.number { "executions" } th { "" } } }
                    tbody { @for row in evidence.ours() {
                        tr {
                            td { (row.scenario) } td { (row.checker) ", " (row.pass) } td.number { (row.threads) } td.number { (row.splits) }
                            td { (row.bound) } td.number { (grouped(row.executions)) }
                            td { @match row.verdict { crate::plan::Verdict::Holds => "holds", crate::plan::Verdict::Violated => b.bad { "violated" } } }
                        }
                    } }
                } }
            }
        }
    }
}

/// A square for each pair, of each face.
fn pairs(all: &[Pair]) -> Markup {
    let (blocking, plain): (Vec<&Pair>, Vec<&Pair>) = all.iter().partition(|pair| pair.one.starts_with("blocking::"));
    markup! {
        section #pairs {
            h2 { "Which operations meet" }
            p { "A square for every two public operations. Its number: the situations in which the two were explored at once, in every interleaving. "
                span.cell.met { "4" } " their steps come between each other's. " span.cell.apart { "4" } " explored, and no step of the one can come between two of the other's. "
                span.cell { "·" } " never at once, for a reason." }
            @for (name, pairs) in [("Plain and asynchronous", plain), ("Blocking", blocking)] {
                h3 { (name) }
                (matrix(&pairs))
            }
        }
    }
}

fn matrix(pairs: &[&Pair]) -> Markup {
    let mut names: Vec<&str> = Vec::new();
    for pair in pairs {
        if !names.contains(&&*pair.one) {
            names.push(&pair.one);
        }
    }
    let known: BTreeMap<(&str, &str), &Pair> = pairs.iter().map(|pair| ((&*pair.one, &*pair.other), *pair)).collect();
    let short = |name: &str| name.replace("blocking::", "").replace("delivery::", "");
    markup! {
        div.wide { table.matrix {
            thead { tr { th {} @for name in &names { th { span { (short(name)) } } } } }
            tbody { @for (at, one) in names.iter().enumerate() { tr {
                th { (short(one)) }
                @for (column, other) in names.iter().enumerate() {
                    @match known.get(&(*one, *other)).or_else(|| known.get(&(*other, *one))) {
                        Some(pair) if column >= at => (square(pair)),
                        _ => td {},
                    }
                }
            } } }
        } }
    }
}

fn square(pair: &Pair) -> Markup {
    let Pair { one, other, why_not, why_apart, situations, overlap, interleavings, weak_memory, .. } = pair;
    if let Some(why) = why_not {
        return markup! { td.cell title=(format!("{one} × {other}: {why}")) { "·" } };
    }
    let says = why_apart.as_deref().filter(|_| *overlap == 0).unwrap_or("they overlap");
    let (interleavings, weak_memory) = (grouped(*interleavings), grouped(*weak_memory));
    let title = format!(
        "{one} × {other}: {says}; {interleavings} interleavings, {weak_memory} in weak memory; {}",
        situations.join(", ")
    );
    markup! { td class=(if *overlap > 0 { "cell met" } else { "cell apart" }) title=(title) { (situations.len()) } }
}

fn corners(evidence: &Evidence) -> Markup {
    markup! {
        section {
            h3 { "Corners that are reached" }
            div.wide { table {
                thead { tr { th { "what happens" } th.number { "models" } th.number { "executions" } } }
                tbody { @for corner in &evidence.coverage.corners {
                    tr { td { (corner.says) } td.number { (corner.models) } td.number { (grouped(corner.executions)) } }
                } }
            } }
        }
    }
}

fn ledger(evidence: &Evidence) -> Markup {
    markup! {
        section #ledger {
            h2 { "What is necessary" }
            p { "Every place in the core at which something can be weaker or left out, found in its source; each is altered by itself, and a model has to fail." }
            div.wide { table {
                thead { tr { th { "altered" } th.number { "killed" } th.number { "kept" } th.number { "survive" } } }
                tbody { @for (kind, says) in KINDS {
                    @let [killed, kept, survive] = evidence.fates(Some(kind));
                    tr { td { (says) } td.number { (killed) } td.number { (kept) } td.number { (survive) } }
                } }
            } }
            @for (kind, says) in KINDS {
                details open[kind == "ordering"] {
                    summary { (says) }
                    div.wide { table {
                        thead { tr { th { "site" } th { "in" } th { "what stands there" } th { "becomes" } th { "killed by" } th.number { "in execution" } } }
                        tbody { @for row in evidence.mutants.iter().filter(|row| row.kind == kind) { (mutant(row)) } }
                    } }
                }
            }
        }
    }
}

fn mutant(row: &Row) -> Markup {
    markup! {
        tr {
            td { (row.site.trim_start_matches("core/src/")) } td { (row.function) } td { code { (row.code) } } td { (row.change) }
            @match (&row.killed_by, row.verdict) {
                (Some(by), _) => { td { (by) } td.number { (grouped(row.executions)) } },
                (None, Fate::Kept) => { td.dim colspan="2" { "kept: " (row.why.as_deref().unwrap_or("")) } },
                (None, _) => { td colspan="2" { b.bad { "survives" } } },
            }
        }
    }
}

fn casebook(specimens: &[Specimen]) -> Markup {
    markup! {
        section #casebook {
            h2 { "The casebook" }
            p { "Public bugs of split readers, each a small rendering; the scenario that catches it, and the shortest way to what it breaks." }
            @for specimen in specimens {
                details {
                    summary {
                        b { (specimen.case) } " " (specimen.slug) " "
                        span.dim { "breaks " (specimen.guarantee) " in " (specimen.scenario) ", " (specimen.checker) ", " (specimen.bound) }
                        @if !specimen.caught { " " b.bad { "not caught" } }
                    }
                    @if let (Some(what), Some(steps)) = (&specimen.violation, &specimen.steps) {
                        div.wide { (PreEscaped(svg(&format!("{} · {}", specimen.case, specimen.slug), what, steps))) }
                    }
                }
            }
        }
    }
}

/// What the items of a document begin with, in bold.
fn headings(document: &str) -> Vec<String> {
    let (mut found, mut bold) = (Vec::new(), None);
    let mut is_first = false;
    for event in Parser::new(document) {
        match event {
            Event::Start(Tag::Item) => is_first = true,
            Event::Start(Tag::Strong) if is_first => bold = Some(String::new()),
            Event::End(TagEnd::Strong) => {
                found.extend(bold.take());
                is_first = false;
            }
            Event::Text(text) | Event::Code(text) => match &mut bold {
                Some(bold) => *bold += &text,
                None => is_first = false,
            },
            _ => {}
        }
    }
    found
}

/// A document without its title, as it would be in a page of its own; links to other documents are only text here.
fn rendered(document: &str) -> String {
    let mut in_title = false;
    let events = Parser::new_ext(document, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Heading { level: pulldown_cmark::HeadingLevel::H1, .. }) => {
            in_title = true;
            None
        }
        Event::End(TagEnd::Heading(pulldown_cmark::HeadingLevel::H1)) => {
            in_title = false;
            None
        }
        _ if in_title => None,
        Event::Start(Tag::Heading { .. }) => Some(Event::Html("<h3>".into())),
        Event::End(TagEnd::Heading(_)) => Some(Event::Html("</h3>".into())),
        Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) => None,
        event => Some(event),
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_on_the_page_and_each_begins_with_what_it_is() {
        let limits = headings(LIMITS);
        assert!(limits.len() > 15, "{limits:?}");
        assert!(limits.iter().all(|limit| limit.len() < 200), "{limits:?}");
        let html = rendered(LIMITS);
        assert!(html.contains("<li>") && !html.contains("<a "), "links lead out of the page");
    }
}
