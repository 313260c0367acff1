//! Language models: prices out of files, tokens out of answers, and what a request costs.
//!
//! [`litellm`] reads price lists, [`shapes`] what providers say of usage, [`rate`] prices one request, [`metered`]
//! takes a request apart for the meters, and [`matrix`] gives the prices by which these meters add up to the same.

mod fields;
pub mod litellm;
pub mod matrix;
pub mod metered;
pub mod rate;
pub mod shapes;

#[cfg(test)]
mod tests;
