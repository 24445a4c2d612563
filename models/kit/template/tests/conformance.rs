//! The reader, put to the test: `cargo test --test conformance`, or with `-- --help`.

use std::process::ExitCode;
use std::sync::Arc;

use turnstile_kit::Kit;
use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::subject::{Ability, Polled, Subject};

/// The file that ships, compiled once more, against the `sync` below.
#[path = "../src/reader.rs"]
mod reader;

mod sync {
    pub(crate) use turnstile_kit::sync::Mutex;
}

struct Output(Journal);

impl reader::Output<Split> for Output {
    fn read(&self, split: &Split) {
        let _rows = self.0.read(*split);
    }
    fn barrier(&self, splits: Vec<Split>) {
        self.0.barrier(&splits);
    }
}

struct Mine {
    reader: reader::Reader<Split>,
    output: Output,
}

impl Mine {
    fn with(splits: &[Split], journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let reader = reader::Reader::new(splits.iter().copied());
        let mine = Arc::new(Self { reader, output: Output(journal.clone()) });
        (mine.clone(), mine)
    }
}

impl Subject for Mine {
    const NAME: &'static str = "my-reader";
    // What it does not say is not looked at.
    const ABILITIES: &'static [Ability] =
        &[Ability::KeepsOrder, Ability::ManyDeliveries, Ability::Refuses, Ability::Snapshots, Ability::Restores];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        Self::with(&[], journal)
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        self.reader.assign(splits)
    }

    fn signal_no_more_splits(&self) {
        self.reader.signal_no_more_splits();
    }

    fn poll(mine: &mut Arc<Self>) -> Polled {
        if mine.reader.poll(&mine.output) { Polled::Again } else { Polled::Finished }
    }

    fn checkpoint(&self) {
        self.reader.checkpoint(&self.output);
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Arc<Self>) {
        Self::with(snapshot, journal)
    }
}

fn main() -> ExitCode {
    Kit::new().reader::<Mine>().main()
}
