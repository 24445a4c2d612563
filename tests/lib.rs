//! Turnstile from the outside: what its users write, kept in working order.
//!
//! `copy.rs` is a whole job, `tests/` holds it and the three faces to their promises, and `outside/` is a connector in
//! a workspace of its own that model-checks itself on top of this one.

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
