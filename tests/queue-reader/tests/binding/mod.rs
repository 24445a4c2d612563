//! How the kit drives a reader of this crate. The root says which one: `crate::Reader`, from the very file that ships, and its `NAME`.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{self, Ability, Subject};

use crate::{NAME, Output, Polled, Reader};

/// What takes the place of `sync` in the crate: crossbeam's own queue, with each access a step, and the kit's atomics and locks. The
/// notes are for the picture of a failure.
pub(crate) mod sync {
    use turnstile_kit::journal::note;
    #[allow(unused_imports)] // The reader as written has no lock.
    pub(crate) use turnstile_kit::sync::Mutex;
    pub(crate) use turnstile_kit::sync::Ordering;
    use turnstile_kit::sync::{self, Shared};

    pub(crate) struct SegQueue<T>(Shared<crossbeam_queue::SegQueue<T>>);

    impl<T> SegQueue<T> {
        pub(crate) fn new() -> Self {
            Self(Shared::new(crossbeam_queue::SegQueue::new()))
        }
        pub(crate) fn push(&self, value: T) {
            self.0.with(|queue| queue.push(value));
            note("push");
        }
        pub(crate) fn pop(&self) -> Option<T> {
            let value = self.0.with(crossbeam_queue::SegQueue::pop);
            note(format!("pop: {}", if value.is_some() { "a split" } else { "nothing" }));
            value
        }
        pub(crate) fn len(&self) -> usize {
            let len = self.0.with(crossbeam_queue::SegQueue::len);
            note(format!("len: {len}"));
            len
        }
    }

    pub(crate) struct AtomicBool(sync::AtomicBool);

    impl AtomicBool {
        pub(crate) fn new(value: bool) -> Self {
            Self(sync::AtomicBool::new(value))
        }
        pub(crate) fn load(&self, order: Ordering) -> bool {
            let value = self.0.load(order);
            note(format!("the flag is {}set", if value { "" } else { "not " }));
            value
        }
        pub(crate) fn store(&self, value: bool, order: Ordering) {
            self.0.store(value, order);
            note("sets the flag");
        }
    }
}

struct Rows(Journal);

impl Output<Split> for Rows {
    fn emit(&self, split: &Split) {
        let _rows = self.0.read(*split);
    }
    fn barrier(&self, splits: &[Split]) {
        self.0.barrier(splits);
    }
}

/// The reader, and where its rows go.
pub(crate) struct Bound {
    reader: Reader<Split>,
    rows: Rows,
}

impl Subject for Bound {
    const NAME: &'static str = NAME;
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Snapshots, Ability::Restores];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        Self::restore(journal, &[])
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.reader.assign(splits);
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.reader.signal_no_more_splits();
    }

    fn poll(bound: &mut Arc<Self>) -> subject::Polled {
        match bound.reader.poll(&bound.rows) {
            Polled::Again => subject::Polled::Again,
            Polled::Finished => subject::Polled::Finished,
        }
    }

    fn checkpoint(&self) {
        self.reader.checkpoint(&self.rows);
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Arc<Self>) {
        let reader = Reader::new(snapshot.iter().copied());
        let bound = Arc::new(Self { reader, rows: Rows(journal.clone()) });
        (bound.clone(), bound)
    }
}
