//! Readers under test: Turnstile, and two that engines have shipped. All of them go through the same scenarios.
//!
//! The shipped ones are renderings of the mechanism, in our own words, with the benefit of the doubt: every single
//! operation on a shared collection or flag is atomic and newest-value, so what fails is the order of the steps and
//! nothing else.

pub mod seatunnel_2_3_7;
pub mod seatunnel_merged;
pub mod turnstile;

use std::sync::Arc;

use crate::engine::loom::{spawn, yield_now};
use crate::journal::{Journal, Split, set};

macro_rules! by_kind {
    ($kind:expr, $trial:ident, $journal:expr) => {
        match $kind {
            Kind::Turnstile => $trial::<turnstile::Reader>($journal),
            Kind::SeaTunnel237 => $trial::<seatunnel_2_3_7::Reader>($journal),
            Kind::SeaTunnelMerged => $trial::<seatunnel_merged::Reader>($journal),
        }
    };
}
/// A reader, as an engine drives it.
pub trait Subject: Send + Sync + Sized + 'static {
    /// What the poller's thread owns.
    type Poller;

    /// A new reader that tells `journal` what it does.
    fn new(journal: Journal) -> (Arc<Self>, Self::Poller);
    /// The engine hands over a split.
    fn assign(&self, split: Split);
    /// The engine says that there are no more.
    fn signal_no_more_splits(&self);
    /// The engine calls once; the reader emits what it will. True when it says that it has finished.
    fn poll(poller: &mut Self::Poller) -> bool;
    /// The engine wants a checkpoint. The barrier is in the journal when this and the polls under way are over.
    fn checkpoint(&self);
}

/// A scenario that any subject can be put through.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Its name in tables.
    pub name: &'static str,
    /// How many threads it has.
    pub threads: usize,
    /// How many splits.
    pub splits: usize,
    /// Which of the shipped readers it has to catch.
    catches: &'static [Kind],
    run: fn(Kind, Journal),
}

/// Which reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ours.
    Turnstile,
    /// Of SeaTunnel 2.3.7 and 2.3.8, as in issue 8379.
    SeaTunnel237,
    /// The same connector as merged later.
    SeaTunnelMerged,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Turnstile, Self::SeaTunnel237, Self::SeaTunnelMerged];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Turnstile => "turnstile",
            Self::SeaTunnel237 => "seatunnel-2.3.7",
            Self::SeaTunnelMerged => "seatunnel-merged",
        }
    }
}

impl Trial {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self {
            name: "late-signal",
            threads: 2,
            splits: 1,
            catches: &[Kind::SeaTunnel237],
            run: |kind, journal| by_kind!(kind, late_signal, journal),
        },
        Self {
            name: "early-end",
            threads: 2,
            splits: 1,
            catches: &[Kind::SeaTunnel237, Kind::SeaTunnelMerged],
            run: |kind, journal| by_kind!(kind, early_end, journal),
        },
        Self {
            name: "one-cut",
            threads: 2,
            splits: 1,
            catches: &[Kind::SeaTunnel237, Kind::SeaTunnelMerged],
            run: |kind, journal| by_kind!(kind, one_cut, journal),
        },
    ];

    /// Is `kind` known to break what this scenario claims?
    pub fn catches(&self, kind: Kind) -> bool {
        self.catches.contains(&kind)
    }

    /// Runs it once.
    pub fn run(&self, kind: Kind, journal: &Journal) {
        journal.clear();
        (self.run)(kind, journal.clone());
    }
}

/// How often the engine calls before the messages have surely arrived.
const EARLY_POLLS: usize = 2;
/// How often it calls afterwards: a reader that does not finish by then never does.
const LATE_POLLS: usize = 4;

/// **Claim.** A split is emitted exactly once, however many polls fall between its assignment and the end.
/// **Could fail** by polling again what was read, for as long as the end has not come.
/// **Size.** One split assigned before, the end as a message of its own, and polls before and after it.
fn late_signal<S: Subject>(journal: Journal) {
    let (reader, poller) = S::new(journal.clone());
    reader.assign(1);
    run_to_the_end::<S>(&journal, poller, move || reader.signal_no_more_splits());
}

/// **Claim.** A reader finishes only when what was assigned before the end is emitted.
/// **Could fail** by ending on two observations, "nothing there" and "no more to come", that were never true together.
/// **Size.** One split and the end, each a message of its own, and polls that may fall anywhere.
fn early_end<S: Subject>(journal: Journal) {
    let (reader, poller) = S::new(journal.clone());
    run_to_the_end::<S>(&journal, poller, move || {
        reader.assign(1);
        reader.signal_no_more_splits();
    });
}

/// Polls while another thread delivers, and after it; then s1 was emitted exactly once, and the reader has finished.
fn run_to_the_end<S: Subject>(journal: &Journal, mut poller: S::Poller, deliver: impl FnOnce() + Send + 'static) {
    let delivery = spawn(deliver);
    let mut finished = false;
    for _ in 0..EARLY_POLLS {
        finished = finished || S::poll(&mut poller);
    }
    delivery.join().expect("delivery does not panic");
    for _ in 0..LATE_POLLS {
        finished = finished || S::poll(&mut poller);
    }
    let count = journal.emitted().iter().filter(|split| **split == 1).count();
    assert!(count <= 1, "I2 taking consumes: s1 was emitted {count} times");
    assert!(!finished || count == 1, "I3 Finished is linearizable: the reader finished and s1 was never emitted");
    assert!(finished, "I4 closing is state: the reader was told the end and never finishes");
}

/// **Claim.** What was emitted before the barrier, and what the snapshot holds, is together what was assigned: no split in
/// both, none in neither.
/// **Could fail** if a taken split is invisible to the snapshot for an instant, or stays in it when it is done.
/// **Size.** One split queued, one poll, one checkpoint at any point of it.
fn one_cut<S: Subject>(journal: Journal) {
    let (reader, mut poller) = S::new(journal.clone());
    reader.assign(1);
    let checkpoint = spawn({
        let reader = reader.clone();
        move || reader.checkpoint()
    });
    let mut finished = S::poll(&mut poller);
    checkpoint.join().expect("the checkpoint does not panic");
    reader.signal_no_more_splits();
    for _ in 0..LATE_POLLS {
        finished = finished || S::poll(&mut poller);
        yield_now();
    }
    let (before, snapshot) = journal.cut().expect("I10 bounded snapshot: the checkpoint was never answered");
    let lost = !before.contains(&1) && !snapshot.contains(&1);
    let twice = before.contains(&1) && snapshot.contains(&1);
    let (before, snapshot) = (set(&before), set(&snapshot));
    assert!(!lost, "I6 one cut: restored from this checkpoint, s1 is lost (emitted: {before}; snapshot: {snapshot})");
    assert!(
        !twice,
        "I6 one cut: restored from this checkpoint, s1 is read again (emitted: {before}; snapshot: {snapshot})"
    );
    assert!(finished, "I4 closing is state: the reader was told the end and never finishes");
}
