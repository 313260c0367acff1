//! Tests of prices.
