//! The evidence for `turnstile`: scenarios, the engines that run them, and what is printed of it.

// One scenario, three engines: `scenarios.rs` is compiled once against each.
#![allow(clippy::duplicate_mod)]

pub mod casebook;
mod children;
pub mod coverage;
mod docs;
pub mod engine;
pub mod history;
pub mod job;
pub mod litmus;
pub mod model;
pub mod mutants;
mod pages;
pub mod pairs;
pub mod plan;
pub mod protocol;
pub mod prove;
pub mod report;
pub mod scale;
pub mod show;
pub mod size;
