//! A reader with everything under one lock, which is held for no row.

use std::collections::VecDeque;

use crate::sync::Mutex;

/// Where rows and barriers go.
pub trait Output<T> {
    /// Reads a split and emits its rows.
    fn read(&self, split: &T);
    /// Behind the rows so far stands a checkpoint, with this in it.
    fn barrier(&self, splits: Vec<T>);
}

struct State<T> {
    splits: VecDeque<T>,
    no_more: bool,
    /// A split is read right now, and a checkpoint has to wait for its end.
    reading: bool,
    asked: bool,
}

/// One task's reader.
pub struct Reader<T> {
    state: Mutex<State<T>>,
}

impl<T: Clone> Reader<T> {
    /// A reader that has these splits.
    pub fn new(splits: impl IntoIterator<Item = T>) -> Self {
        let splits = splits.into_iter().collect();
        Self { state: Mutex::new(State { splits, no_more: false, reading: false, asked: false }) }
    }

    /// Takes splits, all of them, or hands them back.
    pub fn assign(&self, splits: Vec<T>) -> Result<(), Vec<T>> {
        let mut state = self.state.lock();
        if state.no_more {
            return Err(splits);
        }
        state.splits.extend(splits);
        Ok(())
    }

    /// There will be no more.
    pub fn signal_no_more_splits(&self) {
        self.state.lock().no_more = true;
    }

    /// Reads one split, if there is one. False: there will never be another.
    pub fn poll(&self, output: &impl Output<T>) -> bool {
        let mut state = self.state.lock();
        let Some(split) = state.splits.pop_front() else { return !state.no_more };
        state.reading = true;
        drop(state);
        output.read(&split);
        let mut state = self.state.lock();
        state.reading = false;
        if std::mem::take(&mut state.asked) {
            output.barrier(state.splits.iter().cloned().collect());
        }
        true
    }

    /// Takes a checkpoint: now, or when the split that is being read has been.
    pub fn checkpoint(&self, output: &impl Output<T>) {
        let mut state = self.state.lock();
        if state.reading {
            state.asked = true;
        } else {
            output.barrier(state.splits.iter().cloned().collect());
        }
    }
}
