//! Turns the cfg on for this package, so that a plain `cargo test` checks the core under shuttle.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=shuttle");
}
