//! Statements of who bears what: months that are closed, what corrects them later, and what is told of a month.
//!
//! A month that is closed is kept as it was: each line, what the lines come to, and the centres and rules by which
//! they are read. What a run over it gives later, less what is booked of it, is a *correction* in the next month that
//! is open. So whatever happens, all statements together come to what a run over all months comes to.

mod account;
mod balance;
mod booked;
mod focus;
mod frozen;
mod ledger;
mod month;
mod report;

pub use account::{AllocationStatement, StatementBalance, StatementTotal, UnallocatedStatement};
pub use booked::{Account, Booked};
pub use focus::{
    ALLOCATION_ACCOUNT, ALLOCATION_PROVIDER, KIND_COLUMN, allocated_charge, allocated_table, corrections_table,
};
pub use frozen::{CenterFacts, ClosedMonth, Facts, FrozenLine, RuleFacts, Unknown};
pub use ledger::{ClosedEntry, Ledger};
pub use month::{Booking, MonthLines};
pub use report::{
    AllocationReport, AllocationReportQuery, AllocationReportRequest, ReportStyle, StatementCorrection, StatementStatus,
};
