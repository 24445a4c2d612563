//! `docs/adopting.md`: its Java is compiled as it stands and hammered, variants of it that are wrong are reported, and its tables
//! name what there is.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use turnstile_kit::explore::{Budget, Checker, drain, explore};
use turnstile_kit::job::scenario::SCENARIOS as JOBS;
use turnstile_kit::scenario::SCENARIOS;

#[path = "../adopting/steps.rs"]
mod steps;

/// How long the reader is hammered.
const SECONDS: &str = "4";
/// How long a variant has to be reported. Most are in the first tenth of a second.
const AT_MOST: &str = "30";
/// Milliseconds until a thread that sleeps is said to be forgotten. A machine may be busy: not short, where it has to be true.
const WATCHDOG: &str = "10000";
const SHORT_WATCHDOG: &str = "2000";

/// A reader with a fault: what is put in the place of which lines, each of which is there once.
struct Wrong {
    fault: &'static str,
    edits: &'static [(&'static str, &'static str)],
    /// Every report has this in it; empty where there are several ways to go wrong.
    report: &'static str,
}

const FULL: &str = "            if (splits.size() > capacity - queue.size()) return Assigned.FULL;";
const POLL: &str = "    public Answer<S> poll() {";
const SIT: &str = "            reading = verdict == Decision.Verdict.Split || verdict == Decision.Verdict.Checkpoint;";

// The second and the fifth have a yield where they are wrong. Without it the driver has to be lucky: as the page says.
const WRONG: &[Wrong] = &[
    Wrong {
        fault: "a split leaves the queue before a cut sees that it is read",
        edits: &[
            ("Split ? queue.peek() : null;", "Split ? queue.poll() : null;"),
            (r#"            if (!reading || queue.peek() != split) throw new IllegalStateException("not the split that is read");"#, ""),
            ("            queue.removeFirst();", ""),
        ],
        report: "",
    },
    Wrong {
        fault: "Finished from two looks, the first without the lock",
        edits: &[(
            POLL,
            "    public Answer<S> poll() {
                 if (queue.isEmpty()) {
                     Thread.yield();
                     if (noMore && !reading) return new Answer<>(Decision.Verdict.Finished, null, 0, 0);
                 }",
        )],
        report: "Finished",
    },
    Wrong {
        fault: "the end wakes nobody",
        edits: &[("            noMore = true;\n        }\n        wake();\n    }", "            noMore = true;\n        }\n    }")],
        report: "a wake-up is lost",
    },
    Wrong {
        fault: "a request wakes nobody",
        edits: &[(
            "            asked = Math.max(asked, fresh(id));\n        }\n        wake();",
            "            asked = Math.max(asked, fresh(id));\n        }",
        )],
        report: "",
    },
    Wrong {
        fault: "the seat is taken behind the lock",
        edits: &[
            (SIT, ""),
            (
                POLL,
                "    public Answer<S> poll() {
                     Answer<S> answer = look();
                     Thread.yield();
                     reading = answer.verdict() == Decision.Verdict.Split || answer.verdict() == Decision.Verdict.Checkpoint;
                     return answer;
                 }

                 private Answer<S> look() {",
            ),
        ],
        report: "",
    },
    Wrong {
        fault: "a batch is taken in part",
        edits: &[
            (
                FULL,
                "            for (S split : splits) {
                         if (queue.size() == capacity) return Assigned.FULL;
                         queue.add(split);
                         next++;
                     }",
            ),
            ("            queue.addAll(splits);\n            next += splits.size();\n", ""),
        ],
        report: "",
    },
    Wrong {
        fault: "a message may be ahead of the sequence",
        edits: &[("            if (message.sequence() > next) return Receipt.GAP;", "")],
        report: "",
    },
    Wrong {
        fault: "a message may lie behind a cut that is not taken",
        edits: &[("            if (message.behind() > taken) return Receipt.EARLY;", "")],
        report: "lies behind cut",
    },
];

fn page() -> String {
    beside("../docs/adopting.md")
}

fn beside(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Java of the page: each block is a file, and names it in its first line.
fn listings(page: &str) -> Vec<(String, String)> {
    let (mut files, mut inside) = (Vec::new(), None::<String>);
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "java" => {
                inside = Some(String::new())
            }
            Event::Text(text) => inside.iter_mut().for_each(|code| code.push_str(&text)),
            Event::End(TagEnd::CodeBlock) => {
                if let Some(code) = inside.take() {
                    let name =
                        code.lines().next().and_then(|line| line.strip_prefix("// ")).expect("it names its file");
                    files.push((name.to_owned(), code));
                }
            }
            _ => {}
        }
    }
    files
}

fn edited(code: &str, wrong: &Wrong) -> String {
    wrong.edits.iter().fold(code.to_owned(), |code, (from, to)| {
        assert_eq!(code.matches(from).count(), 1, "{}: the listing has this once: {from}", wrong.fault);
        code.replace(from, to)
    })
}

