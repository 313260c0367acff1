//! What the suites of this folder share. Each suite is a `[[test]]` of the manifest.

pub mod support;
