//! The asynchronous face: a poller is a `Stream` of what there is to do.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};

use crate::lease::OwnedLease;
use crate::poller::{Poller, Ready};
use crate::reader::{CheckpointId, Handle};

/// What a poller yields as a stream. `Pending` of the stream is Pending, its end is Finished.
pub enum Event<H: Handle> {
    /// A split to read. The stream is pending until the lease ends.
    Split(OwnedLease<H>),
    /// A checkpoint is asked for: take it with [`Poller::cut`] before the stream is polled again, which would yield this
    /// once more.
    Checkpoint(CheckpointId),
}

impl<H: Handle + Unpin> Stream for Poller<H> {
    type Item = Event<H>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let poller = self.get_mut();
        match poller.ready(Some(cx.waker()), true) {
            Ready::Split => Poll::Ready(Some(Event::Split(poller.lend()))),
            Ready::Checkpoint(id) => Poll::Ready(Some(Event::Checkpoint(id))),
            Ready::Pending => Poll::Pending,
            Ready::Finished => Poll::Ready(None),
        }
    }
}

impl<H: Handle + Unpin> FusedStream for Poller<H> {
    fn is_terminated(&self) -> bool {
        self.has_finished()
    }
}

impl<H: Handle> fmt::Debug for Event<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Split(lease) => f.debug_tuple("Split").field(lease).finish(),
            Self::Checkpoint(id) => f.debug_tuple("Checkpoint").field(id).finish(),
        }
    }
}
