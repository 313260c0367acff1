//! Cost centres: who answers for a part of the cost, and which charges that part is.
//!
//! A centre says which charges are its own by its scope, its dimensions and its filter. What rules share out among
//! centres is no concern of this module.

mod all;
mod form;
mod percent;
mod value;

pub use all::{CostCenters, MAX_COST_CENTERS, MAX_DEPTH};
pub use form::CostCenterCreate;
pub use percent::Percent;
pub use value::{CenterScope, CenterType, CostCenter};

#[cfg(test)]
mod tests;
