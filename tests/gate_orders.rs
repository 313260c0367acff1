//! The gate in many orders of its threads: its own sources, with locks at which a scheduler may stop each thread.
//!
//! Each case runs thousands of times, at random and by the depth of bugs (PCT). A case fails where threads wait for
//! each other, or where what it asserts does not hold in some order. What fails prints its schedule, for
//! `shuttle::replay`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    reason = "a test says what broke by failing"
)]

use finops_core::{Error, ErrorCode, Result, model};

#[path = "gate_orders"]
mod pipeline {
    #[allow(
        dead_code,
        unused_imports,
        unreachable_pub,
        reason = "the sources of the gate as they are, of which a part is tried here"
    )]
    #[path = "../../finops-core/src/pipeline/gate/mod.rs"]
    pub(crate) mod gate;

    pub(crate) mod sync;
}

#[path = "gate_orders/cases.rs"]
mod cases;
