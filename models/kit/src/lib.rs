//! Puts a split reader to the test: one that a connector has, or that somebody thinks of writing.
//!
//! Implement [`Subject`](subject::Subject) for it, with its shared state made of [`sync`], and every scenario runs under loom, shuttle and
//! real threads. What a reader does not claim to do is *not supported*, and never passed.
//!
//! ```
//! use std::sync::Arc;
//!
//! use turnstile_kit::explore::{Budget, Checker, explore};
//! use turnstile_kit::journal::{Journal, Split, lanes};
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

pub mod engine;
pub mod explore;
pub mod job;
pub mod journal;
pub mod scenario;
pub mod subject;
pub mod sync;
