//! Allocation as an answer: what is asked of the charges for it, and what is told of the lines that it comes to.

mod charges;

pub use charges::Charges;
