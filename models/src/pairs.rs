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

/// The operations of a face.
pub trait Operation: Copy + fmt::Debug + PartialEq + 'static {
    /// What the reader is like when two begin.
    type Situation: Situation;

    /// All of them.
    const ALL: &'static [Self];

    /// As users call it; behind a parenthesis what it is called with, where that counts.
    fn name(self) -> &'static str;

    /// Can it be moved to another thread: does it borrow nothing?
    fn is_owned(self) -> bool;

    /// What it touches of what threads share, at most: a bit for each.
    fn touches(self) -> u8;

    /// Can both be next here? The first is on the thread that has prepared the situation.
    fn can_meet(first: Self, second: Self, situation: Self::Situation) -> bool;

    /// Why these two never run at once, if they do not.
    fn why_not(one: Self, other: Self) -> Option<&'static str>;

    /// Why neither has a step that could come between two of the other's, although they touch the same.
    fn why_apart(one: Self, other: Self) -> Option<&'static str>;
}

/// What the reader is like when two operations begin.
pub trait Situation: Copy + fmt::Debug + PartialEq + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// As in the tables.
    fn name(self) -> &'static str;
}

/// Two operations in a situation, the first of them on the thread that has prepared it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting<O: Operation> {
    /// Before.
    pub situation: O::Situation,
    /// The one.
    pub first: O,
    /// The other.
    pub second: O,
}

impl<O: Operation> fmt::Display for Meeting<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {} ({})", self.first.name(), self.second.name(), self.situation.name())
    }
}

/// Two operations of either face in a situation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Case {
    /// Of the plain face, or of the asynchronous one.
    Plain(Meeting<plain::Op>),
    /// Of the blocking face.
    Blocking(Meeting<blocking::Op>),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(meeting) => meeting.fmt(f),
            Self::Blocking(meeting) => meeting.fmt(f),
        }
    }
}

impl Case {
    /// As in the tables.
    pub fn situation(&self) -> &'static str {
        match self {
            Self::Plain(meeting) => meeting.situation.name(),
            Self::Blocking(meeting) => meeting.situation.name(),
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

/// The public function of an operation that has several.
pub fn function(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

/// Every two operations of a face, each pair once.
fn cells_of<O: Operation>(case: fn(Meeting<O>) -> Case) -> impl Iterator<Item = Cell> {
    let pairs = O::ALL.iter().enumerate().flat_map(|(at, &one)| O::ALL[at..].iter().map(move |&other| (one, other)));
    pairs.map(move |(one, other)| {
        let why_not = O::why_not(one, other);
        // What borrows stays where it was prepared.
        let (first, second) = if other.is_owned() { (one, other) } else { (other, one) };
        let is_possible = |of: &&O::Situation| why_not.is_none() && O::can_meet(first, second, **of);
        let possible = O::Situation::ALL.iter().filter(is_possible);
        let is_disjoint = one.touches() & other.touches() == 0;
        Cell {
            one: one.name(),
            other: other.name(),
            cases: possible.map(|&situation| case(Meeting { situation, first, second })).collect(),
            why_not,
            why_apart: is_disjoint.then_some("they touch different words").or_else(|| O::why_apart(one, other)),
        }
    })
}

/// Every pair of each face. That the faces do not meet is so by type: whoever has the blocking one cannot get at the plain one.
pub fn cells() -> impl Iterator<Item = Cell> {
    cells_of(Case::Plain).chain(cells_of(Case::Blocking))
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
        let names = cells().flat_map(|cell| [cell.one, cell.other]);
        let here: Vec<&str> = names.map(function).collect();
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
