//! Everything that was measured, as one value: it is printed, written as JSON, drawn, and held against the goals.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::growth::{self, Growth, Memory};
use crate::handoff;
use crate::instructions::{self, Count};
use crate::measure::{Scenario, Spread, Timing};
use crate::rows::{self, Measured};
use crate::waiting::{self, Wakeup};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) timings: Vec<Timing>,
    pub(crate) wakeups: Vec<Wakeup>,
    pub(crate) rows: Vec<Measured>,
    pub(crate) growth: Vec<Growth>,
    pub(crate) memory: Memory,
    /// Not without valgrind.
    pub(crate) instructions: Option<Vec<Count>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) threads: usize,
    pub(crate) system: String,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} hardware threads, {}.", self.processor, self.threads, self.system)
    }
}

impl Machine {
    fn this() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown".into(), |(_, model)| model.into()),
            threads: std::thread::available_parallelism().map_or(0, usize::from),
            system: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

fn timing(scenario: &Scenario, quick: bool) -> Timing {
    let (rounds, work) = if quick { (2, scenario.work / 20) } else { (41, scenario.work) };
    Timing::interleaved(scenario, rounds, work.max(1))
}

fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    handoff::SCENARIOS.iter().chain(waiting::SCENARIOS)
}

/// What can be asked for.
pub(crate) fn names() -> Vec<&'static str> {
    scenarios().map(|scenario| scenario.id).collect()
}

/// The tables of the timings whose name contains `filter`.
pub(crate) fn only(filter: &str, quick: bool) -> Vec<(String, Table)> {
    let wanted = scenarios().filter(|scenario| scenario.id.contains(filter));
    wanted.map(|scenario| of_timing(&timing(scenario, quick))).collect()
}

/// Tables below each other.
pub(crate) fn text(tables: &[(String, Table)]) -> String {
    tables.iter().map(|(title, table)| format!("\n### {title}\n\n{table}\n")).collect()
}

impl Report {
    /// Measures everything; says on standard error what it is at.
    pub(crate) fn measure(quick: bool) -> Self {
        let start = std::time::Instant::now();
        let at = |what: &str| eprintln!("{:>4.0} s  {what}", start.elapsed().as_secs_f64());
        let timed = |scenario: &Scenario| {
            at(scenario.title);
            timing(scenario, quick)
        };
        // The wake-ups first: they count the threads of this process.
        at("waking a poller that sleeps");
        let wakeups = waiting::wakeups(quick);
        let timings = scenarios().map(timed).collect();
        at("rows and checkpoints");
        let rows = rows::all(quick);
        at("more of everything");
        let growth = growth::all(quick);
        at("instructions");
        let instructions = instructions::count().map_err(|error| eprintln!("not counted: {error}")).ok();
        at("done");
        Self { machine: Machine::this(), timings, wakeups, rows, growth, memory: growth::memory(), instructions }
    }

    pub(crate) fn timing(&self, id: &str) -> &Timing {
        self.timings.iter().find(|timing| timing.id == id).expect("every scenario is measured")
    }

    /// The tables, each with its title.
    pub(crate) fn tables(&self) -> Vec<(String, Table)> {
        let mut tables: Vec<(String, Table)> = self.timings.iter().map(of_timing).collect();
        tables.push(of_wakeups(&self.wakeups));
        tables.extend(self.rows.iter().map(of_rows));
        tables.extend(self.growth.iter().map(of_growth));
        tables.push(of_memory(&self.memory));
        tables.extend(self.instructions.as_deref().map(of_instructions));
        tables
    }
}

/// A table that is one in a terminal and in a document alike.
pub(crate) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// As exactly as it may be trusted.
pub(crate) fn figure(value: f64) -> String {
    match value {
        _ if value.is_nan() => "–".into(),
        _ if value >= 1000.0 || value.fract() == 0.0 => grouped(value.round() as u64),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn grouped(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1000), number % 1000) }
}

fn spread(of: Spread) -> String {
    format!("{} ({}–{})", figure(of.median), figure(of.p10), figure(of.p90))
}

fn of_timing(of: &Timing) -> (String, Table) {
    let rows = of.subjects.iter().enumerate().map(|(at, subject)| {
        let ratio = if at == 0 { "1".into() } else { spread(subject.ratio) };
        vec![subject.name.into(), spread(subject.spread), ratio]
    });
    let title = format!("{} — {} rounds, load {:.1}", of.title, of.rounds, of.load);
    (title, table(&["", of.unit, "times as long as Turnstile"], rows))
}

fn of_wakeups(all: &[Wakeup]) -> (String, Table) {
    let rows = all.iter().map(|of| {
        vec![
            of.name.into(),
            spread(of.micros),
            spread(of.notify_micros),
            format!("{:.3}", of.idle_cpu),
            format!("{:.0}", of.idle_switches),
            of.samples.to_string(),
        ]
    });
    let load = all.first().map_or(f64::NAN, |first| first.load);
    let header = ["", "µs until it runs", "µs to notify", "% of a processor, idle", "switches per s, idle", "samples"];
    (format!("waking a poller that sleeps — load {load:.1}"), table(&header, rows))
}

fn of_rows(of: &Measured) -> (String, Table) {
    let late = |of: Option<f64>| of.map_or("–".into(), figure);
    let rows = of.ways.iter().map(|way| {
        vec![
            way.name.clone(),
            figure(way.row.median),
            spread(way.rate),
            late(way.late.as_ref().map(|late| late.median)),
            late(way.late.as_ref().map(|late| late.p99)),
            late(way.late.as_ref().map(|late| late.max)),
            way.checkpoints.to_string(),
        ]
    });
    let title = format!("checkpoints, {} — {} rounds, load {:.1}", of.title, of.rounds, of.load);
    (title, table(&["", "ns a row", "rate", "rows late, median", "p99", "at most", "checkpoints"], rows))
}

fn of_growth(of: &Growth) -> (String, Table) {
    let mut header = vec![of.along];
    header.extend(of.lines.iter().map(|line| line.name));
    let points = of.lines.first().map_or(0, |line| line.points.len());
    let rows = (0..points).map(|at| {
        let mut row = vec![grouped(of.lines[0].points[at].0)];
        row.extend(of.lines.iter().map(|line| spread(line.points[at].1)));
        row
    });
    (format!("{}, {} — {} rounds, load {:.1}", of.title, of.unit, of.rounds, of.load), table(&header, rows))
}

fn of_memory(of: &Memory) -> (String, Table) {
    let row = vec![of.empty.to_string(), of.split.to_string(), of.with_128.to_string()];
    let header = ["by itself", "and for each place, with splits of 24 B", "with 128 places"];
    ("memory of a reader, bytes; none more is ever asked for".into(), table(&header, [row].into_iter()))
}

pub(crate) fn of_instructions(all: &[Count]) -> (String, Table) {
    let rows =
        all.iter().map(|of| vec![of.operation.into(), figure(of.turnstile), of.array_queue.map_or("–".into(), figure)]);
    ("instructions, without the harness".into(), table(&["", "Turnstile", "ArrayQueue + flag"], rows))
}
