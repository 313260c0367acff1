//! What a store may use of the machine.

use super::hot::CACHE_BYTES;
use super::usage::MEMORY_BYTES;

/// How much of the machine queries may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// How many threads a query may use, at least 1; by default as many as the system says can work at once.
    pub threads: usize,
    /// How many bytes of what queries read stay in memory for the next ones; by default 1 GiB.
    pub cache_bytes: u64,
    /// How many bytes what knows usage again and what was counted of it take in memory; by default 256 MiB.
    pub usage_memory_bytes: u64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { threads: threads(), cache_bytes: CACHE_BYTES, usage_memory_bytes: MEMORY_BYTES }
    }
}

/// As many threads as the system says can work at once.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
