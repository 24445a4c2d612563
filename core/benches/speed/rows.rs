//! A reader that emits rows while checkpoints are asked for: what the protection costs a row, and how many rows are emitted
//! between the request and the cut.
//!
//! Rows are counted, not microseconds: a machine that takes the emitting thread off its processor makes every way late, and
//! no rows are emitted then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use parking_lot::lock_api::{RawMutex as _, RawMutexFair as _};
use serde::Serialize;
use turnstile::{Answer, CheckpointId, Cut, Poller, Reader, blocking};

use crate::measure::{Patience, Spread, load, pin, quantile, work};

/// Rows in a split.
const SPLIT: u64 = 1_000_000;
/// Between two checkpoints.
const INTERVAL: Duration = Duration::from_millis(3);

/// What the two threads know of each other.
#[derive(Default)]
struct Stage {
    /// Rows, by the emitting thread alone.
    emitted: CachePadded<AtomicU64>,
    /// The emitting thread is to end, at the end of a split.
    stop: CachePadded<AtomicBool>,
    /// It has ended.
    ended: CachePadded<AtomicBool>,
}

impl Stage {
    fn goes_on(&self) -> bool {
        !self.stop.load(Relaxed)
    }

    fn rows<const STEPS: u32>(&self) -> Rows<'_, STEPS> {
        Rows { stage: self, emitted: 0, state: 1 }
    }

    fn emitted(&self) -> u64 {
        self.emitted.load(Acquire)
    }
}

/// Emits rows that take so much, each of which needs the one before.
struct Rows<'s, const STEPS: u32> {
    stage: &'s Stage,
    emitted: u64,
    state: u64,
}

impl<const STEPS: u32> Rows<'_, STEPS> {
    #[inline(always)]
    fn emit(&mut self) {
        self.state = work::<STEPS>(self.state);
        self.emitted += 1;
        self.stage.emitted.store(self.emitted, Relaxed);
    }
}

/// A way to take a checkpoint between two rows.
trait Way: Send + Sync + Sized {
    fn new() -> Self;

    fn name() -> String;

    /// On the emitting thread: split after split, while it goes on.
    fn read<const STEPS: u32>(&self, stage: &Stage);

    /// On the checkpoint thread: how many rows were emitted when the cut was taken. `None` if nobody emits any more, or if
    /// there is no way.
    fn checkpoint(&self, stage: &Stage) -> Option<u64>;
}

/// None: what rows cost by themselves.
struct Unprotected;

impl Way for Unprotected {
    fn new() -> Self {
        Self
    }
    fn name() -> String {
        "no checkpoints".into()
    }
    fn read<const STEPS: u32>(&self, stage: &Stage) {
        let mut rows = stage.rows::<STEPS>();
        while stage.goes_on() {
            for _ in 0..SPLIT {
                rows.emit();
            }
        }
    }
    fn checkpoint(&self, _: &Stage) -> Option<u64> {
        None
    }
}

/// The poller takes the cut when it hears of the request.
struct Cooperative {
    reader: Reader<[u64; 1]>,
    /// How often it has, and how many rows there were the last time.
    cuts: CachePadded<(AtomicU64, AtomicU64)>,
}

impl Cooperative {
    fn cut(&self, cut: &Cut<'_, [u64; 1]>, stage: &Stage) {
        assert!(cut.id().is_some());
        self.cuts.1.store(stage.emitted(), Relaxed);
        self.cuts.0.fetch_add(1, Release);
    }
}

