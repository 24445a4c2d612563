//! The house rules that no compiler knows: who may name the engine, what an atomic operation says about itself, and
//! that links lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag};
use regex::Regex;

/// Outside the facade, only these lines know that there is more than one engine.
const MAY_NAME_AN_ENGINE: [(&str, &str); 3] = [
    ("core/src/lib.rs", "#[cfg(any(test, loom, shuttle))]"),
    ("core/src/lib.rs", "#[cfg(any(loom, shuttle))]"),
    ("core/src/lib.rs", "#[cfg(not(any(loom, shuttle)))]"),
];

const HOW_TO_SAY_IT: &str = "write `// ORD:` directly above it, and then, for each ordering in the call, \
    Release -> `edge` / Acquire <- `edge` / AcqRel <-> `edge` / Relaxed, own|hint|exclusive|count: reason";

struct Source {
    /// From the root of the repository.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &str) -> Source {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Source { path: path.to_owned(), text }
}

/// All files in and below `folder` that end in `suffix`.
fn all(folder: &str, suffix: &str) -> Vec<Source> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let of = |entry: PathBuf| {
        let path = entry.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if entry.is_dir() {
            all(&path, suffix)
        } else if path.ends_with(suffix) {
            vec![read(&path)]
        } else {
            vec![]
        }
    };
    entries.into_iter().flat_map(of).collect()
}

