//! Closing the allocation of a month: it stays as it is from then on, and what changes later corrects it.

use super::{Allocated, Asked};
use crate::edge::store::{AllocationClosing, ClosedAllocation, Snapshot};
use crate::engine::Finops;
use crate::insight::allocation::{
    AllocationReportQuery, AllocationReportRequest, Booked, Booking, CenterFacts, ClosedEntry, ClosedMonth, Facts,
    FrozenLine, Ledger, MonthLines, RuleFacts, StatementCorrection, StatementTotal,
};
use crate::insight::statement::label;
use crate::model::allocation::{RuleId, RuleSet};
use crate::model::charge::CostView;
use crate::model::time::{Interval, Period, Stamp};
use crate::pipeline::allocation::Finding;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// How many lines are kept in a part.
const PART_LINES: usize = 8192;

/// Which month to close.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AllocationClose {
    /// A calendar month of UTC such as `2024-01`, which has ended.
    pub period: Period,
}

impl AllocationClose {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["period"];

    /// That month.
    pub const fn new(period: Period) -> Self {
        Self { period }
    }
}

/// What was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AllocationClosed {
    /// The month, such as `2024-01`.
    pub period: String,
    /// When it starts.
    pub period_start: Stamp,
    /// When it ends, exclusive.
    pub period_end: Stamp,
    /// When it was closed.
    pub closed_at: Stamp,
    /// How many lines are kept of it.
    pub lines: u64,
    /// What they come to in effective cost, with corrections of earlier months, by currency.
    pub totals: Vec<StatementTotal>,
    /// What was booked with it for months that were closed before.
    pub corrections: Vec<StatementCorrection>,
    /// What somebody should know of the run.
    pub findings: Vec<Finding>,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// The closed months that were read.
#[derive(Debug, Default)]
pub(super) struct KnownClosings(Mutex<Arc<Ledger>>);

/// What months are run by.
pub(super) struct Running {
    pub(super) rules: Arc<RuleSet>,
    pub(super) snapshot: Snapshot,
}

impl Finops {
    /// Closes the allocation of a month that has ended: who bears what, by which rule, in all four costs, stays as it
    /// is now. Its report never changes again. What a run gives later, less what is booked, is a correction in the next
    /// month that is open, and is booked when that one is closed. Any month that has ended may be closed, once.
    ///
    /// ```
    /// use finops_core::{ErrorCode, Finops, engine::AllocationClose};
    ///
    /// let finops = Finops::builder().now("2024-02-03T00:00:00Z".parse()?).open(":memory:")?;
    /// let closed = finops.allocation_close(&AllocationClose::new("2024-01".parse()?))?;
    /// assert_eq!((closed.lines, closed.corrections.len()), (0, 0));
    /// for period in ["2024-01", "2024-02"] {
    ///     let error = finops.allocation_close(&AllocationClose::new(period.parse()?)).unwrap_err();
    ///     assert_eq!(error.code(), ErrorCode::Conflict, "closed already, and not ended");
    /// }
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a period that is no month, and when it comes to more than a million lines; `conflict`
    /// for one that has not ended or is closed, on a handle for reading, and where rules hold the same charge;
    /// `overflow`; `storage`. Then nothing has changed.
    pub fn allocation_close(&self, request: &AllocationClose) -> Result<AllocationClosed> {
        self.permit("allocation.close")?;
        let period = request.period.month()?;
        let by = self.change();
        let now = by.at;
        let conflict = |message: String| Err(Error::new(ErrorCode::Conflict, message).with_field("period"));
        if period.end() > now {
            return conflict(format!("{} has not ended: it is {now}", request.period.text()));
        }
        // Rules and centres stay as they are until what they come to is written.
        let _alone = self.centers.alone();
        let ledger = self.allocation_ledger()?;
        if ledger.get(period.start()).is_some() {
            return conflict(format!("the allocation of {} is closed already", request.period.text()));
        }
        let running = self.running()?;
        let allocated = self.run_month(period, &running)?;
        let lines = MonthLines(&allocated);
        let booking = lines.booking(self.corrections_in(period.start(), &ledger, &running)?)?;
        let facts = self.facts(&lines, &booking.corrections, &running.rules)?;
        let mut month = lines.closed(period, (now, running.snapshot.id), booking, facts)?;
        let findings = lines.findings();
        let lines = parts(&lines)?;
        month.digest = digest(&lines);
        let (period_start, closed_at, body) = (period.start(), now, json(&month)?);
        // Nothing may fail once it is written.
        let closed = Self::closed(request, &ledger, &month, findings)?;
        self.store.close_allocation(&AllocationClosing { period_start, closed_at, body, lines }, &by)?;
        Ok(closed)
    }

    /// What is told of a month that is going to be closed.
    fn closed(
        request: &AllocationClose,
        ledger: &Ledger,
        month: &ClosedMonth,
        findings: Vec<Finding>,
    ) -> Result<AllocationClosed> {
        let report = AllocationReportRequest { period: Some(request.period.clone()), ..Default::default() };
        let query = AllocationReportQuery::new(&report)?;
        let mut ledger = ledger.clone();
        ledger.insert(ClosedEntry { number: ledger.last_number().saturating_add(1), month: month.clone() });
        let facts = ledger.facts(month.period.start(), month.facts());
        let report = query.finish(&ledger, &Booking::of(month), &facts, month.snapshot)?;
        Ok(AllocationClosed {
            period: report.period,
            period_start: report.period_start,
            period_end: report.period_end,
            closed_at: month.closed_at,
            lines: month.lines,
            totals: report.totals,
            corrections: report.corrections,
            findings,
            snapshot: month.snapshot,
        })
    }