impl Way for Cooperative {
    fn new() -> Self {
        Self { reader: Reader::new(), cuts: CachePadded::default() }
    }
    fn name() -> String {
        "Turnstile".into()
    }
    fn read<const STEPS: u32>(&self, stage: &Stage) {
        let mut rows = stage.rows::<STEPS>();
        let mut poller = Poller::claim(&self.reader).expect("the only one");
        while stage.goes_on() {
            self.reader.assign([0]).expect("there is room");
            loop {
                match poller.poll() {
                    Answer::Split(mut lease) => {
                        for row in 1..=SPLIT {
                            rows.emit();
                            if lease.advance(row).is_some() {
                                self.cut(&lease.cut(), stage);
                            }
                        }
                        lease.complete();
                        break;
                    }
                    Answer::Checkpoint(_) => self.cut(&poller.cut().expect("it was just asked"), stage),
                    Answer::Pending | Answer::Finished => unreachable!("a split was assigned, and no end"),
                }
            }
        }
    }
    fn checkpoint(&self, stage: &Stage) -> Option<u64> {
        let (cuts, rows) = &*self.cuts;
        let before = cuts.load(Relaxed);
        self.reader.request_checkpoint(CheckpointId(before)).expect("the last one was answered");
        let mut patience = Patience::default();
        while cuts.load(Acquire) == before {
            if stage.ended.load(Acquire) {
                return None;
            }
            patience.wait();
        }
        Some(rows.load(Relaxed))
    }
}

/// The checkpoint thread takes the cut, and the task stands still.
impl Way for blocking::Reader<[u64; 1]> {
    fn new() -> Self {
        Self::new(Reader::new())
    }
    fn name() -> String {
        "Turnstile, blocking face".into()
    }
    fn read<const STEPS: u32>(&self, stage: &Stage) {
        let mut rows = stage.rows::<STEPS>();
        let mut poller = self.poller().expect("the only one");
        while stage.goes_on() {
            self.assign([0]).expect("there is room");
            let mut lease = poller.next().expect("a split was assigned");
            for row in 1..=SPLIT {
                rows.emit();
                lease.advance(row);
            }
            lease.complete();
        }
    }
    fn checkpoint(&self, stage: &Stage) -> Option<u64> {
        let cut = self.checkpoint(CheckpointId(0));
        assert!(cut.splits().len() <= 1);
        Some(stage.emitted())
    }
}

/// What an engine asks for today: a lock that the task holds while it emits.
trait Lock: Default + Send + Sync {
    const NAME: &'static str;
    fn hold<R>(&self, act: impl FnOnce() -> R) -> R;
}

#[derive(Default)]
struct Std(std::sync::Mutex<()>);

impl Lock for Std {
    const NAME: &'static str = "std Mutex";
    fn hold<R>(&self, act: impl FnOnce() -> R) -> R {
        let _held = self.0.lock().expect("nobody panics");
        act()
    }
}

/// One of `parking_lot`, which is handed to whoever waits, or not.
struct ParkingLot<const FAIR: bool>(parking_lot::RawMutex);

impl<const FAIR: bool> Default for ParkingLot<FAIR> {
    fn default() -> Self {
        Self(parking_lot::RawMutex::INIT)
    }
}

impl<const FAIR: bool> Lock for ParkingLot<FAIR> {
    const NAME: &'static str = if FAIR { "parking_lot, fair" } else { "parking_lot" };
    fn hold<R>(&self, act: impl FnOnce() -> R) -> R {
        self.0.lock();
        let result = act();
        if FAIR {
            // SAFETY: locked above, by this thread.
            unsafe { self.0.unlock_fair() }
        } else {
            // SAFETY: locked above, by this thread.
            unsafe { self.0.unlock() }
        }
        result
    }
}

/// Held for so many rows at a time.
struct Locked<L, const ROWS: u64>(L);

impl<L: Lock, const ROWS: u64> Way for Locked<L, ROWS> {
    fn new() -> Self {
        Self(L::default())
    }
    fn name() -> String {
        match ROWS {
            1 => format!("{} per row", L::NAME),
            SPLIT => format!("{} per split", L::NAME),
            rows => format!("{} per {rows} rows", L::NAME),
        }
    }
    fn read<const STEPS: u32>(&self, stage: &Stage) {
        let mut rows = stage.rows::<STEPS>();
        while stage.goes_on() {
            let mut left = SPLIT;
            while left > 0 {
                let now = ROWS.min(left);
                self.0.hold(|| {
                    for _ in 0..now {
                        rows.emit();
                    }
                });
                left -= now;
            }
        }
    }
    fn checkpoint(&self, stage: &Stage) -> Option<u64> {
        Some(self.0.hold(|| stage.emitted()))
    }
}

/// One run: nanoseconds a row, and for each checkpoint how many rows came between the request and the cut.
type Run = fn(Duration) -> (f64, Vec<f64>);