/// The core without the one module that may know what runs it, and without what is only documentation.
fn above_the_facade() -> Vec<Source> {
    let is_above =
        |source: &Source| !source.path.starts_with("core/src/sync") && source.path != "core/src/must_not_compile.rs";
    all("core/src", ".rs").into_iter().filter(is_above).collect()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn names_of_engines(source: &Source) -> Vec<String> {
    let engine = Regex::new(r"\bsync::atomic\b|\b(loom|shuttle)\b").unwrap();
    let named = (1..).zip(source.text.lines()).filter(|(_, line)| !is_comment(line) && engine.is_match(line));
    named
        .filter(|(_, line)| !MAY_NAME_AN_ENGINE.contains(&(&source.path, line.trim())))
        .map(|(number, line)| format!("{}:{number}: `{}`: import it from crate::sync", source.path, line.trim()))
        .collect()
}

#[test]
fn only_the_facade_names_an_engine() {
    let sources = above_the_facade();
    assert!(sources.len() > 10, "the core has moved away");
    assert_none(&sources.iter().flat_map(names_of_engines).collect::<Vec<_>>());
}

#[test]
fn a_name_of_an_engine_is_found() {
    let found = |text: &str| names_of_engines(&Source { path: "core/src/lib.rs".to_owned(), text: text.to_owned() });
    assert_none(&found("// loom\n#[cfg(any(loom, shuttle))]\nuse crate::sync::AtomicUsize;"));
    for wrong in ["use core::sync::atomic::AtomicUsize;", "if cfg!(loom) {", "#[cfg(shuttle)]", "loom::model(f)"] {
        assert_eq!(found(wrong).len(), 1, "{wrong}");
    }
}

/// One end of a happens-before edge, as the comment above an atomic operation states it.
struct End {
    edge: String,
    arrow: String,
    /// The function that it is in.
    function: String,
    at: String,
}

/// Reads what the atomic operations say about themselves: the ends that they state, and what is wrong.
fn orderings(source: &Source) -> (Vec<End>, Vec<String>) {
    let operation = Regex::new(r"\.(load|store|swap|fetch_\w+|compare_exchange\w*)\(").unwrap();
    let ordering = Regex::new(r"\b(Relaxed|Acquire|Release|AcqRel|SeqCst)\b").unwrap();
    let statement = Regex::new(concat!(
        r"\b(?<end>Release ->|Acquire <-|AcqRel <->) (?<edges>`[a-z-]+`(, `[a-z-]+`)*)",
        r"|\bRelaxed, (own|hint|exclusive|count): \S",
    ))
    .unwrap();
    let names = |text: &str| ordering.find_iter(text).map(|name| name.as_str().to_owned()).collect::<BTreeSet<_>>();

    let (mut ends, mut wrong) = (Vec::new(), Vec::new());
    for call in operation.find_iter(&source.text) {
        let before: Vec<&str> = source.text[..call.start()].split('\n').collect();
        let (line, above) = before.split_last().unwrap();
        if is_comment(line) {
            continue;
        }
        let at = format!("{}:{}", source.path, before.len());
        let mut complain = |what| wrong.push(format!("{at}: `{}..)`: {what}: {HOW_TO_SAY_IT}", call.as_str()));

        let comment = above.rsplit(|line| !is_comment(line)).next().unwrap();
        let comment = comment.iter().map(|line| line.trim_start_matches([' ', '/'])).collect::<Vec<_>>().join(" ");
        let Some((_, said)) = comment.split_once("ORD: ") else {
            complain("says nothing about its orderings");
            continue;
        };
        if names(said) != names(arguments(&source.text[call.end()..])) {
            complain("its orderings are not those of its comment");
        }
        if ordering.find_iter(said).count() != statement.find_iter(said).count() {
            complain("its comment has an ordering without an edge or a reason");
        }
        for said in statement.captures_iter(said) {
            let (Some(end), Some(edges)) = (said.name("end"), said.name("edges")) else { continue };
            let (_, arrow) = end.as_str().split_once(' ').unwrap();
            let function = enclosing_function(&source.text[..call.start()]);
            let end = |edge: &str| End {
                edge: edge.to_owned(),
                arrow: arrow.to_owned(),
                function: function.clone(),
                at: at.clone(),
            };
            ends.extend(edges.as_str().split(", ").map(end));
        }
    }
    (ends, wrong)
}

/// The last function that begins in this text, as `Type::function`.
fn enclosing_function(before: &str) -> String {
    let last = |pattern: &str| {
        let captures = Regex::new(pattern).unwrap().captures_iter(before).last();
        captures.map_or(String::new(), |captures| captures[1].to_owned())
    };
    format!("{}::{}", last(r"\nimpl(?:<[^\n{]*>)? (\w+)"), last(r"\bfn (\w+)"))
}

/// What stands before the parenthesis that closes a call.
fn arguments(after_open: &str) -> &str {
    let mut depth = 1;
    let close = after_open.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &after_open[..close.unwrap_or(after_open.len())]
}

/// Every end needs another operation at the other end.
fn loose_ends(ends: &[End]) -> Vec<String> {
    let meet = |one: &str, other: &str| one == "<->" || other == "<->" || one != other;
    let is_loose = |end: &&End| {
        !ends.iter().any(|other| other.edge == end.edge && other.at != end.at && meet(&end.arrow, &other.arrow))
    };
    let complaint = |end: &End| {
        let End { edge, arrow, at, .. } = end;
        let wanted = match arrow.as_str() {
            "->" => "`<-` or `<->`",
            "<-" => "`->` or `<->`",
            _ => "`->`, `<-` or `<->`",
        };
        format!("{at}: `{arrow} {edge}` has no partner: state {wanted} {edge} where it ends, or correct it here")
    };
    ends.iter().filter(is_loose).map(complaint).collect()
}

#[test]
fn every_atomic_operation_says_which_edge_its_ordering_makes_and_every_edge_has_two_ends() {
    let (mut ends, mut wrong) = (Vec::new(), Vec::new());
    for source in above_the_facade() {
        let (stated, complaints) = orderings(&source);
        ends.extend(stated);
        wrong.extend(complaints);
    }
    assert!(!ends.is_empty(), "the core has no atomic operations any more");
    wrong.extend(loose_ends(&ends));
    assert_none(&wrong);
}

/// Where the ledger and the code disagree. The ledger is the table of edges: for each its name, from where and to where.
fn wrong_in_the_ledger(ledger: &str, ends: &[End]) -> Vec<String> {
    let named = |cell: &str| {
        let name = Regex::new(r"`(\w+::\w+)`").unwrap();
        name.captures_iter(cell).map(|captures| captures[1].to_owned()).collect::<BTreeSet<String>>()
    };
    let mut wrong = Vec::new();
    let mut edges = BTreeSet::new();
    for row in ledger.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (edge, from, to) = (cells[1], named(cells[2]), named(cells[3]));
        edges.insert(edge.to_owned());
        let of_edge = || ends.iter().filter(|end| end.edge == edge);
        for End { arrow, function, at, .. } in of_edge() {
            let is_there = match arrow.as_str() {
                "->" => from.contains(function),
                "<-" => to.contains(function),
                _ => from.contains(function) || to.contains(function),
            };
            if !is_there {
                wrong.push(format!(
                    "{at}: `{arrow} {edge}`: the row of the edge does not name `{function}` on that side"
                ));
            }
        }
        for (functions, side, arrows) in [(from, "from", ["->", "<->"]), (to, "to", ["<-", "<->"])] {
            let has_end = |function: &String| {
                of_edge().any(|end| end.function == *function && arrows.contains(&end.arrow.as_str()))
            };
            let gone = functions.into_iter().filter(|function| !has_end(function));
            wrong.extend(gone.map(|function| format!("{edge}, {side}: `{function}` is no such end of it in the code")));
        }
    }
    let unknown = ends.iter().filter(|end| !edges.contains(&end.edge));
    wrong.extend(unknown.map(|end| format!("{}: the ledger has no edge {}", end.at, end.edge)));
    wrong
}

