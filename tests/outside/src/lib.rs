//! A connector with an atomic of its own: what its enumerator promises, its task can look up when it has finished.

use std::future::poll_fn;
use std::task::Poll;

#[cfg(loom)]
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
#[cfg(shuttle)]
use shuttle::sync::atomic::{AtomicUsize, Ordering::Relaxed};
#[cfg(not(any(loom, shuttle)))]
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use turnstile::{Answer, Poller, Reader, Refused};

/// Splits are known by their number of rows.
pub struct Connector {
    reader: Reader<[usize; 2]>,
    /// Relaxed throughout: that the task sees every promise is left to Turnstile, which carries it.
    promised: AtomicUsize,
}

/// What a task knows in the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// How many rows were read.
    pub read: usize,
    /// How many were promised, as far as the task can see.
    pub promised: usize,
    /// How often there was nothing to read.
    pub waited: usize,
}

impl Connector {
    /// A connector that was promised nothing yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { reader: Reader::new(), promised: AtomicUsize::new(0) }
    }

    /// Promises a split's rows, and hands it over; the enumerator's. What is refused is not promised.
    pub fn assign(&self, rows: usize) -> Result<(), Refused<[usize; 1]>> {
        self.promised.fetch_add(rows, Relaxed);
        self.reader.assign([rows]).inspect_err(|_| {
            self.promised.fetch_sub(rows, Relaxed);
        })
    }

    /// Promises no more; the enumerator's.
    pub fn finish(&self) {
        self.reader.signal_no_more_splits();
    }

    /// Reads everything, and waits where there is nothing.
    ///
    /// # Panics
    ///
    /// If another task reads.
    pub async fn read(&self) -> Report {
        let mut poller = Poller::claim(&self.reader).expect("one task reads");
        let (mut read, mut waited) = (0, 0);
        let promised = poll_fn(|cx| {
            loop {
                match poller.poll_with(cx.waker()) {
                    Answer::Split(lease) => read += lease.complete(),
                    Answer::Checkpoint(_) => unreachable!("nobody asks"),
                    Answer::Pending => {
                        waited += 1;
                        return Poll::Pending;
                    }
                    Answer::Finished => return Poll::Ready(self.promised.load(Relaxed)),
                }
            }
        });
        let promised = promised.await;
        Report { read, promised, waited }
    }
}
