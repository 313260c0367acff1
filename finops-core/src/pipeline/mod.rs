//! Pure functions from what is delivered to what can be accounted for, left to right.
//!
//! [`intake`] turns the rows of a bill into charges, [`tally`] adds them up for the receipt. [`metering`] counts usage,
//! [`rating`] turns what was counted into amounts, [`charging`] makes charges of them. [`llm`] reads prices of language
//! models and what their answers say of tokens. [`gate`] decides in memory whether a spend may happen.
//! models and what their answers say of tokens. [`allocation`] shares cost out among centres, [`budget`] compares it
//! with what may be spent.

pub mod allocation;
pub mod budget;
pub mod charging;
pub mod gate;
pub mod intake;
pub mod llm;
pub mod metering;
pub mod rating;
mod sync;
pub mod tally;