#[test]
fn the_ledger_of_edges_names_the_functions_at_both_ends() {
    let ends: Vec<End> = above_the_facade().iter().flat_map(|source| orderings(source).0).collect();
    assert_none(&wrong_in_the_ledger(&read("docs/memory-ordering.md").text, &ends));
}

#[test]
fn a_ledger_that_says_something_else_is_found() {
    let text = "\nimpl Bell {\n fn ring() {\n// ORD: Release -> `rung`.\nx.store(1, Release);\n}\nfn hear() {\n\
                // ORD: Acquire <- `rung`.\nx.load(Acquire);\n}}";
    let ends = orderings(&Source { path: "bell.rs".to_owned(), text: text.to_owned() }).0;
    assert_none(&wrong_in_the_ledger("| `rung` | `Bell::ring`, at once | `Bell::hear` | it |", &ends));
    for wrong in [
        "| `rung` | `Bell::hear` | `Bell::ring` | it |",
        "| `rung` | `Bell::ring` | `Bell::hear`, `Bell::sleep` | it |",
        "| `rung` | `Bell::ring` | the others | it |",
        "| `struck` | `Bell::ring` | `Bell::hear` | it |",
    ] {
        assert!(!wrong_in_the_ledger(wrong, &ends).is_empty(), "{wrong}");
    }
}

#[test]
fn an_atomic_operation_that_says_nothing_or_something_else_is_found() {
    let found = |text: &str| {
        let (ends, mut wrong) = orderings(&Source { path: "x.rs".to_owned(), text: text.to_owned() });
        wrong.extend(loose_ends(&ends));
        wrong
    };
    let two_ends = "
        // ORD: Release -> `a`. Carries it,
        // on failure Relaxed, hint: looked at again.
        word.compare_exchange(seen.bits(), new(1), Release, Relaxed);
        // ORD: Acquire <- `a`.
        word.load(Acquire);";
    assert_none(&found(two_ends));
    for (from, to, complaint) in [
        ("ORD: Acquire", "Acquire", "x.rs:6: `.load(..)`: says nothing"),
        ("load(Acquire)", "load(Relaxed)", "x.rs:6: `.load(..)`: its orderings"),
        ("Release, Relaxed);", "\nRelease, AcqRel);", "x.rs:4: `.compare_exchange(..)`: its orderings"),
        ("Release -> `a`", "Release <- `a`", "x.rs:4: `.compare_exchange(..)`: its comment"),
        ("Relaxed, hint: ", "Relaxed, ", "x.rs:4: `.compare_exchange(..)`: its comment"),
        ("<- `a`", "<- `b`", "x.rs:4: `-> `a`` has no partner"),
        ("// ORD: Acquire <- `a`.\n        word.load(Acquire);", "", "x.rs:4: `-> `a`` has no partner"),
    ] {
        assert!(two_ends.contains(from), "{from}");
        let wrong = found(&two_ends.replace(from, to));
        assert!(wrong.first().is_some_and(|wrong| wrong.starts_with(complaint)), "{complaint}: {wrong:?}");
    }
}

/// The relative links of a page that do not resolve.
fn dead_links(page: &Source) -> Vec<String> {
    let folder = root().join(&page.path).parent().unwrap().to_owned();
    let links = Parser::new(&page.text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url),
        _ => None,
    });
    links
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:") && !link.starts_with('#'))
        .filter(|link| !folder.join(link.split('#').next().unwrap()).exists())
        .map(|link| format!("{}: the link to {link} leads nowhere", page.path))
        .collect()
}

#[test]
fn relative_links_lead_somewhere() {
    let mut pages = vec![
        read("README.md"),
        read("models/kit/template/README.md"),
        read("tests/outside/README.md"),
        read("tests/queue-reader/README.md"),
    ];
    pages.extend(all("docs", ".md"));
    assert_none(&pages.iter().flat_map(dead_links).collect::<Vec<_>>());
}

#[test]
fn a_dead_link_is_found() {
    let text =
        "[a](Cargo.toml) [b](Cargo.toml#x) [c](https://x/y) [d](#e) ![f](gone.png) [g][h]\n\n[h]: docs/gone.md#i";
    let page = Source { path: "README.md".to_owned(), text: text.to_owned() };
    assert_eq!(
        dead_links(&page),
        ["README.md: the link to gone.png leads nowhere", "README.md: the link to docs/gone.md#i leads nowhere"]
    );
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
