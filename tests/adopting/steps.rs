//! The steps of the Java reader of docs/adopting.md, in its order and under its lock, as a subject of the kit. This says nothing of
//! the Java but that its steps are right if it has these.

use std::collections::VecDeque;
use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicUsize, Condvar, Mutex, Ordering::Relaxed, Ordering::SeqCst};

const CAPACITY: usize = 2;

/// What `lock` guards.
struct State {
    queue: VecDeque<Split>,
    no_more: bool,
    reading: bool,
    cuts: usize,
    taken: usize,
    /// The engine's: the newest checkpoint.
    newest: usize,
    waiting: Option<Arc<Waiting>>,
}

/// The `CompletableFuture` that `available` returns.
struct Waiting {
    done: Mutex<bool>,
    changed: Condvar,
}

#[derive(PartialEq)]
enum Verdict {
    Split(Split),
    Checkpoint(usize),
    Pending,
    Finished,
}

/// `FINISHES_WITHOUT_THE_LOCK`: as the variant of the Java that looks at the queue and at the end before it locks.
pub(crate) struct Reader<const FINISHES_WITHOUT_THE_LOCK: bool = false> {
    state: Mutex<State>,
    /// The volatile one.
    asked: AtomicUsize,
    /// A plain field in Java; what orders it is not looked into.
    position: AtomicUsize,
    journal: Journal,
}

impl<const WRONG: bool> Reader<WRONG> {
    fn with(queue: VecDeque<Split>, journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let state = State { queue, no_more: false, reading: false, cuts: 0, taken: 0, newest: 0, waiting: None };
        let (state, asked, position) = (Mutex::new(state), AtomicUsize::new(0), AtomicUsize::new(0));
        let reader = Arc::new(Self { state, asked, position, journal: journal.clone() });
        (reader.clone(), reader)
    }

    /// With the lock.
    fn decide(&self, state: &State) -> Verdict {
        match (self.asked.load(SeqCst), state.queue.front(), state.cuts > 0) {
            (0, None, _) if state.no_more => Verdict::Finished,
            (0, None, _) | (.., true) => Verdict::Pending,
            (0, Some(split), false) => Verdict::Split(*split),
            (asked, _, false) => Verdict::Checkpoint(asked),
        }
    }

    /// With the lock.
    fn take(&self, state: &mut State, id: usize) -> Vec<Split> {
        assert!(state.taken < id, "there is a cut for checkpoint {}", state.taken);
        state.taken = id;
        if self.asked.load(SeqCst) <= id {
            self.asked.store(0, SeqCst);
        }
        assert_eq!(self.position.load(Relaxed), 0, "the splits of the kit are read whole");
        state.queue.iter().copied().collect()
    }

    fn cut(&self, id: usize) {
        let snapshot = self.take(&mut self.state.lock(), id);
        self.journal.barrier(&snapshot);
    }

    fn complete(&self) {
        self.state.lock().queue.pop_front();
        self.position.store(0, Relaxed);
    }

    fn available(&self) -> Option<Arc<Waiting>> {
        let mut state = self.state.lock();
        if self.decide(&state) != Verdict::Pending {
            return None;
        }
        let new = || Arc::new(Waiting { done: Mutex::new(false), changed: Condvar::new() });
        Some(state.waiting.get_or_insert_with(new).clone())
    }

    fn wake(&self) {
        let mut state = self.state.lock();
        let ended = if self.decide(&state) == Verdict::Pending { None } else { state.waiting.take() };
        drop(state);
        if let Some(waiting) = ended {
            *waiting.done.lock() = true;
            waiting.changed.notify_all();
        }
    }
}

impl<const WRONG: bool> Subject for Reader<WRONG> {
    const NAME: &'static str = "the Java reader's steps";
    const ABILITIES: &'static [Ability] = &[
        Ability::KeepsOrder,
        Ability::ManyDeliveries,
        Ability::Refuses,
        Ability::Waits,
        Ability::Snapshots,
        Ability::Restores,
        Ability::Fails,
        Ability::ShutsDown,
    ];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        Self::with(VecDeque::new(), journal)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        if splits.is_empty() {
            return Ok(());
        }
        {
            let mut state = self.state.lock();
            if state.no_more || splits.len() > CAPACITY - state.queue.len() {
                return Err(splits);
            }
            state.queue.extend(&splits);
            self.journal.note(format!("assign {}", set(&splits)));
        }
        self.wake();
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().no_more = true;
        self.journal.note("no more splits");
        self.wake();
    }

    fn poll(reader: &mut Arc<Self>) -> Polled {
        if WRONG && reader.state.lock().queue.is_empty() && reader.state.lock().no_more {
            return Polled::Finished;
        }
        let verdict = {
            let mut state = reader.state.lock();
            let verdict = reader.decide(&state);
            state.reading = matches!(verdict, Verdict::Split(_) | Verdict::Checkpoint(_));
            verdict
        };
        match verdict {
            Verdict::Split(split) => {
                let Ok(rows) = reader.journal.read(split) else { return Polled::Failed };
                reader.position.store(rows, Relaxed);
                let asked = reader.asked.load(SeqCst);
                reader.complete();
                if asked != 0 {
                    reader.cut(asked);
                }
            }
            Verdict::Checkpoint(asked) => reader.cut(asked),
            Verdict::Pending => {}
            Verdict::Finished => return Polled::Finished,
        }
        Polled::Again
    }

    fn wait(reader: &mut Arc<Self>) {
        let Some(waiting) = reader.available() else { return };
        let mut done = waiting.done.lock();
        while !*done {
            done = waiting.changed.wait(done);
        }
    }

    fn checkpoint(&self) {
        let snapshot = {
            let mut state = self.state.lock();
            if state.taken == usize::MAX {
                return self.journal.note("refuses a checkpoint after the shutdown");
            }
            state.newest += 1;
            let id = state.newest;
            if state.reading {
                self.asked.store(id, SeqCst);
                None
            } else {
                state.cuts += 1;
                Some(self.take(&mut state, id))
            }
        };
        if let Some(snapshot) = snapshot {
            self.journal.barrier(&snapshot);
            self.state.lock().cuts -= 1;
        } else {
            self.journal.note("asks the poller for a checkpoint");
        }
        self.wake();
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Arc<Self>) {
        Self::with(snapshot.iter().copied().collect(), journal)
    }

    fn shutdown(reader: &mut Arc<Self>) -> Vec<Split> {
        let rest = {
            let mut state = reader.state.lock();
            (state.no_more, state.taken) = (true, usize::MAX);
            state.queue.drain(..).collect()
        };
        reader.wake();
        rest
    }
}
