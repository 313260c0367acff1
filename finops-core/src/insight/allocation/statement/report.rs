//! What a month is told as: shown back to those who caused it, or charged back to them.

use super::Account;
use super::account::{AllocationStatement, StatementTotal, UnallocatedStatement};
use super::balance::{Balance, MonthBalances, Who, above_others};
use super::booked::Costs;
use super::frozen::Facts;
use super::ledger::Ledger;
use super::month::Booking;
use crate::insight::request::request;
use crate::insight::statement::label;
use crate::model::allocation::{CenterId, RuleId};
use crate::model::charge::CostView;
use crate::model::money::{Currency, Money};
use crate::model::time::{Interval, Period, Stamp};
use crate::pipeline::allocation::LineKind;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What a report is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportStyle {
    /// To see: everything, also what nobody bears.
    #[default]
    Showback,
    /// To be paid: only what centres bear, with a number on each statement.
    Chargeback,
}

/// Whether a month may still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementStatus {
    /// It may.
    Open,
    /// It stays as it is.
    Closed,
}

request! {
    /// Which statements are asked for.
    pub struct AllocationReportRequest {
        /// A calendar month of UTC such as `2024-01`.
        pub period: Option<Period>,
        /// What the report is for; by default showback.
        pub style: ReportStyle,
        /// Only the statements of that centre.
        pub cost_center: Option<CenterId>,
        /// Only those in that currency.
        pub currency: Option<Currency>,
        /// Which of the four costs is told, by default the effective one. All are shared out by the weights of the
        /// effective cost.
        pub view: CostView,
    }
}

/// The statements of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AllocationReport {
    /// The month, such as `2024-01`.
    pub period: String,
    /// When it starts.
    pub period_start: Stamp,
    /// When it ends, exclusive.
    pub period_end: Stamp,
    /// What the report is for.
    pub style: ReportStyle,
    /// Which cost is told.
    pub view: CostView,
    /// Whether the month may still change.
    pub status: StatementStatus,
    /// Whether the amounts are estimated: those of an open month are.
    pub estimated: bool,
    /// When the month was closed.
    pub closed_at: Option<Stamp>,
    /// What the statements below come to, by currency; of a showback with what nobody bears.
    pub totals: Vec<StatementTotal>,
    /// By currency, the centres to whom the month adds most first. Of a parent, what is below it is not in its own
    /// amounts.
    pub statements: Vec<AllocationStatement>,
    /// What nobody bears, by currency; empty in a chargeback, and when a centre is asked for.
    pub unallocated: Vec<UnallocatedStatement>,
    /// What of it corrects closed months: by month and currency, the largest amount first.
    pub corrections: Vec<StatementCorrection>,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A correction of a closed month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatementCorrection {
    /// The month that it corrects.
    pub period: String,
    /// Who bears more or less; none for what nobody bears.
    pub cost_center_id: Option<CenterId>,
    /// What the centre is called.
    pub cost_center_name: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// How much more, or less.
    pub amount: Money,
    /// As what.
    pub kind: LineKind,
    /// By which rule.
    pub rule_id: Option<RuleId>,
}

/// A report in the making.
#[derive(Debug)]
pub struct AllocationReportQuery<'q> {
    request: &'q AllocationReportRequest,
    period: Interval,
    /// The centres that it may tell of; none for all.
    only: Option<BTreeSet<CenterId>>,
}

impl<'q> AllocationReportQuery<'q> {
    /// # Errors
    /// `invalid_argument` for a period that is no month.
    pub fn new(request: &'q AllocationReportRequest) -> Result<Self> {
        let Some(period) = &request.period else {
            return Err(Error::invalid("period", "is missing: name a month such as '2024-01'"));
        };
        Ok(Self { request, period: period.month()?, only: None })
    }

    /// A report that tells of these centres alone, and not of what nobody bears.
    #[must_use]
    pub fn only(self, centers: BTreeSet<CenterId>) -> Self {
        Self { only: Some(centers), ..self }
    }

    /// The month.
    pub const fn period(&self) -> Interval {
        self.period
    }

