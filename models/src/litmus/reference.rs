//! Everything a memory model allows a litmus program to show, found by trying everything: the other side of the
//! comparison with loom.
//!
//! Nothing here knows loom's code. A machine says in how many ways one step can go, and one recursion lets every
//! thread take every step in every way.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::program::{Action, Observation, Op, Program, WORDS};

/// A memory model that programs are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Memory {
    /// Sequential consistency: interleavings, and nothing else.
    Sequential,
    /// Release, acquire and relaxed accesses as far as loom knows them: nothing is read before it is written (no load
    /// buffering), and a read-modify-write, or a compare-exchange that fails, reads the newest value.
    ReleaseAcquire,
    /// The same, except that a read-modify-write may read an older value too, which the language allows as long as it
    /// can stand directly behind what it read.
    ReleaseAcquireOlder,
}

impl Memory {
    /// Everything that `program` may show on this memory.
    pub fn allows(self, program: &Program) -> BTreeSet<Observation> {
        let threads = program.threads.len();
        match self {
            Memory::Sequential => enumerate(program, Sequence([0; WORDS])),
            Memory::ReleaseAcquire => enumerate(program, Views::new(threads, false)),
            Memory::ReleaseAcquireOlder => enumerate(program, Views::new(threads, true)),
        }
    }
}

/// A memory that threads step on.
trait Machine: Clone {
    /// Every way in which `thread` can do `op` now: what it reads, if it reads, and the memory afterwards.
    fn steps(&self, thread: usize, op: Op) -> Vec<(Option<usize>, Self)>;

    /// What a thread that has joined all others finds in each word.
    fn left(&self) -> [usize; WORDS];
}

fn enumerate(program: &Program, machine: impl Machine) -> BTreeSet<Observation> {
    let threads = program.threads.len();
    let mut seen = BTreeSet::new();
    go_on(program, &vec![0; threads], &vec![Vec::new(); threads], &machine, &mut seen);
    seen
}

/// Lets each thread take its next step, and goes on from there; `at` says how many steps each has behind it.
fn go_on<M: Machine>(
    program: &Program,
    at: &[usize],
    reads: &[Vec<usize>],
    machine: &M,
    seen: &mut BTreeSet<Observation>,
) {
    let mut finished = true;
    for (thread, ops) in program.threads.iter().enumerate() {
        let Some(&op) = ops.get(at[thread]) else { continue };
        finished = false;
        let mut at = at.to_vec();
        at[thread] += 1;
        for (read, machine) in machine.steps(thread, op) {
            let mut reads = reads.to_vec();
            reads[thread].extend(read);
            go_on(program, &at, &reads, &machine, seen);
        }
    }
    if finished {
        seen.insert(Observation { reads: reads.to_vec(), left: machine.left() });
    }
}

/// Sequential consistency: a word is the last value written to it.
#[derive(Clone)]
struct Sequence([usize; WORDS]);

impl Machine for Sequence {
    fn steps(&self, _thread: usize, op: Op) -> Vec<(Option<usize>, Self)> {
        let held = self.0[op.word];
        let mut after = self.clone();
        after.0[op.word] = op.action.writes(held).unwrap_or(held);
        let read = (!matches!(op.action, Action::Store(_))).then_some(held);
        vec![(read, after)]
    }

    fn left(&self) -> [usize; WORDS] {
        self.0
    }
}

/// Release and acquire as views: a word is the history of all writes to it, in modification order, and a thread reads
/// any of them that is not older than the newest one it knows of.
#[derive(Clone)]
struct Views {
    words: [Vec<Write>; WORDS],
    /// What each thread knows of.
    threads: Vec<View>,
    /// How many writes there were; a write is known by its number, because its place changes.
    writes: usize,
    /// Whether a read-modify-write may read what is not the newest.
    older: bool,
}

/// One write in the history of a word.
#[derive(Clone)]
struct Write {
    number: usize,
    value: usize,
    /// What a thread that acquires this write learns.
    carries: View,
    /// Whether it is half of a read-modify-write, and so stands directly behind what the other half read.
    glued: bool,
}

/// For each word, the number of the newest write that is known.
type View = [usize; WORDS];

/// Knows nothing but the write that every word begins with.
const NOTHING: View = [0; WORDS];

impl Views {
    fn new(threads: usize, older: bool) -> Self {
        let beginning = vec![Write { number: 0, value: 0, carries: NOTHING, glued: false }];
        Self { words: [beginning.clone(), beginning], threads: vec![NOTHING; threads], writes: 1, older }
    }

    /// Where the write that `view` knows stands in the history of `word`.
    fn place(&self, word: usize, view: View) -> usize {
        let history = &self.words[word];
        history.iter().position(|write| write.number == view[word]).expect("no write is forgotten")
    }

    /// What two views know together.
    fn join(&self, one: View, other: View) -> View {
        [0, 1].map(|word| if self.place(word, one) < self.place(word, other) { other[word] } else { one[word] })
    }

    /// The memory after `thread` has read the write at `place`, which is returned as well.
    fn read(&self, thread: usize, op: Op, place: usize) -> (Write, Self) {
        let mut after = self.clone();
        let write = self.words[op.word][place].clone();
        after.threads[thread][op.word] = write.number;
        if op.synchronises {
            after.threads[thread] = after.join(after.threads[thread], write.carries);
        }
        (write, after)
    }

    /// The memory after `thread` has written at `place`. A read-modify-write says what it has read, and passes on what
    /// that carries.
    fn write(&self, thread: usize, op: Op, place: usize, value: usize, behind: Option<&Write>) -> Self {
        let mut after = self.clone();
        let number = self.writes;
        after.writes += 1;
        after.words[op.word].insert(place, Write { number, value, carries: NOTHING, glued: behind.is_some() });
        after.threads[thread][op.word] = number;

        let mut itself = NOTHING;
        itself[op.word] = number;
        let released = if op.synchronises { after.threads[thread] } else { itself };
        let passed_on = behind.map_or(NOTHING, |read| read.carries);
        after.words[op.word][place].carries = after.join(released, passed_on);
        after
    }
}

impl Machine for Views {
    fn steps(&self, thread: usize, op: Op) -> Vec<(Option<usize>, Self)> {
        let history = &self.words[op.word];
        let known = self.place(op.word, self.threads[thread]);
        let newest = history.len() - 1;
        // Nothing gets between the halves of a read-modify-write.
        let free = |place: usize| history.get(place).is_none_or(|next| !next.glued);

        match op.action {
            Action::Load => (known..=newest)
                .map(|place| self.read(thread, op, place))
                .map(|(read, after)| (Some(read.value), after))
                .collect(),
            Action::Store(value) => (known + 1..=newest + 1)
                .filter(|&place| free(place))
                .map(|place| (None, self.write(thread, op, place, value, None)))
                .collect(),
            Action::Add(_) | Action::Swap(_) | Action::CompareExchange { .. } => {
                (if self.older { known } else { newest }..=newest)
                    .filter_map(|place| {
                        let (read, after) = self.read(thread, op, place);
                        let after = match op.action.writes(read.value) {
                            None => after,
                            Some(value) if free(place + 1) => after.write(thread, op, place + 1, value, Some(&read)),
                            Some(_) => return None,
                        };
                        Some((Some(read.value), after))
                    })
                    .collect()
            }
        }
    }

    fn left(&self) -> [usize; WORDS] {
        [0, 1].map(|word| self.words[word].last().expect("a history begins with a write").value)
    }
}