/// Where everything is compiled, each variant in a package of its own: `right`, `wrong0` and so on. `None` without a compiler.
fn classes() -> Option<&'static Path> {
    static CLASSES: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compiled = CLASSES.get_or_init(|| {
        if Command::new("javac").arg("-version").output().is_err() {
            return None;
        }
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adopting");
        let _ = fs::remove_dir_all(&out);
        let listings = listings(&page());
        let names: Vec<&str> = listings.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["Decision.java", "Reader.java"]);
        let mut sources = Vec::new();
        let mut package = |name: &str, reader: &str| {
            let folder = out.join("source").join(name);
            fs::create_dir_all(&folder).unwrap();
            let files = [
                ("Decision.java", &*listings[0].1),
                ("Reader.java", reader),
                ("Driver.java", &beside("adopting/Driver.java")),
            ];
            for (file, code) in files {
                let path = folder.join(file);
                fs::write(&path, format!("package {name};\n{code}")).unwrap();
                sources.push(path);
            }
        };
        package("right", &listings[1].1);
        for (number, wrong) in WRONG.iter().enumerate() {
            package(&format!("wrong{number}"), &edited(&listings[1].1, wrong));
        }
        let output = Command::new("javac")
            .args(["--release", "17", "-Xlint:all", "-Werror", "-d"])
            .arg(&out)
            .args(&sources)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        Some(out)
    });
    if compiled.is_none() {
        // Not through the macro, whose output a test that passes keeps to itself.
        let missing = "\nNOT CHECKED: there is no javac, so the Java of docs/adopting.md is neither compiled nor run. \
                       Install a JDK, 17 or newer.\n\n";
        std::io::stderr().write_all(missing.as_bytes()).unwrap();
    }
    compiled.as_deref()
}

fn driver(classes: &Path, package: &str, arguments: &[&str]) -> Output {
    let mut java = Command::new("java");
    java.args(["-Xmx256m", "-XX:+UseSerialGC", "-cp"]).arg(classes);
    java.arg(format!("{package}.Driver")).args(arguments).output().expect("java starts, where javac does")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_reader_of_the_page_holds() {
    let Some(classes) = classes() else { return };
    let output = driver(classes, "right", &[SECONDS, WATCHDOG, "1"]);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success() && said.starts_with("held: "), "{said}");
    println!("{said}");
}

#[test]
fn a_reader_that_is_wrong_is_reported() {
    let Some(classes) = classes() else { return };
    for (number, wrong) in WRONG.iter().enumerate() {
        let output = driver(classes, &format!("wrong{number}"), &[AT_MOST, SHORT_WATCHDOG, "1"]);
        let said = text(&output.stdout) + &text(&output.stderr);
        println!("{}: {said}", wrong.fault);
        let is_reported =
            output.status.code() == Some(1) && said.starts_with("violated: ") && said.contains(wrong.report);
        assert!(is_reported, "{}: {said}", wrong.fault);
    }
}

#[test]
fn the_decision_of_the_page_is_the_table() {
    let Some(classes) = classes() else { return };
    let output = driver(classes, "right", &["table"]);
    let states = beside("../docs/states.md");
    let table = states.split("<!-- decide -->\n").nth(1).expect("the table has its marks");
    assert_eq!(
        text(&output.stdout),
        table.lines().filter(|line| !line.is_empty()).skip(2).map(|line| format!("{line}\n")).collect::<String>()
    );
}

/// What stands in backticks at the beginning of the rows of the table with this mark around it.
fn names_in_table(page: &str, mark: &str) -> BTreeSet<String> {
    let parts: Vec<&str> = page.split(mark).collect();
    assert_eq!(parts.len(), 3, "the page has {mark} twice");
    let name = |row: &str| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    parts[1].lines().filter_map(name).collect()
}

#[test]
fn the_checklist_has_every_scenario() {
    let scenarios: BTreeSet<String> = SCENARIOS.iter().map(|scenario| scenario.name.to_owned()).collect();
    assert_eq!(names_in_table(&page(), "<!-- scenarios -->"), scenarios, "left: the page; right: the kit");
    let jobs: BTreeSet<String> = JOBS.iter().map(|scenario| scenario.name.to_owned()).collect();
    assert_eq!(names_in_table(&page(), "<!-- jobs -->"), jobs, "left: the page; right: the kit");
}

#[test]
fn the_page_has_every_edge() {
    let orderings = beside("../docs/memory-ordering.md");
    let edges: BTreeSet<String> =
        orderings.lines().filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
    assert!(edges.len() > 5, "the table of edges has moved away");
    assert_eq!(names_in_table(&page(), "<!-- edges -->"), edges, "left: the page; right: memory-ordering.md");
}

#[test]
fn the_steps_of_the_reader_hold_in_every_scenario() {
    for scenario in SCENARIOS {
        let found = drain::<steps::Reader>(scenario, (scenario.threads() > 2).then_some(3));
        assert!(found.violation.is_none(), "{}: {found:?}", scenario.name);
        println!("{}: {} executions, {}, {:.1} s", scenario.name, found.executions, found.bound, found.seconds);
    }
}

#[test]
fn two_looks_are_found_in_the_steps() {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == "early-end").expect("it is there");
    let found =
        explore::<steps::Reader<true>>(scenario, Checker::Interleavings, Budget::default()).expect("it can do all");
    assert_eq!(found.violation.as_ref().map(|violation| &*violation.guarantee), Some("I3"), "{found:?}");
    println!("execution {}", found.executions);
}
