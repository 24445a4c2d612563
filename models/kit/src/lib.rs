//! Puts a split reader to the test, or an enumerator with its readers: one that a connector has, or that somebody thinks of writing.
//!
//! # The command
//!
//! A connector's crate has the kit as a dev-dependency, and a test without the usual harness (`[[test]] name = "conformance"` with
//! `harness = false`):
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use turnstile_kit::{journal::{Journal, Split}, subject::{Polled, Subject}};
//! # struct Reader;
//! # impl Subject for Reader {
//! #     const NAME: &'static str = "mine";
//! #     type Poller = ();
//! #     fn new(_: &Journal) -> (Arc<Self>, ()) { (Arc::new(Self), ()) }
//! #     fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> { Err(splits) }
//! #     fn signal_no_more_splits(&self) {}
//! #     fn poll(_: &mut ()) -> Polled { Polled::Again }
//! # }
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     turnstile_kit::Kit::new().reader::<Reader>().main()
//! }
//! ```
//!
//! `cargo test --test conformance` puts the reader through every scenario under loom (every interleaving, and with stale values), shuttle (at random,
//! and by priority) and real threads, each scenario in a process of its own. It prints how far each was explored, one verdict for each
//! guarantee, and what fails: the execution in the reader's own notes, what it means for a job, what a repair has to achieve, and the
//! command that shows it again. The status is 0 if all that is supported holds, 1 if something is violated, 2 for wrong arguments;
//! `-- --help` has the rest. `cargo nextest` shows each scenario as a test. `cargo test NAME` is for all tests of a package, and an error in
//! this one if no scenario is called so.
//!
//! `models/kit/template` is a crate to copy; `tests/queue-reader` has a reader over a queue of another crate, and how the file that is
//! checked is the one that ships.
//!
//! # What has to be written
//!
//! For a reader, [`Subject`](subject::Subject), with the shared state made of [`sync`]: what a checker does not see it cannot try in another
//! order. What happens is told to the [`Journal`](journal::Journal). For an enumerator and the readers' side of what they say to each
//! other, [`Job`](job::Job): plain values, in every state.
//!
//! **Abilities.** A reader says what it can do beyond taking splits and reading them. A scenario that needs more is *not supported*: nothing was
//! looked at, and it is never passed.
//!
//! **Budget.** Each scenario has two seconds under each checker, or `--seconds`. loom begins with no preemptions and allows more, until every
//! execution was seen or the time is over; shuttle and threads stop at 500 and 50 executions; of a job the states come nearest first. The table
//! says which it was.
//!
//! **Canaries.** Before loom judges anything, programs whose results are known show that it explores what it should, in a tenth of a second. If one
//! does not, nothing is judged, and the status is 1.
//!
//! **Limits.** The scenarios are small: a few threads, a few splits, one checkpoint. *Holds* is about these, with the bound
//! that is printed. An execution that makes no progress for three seconds is given up, and counts as a violation.
//!
//! # In a test of one's own
//!
//! ```
//! use std::sync::Arc;
//!
//! use turnstile_kit::explore::{Budget, Checker, explore};
//! use turnstile_kit::journal::{Journal, Split};
//! use turnstile_kit::picture::lanes;
//! use turnstile_kit::scenario::SCENARIOS;
//! use turnstile_kit::subject::{Polled, Subject};
//! use turnstile_kit::sync::{AtomicBool, Mutex, Ordering::SeqCst};
//!
//! struct Reader {
//!     splits: Mutex<Vec<Split>>,
//!     ended: AtomicBool,
//!     journal: Journal,
//! }
//!
//! impl Subject for Reader {
//!     const NAME: &'static str = "mine";
//!     type Poller = Arc<Self>;
//!
//!     fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
//!         let (splits, ended) = (Mutex::new(Vec::new()), AtomicBool::new(false));
//!         let reader = Arc::new(Self { splits, ended, journal: journal.clone() });
//!         (reader.clone(), reader)
//!     }
//!     fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
//!         self.splits.lock().extend(splits);
//!         Ok(())
//!     }
//!     fn signal_no_more_splits(&self) {
//!         self.ended.store(true, SeqCst);
//!     }
//!     fn poll(this: &mut Arc<Self>) -> Polled {
//!         let split = this.splits.lock().pop();
//!         if let Some(split) = split {
//!             let _rows = this.journal.read(split);
//!             return Polled::Again;
//!         }
//!         if this.ended.load(SeqCst) { Polled::Finished } else { Polled::Again }
//!     }
//! }
//!
//! let scenario = SCENARIOS.iter().find(|scenario| scenario.name == "early-end").unwrap();
//! let found = explore::<Reader>(scenario, Checker::Interleavings, Budget::default()).expect("it needs nothing special");
//! let violation = found.violation.expect("the two looks of poll are two instants");
//! assert_eq!(violation.guarantee, "I3");
//! println!("{}\n{}", violation.what, lanes(&violation.steps));
//! ```

mod command;
pub mod engine;
pub mod explore;
mod guarantee;
pub mod job;
pub mod journal;
pub mod litmus;
pub mod picture;
pub mod scenario;
pub mod subject;
pub mod sync;
mod trial;

pub use command::Kit;