    /// The rules and the state that there are.
    pub(super) fn running(&self) -> Result<Running> {
        Ok(Running { rules: self.allocation_rules()?, snapshot: self.state(None)? })
    }

    /// Who bears the charges of a month, by the weights of the effective cost.
    pub(super) fn run_month(&self, period: Interval, running: &Running) -> Result<Allocated> {
        let asked = Asked { window: period, view: CostView::Effective, carry: &[] };
        let mut runs = self.allocate_by(&[&running.rules], &running.snapshot, &asked, &())?;
        Ok(runs.pop().unwrap_or_default())
    }

    /// What corrects closed months, of those whose corrections belong into an open one.
    pub(super) fn corrections_in(
        &self,
        open: Stamp,
        ledger: &Ledger,
        running: &Running,
    ) -> Result<Vec<(Stamp, Booked)>> {
        let mut corrections = Vec::new();
        for entry in ledger.corrected_in(open)? {
            let period = entry.month.period;
            let correction = || {
                let allocated = self.run_month(period, running)?;
                MonthLines(&allocated).booked()?.less(&ledger.booked(period.start())?)
            };
            let correction = correction().map_err(|error| of_correction(period.start(), error))?;
            if correction.iter().next().is_some() {
                corrections.push((period.start(), correction));
            }
        }
        Ok(corrections)
    }

    /// By which names the lines of a month and its corrections are read: every centre, and the rules that they are of.
    pub(super) fn facts(
        &self,
        lines: &MonthLines<'_>,
        corrections: &[(Stamp, Booked)],
        rules: &RuleSet,
    ) -> Result<Facts> {
        let centers = self.cost_centers()?;
        let mut facts = Facts::new(centers.iter().map(CenterFacts::from), []);
        let corrected =
            corrections.iter().flat_map(|(_, booked)| booked.iter()).filter_map(|(account, _)| account.rule_id);
        let named: BTreeSet<RuleId> = lines.rules().into_iter().chain(corrected).collect();
        for rule in named.into_iter().filter_map(|rule| rules.get(rule)) {
            let unit = match rule.meter() {
                Some(slug) => self.store.usage()?.meters()?.get(slug).map(|(_, meter)| meter.unit.clone()),
                None => None,
            };
            facts.rules.insert(rule.id(), RuleFacts::new(rule, unit));
        }
        Ok(facts)
    }

    /// The closed months as they were last read, with what was closed since.
    pub(super) fn allocation_ledger(&self) -> Result<Arc<Ledger>> {
        let mut known = self.allocating.closed.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = self.store.closed_allocations(known.last_number())?;
        if !new.is_empty() {
            let entries = new.iter().map(read).collect::<Result<Vec<_>>>()?;
            let mut ledger = Ledger::clone(&known);
            for entry in entries {
                ledger.insert(entry);
            }
            *known = Arc::new(ledger);
        }
        Ok(Arc::clone(&known))
    }

    /// The lines of a closed month, part by part; an error in the end when they are not those that were closed.
    pub(super) fn kept_lines(
        &self,
        entry: &ClosedEntry,
        visit: &mut dyn FnMut(&[FrozenLine]) -> Result<()>,
    ) -> Result<()> {
        let mut hasher = blake3::Hasher::new();
        for part in 0.. {
            let Some(lines) = self.store.allocation_lines(entry.number, part)? else { break };
            hash(&mut hasher, &lines);
            visit(&serde_json::from_str::<Vec<FrozenLine>>(&lines).map_err(|error| unreadable(&error))?)?;
        }
        if hasher.finalize().to_hex().as_str() == entry.month.digest {
            return Ok(());
        }
        let message = "the lines of a closed allocation in the store are not those that were closed: restore a backup";
        Err(Error::new(ErrorCode::Storage, message))
    }
}

/// An error that says which closed month could not be run again: it is another one than was asked for.
fn of_correction(start: Stamp, error: Error) -> Error {
    let named = Error::new(error.code(), format!("the correction of {}: {error}", label(start)));
    named.with_source(error)
}

/// The lines in parts.
fn parts(lines: &MonthLines<'_>) -> Result<Vec<String>> {
    let (mut parts, mut waiting) = (Vec::new(), Vec::new());
    for line in lines.frozen() {
        waiting.push(line);
        if waiting.len() == PART_LINES {
            parts.push(json(&waiting)?);
            waiting.clear();
        }
    }
    if !waiting.is_empty() {
        parts.push(json(&waiting)?);
    }
    Ok(parts)
}

/// The digest of all parts.
fn digest(parts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hash(&mut hasher, part);
    }
    hasher.finalize().to_hex().to_string()
}

/// Takes in a part, with its length before it.
fn hash(hasher: &mut blake3::Hasher, part: &str) {
    hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()).update(part.as_bytes());
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("the allocation cannot be kept: {error}")))
}

fn read(closed: &ClosedAllocation) -> Result<ClosedEntry> {
    let month = serde_json::from_str(&closed.body).map_err(|error| unreadable(&error))?;
    Ok(ClosedEntry { number: closed.number, month })
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::Storage, format!("a closed allocation in the store cannot be read: {error}"))
}
