//! The only module that knows which engine runs: bare metal, loom or shuttle.
//!
//! It renames. It never changes an ordering, adds a fence or retries. Everything above it imports from here, so the
//! code that is checked is the code that ships. What loom needs on top, because it skips executions of code that
//! loads an atomic before it writes it, is a named [`Pass`] in `sync/loom.rs` and is argued in `docs/checking.md`.

#[cfg(not(any(loom, shuttle)))]
#[path = "sync/bare.rs"]
mod engine;
#[cfg(loom)]
#[path = "sync/loom.rs"]
mod engine;
#[cfg(all(shuttle, not(loom)))]
#[path = "sync/shuttle.rs"]
mod engine;

pub use engine::*;

/// `const fn` where the engine allows it: the objects of loom and shuttle are made at run time.
macro_rules! const_fn {
    ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => {
        #[cfg(not(any(loom, shuttle)))]
        $(#[$meta])* $vis const fn $($rest)*
        #[cfg(any(loom, shuttle))]
        $(#[$meta])* $vis fn $($rest)*
    };
}
pub(crate) use const_fn;
