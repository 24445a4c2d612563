//! What goes over the network. Plain values: how they are written is the engine's.

use core::fmt::Debug;
use core::hash::Hash;

use crate::reader::CheckpointId;

/// The number of one incarnation of a reader, given by the engine. A later incarnation has a greater number, also when it is the
/// enumerator that was restarted: every level of attempt that the engine knows goes into it. They begin at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Attempt(pub u64);

/// Which reader: the number of its subtask, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReaderId(pub u32);

/// What tells one split from another, across restores: its name, never its place in a list.
pub trait Identity {
    /// The name. Two splits of one job have different ones.
    type Id: Clone + Debug + Eq + Hash;

    /// The name of this split.
    fn id(&self) -> Self::Id;
}

/// One entry of a reader's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Entry<S> {
    /// A split to read.
    Split(S),
    /// The end of this generation. An entry like the others: it can neither overtake an assignment nor be mistaken for one.
    NoMoreSplits,
}

/// Enumerator to reader: one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message<S> {
    /// The reader.
    pub to: ReaderId,
    /// The incarnation of it that this is for.
    pub attempt: Attempt,
    /// The place of the entry in the reader's log, from 0.
    pub sequence: u64,
    /// The newest checkpoint, not known to be aborted, whose cut through the enumerator lies before the entry.
    pub behind: Option<CheckpointId>,
    /// The entry.
    pub entry: Entry<S>,
}

impl<S: Clone> Message<&S> {
    /// The message with a split of its own, to send.
    pub fn cloned(self) -> Message<S> {
        let Self { to, attempt, sequence, behind, entry } = self;
        let entry = match entry {
            Entry::Split(split) => Entry::Split(split.clone()),
            Entry::NoMoreSplits => Entry::NoMoreSplits,
        };
        Message { to, attempt, sequence, behind, entry }
    }
}

/// The reader's side of a checkpoint: the cut was taken when `next` was the next entry to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mark {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// The first entry that is not in it.
    pub next: u64,
}

/// Reader to enumerator: how far it is. Registers, acknowledges and asks for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Report {
    /// The reader.
    pub from: ReaderId,
    /// Its incarnation.
    pub attempt: Attempt,
    /// The entry to apply next: all before it are applied.
    pub next: u64,
    /// So many of them are completed.
    pub done: u64,
    /// Splits below this number are welcome: how far the reader has room, or asks for work.
    pub limit: u64,
    /// The newest cut that was taken.
    pub cut: Option<Mark>,
}
