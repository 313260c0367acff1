//! Allocation as an answer: what is asked of the charges for it, and what is told of the lines that it comes to.
//!
//! Weights are taken from all charges. A filter applies to lines, after everything is shared out, by the centre and by
//! the values of the direct cost in whose favour a line is: so it does not matter whether one filters or allocates
//! first.

mod by_center;
mod charges;
mod coverage;
mod items;
mod run;
mod statement;
mod sums;
mod totals;
mod what_if;

pub use by_center::CenterCost;
pub use charges::Charges;
pub use coverage::UnattributedPiece;
pub use coverage::{AllocationCoverage, AllocationCoverageQuery, AllocationCoverageRequest, CurrencyCoverage};
pub use items::AllocationItem;
pub use run::{AllocationRun, AllocationRunQuery, AllocationRunRequest};
pub use statement::{
    ALLOCATION_ACCOUNT, ALLOCATION_PROVIDER, Account, AllocationReport, AllocationReportQuery, AllocationReportRequest,
    AllocationStatement, Booked, Booking, CenterFacts, ClosedEntry, ClosedMonth, Facts, FrozenLine, KIND_COLUMN,
    Ledger, MonthLines, ReportStyle, RuleFacts, StatementBalance, StatementCorrection, StatementStatus, StatementTotal,
    UnallocatedStatement, Unknown, allocated_charge, allocated_table, corrections_table,
};
pub use sums::AllocatedQuestion;
pub use totals::AllocationTotal;
pub use what_if::{AllocationChange, AllocationWhatIf, AllocationWhatIfQuery, AllocationWhatIfRequest};

use super::request::GroupBy;
use crate::model::allocation::RuleSet;
use crate::model::charge::CostView;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::time::Interval;
use crate::pipeline::allocation::Allocation;
use crate::{Error, Result};

/// The allocations of the stretches of a window, in order.
pub type Allocated = [(Interval, Allocation)];

/// The dimension of who bears a line.
const CENTER: Dimension = Dimension::BuiltIn(BuiltIn::CostCenter);

/// What is told of lines, and by whose rules they are.
#[derive(Clone, Copy)]
struct Told<'a> {
    rules: &'a RuleSet,
    group_by: &'a [Dimension],
    view: CostView,
}

/// The dimensions that lines have to carry: first what is told apart, then what else a filter looks at.
///
/// # Errors
/// `invalid_argument` for a list that cannot be, and for `cost_center` in it.
fn carried(group_by: &GroupBy, filter: &Filter) -> Result<Vec<Dimension>> {
    group_by.check()?;
    if group_by.0.contains(&CENTER) {
        return Err(Error::invalid("group_by", "must not name 'cost_center', by which all is told apart anyway"));
    }
    let mut carry = group_by.0.clone();
    let mut asked = Vec::new();
    filter.dimensions(&mut asked);
    for dimension in asked {
        if *dimension != CENTER && !carry.contains(dimension) {
            carry.push(dimension.clone());
        }
    }
    Ok(carry)
}
