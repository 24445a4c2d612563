//! A reader that is right, one that says nothing of what it could do, some that are wrong in ways that end a process or never end, and
//! a job: the command is put to the test with them.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::Arc;

use turnstile_kit::Kit;
use turnstile_kit::job::{self, Enumerator, EnumeratorContext, Job, ReaderContext};
use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicBool, Condvar, Mutex, Ordering::SeqCst};

const RIGHT: u8 = 0;
const MODEST: u8 = 1;
const LOSES: u8 = 2;
const ABORTS: u8 = 3;
const HANGS: u8 = 4;
const SPINS: u8 = 5;
const PANICS_TWICE: u8 = 6;
const SLEEPS: u8 = 7;

#[derive(Default)]
struct State {
    splits: VecDeque<Split>,
    ended: bool,
    reading: bool,
    asked: bool,
}

struct Reader<const WAY: u8> {
    state: Mutex<State>,
    never: AtomicBool,
    /// Nobody rings it.
    bell: Condvar,
    journal: Journal,
}

impl<const WAY: u8> Reader<WAY> {
    fn with(splits: &[Split], journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = State { splits: splits.iter().copied().collect(), ..State::default() };
        let (state, never, bell) = (Mutex::new(state), AtomicBool::new(false), Condvar::new());
        let reader = Arc::new(Self { state, never, bell, journal: journal.clone() });
        (reader.clone(), reader)
    }

    fn misbehave(&self) {
        match WAY {
            ABORTS => {
                self.journal.note("poll: is about to abort");
                eprintln!("out of patience");
                std::process::abort()
            }
            HANGS => loop {
                self.journal.note("poll: waits for nobody");
                std::thread::park();
            },
            SPINS => while !self.never.load(SeqCst) {},
            PANICS_TWICE => {
                struct Again;
                impl Drop for Again {
                    fn drop(&mut self) {
                        panic!("and again");
                    }
                }
                let _again = Again;
                self.journal.note("poll: is about to panic");
                panic!("once");
            }
            _ => {}
        }
    }
}

impl<const WAY: u8> Subject for Reader<WAY> {
    const NAME: &'static str =
        ["right", "modest", "loses", "aborts", "hangs", "spins", "panics-twice", "sleeps"][WAY as usize];
    const ABILITIES: &'static [Ability] = match WAY {
        MODEST => &[],
        SLEEPS => &[Ability::Waits],
        _ => &[Ability::KeepsOrder, Ability::ManyDeliveries, Ability::Refuses, Ability::Snapshots, Ability::Restores],
    };
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        Self::with(&[], journal)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let mut state = self.state.lock();
        if state.ended {
            return Err(splits);
        }
        self.journal.note(format!("assign {}", set(&splits)));
        state.splits.extend(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().ended = true;
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        this.misbehave();
        let mut state = this.state.lock();
        let Some(split) = state.splits.pop_front() else {
            return if state.ended { Polled::Finished } else { Polled::Again };
        };
        this.journal.note(format!("poll: takes s{split}"));
        state.reading = true;
        drop(state);
        let _rows = this.journal.read(split);
        let mut state = this.state.lock();
        state.reading = false;
        if std::mem::take(&mut state.asked) {
            this.journal.barrier(state.splits.make_contiguous());
        }
        Polled::Again
    }

    fn wait(this: &mut Arc<Self>) {
        let mut state = this.state.lock();
        while state.splits.is_empty() && !state.ended {
            this.journal.note("sleeps");
            state = this.bell.wait(state);
        }
    }

    fn checkpoint(&self) {
        let mut state = self.state.lock();
        if state.reading && WAY != LOSES {
            state.asked = true;
        } else {
            self.journal.barrier(state.splits.make_contiguous());
        }
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Arc<Self>) {
        Self::with(snapshot, journal)
    }
}

/// A job whose readers ask, and are told the end if nothing is known yet.
struct Hasty;

impl Job for Hasty {
    const NAME: &'static str = "hasty";
    const ABILITIES: &'static [job::Ability] = &[job::Ability::ReaderCrashes];
    type Order = String;
    type Report = String;
    type Enumerator = Pending;
    type Reader = Task;
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending(Vec<Split>);

impl Enumerator<String, String> for Pending {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self(Vec::new())
    }
    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }
    fn discover(&mut self, splits: &[Split], _: bool, _: &mut EnumeratorContext<String>) {
        self.0.extend(splits);
    }
    fn hear(&mut self, reader: usize, _: String, context: &mut EnumeratorContext<String>) {
        context.send(reader, self.0.pop().map_or("no more".into(), |split| split.to_string()));
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Task(bool);

impl job::Reader<String, String> for Task {
    type Part = ();

    fn start(_: usize, _: u64, context: &mut ReaderContext<String>) -> Self {
        context.send("more".into());
        Self(false)
    }
    fn receive(&mut self, order: String, context: &mut ReaderContext<String>) {
        match order.parse() {
            Ok(split) => {
                context.read(split);
                context.send("more".into());
            }
            Err(_) => self.0 = true,
        }
    }
    fn poll(&mut self, _: &mut ReaderContext<String>) -> bool {
        self.0
    }
}

fn main() -> ExitCode {
    Kit::new()
        .reader::<Reader<RIGHT>>()
        .reader::<Reader<MODEST>>()
        .reader::<Reader<LOSES>>()
        .reader::<Reader<ABORTS>>()
        .reader::<Reader<HANGS>>()
        .reader::<Reader<SPINS>>()
        .reader::<Reader<PANICS_TWICE>>()
        .reader::<Reader<SLEEPS>>()
        .job::<Hasty>()
        .main()
}
