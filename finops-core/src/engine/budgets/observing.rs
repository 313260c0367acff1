//! What budgets have spent by their charges, and how that goes on.

use super::known::Covered;
use super::outlooks::Outlook;
use crate::edge::store::Snapshot;
use crate::engine::Finops;
use crate::insight::spending::{Part, Spending, Spent};
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::budget::{Observed, SpendSoFar};
use crate::{Error, ErrorCode, Result};
use std::sync::Arc;

/// What the charges of a budget's present period come to.
#[derive(Debug)]
pub(super) struct Charged {
    /// The period that holds now; none when none does.
    pub(super) period: Option<Interval>,
    /// What they come to. Not in one currency where rates are missing.
    pub(super) spent: Result<Spent, Arc<Error>>,
}

pub(super) fn part(held: &Covered, interval: Interval) -> Part<'_> {
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
        let periods: Vec<_> = budgets.iter().map(|held| held.budget.period_at(now)).collect();
        let holding =
            budgets.iter().zip(&periods).filter_map(|(held, period)| Some((held, period.as_ref().ok()?.as_ref()?)));
        let parts: Vec<Part<'_>> = holding.map(|(held, period)| part(held, *period)).collect();
        let mut spent = self.spent_of(snapshot, &parts)?.into_iter();
        let one = |period: Result<Option<Interval>>| match period {
            Ok(Some(period)) => {
                let spent = spent.next().unwrap_or(Ok(Spent::default()));
                Charged { period: Some(period), spent: spent.map_err(Arc::new) }
            }
            Ok(None) => Charged { period: None, spent: Ok(Spent::default()) },
            Err(error) => Charged { period: None, spent: Err(Arc::new(error)) },
        };
        Ok(periods.into_iter().map(one).collect())
    }

    /// What each part comes to. Where the amounts of one are too large to be added up, those of the others are not.
    fn spent_of(&self, snapshot: &Snapshot, parts: &[Part<'_>]) -> Result<Vec<Result<Spent>>> {
        let spending = Spending::new(parts);
        let mut questions = spending.questions();
        self.define(&mut questions)?;
        let ask = |question| self.store.aggregate(snapshot, question, &());
        match questions.iter().map(ask).collect::<Result<Vec<_>>>() {
            Ok(sums) => Ok(spending.finish(&sums)),
            Err(error) if error.code() != ErrorCode::Overflow => Err(error),
            Err(error) if parts.len() == 1 => Ok(vec![Err(error)]),
            Err(_) => {
                let alone = |part| self.spent_of(snapshot, std::slice::from_ref(part));
                parts.iter().map(alone).collect::<Result<Vec<_>>>().map(|spent| spent.into_iter().flatten().collect())
            }
        }
    }

    /// What is to be assessed of a budget that has spent so much in a period.
    pub(super) fn observed(
        &self,
        held: &Covered,
        outlook: Option<&Outlook>,
        period: Interval,
        spent: Option<Money>,
        now: Stamp,
    ) -> Result<Observed> {
        let amount = held.budget.budget.amount;
        let so_far = spent.map(|spent| SpendSoFar { period, now, spent, amount });
        let forecast = so_far.map(|so_far| self.forecast_of(held, outlook, &so_far)).transpose()?.flatten();
        Ok(Observed { period, spent, forecast, now })
    }
}
