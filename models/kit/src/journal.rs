//! What happened in one execution, in the reader's own words: who did what, in which order.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::sync::{self, AtomicUsize, Ordering::SeqCst};

/// Who does a step. One column of the picture each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// The thread that hands over assignments and the end.
    Delivery,
    /// Another of these.
    #[serde(rename = "delivery 2")]
    Delivery2,
    /// The task.
    Poller,
    /// A thread of the reader's own, that reads for the poller.
    Fetcher,
    /// The thread that takes snapshots and sends barriers.
    Checkpoint,
    /// The enumerator of a job.
    Enumerator,
    /// Its first reader.
    #[serde(rename = "reader 0")]
    Reader0,
    /// Its second reader.
    #[serde(rename = "reader 1")]
    Reader1,
    /// The checkpoint coordinator.
    Coordinator,
}

impl Lane {
    pub(crate) const ALL: [Self; 9] = [
        Self::Delivery,
        Self::Delivery2,
        Self::Poller,
        Self::Fetcher,
        Self::Checkpoint,
        Self::Enumerator,
        Self::Reader0,
        Self::Reader1,
        Self::Coordinator,
    ];
    /// The readers of a job.
    pub const READERS: [Self; 2] = [Self::Reader0, Self::Reader1];

    /// Its head in pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Delivery2 => "delivery 2",
            Self::Poller => "poller",
            Self::Fetcher => "fetcher",
            Self::Checkpoint => "checkpoint",
            Self::Enumerator => "enumerator",
            Self::Reader0 => "reader 0",
            Self::Reader1 => "reader 1",
            Self::Coordinator => "coordinator",
        }
    }
}

/// One step of one thread.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Whose.
    pub lane: Lane,
    /// What it was.
    pub text: String,
}

/// A split, by its number.
pub type Split = u8;

/// A split without rows: to read it emits nothing, and it is done all the same.
pub const WITHOUT_ROWS: Split = 0;
/// A split that cannot be read.
pub const BROKEN: Split = 9;

/// A split could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotRead;

/// What a checkpoint stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// What had been read.
    pub read: Vec<Split>,
    /// What the snapshot holds.
    pub snapshot: Vec<Split>,
}

/// What is known of one execution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    pub(crate) steps: Vec<Step>,
    /// Which thread is which.
    lanes: Vec<(String, Lane)>,
    pub(crate) accepted: Vec<Split>,
    pub(crate) refused: Vec<Split>,
    /// What came back is not what was handed over.
    pub(crate) mangled: Option<String>,
    pub(crate) handed_back: Vec<Split>,
    pub(crate) read: Vec<Split>,
    pub(crate) failed: bool,
    /// What had been accepted when the checkpoint was asked for.
    pub(crate) asked: Option<Vec<Split>>,
    pub(crate) cut: Option<Cut>,
}

impl Pages {
    fn note(&mut self, text: String) {
        let me = sync::current();
        let lane = self.lanes.iter().rev().find(|(thread, _)| *thread == me).map_or(Lane::Poller, |(_, lane)| *lane);
        let step = Step { lane, text };
        if let Some(hearer) = HEARER.get() {
            hearer(Some(&step));
        }
        self.steps.push(step);
    }
}

static HEARER: OnceLock<fn(Option<&Step>)> = OnceLock::new();

/// Each step is told to `hearer` from now on, before anything else happens; and nothing where an execution begins.
pub(crate) fn aloud(hearer: fn(Option<&Step>)) {
    let _ = HEARER.set(hearer);
}

/// An execution begins.
pub(crate) fn begin() {
    if let Some(hearer) = HEARER.get() {
        hearer(None);
    }
}

thread_local! {
    // loom and shuttle run all threads of an execution on one. What is kept is no part of the model, and may outlive it.
    static OF_THIS_THREAD: RefCell<Option<Arc<Mutex<Pages>>>> = const { RefCell::new(None) };
}

/// The same as [`Journal::note`] for whoever has no journal at hand, such as a queue that was put in the place of a reader's own. On
/// a thread that is in no execution it does nothing.
pub fn note(text: impl Into<String>) {
    OF_THIS_THREAD.with_borrow(|pages| {
        if let Some(pages) = pages {
            pages.lock().unwrap_or_else(PoisonError::into_inner).note(text.into());
        }
    });
}

/// A door that the rows of a split wait at.
#[derive(Debug)]
pub(crate) struct Gate {
    open: sync::Mutex<bool>,
    opened: sync::Condvar,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { open: sync::Mutex::new(false), opened: sync::Condvar::new() }
    }

    pub(crate) fn open(&self) {
        *self.open.lock() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let mut open = self.open.lock();
        while !*open {
            open = self.opened.wait(open);
        }
    }
}

/// The record of one execution. Notes are no steps of the model; reading a split and sending a barrier are.
#[derive(Clone, Debug)]
pub struct Journal {
    pages: Arc<Mutex<Pages>>,
    turn: Arc<AtomicUsize>,
    gate: Option<Arc<Gate>>,
}

impl Journal {
    /// An empty one, for one execution. What it holds can be looked at from outside through `pages`.
    pub(crate) fn new(pages: Arc<Mutex<Pages>>, gate: Option<Arc<Gate>>) -> Self {
        let journal = Self { pages, turn: Arc::new(AtomicUsize::new(0)), gate };
        journal.pages(|pages| *pages = Pages::default());
        journal
    }

    pub(crate) fn pages<T>(&self, with: impl FnOnce(&mut Pages) -> T) -> T {
        with(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// This thread is called `lane` from now on.
    pub fn enter(&self, lane: Lane) {
        let me = sync::current();
        OF_THIS_THREAD.set(Some(self.pages.clone()));
        self.pages(|pages| pages.lanes.push((me, lane)));
    }

    /// This thread did something.
    pub fn note(&self, text: impl Into<String>) {
        self.pages(|pages| pages.note(text.into()));
    }

    /// The rows of `split` leave the reader: so many of them.
    ///
    /// # Errors
    ///
    /// It is [`BROKEN`].
    pub fn read(&self, split: Split) -> Result<usize, CannotRead> {
        if let Some(gate) = &self.gate {
            self.note(format!("reads s{split}, and is slow"));
            gate.pass();
        }
        self.turn.fetch_add(1, SeqCst);
        if split == BROKEN {
            self.note(format!("s{split} cannot be read"));
            self.pages(|pages| pages.failed = true);
            return Err(CannotRead);
        }
        let rows = usize::from(split != WITHOUT_ROWS);
        self.note(format!("reads s{split}{}", if rows == 0 { ", which has no rows" } else { "" }));
        self.pages(|pages| pages.read.push(split));
        Ok(rows)
    }

    /// The checkpoint stands here: the barrier is sent, and this is the snapshot. The first one counts.
    pub fn barrier(&self, snapshot: &[Split]) {
        self.turn.fetch_add(1, SeqCst);
        self.note(format!("barrier; the snapshot holds {}", set(snapshot)));
        let snapshot = snapshot.to_vec();
        self.pages(|pages| {
            let read = pages.read.clone();
            pages.cut.get_or_insert(Cut { read, snapshot });
        });
    }
}

/// How a picture is judged: fewer switches from thread to thread first, then fewer steps.
pub fn length(steps: &[Step]) -> (usize, usize) {
    (steps.windows(2).filter(|pair| pair[0].lane != pair[1].lane).count(), steps.len())
}

/// Splits the way people write them.
pub fn set(splits: &[Split]) -> String {
    if splits.is_empty() {
        return "nothing".to_string();
    }
    splits.iter().map(|split| format!("s{split}")).collect::<Vec<_>>().join(", ")
}
