//! What budgets have spent by their charges, and how that goes on.

use super::known::Covered;
use crate::edge::store::Snapshot;
use crate::engine::Finops;
use crate::insight::spending::{Part, Spending, Spent};
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::budget::{Observed, SpendSoFar};
use crate::{Error, Result};
use std::sync::Arc;

/// What the charges of a budget's present period come to.
#[derive(Debug)]
pub(super) struct Charged {
    /// The period that holds now; none when none does.
    pub(super) period: Option<Interval>,
    /// What they come to. Not in one currency where rates are missing.
    pub(super) spent: Result<Spent, Arc<Error>>,
}

fn part(held: &Covered, interval: Interval) -> Part<'_> {
    Part {
        filter: &held.filter,
        interval,
        view: held.budget.view,
        currency: held.budget.budget.currency,
        rates: &held.budget.exchange_rates,
    }
}

impl Finops {
    /// What the charges of a state come to for each budget, in its period at that time.
    pub(super) fn charged(&self, snapshot: &Snapshot, budgets: &[Arc<Covered>], now: Stamp) -> Result<Vec<Charged>> {
        let periods = budgets.iter().map(|held| held.budget.period_at(now)).collect::<Result<Vec<_>>>()?;
        let holding = budgets.iter().zip(&periods).filter_map(|(held, period)| Some((held, (*period)?)));
        let parts: Vec<Part<'_>> = holding.map(|(held, period)| part(held, period)).collect();
        let spending = Spending::new(&parts);
        let mut questions = spending.questions();
        self.define(&mut questions)?;
        let ask = |question| self.store.aggregate(snapshot, question, &());
        let sums = questions.iter().map(ask).collect::<Result<Vec<_>>>()?;
        let mut spent = spending.finish(&sums).into_iter();
        let one = |period: Option<Interval>| {
            let spent = period.and_then(|_| spent.next()).unwrap_or(Ok(Spent::default()));
            Charged { period, spent: spent.map_err(Arc::new) }
        };
        Ok(periods.into_iter().map(one).collect())
    }

    /// What is to be assessed of a budget that has spent so much in a period.
    pub(super) fn observed(
        &self,
        held: &Covered,
        period: Interval,
        spent: Option<Money>,
        now: Stamp,
    ) -> Result<Observed> {
        let amount = held.budget.budget.amount;
        let so_far = spent.map(|spent| SpendSoFar { period, now, spent, amount });
        let forecast = so_far.map(|so_far| self.budgets.forecaster.forecast(&so_far)).transpose()?.flatten();
        Ok(Observed { period, spent, forecast, now })
    }
}
