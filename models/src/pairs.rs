//! Every two operations of a reader at once, in every situation: which there are, and why the others are not.
//!
//! Plain values. `pairs/run` runs a case, on each engine.

use std::fmt;

pub mod blocking;
pub mod plain;

/// What a connector author holds: the one or the other, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Operations that never wait, of the plain face and of the asynchronous one.
    Plain,
    /// Operations that take locks, and may wait for each other.
    Blocking,
}

/// Two operations in a situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Of the plain face, or of the asynchronous one.
    Plain(plain::Case),
    /// Of the blocking face.
    Blocking(blocking::Case),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(case) => case.fmt(f),
            Self::Blocking(case) => case.fmt(f),
        }
    }
}

impl Case {
    /// As in the tables.
    pub const fn situation(&self) -> &'static str {
        match self {
            Self::Plain(case) => case.situation.name(),
            Self::Blocking(case) => case.situation.name(),
        }
    }

    /// Whose operations they are.
    pub const fn face(&self) -> Face {
        match self {
            Self::Plain(_) => Face::Plain,
            Self::Blocking(_) => Face::Blocking,
        }
    }
}

/// Two operations.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The one, as users call it.
    pub one: &'static str,
    /// The other.
    pub other: &'static str,
    /// Every situation in which they can both be next.
    pub cases: Vec<Case>,
    /// Why there is none.
    pub why_not: Option<&'static str>,
    /// Why neither has a step that could come between two of the other's, all the same.
    pub why_apart: Option<&'static str>,
}

/// Every two operations of a face, each pair once.
fn pairs<T: Copy>(operations: &[T]) -> impl Iterator<Item = (T, T)> {
    operations.iter().enumerate().flat_map(|(at, &one)| operations[at..].iter().map(move |&other| (one, other)))
}

/// The public function of an operation that has several.
pub fn function(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

/// Every pair of each face. That the faces do not meet is so by type: whoever has the blocking one cannot get at the plain one.
pub fn cells() -> impl Iterator<Item = Cell> {
    let of_plain = pairs(plain::Op::ALL).map(|(one, other)| Cell {
        one: one.name(),
        other: other.name(),
        cases: plain::cases_of(one, other).map(Case::Plain).collect(),
        why_not: plain::why_not(one, other),
        why_apart: plain::why_apart(one, other),
    });
    let of_blocking = pairs(blocking::Op::ALL).map(|(one, other)| Cell {
        one: one.name(),
        other: other.name(),
        cases: blocking::cases_of(one, other).map(Case::Blocking).collect(),
        why_not: blocking::why_not(one, other),
        why_apart: blocking::why_apart(one, other),
    });
    of_plain.chain(of_blocking)
}

/// Every case of a face.
pub fn cases(of: Face) -> impl Iterator<Item = Case> {
    cells().flat_map(|cell| cell.cases).filter(move |case| case.face() == of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnstile_altered::altered::OPERATIONS;

    #[test]
    fn every_public_operation_is_here_or_meets_no_other() {
        let plain = plain::Op::ALL.iter().map(|op| op.name());
        let here: Vec<&str> = plain.chain(blocking::Op::ALL.iter().map(|op| op.name())).map(function).collect();
        let alone: Vec<&str> = plain::ALONE.iter().chain(blocking::ALONE).map(|(name, _)| *name).collect();
        for operation in OPERATIONS {
            assert!(
                here.contains(operation) != alone.contains(operation),
                "{operation}: say in models/src/pairs what it meets, or why it meets nothing"
            );
        }
        for name in here.iter().chain(&alone) {
            assert!(OPERATIONS.contains(name), "{name} is no operation any more");
        }
    }

    #[test]
    fn every_pair_has_a_case_or_a_reason() {
        for cell in cells() {
            assert!(cell.cases.is_empty() == cell.why_not.is_some(), "{cell:?}");
        }
    }
}
