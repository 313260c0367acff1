//! Pure functions from what is delivered to what can be accounted for, left to right.
//!
//! [`intake`] turns the rows of a bill into charges, [`tally`] adds them up for the receipt. [`llm`]
//! reads prices of language models and what their answers say of tokens, and makes a cost of the two.

pub mod intake;
pub mod llm;
pub mod tally;
