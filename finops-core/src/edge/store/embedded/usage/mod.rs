//! Usage in the state file: batches of events, their fingerprints, and the pages that they add up to.

mod batch;
mod fingerprints;
