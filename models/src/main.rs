//! `turnstile`: shows the evidence.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use turnstile_models::litmus::random::{self, Plan};
use turnstile_models::protocol::rules::Rule;
use turnstile_models::{coverage, mutants, protocol, prove, report, scale, show};

/// Shows why to trust the turnstile reader core: explores the interleavings of assign, poll, signal and snapshot on the code
/// that ships, and puts two readers that engines have shipped through the same scenarios.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Without a command: prove.\nExit status: 0 all holds, 1 something is violated or not caught, 2 wrong arguments."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Cmd>,
}

#[derive(Subcommand)]
enum Cmd {
    /// Explore every scenario and print what was explored.
    Prove(Prove),
    /// Run one row of `prove` again, in this process, with everything that it says: seeds are fixed, so what failed fails again, at
    /// the same execution (on real threads, if it likes).
    Replay {
        /// The scenario.
        scenario: String,
        /// The pass: random, pct-3, interleavings, weak-memory, states or real.
        pass: String,
        /// Also the rows that only `prove --deep` runs.
        #[arg(long)]
        deep: bool,
        /// Only the execution whose schedule is in this file: prove names it where one failed.
        #[arg(long, value_name = "FILE")]
        schedule: Option<PathBuf>,
    },
    /// Public bugs of split readers: each a small rendering, the scenario that catches it, and what it looks like.
    Casebook {
        /// One of them, by number (C02) or name: its story, and the interleaving.
        case: Option<String>,
        /// An array with one object for each.
        #[arg(long)]
        json: bool,
        /// Write the interleaving of CASE into FILE instead, as a picture.
        #[arg(long, value_name = "FILE", requires = "case", conflicts_with_all = ["json", "doc"])]
        svg: Option<PathBuf>,
        /// Also write a page and a picture of each into FOLDER/casebook, and the table of them into FOLDER/casebook.md, between
        /// its marks.
        #[arg(long, value_name = "FOLDER", conflicts_with = "case")]
        doc: Option<PathBuf>,
    },
    /// Is everything in the core necessary? Weaken each ordering by itself, decide each guard beforehand, leave out each step and each
    /// wake-up, exchange each two neighbouring steps; and see which model fails. What none notices has to have a reason to stay.
    Mutants {
        /// Only what is altered in functions whose name contains PATTERN.
        #[arg(long, value_name = "PATTERN")]
        filter: Option<String>,
        /// Only orderings: three minutes, instead of seven.
        #[arg(long, conflicts_with = "twice")]
        orderings: bool,
        /// Of what is noticed: would another model notice it too? What depends on each scenario alone. Leaves out what is kept.
        #[arg(long)]
        twice: bool,
        /// Print an array with one object for each instead of a table.
        #[arg(long)]
        json: bool,
        /// Also write what was found into the documents in FOLDER, between their marks.
        #[arg(long, value_name = "FOLDER", conflicts_with = "filter")]
        doc: Option<PathBuf>,
    },
    /// Which operations run at once in the models, and which way control goes: every two operations have to meet, every branch has to
    /// be taken, or there is a reason.
    Coverage {
        /// Print an object instead of tables.
        #[arg(long)]
        json: bool,
        /// Also write what was found into coverage.md in FOLDER, between its marks.
        #[arg(long, value_name = "FOLDER")]
        doc: Option<PathBuf>,
    },
    /// All of the evidence on one page: what is promised, what was explored, which operations meet, what is necessary, what is not
    /// promised. Without --from it is gathered first: ten minutes or so.
    Report {
        /// A folder with prove.json, coverage.json, mutants.json and casebook.json, as these commands print them with --json. What
        /// is missing is gathered, and left there.
        #[arg(long, value_name = "FOLDER", default_value = "target/evidence")]
        from: PathBuf,
        /// The page.
        #[arg(long, value_name = "FILE", default_value = "target/evidence/report.html")]
        out: PathBuf,
        /// Print all of it as one object instead of writing a page.
        #[arg(long)]
        json: bool,
        /// Also write what does not depend on the machine into evidence.md in FOLDER, between its marks.
        #[arg(long, value_name = "FOLDER")]
        doc: Option<PathBuf>,
    },
    /// Let scenarios grow, without a bound, until a size does not drain in the time it has.
    Scale(Scale),
    /// Walk through the states of the delivery protocol, in a browser.
    Explore {
        /// Which of the sizes that `prove --filter protocol` names.
        #[arg(default_value = "protocol-late")]
        size: String,
        /// Leave out one of the rules that `prove --filter protocol-rules` names, and see what comes of it.
        #[arg(long, value_name = "RULE")]
        without: Option<String>,
        /// Where to serve it.
        #[arg(long, default_value = "127.0.0.1:3000")]
        address: String,
    },
    /// Hold the exploration itself against brute force on random programs.
    Litmus(Litmus),
    /// One of these, in a process of its own.
    #[command(hide = true)]
    Mutant {
        /// What is altered; if nothing, that is the control.
        #[arg(long)]
        alteration: Option<usize>,
        /// The only model.
        #[arg(long)]
        only: Option<String>,
        /// A scenario that is left out.
        #[arg(long)]
        without: Option<String>,
    },
    /// One piece of the search of `scale`, for a while, in a process of its own.
    #[command(hide = true)]
    Slice {
        /// Which of what grows.
        growing: usize,
        /// Which of its sizes.
        number: usize,
        /// The piece.
        file: PathBuf,
        /// For how long.
        milliseconds: u64,
        /// See `scale --reduced`.
        #[arg(long)]
        reduced: bool,
    },
    /// One job of `prove`, in a process of its own.
    #[command(hide = true)]
    Job {
        /// Its number.
        index: usize,
    },
}

