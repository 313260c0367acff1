//! Programs that show the engine at work: `cargo run --release --example quickstart`.
