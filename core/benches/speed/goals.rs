//! What was aimed at, and whether it is reached.

use comfy_table::Table;
use serde::Serialize;

use crate::measure::Timing;
use crate::report::{Report, figure, table};

/// One of them.
#[derive(Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) id: &'static str,
    pub(crate) what: String,
    pub(crate) measured: f64,
    /// Whether it is to be at least or at most so much.
    pub(crate) is_at_least: bool,
    pub(crate) limit: f64,
    pub(crate) reached: bool,
}

const ARRAY_QUEUE: &str = "ArrayQueue + flag";
const MUTEXES: [&str; 2] = ["parking_lot Mutex<VecDeque>", "std Mutex<VecDeque>"];

/// How many times as long as Turnstile the best of these takes.
fn times(timing: &Timing, peers: &[&str]) -> f64 {
    let ratio = |peer: &&str| timing.of(peer).expect("it was measured").ratio.median;
    peers.iter().map(ratio).fold(f64::INFINITY, f64::min)
}

struct Goals(Vec<Goal>);

impl Goals {
    fn at_least(&mut self, id: &'static str, what: impl Into<String>, limit: f64, measured: f64) {
        self.0.push(Goal { id, what: what.into(), measured, is_at_least: true, limit, reached: measured >= limit });
    }

    fn at_most(&mut self, id: &'static str, what: impl Into<String>, limit: f64, measured: f64) {
        self.0.push(Goal { id, what: what.into(), measured, is_at_least: false, limit, reached: measured <= limit });
    }
}

