//! A batch that runs test code while it is being handed over: the only way for one thread to look at a reader in the
//! middle of an assignment.

use super::{Batch, sealed::SealedBatch};

/// One split, and what happens when it is written into the reader and not yet published.
pub(crate) struct Interrupted<S, F> {
    pub(crate) split: S,
    pub(crate) meanwhile: F,
}

impl<S, F> SealedBatch<S> for Interrupted<S, F> {}
impl<S: Copy, F: FnOnce()> Batch<S> for Interrupted<S, F> {
    fn splits(&self) -> &[S] {
        core::slice::from_ref(&self.split)
    }

    fn moved_out(self) {
        (self.meanwhile)();
    }
}
