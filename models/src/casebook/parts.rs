//! What several specimens have right: each call is one step, under a lock of its own. What they do wrong lies around it.

use std::collections::VecDeque;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::sync::{AtomicBool, Mutex, Ordering::SeqCst};

/// Splits and their end, under one lock.
pub(super) struct Queue {
    state: Mutex<(VecDeque<Split>, bool)>,
    journal: Journal,
}

/// What a queue gives.
pub(super) enum Next {
    /// The oldest split.
    Split(Split),
    /// Nothing right now.
    Nothing,
    /// Nothing ever again.
    Ended,
}

impl Queue {
    pub(super) fn new(journal: &Journal) -> Self {
        Self { state: Mutex::new((VecDeque::new(), false)), journal: journal.clone() }
    }

    pub(super) fn assign(&self, splits: Vec<Split>) {
        let mut state = self.state.lock();
        self.journal.note(format!("assign {}", set(&splits)));
        state.0.extend(splits);
    }

    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        self.journal.note("no more splits");
        state.1 = true;
    }

    /// Takes the oldest split out.
    pub(super) fn next(&self) -> Next {
        let mut state = self.state.lock();
        match state.0.pop_front() {
            Some(split) => Next::Split(split),
            None if state.1 => Next::Ended,
            None => Next::Nothing,
        }
    }

    /// Was the end said?
    pub(super) fn has_ended(&self) -> bool {
        self.state.lock().1
    }

    /// What is in it now.
    pub(super) fn splits(&self) -> Vec<Split> {
        self.state.lock().0.iter().copied().collect()
    }
}

/// A concurrent deque, and a volatile flag beside it.
pub(super) struct DequeAndFlag {
    deque: Mutex<VecDeque<Split>>,
    no_more_splits: AtomicBool,
    journal: Journal,
}

impl DequeAndFlag {
    pub(super) fn new(journal: &Journal) -> Self {
        let (deque, no_more_splits) = (Mutex::new(VecDeque::new()), AtomicBool::new(false));
        Self { deque, no_more_splits, journal: journal.clone() }
    }

    pub(super) fn assign(&self, splits: Vec<Split>) {
        let mut deque = self.deque.lock();
        self.journal.note(format!("assign {}: into the deque", set(&splits)));
        deque.extend(splits);
    }

    pub(super) fn set_flag(&self) {
        self.no_more_splits.store(true, SeqCst);
        self.journal.note("no more splits: the flag is set");
    }

    pub(super) fn flag_is_set(&self) -> bool {
        let is_set = self.no_more_splits.load(SeqCst);
        self.journal.note(if is_set { "the flag is set" } else { "the flag is not set" });
        is_set
    }

    /// Takes the oldest split out.
    pub(super) fn pop(&self) -> Option<Split> {
        let split = self.deque.lock().pop_front();
        self.journal.note(
            split.map_or("poll: the deque is empty".into(), |split| format!("poll: takes s{split} from the deque")),
        );
        split
    }

    /// What is in it now.
    pub(super) fn splits(&self) -> Vec<Split> {
        self.deque.lock().iter().copied().collect()
    }
}