#[derive(Args, Default)]
struct Prove {
    /// Also run what takes longer than minutes.
    #[arg(long)]
    deep: bool,
    /// Only scenarios whose name contains PATTERN.
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// Print an array with one object a row instead of tables.
    #[arg(long)]
    json: bool,
    /// Also write what was explored into the documents in FOLDER, between their marks.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["filter", "deep"])]
    doc: Option<PathBuf>,
}

#[derive(Args)]
struct Scale {
    /// How much processor time a size may take, on each of the processors.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Only what contains PATTERN in its name, or in its name and pass: "assign-poll weak-memory".
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// No more than so many sizes of each.
    #[arg(long, value_name = "N")]
    sizes: Option<usize>,
    /// Where to write down what is done. After an end of any kind, the same command goes on from there.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Also with threads that begin in a fixed order. `prove` does not do that.
    #[arg(long)]
    reduced: bool,
    /// Print an array with one object for each size instead of a table.
    #[arg(long)]
    json: bool,
    /// Also write the table into scale.md in FOLDER, between its marks.
    #[arg(long, value_name = "FOLDER", conflicts_with = "filter")]
    doc: Option<PathBuf>,
}

#[derive(Args)]
struct Litmus {
    /// Every kind of program that the passes are held against, instead of the one described by the other options.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    plan: Plan,
}

fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Cmd::Prove(Prove::default()));
    let result = match command {
        Cmd::Prove(Prove { deep, filter, json, doc }) => prove::prove(&prove::Options { deep, filter, json, doc }),
        Cmd::Replay { scenario, pass, deep, schedule } => prove::replay(&scenario, &pass, deep, schedule.as_deref()),
        Cmd::Casebook { case, json, svg, doc } => show::casebook(&show::Options { case, json, svg, doc }),
        Cmd::Mutants { orderings, filter, twice, json, doc } => {
            mutants::run(&mutants::Options { orderings, filter, twice, json, doc })
        }
        Cmd::Coverage { json, doc } => coverage::run(&coverage::Options { json, doc }),
        Cmd::Report { from, out, json, doc } => report::run(&report::Options { from, out, json, doc }),
        Cmd::Mutant { alteration, only, without } => mutants::run_mutant(alteration, only, without),
        Cmd::Scale(Scale { minutes, filter, sizes, folder, reduced, json, doc }) => {
            scale::run(&scale::Options { minutes, filter, sizes, folder, reduced, json, doc })
        }
        Cmd::Slice { growing, number, file, milliseconds, reduced } => {
            scale::run_slice(growing, number, reduced, &file, milliseconds)
        }
        Cmd::Explore { size, without, address } => Ok(explore(&size, without.as_deref(), address)),
        Cmd::Litmus(Litmus { all, plan }) => Ok(litmus(all, &plan)),
        Cmd::Job { index } => Ok(prove::run_job(index)),
    };
    result.unwrap_or_else(|error| {
        eprintln!("turnstile: {error}");
        ExitCode::from(1)
    })
}

/// Serves stateright's explorer, until it is interrupted.
fn explore(size: &str, without: Option<&str>, address: String) -> ExitCode {
    let Some(run) = protocol::RUNS.iter().find(|run| run.name == size) else {
        let names: Vec<_> = protocol::RUNS.iter().map(|run| run.name).collect();
        eprintln!("no size is called {size:?}; there are: {}", names.join(", "));
        return ExitCode::from(2);
    };
    let rule = without.map(|name| Rule::ALL.iter().copied().find(|rule| rule.name() == name));
    if rule == Some(None) {
        let names: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        eprintln!("no rule is called {:?}; there are: {}", without.unwrap_or(""), names.join(", "));
        return ExitCode::from(2);
    }
    eprintln!("open http://{address} in a browser; end with Ctrl-C");
    run.serve(rule.flatten(), address);
    ExitCode::SUCCESS
}

/// Prints the reports of one plan, or of all that count, and fails if loom missed anything that it should show.
fn litmus(all: bool, plan: &Plan) -> ExitCode {
    let progress = |programs: usize| {
        if programs.is_multiple_of(1_000) {
            eprintln!("{programs} programs");
        }
    };
    let reports = if all {
        random::long_run(plan.seed, plan.programs, |_, programs| progress(programs))
    } else {
        vec![random::compare(plan, progress)]
    };
    for report in &reports {
        println!("{report}");
    }
    if reports.iter().any(|report| report.unexpected().next().is_some()) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}
