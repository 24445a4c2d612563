//! A reader, to be replaced by yours.

mod reader;

pub use reader::{Output, Reader};

/// What the reader shares between threads. The conformance test compiles `reader.rs` against a `sync` of its own.
mod sync {
    pub(crate) use parking_lot::Mutex;
}
