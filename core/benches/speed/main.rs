//! What the core costs: beside the queues that people would use in its place, as the work grows, and while checkpoints are taken.
//!
//! `cargo bench` measures, prints the tables and says which goals are reached. docs/performance.md asks the questions.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

mod goals;
mod growth;
mod handoff;
mod instructions;
mod measure;
mod plots;
mod queues;
mod report;
mod rows;
mod waiting;

use report::Report;

/// What Turnstile costs, beside the queues that people would use in its place.
///
/// Measures for a minute and a half, on a machine with nothing else to do. Figures of several threads mean little on a busy one: the
/// load stands beside each table. Needs valgrind to count instructions, and goes without where there is none.
#[derive(Parser)]
#[command(name = "cargo bench --")]
struct Arguments {
    /// Only the timings whose name contains this, without the rest and without the goals.
    filter: Option<String>,
    /// Write all figures as one JSON object to standard output, and the tables to standard error.
    #[arg(long)]
    json: bool,
    /// Bring docs/performance.md and its pictures up to date.
    #[arg(long)]
    doc: bool,
    /// Measure next to nothing: does it run?
    #[arg(long)]
    quick: bool,
    /// Only count instructions, and fail if an operation takes more than its limit in core/benches/instructions.json.
    #[arg(long)]
    instructions: bool,
    /// Make what is counted the limit.
    #[arg(long, requires = "instructions")]
    accept: bool,
    /// So much of one operation, for valgrind.
    #[arg(long, hide = true, num_args = 3, value_names = ["OPERATION", "SUBJECT", "WORK"])]
    count: Option<Vec<u64>>,
    /// What cargo says.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if let Some(&[operation, subject, work]) = arguments.count.as_deref() {
        instructions::run(operation as usize, subject as usize, work);
        return Ok(());
    }
    if arguments.instructions {
        let counts = instructions::count()?;
        println!("{}", report::of_instructions(&counts).1);
        let settle = if arguments.accept { instructions::accept } else { instructions::judge };
        return Ok(settle(&counts)?);
    }
    if let Some(filter) = &arguments.filter {
        let tables = report::only(filter, arguments.quick);
        if tables.is_empty() {
            return Err(format!("no timing is called {filter:?}; there are: {}", report::names().join(", ")).into());
        }
        println!("{}", report::text(&tables));
        return Ok(());
    }
    let report = Report::measure(arguments.quick);
    let goals = goals::judge(&report);
    let text = report::text(&report.tables());
    let verdict = goals::of_goals(&goals);
    if arguments.json {
        eprintln!("{text}\n{verdict}");
        println!("{}", serde_json::to_string_pretty(&json!({ "measured": report, "goals": goals }))?);
    } else {
        println!("{text}\n{verdict}");
    }
    if arguments.doc {
        // cargo starts a bench in the folder of its package.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        write_into(&folder.join("performance.md"), "goals", &format!("{}\n\n{verdict}", report.machine))?;
        write_into(&folder.join("performance.md"), "tables", &text)?;
        plots::draw(&report, &folder.join("performance"))?;
    }
    Ok(())
}

/// Puts text between the two marks of a document.
fn write_into(doc: &Path, mark: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let mark = format!("<!-- {mark} -->\n");
    let old = fs::read_to_string(doc).map_err(|error| format!("{}: {error}", doc.display()))?;
    let [before, _, after] = old.split(&*mark).collect::<Vec<_>>()[..] else {
        return Err(format!("{} lacks two lines with {}", doc.display(), mark.trim()).into());
    };
    fs::write(doc, format!("{before}{mark}\n{}\n\n{mark}{after}", text.trim()))?;
    Ok(())
}
