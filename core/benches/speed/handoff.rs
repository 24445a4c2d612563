//! Splits in, splits out: what a queue costs by itself.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::thread;

use crossbeam_utils::CachePadded;

use crate::measure::{Patience, Scenario, Subject, nanos_each, pin, pinned};
use crate::queues::{Item, Polled, Queue, Split, every, shared};

/// How many splits an enumerator assigns at a time.
pub(crate) const BATCH: usize = 64;

type Small = Split<3>;
type Large = Split<8>;

#[rustfmt::skip]
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { id: "batch-24", unit: "ns per split", title: "batch of 64, 24 B", work: 2_000, subjects: || every!(batch, Small) },
    Scenario { id: "batch-64", unit: "ns per split", title: "batch of 64, 64 B", work: 2_000, subjects: || every!(batch, Large) },
    Scenario { id: "single", unit: "ns", title: "assign one, poll", work: 50_000, subjects: || {
        let mut subjects = every!(single, Small);
        subjects.push(one_read_modify_write());
        subjects
    } },
    Scenario { id: "pending", unit: "ns", title: "Pending", work: 200_000, subjects: || every!(pending, Small) },
    Scenario { id: "finished", unit: "ns", title: "Finished", work: 200_000, subjects: || every!(finished, Small) },
    Scenario { id: "cross-batch-24", unit: "ns per split", title: "batch, two cores, 24 B", work: 500, subjects: || every!(cross_batch, Small) },
    Scenario { id: "cross-batch-64", unit: "ns per split", title: "batch, two cores, 64 B", work: 500, subjects: || every!(cross_batch, Large) },
    Scenario { id: "saturated-1", unit: "ns per split", title: "one by one, saturated", work: 20_000, subjects: || every!(one_by_one, Small) },
    Scenario { id: "saturated-2", unit: "ns per split", title: "the same, two producers", work: 20_000, subjects: || shared!(two_producers, Small) },
];

fn subject<T: Item, Q: Queue<T>>(round: impl FnMut(u64) -> f64 + 'static) -> Subject {
    Subject { name: Q::NAME, round: Box::new(round) }
}

/// A batch is assigned, and polled until nothing is left.
pub(crate) fn batch<Q: Queue<T>, T: Item>() -> Subject {
    let (mut to, mut from) = Q::new();
    let splits = [T::default(); BATCH];
    subject::<T, Q>(move |batches| {
        nanos_each(batches * BATCH as u64, || {
            for _ in 0..batches {
                assert!(Q::push_batch(&mut to, black_box(&splits)));
                let mut polled = 0;
                while let Polled::Item(split) = Q::poll(&mut from) {
                    black_box(&split);
                    polled += 1;
                }
                assert_eq!(polled, BATCH);
            }
        })
    })
}

/// One split is assigned and polled; the poller finds something every time.
pub(crate) fn single<Q: Queue<T>, T: Item>() -> Subject {
    let (mut to, mut from) = Q::new();
    subject::<T, Q>(move |splits| {
        nanos_each(splits, || {
            for _ in 0..splits {
                assert!(Q::push(&mut to, black_box(T::default())));
                let Polled::Item(split) = Q::poll(&mut from) else { panic!("it was pushed") };
                black_box(&split);
            }
        })
    })
}

/// What nobody can go below who tells another thread anything by a read-modify-write.
fn one_read_modify_write() -> Subject {
    let word = CachePadded::new(AtomicU64::new(0));
    let round = move |times| {
        nanos_each(times, || {
            for _ in 0..times {
                let seen = word.load(Relaxed);
                let _ = black_box(word.compare_exchange(seen, seen + 1, AcqRel, Relaxed));
            }
        })
    };
    Subject { name: "one compare-exchange (floor)", round: Box::new(round) }
}

pub(crate) fn pending<Q: Queue<T>, T: Item>() -> Subject {
    let (to, mut from) = Q::new();
    subject::<T, Q>(move |polls| {
        let _open = &to;
        nanos_each(polls, || {
            for _ in 0..polls {
                assert!(matches!(Q::poll(black_box(&mut from)), Polled::Pending));
            }
        })
    })
}

