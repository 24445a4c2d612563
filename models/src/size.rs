//! How large a scenario is run.

/// The size of one run of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Splits per assigning thread.
    pub splits: usize,
    /// Assigning threads, where a scenario leaves that open; one for each reader.
    pub assigners: usize,
}
