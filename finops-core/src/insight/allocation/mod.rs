//! Allocation as an answer: what is asked of the charges for it, and what is told of the lines that it comes to.

mod charges;
mod statement;

pub use charges::Charges;
pub use statement::{
    ALLOCATION_ACCOUNT, ALLOCATION_PROVIDER, Account, AllocationReport, AllocationReportQuery, AllocationReportRequest,
    AllocationStatement, Booked, Booking, CenterFacts, ClosedEntry, ClosedMonth, Facts, FrozenLine, KIND_COLUMN,
    Ledger, MonthLines, ReportStyle, RuleFacts, StatementBalance, StatementCorrection, StatementStatus, StatementTotal,
    UnallocatedStatement, Unknown, allocated_charge, allocated_table,
};