pub(crate) fn finished<Q: Queue<T>, T: Item>() -> Subject {
    let (to, mut from) = Q::new();
    Q::close(to);
    subject::<T, Q>(move |polls| {
        nanos_each(polls, || {
            for _ in 0..polls {
                assert!(matches!(Q::poll(black_box(&mut from)), Polled::Finished));
            }
        })
    })
}

/// Polls until Finished, on another thread, and says after each split how many there were.
fn consumer<Q: Queue<T>, T: Item>(
    mut from: Q::Out,
    on: Option<usize>,
    count: Arc<CachePadded<AtomicU64>>,
) -> thread::JoinHandle<u64> {
    thread::spawn(move || {
        on.into_iter().for_each(pin);
        let (mut polled, mut told, mut patience) = (0, 0, Patience::default());
        loop {
            match Q::poll(&mut from) {
                Polled::Item(split) => {
                    black_box(&split);
                    polled += 1;
                }
                Polled::Pending => {
                    if polled != told {
                        count.store(polled, Release);
                        told = polled;
                    }
                    patience.wait();
                }
                Polled::Finished => return polled,
            }
        }
    })
}

/// As `batch`, with the two halves on two processors; the next batch is assigned when the last one was polled.
fn cross_batch<Q: Queue<T>, T: Item>() -> Subject {
    let splits = [T::default(); BATCH];
    subject::<T, Q>(move |batches| {
        let (mut to, from) = Q::new();
        let count = Arc::new(CachePadded::new(AtomicU64::new(0)));
        let consumer = consumer::<Q, T>(from, Some(1), count.clone());
        let nanos = pinned(0, || {
            let mut give = |batch: u64| {
                assert!(Q::push_batch(&mut to, black_box(&splits)));
                let mut patience = Patience::default();
                while count.load(Acquire) != batch * BATCH as u64 {
                    patience.wait();
                }
            };
            give(1); // Both are there.
            nanos_each(batches * BATCH as u64, || (2..batches + 2).for_each(&mut give))
        });
        Q::close(to);
        assert_eq!(consumer.join().unwrap(), (batches + 1) * BATCH as u64);
        nanos
    })
}

/// One thread pushes as fast as it can, another one polls.
fn one_by_one<Q: Queue<T>, T: Item>() -> Subject {
    subject::<T, Q>(move |splits| {
        let (mut to, from) = Q::new();
        let consumer = consumer::<Q, T>(from, Some(1), Arc::default());
        nanos_each(splits, || {
            pinned(0, || push_all::<Q, T>(&mut to, splits));
            Q::close(to);
            assert_eq!(consumer.join().unwrap(), splits);
        })
    })
}

fn push_all<Q: Queue<T>, T: Item>(to: &mut Q::In, splits: u64) {
    let mut patience = Patience::default();
    for _ in 0..splits {
        while !Q::push(to, black_box(T::default())) {
            patience.wait();
        }
    }
}

fn two_producers<Q: Queue<T, In: Clone>, T: Item>() -> Subject {
    subject::<T, Q>(move |splits| producers::<Q, T>(2, splits))
}

/// Several threads push as fast as they can, one polls. Nanoseconds per split.
pub(crate) fn producers<Q: Queue<T, In: Clone>, T: Item>(producers: u64, splits: u64) -> f64 {
    let (to, from) = Q::new();
    let each = splits / producers;
    let consumer = consumer::<Q, T>(from, None, Arc::default());
    nanos_each(each * producers, || {
        let push = || {
            let mut to = to.clone();
            thread::spawn(move || push_all::<Q, T>(&mut to, each))
        };
        let pushing: Vec<_> = (0..producers).map(|_| push()).collect();
        pushing.into_iter().for_each(|thread| thread.join().unwrap());
        Q::close(to);
        assert_eq!(consumer.join().unwrap(), each * producers);
    })
}
