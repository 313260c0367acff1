//! Any JSON as the parameters of a query: answered or refused.
#![no_main]

use finops_core::{Error, Finops};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

/// Those that touch no files: a path of a fuzzer's must not be written to.
const QUERIES: [&str; 5] = ["get_cost_summary", "costs.daily", "catalog.upsert", "catalog.get", "catalog.list"];

fuzz_target!(|input: (u8, &str)| {
    static FINOPS: OnceLock<Result<Finops, Error>> = OnceLock::new();
    let finops = match FINOPS.get_or_init(|| Finops::open(":memory:")) {
        Ok(finops) => finops,
        Err(error) => panic!("{error}"),
    };
    let Ok(params) = serde_json::from_str(input.1) else { return };
    let query = QUERIES[usize::from(input.0) % QUERIES.len()];
    if let Err(error) = finops.call(query, params, &()) {
        assert!(!error.message().is_empty());
    }
});
