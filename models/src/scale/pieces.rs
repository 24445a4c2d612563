//! The pieces of one search: which there are, which are done, and what comes of what is handed in.
//!
//! Every choice at every frozen branch is given out once, to one piece. What a piece asks for at a branch depends on
//! its own executions alone, so the pieces together run the executions of the undivided search, in another order.

use std::collections::{BTreeMap, HashSet};

use super::path::{Choice, Path};
use super::run::{Outcome, Piece};

/// Fewer than so many, and a piece that comes back unfinished is divided.
const FEW: usize = 6;

/// A search in pieces. The same outcomes in the same order make the same pieces with the same numbers.
#[derive(Debug)]
pub struct Pieces {
    open: BTreeMap<u64, Piece>,
    next: u64,
    /// The beginnings that were given out.
    given: HashSet<Vec<Option<Choice>>>,
    /// How often the scenario ran.
    pub executions: u64,
    /// What was violated.
    pub violation: Option<String>,
}

impl Default for Pieces {
    fn default() -> Self {
        Self {
            open: BTreeMap::from([(0, Piece::default())]),
            next: 1,
            given: HashSet::new(),
            executions: 0,
            violation: None,
        }
    }
}

impl Pieces {
    /// What is still to be explored, with its numbers.
    pub fn open(&self) -> &BTreeMap<u64, Piece> {
        &self.open
    }

    /// Has everything been explored? What was violated ends the search too.
    pub fn is_done(&self) -> bool {
        self.open.is_empty() || self.violation.is_some()
    }

    /// What came of one of them. False, and nothing happens, if it is not open.
    pub fn apply(&mut self, number: u64, outcome: Outcome) -> bool {
        let Some(piece) = self.open.remove(&number) else { return false };
        let Outcome { executions, requests, rest, violation } = outcome;
        self.executions += executions;
        self.violation = self.violation.take().or(violation);
        if let Some(path) = &piece.path {
            for (at, choice) in requests {
                self.give(path, at, choice);
            }
        }
        if let Some(rest) = rest {
            let few = self.open.len() < FEW;
            let piece = if few { self.divide(rest, piece.frozen) } else { Piece { path: Some(rest), ..piece } };
            self.add(piece);
        }
        true
    }

    /// Gives away what is still to be tried at the first branch at which anything is. What was tried before is marked in
    /// the path, and in those that are made of it: nobody asks for that again.
    fn divide(&mut self, mut path: Path, frozen: usize) -> Piece {
        let Some(first) = (frozen..path.len()).find(|at| !path.pending(*at).is_empty()) else {
            return Piece { path: Some(path), frozen };
        };
        for choice in path.pending(first) {
            self.give(&path, first, choice);
        }
        path.freeze(first + 1);
        Piece { path: Some(path), frozen: first + 1 }
    }

    fn give(&mut self, path: &Path, at: usize, choice: Choice) {
        if self.given.insert(beginning(path, at, choice)) {
            self.add(Piece { path: Some(path.turned(at, choice)), frozen: at + 1 });
        }
    }

    fn add(&mut self, piece: Piece) {
        self.open.insert(self.next, piece);
        self.next += 1;
    }
}

fn beginning(path: &Path, at: usize, choice: Choice) -> Vec<Option<Choice>> {
    let mut choices = path.choices(at);
    choices.push(Some(choice));
    choices
}