    /// The report, of a month that is booked like that; `snapshot` is the state that was read for it.
    ///
    /// # Errors
    /// `overflow`.
    pub fn finish(&self, ledger: &Ledger, booking: &Booking, facts: &Facts, snapshot: u64) -> Result<AllocationReport> {
        let (request, start) = (self.request, self.period.start());
        let closed = ledger.get(start);
        let mut balances = MonthBalances::new(&ledger.opening(start)?, booking, request.view)?;
        let mut with_children = balances.with_children(facts)?;
        if let Some(only) = &self.only {
            let above = above_others(facts, only);
            with_children.retain(|(_, center), _| center.is_some_and(|center| !above.contains(&center)));
        }
        balances.0.retain(|who, _| self.wants(*who));
        let is_chargeback = request.style == ReportStyle::Chargeback;
        let (mut statements, mut unallocated) = (Vec::new(), Vec::new());
        let mut totals: BTreeMap<Currency, Balance> = BTreeMap::new();
        for ((currency, center), balance) in &balances.0 {
            totals.entry(*currency).or_default().add(balance)?;
            match center {
                Some(center) => {
                    let below = with_children.get(&(*currency, Some(*center)));
                    let facts = facts.centers.get(center);
                    let statement = AllocationStatement::new((*currency, *center), balance, facts, below)?;
                    statements.push(if is_chargeback { statement.numbered(start) } else { statement });
                }
                None => unallocated.push(UnallocatedStatement::new(*currency, balance)?),
            }
        }
        let added = |statement: &AllocationStatement| {
            balances.0.get(&statement.who()).and_then(|balance| balance.month().ok()).unwrap_or_default()
        };
        statements
            .sort_by_cached_key(|statement| (statement.currency, Reverse(added(statement)), statement.cost_center_id));
        Ok(AllocationReport {
            period: label(start),
            period_start: start,
            period_end: self.period.end(),
            style: request.style,
            view: request.view,
            status: if closed.is_some() { StatementStatus::Closed } else { StatementStatus::Open },
            estimated: closed.is_none(),
            closed_at: closed.map(|entry| entry.month.closed_at),
            totals: totals.iter().map(|(currency, sum)| StatementTotal::new(*currency, sum)).collect::<Result<_>>()?,
            statements,
            unallocated,
            corrections: self.corrections(booking, facts),
            snapshot: closed.map_or(snapshot, |entry| entry.month.snapshot),
        })
    }

    fn wants(&self, (currency, center): Who) -> bool {
        self.only.as_ref().is_none_or(|only| center.is_some_and(|center| only.contains(&center)))
            && self.request.currency.is_none_or(|only| only == currency)
            && match self.request.cost_center {
                Some(only) => center == Some(only),
                None => center.is_some() || self.request.style == ReportStyle::Showback,
            }
    }

    fn corrections(&self, booking: &Booking, facts: &Facts) -> Vec<StatementCorrection> {
        let cost = |costs: &Costs| costs.get(self.request.view.place()).copied().unwrap_or_default();
        let all = booking.corrections.iter().flat_map(|(of, booked)| booked.iter().map(move |amount| (*of, amount)));
        let wanted = all.filter(|(_, (account, costs))| {
            self.wants((account.currency, account.cost_center_id)) && !cost(costs).is_zero()
        });
        let correction = |(of, (account, costs)): (Stamp, (&Account, &Costs))| {
            let Account { currency, cost_center_id, kind, rule_id } = *account;
            StatementCorrection {
                period: label(of),
                cost_center_id,
                cost_center_name: facts.name(cost_center_id).map(str::to_owned),
                currency,
                amount: cost(costs),
                kind,
                rule_id,
            }
        };
        let mut corrections: Vec<(Stamp, StatementCorrection)> =
            wanted.map(|found| (found.0, correction(found))).collect();
        let order = |(of, correction): &(Stamp, StatementCorrection)| {
            (
                *of,
                correction.currency,
                Reverse(correction.amount),
                correction.cost_center_id,
                correction.kind,
                correction.rule_id,
            )
        };
        corrections.sort_by_key(order);
        corrections.into_iter().map(|(_, correction)| correction).collect()
    }
}
