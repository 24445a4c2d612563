//! How far loom may be trusted: the kit's [`canaries`] are a fixed list that runs before anything may be called exhaustive, [`random`]
//! holds loom against brute force on programs that nobody thought of.

pub mod program;
pub mod random;
pub mod reference;

pub use turnstile_kit::litmus::{Exploration, Pass, canaries, explore, pass_name};

/// The pass of that name.
pub fn pass_named(name: &str) -> Result<Pass, String> {
    let passes = [Pass::Interleavings, Pass::WeakMemory, Pass::Stock];
    passes.into_iter().find(|pass| pass_name(*pass) == name).ok_or_else(|| {
        let names: Vec<_> = passes.into_iter().map(pass_name).collect();
        format!("there is no such pass, but there are {}", names.join(", "))
    })
}