fn run<W: Way, const STEPS: u32>(time: Duration) -> (f64, Vec<f64>) {
    let (stage, way) = (Stage::default(), W::new());
    thread::scope(|scope| {
        let (stage, way) = (&stage, &way);
        let emitting = scope.spawn(move || {
            pin(0);
            let start = Instant::now();
            way.read::<STEPS>(stage);
            let nanos = start.elapsed().as_nanos() as f64;
            stage.ended.store(true, Release);
            nanos / stage.emitted() as f64
        });
        let asking = scope.spawn(move || {
            pin(1);
            let mut late = Vec::new();
            loop {
                thread::sleep(INTERVAL);
                if !stage.goes_on() {
                    return late;
                }
                let asked = stage.emitted();
                late.extend(way.checkpoint(stage).map(|cut| (cut - asked) as f64));
            }
        });
        thread::sleep(time);
        stage.stop.store(true, Release);
        (emitting.join().unwrap(), asking.join().unwrap())
    })
}

/// What came of one way.
#[derive(Debug, Serialize)]
pub(crate) struct Protection {
    pub(crate) name: String,
    /// Nanoseconds a row.
    pub(crate) row: Spread,
    /// Rows in a given time, as a share of what there are without checkpoints, round by round.
    pub(crate) rate: Spread,
    pub(crate) checkpoints: usize,
    /// Rows between the request and the cut.
    pub(crate) late: Option<Late>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Late {
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

/// All ways, with rows of one price.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) rounds: usize,
    pub(crate) load: f64,
    pub(crate) ways: Vec<Protection>,
}

fn ways<const STEPS: u32>() -> Vec<(String, Run)> {
    fn of<W: Way, const STEPS: u32>() -> (String, Run) {
        (W::name(), run::<W, STEPS>)
    }
    vec![
        of::<Unprotected, STEPS>(),
        of::<Cooperative, STEPS>(),
        of::<blocking::Reader<[u64; 1]>, STEPS>(),
        of::<Locked<Std, SPLIT>, STEPS>(),
        of::<Locked<ParkingLot<false>, SPLIT>, STEPS>(),
        of::<Locked<ParkingLot<true>, SPLIT>, STEPS>(),
        of::<Locked<Std, 256>, STEPS>(),
        of::<Locked<ParkingLot<false>, 256>, STEPS>(),
        of::<Locked<ParkingLot<true>, 256>, STEPS>(),
        of::<Locked<Std, 1>, STEPS>(),
        of::<Locked<ParkingLot<false>, 1>, STEPS>(),
        of::<Locked<ParkingLot<true>, 1>, STEPS>(),
    ]
}

fn interleaved<const STEPS: u32>(id: &'static str, title: &'static str, rounds: usize, time: Duration) -> Measured {
    let load = load();
    let ways = ways::<STEPS>();
    let mut runs = vec![(Vec::new(), Vec::new()); ways.len()];
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let at = (turn + round) % ways.len();
            let (row, late) = ways[at].1(time);
            runs[at].0.push(row);
            runs[at].1.extend(late);
        }
    }
    let bare = runs[0].0.clone();
    let of = |((name, _), (row, late)): ((String, Run), (Vec<f64>, Vec<f64>))| Protection {
        name,
        rate: Spread::of(&bare.iter().zip(&row).map(|(bare, row)| bare / row).collect::<Vec<_>>()),
        row: Spread::of(&row),
        checkpoints: late.len(),
        late: (!late.is_empty()).then(|| Late {
            median: quantile(&late, 0.5),
            p99: quantile(&late, 0.99),
            max: quantile(&late, 1.0),
        }),
    };
    Measured { id, title, rounds, load, ways: ways.into_iter().zip(runs).map(of).collect() }
}

/// Cheap rows, and rows that do something.
pub(crate) fn all(quick: bool) -> Vec<Measured> {
    let (rounds, time) = if quick { (1, Duration::from_millis(20)) } else { (6, Duration::from_millis(200)) };
    vec![
        interleaved::<1>("rows-cheap", "rows of about 2.5 ns", rounds, time),
        interleaved::<60>("rows-dear", "rows of about 100 ns", rounds, time),
    ]
}
