//! The statements of a month, and its lines for other tools.

use super::closing::Running;
use crate::engine::Finops;
use crate::insight::allocation::{
    AllocationReport, AllocationReportQuery, AllocationReportRequest, Booking, Facts, FrozenLine, MonthLines,
    allocated_table, corrections_table,
};
use crate::model::charge::ChargeTable;
use crate::model::time::Interval;
use crate::{Error, Result};

/// How many lines are brought into a table at a time.
const TABLE_LINES: usize = 8192;

impl Finops {
    /// Who bears a month, as statements by centre and currency: what came in with it, its own charges, shares of pools,
    /// idle cost, what corrects closed months, and the closing, which is the sum of all of them. A closed month is told
    /// as it was closed; an open one is run now, and so are the closed months directly before it, for what corrects
    /// them. A handle that is narrowed gets the statements of the centres that its user answers for, and nothing of
    /// others.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::insight::allocation::{AllocationReportRequest, StatementStatus};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = AllocationReportRequest::default();
    /// request.period = Some("2024-01".parse()?);
    /// let report = finops.allocation_report(&request)?;
    /// assert_eq!((report.status, report.statements.len()), (StatementStatus::Open, 0));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a period that is no month; of an open month as `allocation.run`; `overflow`; `storage`.
    /// A narrowed handle is not told which rule or centre it failed at.
    pub fn allocation_report(&self, request: &AllocationReportRequest) -> Result<AllocationReport> {
        self.permit("allocation.report")?;
        let query = AllocationReportQuery::new(request)?;
        if !self.is_narrowed() {
            return self.statements(&query);
        }
        let centers = self.cost_centers()?;
        let own = centers.iter().filter(|center| self.owns(center.owner_id.as_deref())).map(|center| center.id);
        self.statements(&query.only(own.collect())).map_err(|error| withheld(&error))
    }

    fn statements(&self, query: &AllocationReportQuery<'_>) -> Result<AllocationReport> {
        let start = query.period().start();
        let ledger = self.allocation_ledger()?;
        if let Some(entry) = ledger.get(start) {
            let facts = ledger.facts(start, Facts::default());
            return query.finish(&ledger, &Booking::of(&entry.month), &facts, entry.month.snapshot);
        }
        let running = self.running()?;
        let allocated = self.run_month(query.period(), &running)?;
        let lines = MonthLines(&allocated);
        let booking = lines.booking(self.corrections_in(start, &ledger, &running)?)?;
        let facts = ledger.facts(start, self.facts(&lines, &booking.corrections, &running.rules)?);
        query.finish(&ledger, &booking, &facts, running.snapshot.id)
    }

    /// Gives the lines of a month as tables of FOCUS rows, then what corrects closed months in it: a closed month as
    /// it was closed, an open one as a run gives it now.
    pub(in crate::engine) fn allocated_tables(
        &self,
        period: Interval,
        visit: &mut dyn FnMut(&ChargeTable) -> Result<()>,
    ) -> Result<()> {
        let (ledger, start) = (self.allocation_ledger()?, period.start());
        if let Some(entry) = ledger.get(start) {
            let facts = ledger.facts(start, Facts::default());
            self.kept_lines(entry, &mut |lines| visit(&allocated_table(lines, &facts, period)?))?;
            return visit(&corrections_table(&entry.month.corrections, &facts, period)?);
        }
        let running: Running = self.running()?;
        let allocated = self.run_month(period, &running)?;
        let lines = MonthLines(&allocated);
        let corrections = self.corrections_in(start, &ledger, &running)?;
        let facts = ledger.facts(start, self.facts(&lines, &corrections, &running.rules)?);
        let lines: Vec<FrozenLine> = lines.frozen().collect();
        lines.chunks(TABLE_LINES).try_for_each(|lines| visit(&allocated_table(lines, &facts, period)?))?;
        visit(&corrections_table(&corrections, &facts, period)?)
    }
}

/// That statements cannot be made, for those who may not know of whose rules and centres.
fn withheld(error: &Error) -> Error {
    let message = "the statements of the month cannot be made as it is: ask who keeps the rules of allocation";
    Error::new(error.code(), message).with_field("period")
}