/// All of them.
pub(crate) fn judge(report: &Report) -> Vec<Goal> {
    let mut goals = Goals(Vec::new());
    let of = |id| report.timing(id);
    let nanos = |id| of(id).subjects[0].spread.median;

    let batch = "batch of 64 assigned and drained";
    goals.at_least("G1", format!("{batch}, 24 B: times ArrayQueue"), 8.0, times(of("batch-24"), &[ARRAY_QUEUE]));
    goals.at_least("G1", "the better Mutex<VecDeque>, one lock per batch", 5.0, times(of("batch-24"), &MUTEXES));
    goals.at_least("G1", "rtrb, for one producer, in chunks", 1.0, times(of("batch-24"), &["rtrb (one producer)"]));
    goals.at_least("G1", format!("{batch}, 64 B: times ArrayQueue"), 6.0, times(of("batch-64"), &[ARRAY_QUEUE]));
    goals.at_least("G1", "the better Mutex<VecDeque>", 4.0, times(of("batch-64"), &MUTEXES));

    if let Some(counts) = &report.instructions {
        let count = &counts[0];
        goals.at_most("G2", "instructions per split of it", 25.0, count.turnstile);
        let ratio = count.array_queue.unwrap_or(f64::NAN) / count.turnstile;
        goals.at_least("G2", "times as many with ArrayQueue", 2.9, ratio);
    }

    let single = of("single");
    goals.at_least("G3", "one split assigned and polled: times ArrayQueue", 1.6, times(single, &[ARRAY_QUEUE]));
    goals.at_least("G3", "concurrent-queue", 1.3, times(single, &["concurrent-queue"]));
    let floor = times(single, &["one compare-exchange (floor)"]);
    goals.at_most("G3", "times one compare-exchange", 1.4, 1.0 / floor);

    goals.at_least("G4", "Pending: times ArrayQueue", 4.0, times(of("pending"), &[ARRAY_QUEUE]));
    goals.at_most("G4", "ns", 3.0, nanos("pending"));
    goals.at_least("G4", "Finished: times ArrayQueue", 8.0, times(of("finished"), &[ARRAY_QUEUE]));
    goals.at_least("G4", "concurrent-queue", 5.0, times(of("finished"), &["concurrent-queue"]));
    goals.at_most("G4", "ns", 3.0, nanos("finished"));

    let woken = "ArrayQueue + flag + AtomicWaker";
    goals.at_least(
        "G5",
        "Pending again, the same waker: times ArrayQueue + AtomicWaker",
        6.0,
        times(of("pending-waker"), &[woken]),
    );
    goals.at_least("G5", "assign and poll when nobody waits", 2.3, times(of("nobody-waits"), &[woken]));

    let cross = of("cross-batch-24");
    goals.at_least("G6", "the batch across two cores: times ArrayQueue", 4.0, times(cross, &[ARRAY_QUEUE]));
    goals.at_least("G6", "the better Mutex<VecDeque>", 1.4, times(cross, &MUTEXES));
    goals.at_most("G6", "times as long as rtrb", 1.2, 1.0 / times(cross, &["rtrb (one producer)"]));

    let snapshot = of("snapshot");
    goals.at_most("G7", "snapshot of 40 splits: ns per split", 2.0, nanos("snapshot"));
    goals.at_least("G7", "times pop and push again with ArrayQueue", 10.0, times(snapshot, &[ARRAY_QUEUE]));
    goals.at_most("G7", "times a copy under the better lock", 1.5, 1.0 / times(snapshot, &MUTEXES));

    let [cheap, dear] = &report.rows[..] else { unreachable!("rows of two prices") };
    let late = |rows: &crate::rows::Measured, way: &str| {
        let way = rows.ways.iter().find(|known| known.name == way).expect("it was measured");
        way.late.as_ref().map_or((f64::NAN, f64::NAN), |late| (late.median, late.p99))
    };
    goals.at_most("G8", "rows of 100 ns between request and cut, p99", 40.0, late(dear, "Turnstile").1);
    goals.at_most("G8", "rows of 2.5 ns between request and cut, p99", 1_500.0, late(cheap, "Turnstile").1);
    let split = late(dear, "parking_lot per split").0 / late(dear, "Turnstile").0;
    goals.at_least("G8", "times as many with a lock per split, rows of 100 ns, median", 10_000.0, split);

    let rate = |rows: &crate::rows::Measured, way: &str| {
        rows.ways.iter().find(|known| known.name == way).expect("it was measured").rate.median
    };
    goals.at_least("G9", "rate, rows of 100 ns", 0.99, rate(dear, "Turnstile"));
    goals.at_least("G9", "rate, rows of 2.5 ns", 0.92, rate(cheap, "Turnstile"));
    let per_row = ["std Mutex per row", "parking_lot per row"].map(|lock| rate(cheap, lock));
    goals.at_least(
        "G9",
        "times the rate with a lock per row, rows of 2.5 ns",
        5.0,
        rate(cheap, "Turnstile") / per_row[0].max(per_row[1]),
    );
    if let Some(row) = report.instructions.as_ref().and_then(|counts| counts.last()) {
        goals.at_most("G9", "instructions a row", 2.0, row.turnstile);
    }

    let [_, turnstile, park, sleep] = &report.wakeups[..] else { unreachable!("four ways to wait") };
    goals.at_most("G10", "a sleeping poller runs: times std park", 1.15, turnstile.micros.median / park.micros.median);
    goals.at_least("G10", "times a sleep of 100 ms", 500.0, sleep.micros.median / turnstile.micros.median);
    goals.at_most("G10", "% of a processor while it waits", 0.05, turnstile.idle_cpu);
    goals.at_most("G10", "switches per s while it waits", 0.0, turnstile.idle_switches);
    goals.0
}

pub(crate) fn of_goals(goals: &[Goal]) -> Table {
    let rows = goals.iter().map(|goal| {
        let than = if goal.is_at_least { "≥" } else { "≤" };
        let limit = format!("{than} {}", figure(goal.limit));
        vec![
            goal.id.into(),
            goal.what.clone(),
            limit,
            figure(goal.measured),
            if goal.reached { "reached" } else { "**not**" }.into(),
        ]
    });
    table(&["", "what", "goal", "measured", ""], rows)
}
