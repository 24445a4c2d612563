//! Any case, on one engine. This folder is compiled once per engine, against `engine`.

use std::sync::{Arc, Mutex};

use super::{reads_are_newest, scenarios, spawn, turnstile, yield_now};
use crate::pairs::Case;
use scenarios::{Found, Ledger, ROWS, Row, Sink, Split, Storage, remaining, rows};
use turnstile::Snapshot;

mod blocking;
mod plain;

/// Runs the two at once, on this thread and on another, and what is left of the reader to its end.
pub fn run(case: Case) {
    match case {
        Case::Plain(meeting) => plain::run(meeting),
        Case::Blocking(meeting) => blocking::run(meeting),
    }
}

/// Threads whose splits are told apart: who prepared, and the two.
const THREADS: usize = 3;

/// What both threads write down. No part of the model.
#[derive(Clone, Default)]
struct Record {
    ledger: Arc<Ledger>,
    /// What has left the reader.
    sink: Sink,
    /// What of it was handed back by a reader that does not hold the seat for it any more: a cut may come before the caller has it.
    back: Sink,
    cuts: Arc<Mutex<Vec<Found>>>,
    /// How many splits of each thread were accepted.
    accepted: Arc<Mutex<[usize; THREADS]>>,
}

impl Record {
    /// The next split of this thread.
    fn issue(&self, by: usize) -> Split {
        let number = self.accepted.lock().expect("no panic inside")[by];
        self.ledger.issue(by, number)
    }

    /// It was accepted.
    fn accept(&self, by: usize) {
        self.accepted.lock().expect("no panic inside")[by] += 1;
    }

    /// What was read.
    fn emitted(&self) -> Vec<Row> {
        let back = self.back.rows();
        self.sink.rows().into_iter().filter(|row| !back.contains(row)).collect()
    }

    fn cut(&self, snapshot: Snapshot<Vec<Split>>, emitted: Vec<Row>) {
        self.cuts.lock().expect("no panic inside").push((snapshot, emitted));
    }

    /// The reader has come to its end and is gone: is everything there, in order, and once?
    fn check(self) {
        let accepted = *self.accepted.lock().expect("no panic inside");
        for (from, &splits) in accepted.iter().enumerate() {
            assert_eq!(
                self.sink.of(from),
                rows(from, splits),
                "what was accepted of {from} is emitted, or handed back"
            );
        }
        let cuts = std::mem::take(&mut *self.cuts.lock().expect("no panic inside"));
        for (snapshot, emitted) in cuts.iter().filter(|_| reads_are_newest()) {
            let held = remaining(snapshot);
            let is_before = |row: &Row| !held.contains(row) && !emitted.contains(row);
            let back = self.back.rows().into_iter().filter(is_before);
            let covered: Vec<Row> = emitted.iter().copied().chain(back).chain(held.iter().copied()).collect();
            let all = (snapshot.accepted * ROWS) as usize;
            assert_eq!(covered.len(), all, "emitted or handed back before the cut + snapshot = accepted");
            for from in 0..THREADS {
                let own: Vec<Row> = covered.iter().filter(|row| row.0 == from).copied().collect();
                assert_eq!(own, rows(from, own.len() / ROWS as usize), "in order, and once");
            }
            if snapshot.no_more_splits {
                let accepted: usize = accepted.iter().sum();
                assert_eq!(snapshot.accepted as usize, accepted, "nothing is accepted after the end");
            }
        }
        self.ledger.settle();
    }
}

/// The storage of all readers here.
type Room = Storage<2>;
