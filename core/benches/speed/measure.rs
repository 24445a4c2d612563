//! Rounds, interleaved: every subject runs once in each round, the first of them a different one each time, so that what
//! else the machine does meets all of them alike. Two subjects are compared round by round.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use serde::Serialize;

/// Something that is timed: given how much to do, how many nanoseconds one operation of it took.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) round: Box<dyn FnMut(u64) -> f64>,
}

/// What is timed, and with how much to do in a round.
pub(crate) struct Scenario {
    pub(crate) id: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) title: &'static str,
    pub(crate) work: u64,
    /// Turnstile first.
    pub(crate) subjects: fn() -> Vec<Subject>,
}

/// The middle of many figures, and how far they scatter: the 10th and the 90th percentile.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) p10: f64,
    pub(crate) p90: f64,
}

/// The smallest of `values` that a share of `q` does not exceed.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(((sorted.len() as f64 - 1.0) * q).round() as usize).copied().unwrap_or(f64::NAN)
}

impl Spread {
    pub(crate) fn of(values: &[f64]) -> Self {
        Self { median: quantile(values, 0.5), p10: quantile(values, 0.1), p90: quantile(values, 0.9) }
    }
}

/// What the rounds of one scenario came to, the same round at the same place for each subject.
#[derive(Debug, Serialize)]
pub(crate) struct Timing {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) rounds: usize,
    /// The load average when it was measured. Everything else that runs makes figures of several threads worthless.
    pub(crate) load: f64,
    pub(crate) subjects: Vec<Timed>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Timed {
    pub(crate) name: &'static str,
    pub(crate) spread: Spread,
    /// How many times as long as the first subject, which is Turnstile, round by round.
    pub(crate) ratio: Spread,
}

impl Timing {
    pub(crate) fn interleaved(of: &Scenario, rounds: usize, work: u64) -> Self {
        let Scenario { id, unit, title, .. } = *of;
        let subjects = &mut (of.subjects)();
        let load = load();
        let mut taken = vec![Vec::with_capacity(rounds); subjects.len()];
        for round in 0..=rounds {
            for turn in 0..subjects.len() {
                let at = (turn + round) % subjects.len();
                let nanos = (subjects[at].round)(work);
                if round > 0 {
                    taken[at].push(nanos); // The first round only warms up.
                }
            }
        }
        let ratios = |values: &[f64]| values.iter().zip(&taken[0]).map(|(of, to)| of / to).collect::<Vec<_>>();
        let subjects = subjects.iter().zip(&taken);
        let subjects = subjects.map(|(Subject { name, .. }, rounds)| {
            let (spread, ratio) = (Spread::of(rounds), Spread::of(&ratios(rounds)));
            Timed { name, spread, ratio }
        });
        Self { id, title, unit, rounds, load, subjects: subjects.collect() }
    }

    pub(crate) fn of(&self, name: &str) -> Option<&Timed> {
        self.subjects.iter().find(|subject| subject.name == name)
    }
}

/// Nanoseconds for each of `operations`.
pub(crate) fn nanos_each(operations: u64, what: impl FnOnce()) -> f64 {
    let start = Instant::now();
    what();
    start.elapsed().as_nanos() as f64 / operations as f64
}

/// Runs `what` on a thread of its own that stays on one processor, if there are so many.
pub(crate) fn pinned<R: Send>(to: usize, what: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            pin(to);
            what()
        };
        scope.spawn(run).join().unwrap()
    })
}

/// Keeps this thread on one processor. Threads that it starts inherit that.
pub(crate) fn pin(to: usize) {
    core_affinity::set_for_current(core_affinity::CoreId { id: to });
}

/// Waits a little for another thread; after a while lets it have the processor.
#[derive(Default)]
pub(crate) struct Patience(u32);

impl Patience {
    pub(crate) fn wait(&mut self) {
        self.0 += 1;
        if self.0.is_multiple_of(128) { thread::yield_now() } else { std::hint::spin_loop() }
    }
}

/// The load average of the last minute, where the system tells.
pub(crate) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

/// As much arithmetic as a row may take, of which nothing can be left out.
#[inline(always)]
pub(crate) fn work<const STEPS: u32>(mut state: u64) -> u64 {
    for _ in 0..STEPS {
        state = (state ^ (state >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    black_box(state)
}
