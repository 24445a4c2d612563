//! What an operation costs as the work grows: more splits, more readers, more threads that assign.

use std::hint::black_box;
use std::sync::Arc;

use serde::Serialize;
use turnstile::{Answer, Poller, Reader};

use crate::handoff::{BATCH, producers};
use crate::measure::{Spread, load, nanos_each};
use crate::queues::{ArrayQueue, CrossbeamChannel, ParkingLot, Split, Turnstile};

type Small = Split<3>;
type Shared = Arc<Reader<[Small; 16]>>;

/// One line of a plot.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// How much of it there was, and what came of that.
    pub(crate) points: Vec<(u64, Spread)>,
}

/// One plot.
#[derive(Debug, Serialize)]
pub(crate) struct Growth {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// What grows.
    pub(crate) along: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) rounds: usize,
    pub(crate) load: f64,
    pub(crate) lines: Vec<Line>,
}

/// The name of a line, and what measures one point of it.
type Measure = (&'static str, fn(u64) -> f64);

/// Measures each point of each line once in each round.
fn grow(
    (id, title, along, unit): (&'static str, &'static str, &'static str, &'static str),
    rounds: usize,
    points: &[u64],
    lines: &[Measure],
) -> Growth {
    let load = load();
    let mut taken = vec![vec![Vec::with_capacity(rounds); points.len()]; lines.len()];
    for _ in 0..rounds {
        for (at, &point) in points.iter().enumerate() {
            for (line, (_, measure)) in taken.iter_mut().zip(lines) {
                line[at].push(measure(point));
            }
        }
    }
    let of = |((name, _), taken): (&Measure, &Vec<Vec<f64>>)| Line {
        name,
        points: points.iter().copied().zip(taken.iter().map(|values| Spread::of(values))).collect(),
    };
    Growth { id, title, along, unit, rounds, load, lines: lines.iter().zip(&taken).map(of).collect() }
}

/// So many splits through a reader with 128 places, in batches, one thread.
fn splits(splits: u64) -> f64 {
    let reader = Reader::<[Small; 128]>::new();
    let mut poller = Poller::claim(&reader).expect("the only one");
    let batch = [Small::default(); BATCH];
    // Few are done again and again: a clock does not see one split.
    let times = (10_000 / splits).max(1);
    nanos_each(splits * times, || {
        let mut left = splits * times;
        while left > 0 {
            let now = left.min(BATCH as u64).min(splits);
            reader.assign(black_box(&batch[..now as usize])).expect("there is room");
            for _ in 0..now {
                let Answer::Split(lease) = poller.poll() else { panic!("it was assigned") };
                black_box(lease.complete());
            }
            left -= now;
        }
    })
}

/// So many readers, each with a poller: one poll of each in turn.
fn with_readers(readers: u64, mut each: impl FnMut(&Shared, &mut Poller<Shared>)) -> f64 {
    let reader = |_| {
        let reader = Shared::new(Reader::new());
        let poller = Poller::claim(reader.clone()).expect("the only one");
        (reader, poller)
    };
    let mut all: Vec<(Shared, Poller<Shared>)> = (0..readers).map(reader).collect();
    let times = (20_000 / readers).max(2);
    all.iter_mut().for_each(|(reader, poller)| each(reader, poller));
    nanos_each(readers * times, || {
        for _ in 0..times {
            all.iter_mut().for_each(|(reader, poller)| each(reader, poller));
        }
    })
}

fn idle_readers(readers: u64) -> f64 {
    with_readers(readers, |_, poller| assert!(matches!(poller.poll(), Answer::Pending)))
}

fn busy_readers(readers: u64) -> f64 {
    with_readers(readers, |reader, poller| {
        reader.assign([Small::default()]).expect("there is room");
        let Answer::Split(lease) = poller.poll() else { panic!("it was assigned") };
        black_box(lease.complete());
    })
}

/// Bytes of memory a reader takes with room for so many splits, by itself and for each of them.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) empty: usize,
    pub(crate) split: usize,
    pub(crate) with_128: usize,
}

pub(crate) fn memory() -> Memory {
    let with_128 = size_of::<Reader<[Small; 128]>>();
    let split = size_of::<Small>();
    Memory { empty: with_128 - 128 * split, split, with_128 }
}

const PER_THREADS: u64 = 40_000;

/// All plots.
pub(crate) fn all(quick: bool) -> Vec<Growth> {
    let rounds = if quick { 1 } else { 7 };
    let most = if quick { 5 } else { 8 };
    let tens: Vec<u64> = (0..most).map(|power| 10u64.pow(power)).collect();
    vec![
        grow(
            ("growth-splits", "splits through a reader with 128 places", "splits", "ns per split"),
            rounds,
            &tens,
            &[("Turnstile", splits)],
        ),
        grow(
            ("growth-readers", "readers, polled in turn", "readers", "ns per poll"),
            rounds,
            &tens[..tens.len().min(5)],
            &[("Pending", idle_readers), ("assign one, poll", busy_readers)],
        ),
        grow(
            ("growth-producers", "threads that assign one by one as fast as they can", "threads", "ns per split"),
            rounds,
            &[1, 2, 4, 8],
            &[
                ("Turnstile", |n| producers::<Turnstile, Small>(n, PER_THREADS)),
                ("ArrayQueue + flag", |n| producers::<ArrayQueue, Small>(n, PER_THREADS)),
                ("crossbeam-channel", |n| producers::<CrossbeamChannel, Small>(n, PER_THREADS)),
                ("parking_lot Mutex<VecDeque>", |n| producers::<ParkingLot, Small>(n, PER_THREADS)),
            ],
        ),
    ]
}
