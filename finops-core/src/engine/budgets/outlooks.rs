//! What the past says of budgets, kept for a day: asking for it and fitting a model to it is dear.

use super::evaluating::{Looked, Which};
use super::known::{BudgetId, Covered};
use crate::edge::store::Snapshot;
use crate::engine::Finops;
use crate::insight::spending::{Spending, Spent, SpentByDay};
use crate::model::budget::Basis;
use crate::model::money::Money;
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::pipeline::budget::{DailySpend, Forecast, SpendOutlook, SpendSoFar};
use crate::{ErrorCode, Result};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many days of the past are looked at: a year, and what there is of the period before.
const PAST: u64 = 400;
/// For how many budgets it is asked in one evaluation at most: the others have their turn in the next.
const AT_ONCE: usize = 64;

/// What the past says of a budget's period.
#[derive(Debug, Clone)]
pub(super) struct Outlook {
    held: Arc<Covered>,
    period: Interval,
    /// The day on which it was asked for.
    day: NaiveDate,
    /// When the bills came that there were.
    bills: Arc<[Stamp]>,
    /// None where it says too little.
    says: Option<Arc<dyn SpendOutlook>>,
}

impl Outlook {
    /// Whether it is about a budget as it is now, and that period.
    pub(super) fn is_about(&self, held: &Arc<Covered>, period: Interval) -> bool {
        Arc::ptr_eq(&self.held, held) && self.period == period
    }

    fn is_of(&self, held: &Arc<Covered>, period: Interval, now: Stamp, bills: &[Stamp]) -> bool {
        let day = held.budget.budget.time_zone.date_of(now);
        self.is_about(held, period) && self.day == day && *self.bills == *bills
    }
}

/// A budget whose past is asked for.
#[derive(Debug)]
struct Asked<'a> {
    held: &'a Arc<Covered>,
    period: Interval,
    /// What its charges of the period come to.
    spent: Money,
}

/// Whether a budget is told of by its forecast.
pub(super) fn has_forecast(held: &Covered) -> bool {
    held.budget.thresholds.iter().any(|threshold| threshold.basis == Basis::Forecasted)
}

impl Finops {
    /// Asks for what the past says of budgets that need it: those with a threshold on the forecast, and the one whose
    /// status is asked for. What was asked for on the same day stands, unless bills came.
    pub(super) fn look_back(&self, looked: &mut Looked, which: Which, snapshot: &Snapshot, now: Stamp) -> Result<()> {
        let bills: Arc<[Stamp]> = snapshot.imports.iter().map(|import| import.imported_at).collect();
        let Looked { budgets, outlooks, .. } = looked;
        outlooks.retain(|id, _| budgets.contains_key(id));
        let asked = budgets.iter().filter_map(|(id, look)| {
            let (period, spent) = (look.charged.period?, look.charged.spent.as_ref().ok()?.amount);
            let is_wanted = match which {
                Which::All => has_forecast(&look.held),
                Which::Only(only) => *id == only && has_forecast(&look.held),
                Which::Status(only) => *id == only,
            };
            let stands = outlooks.get(id).is_some_and(|outlook| outlook.is_of(&look.held, period, now, &bills));
            (is_wanted && !stands).then_some((*id, Asked { held: &look.held, period, spent }))
        });
        let mut asked: BTreeMap<BudgetId, Asked<'_>> = asked.collect();
        while asked.len() > AT_ONCE {
            asked.pop_last();
        }
        for outlook in self.outlooks(snapshot, &asked.into_values().collect::<Vec<_>>(), now, &bills)? {
            outlooks.insert(outlook.held.budget.id, outlook);
        }
        Ok(())
    }

    /// What the past says of a budget by itself.
    pub(super) fn outlook(
        &self,
        held: &Arc<Covered>,
        period: Interval,
        spent: Money,
        now: Stamp,
    ) -> Result<Option<Outlook>> {
        let snapshot = self.store.snapshot()?;
        let outlooks = self.outlooks(&snapshot, &[Asked { held, period, spent }], now, &Arc::from([]))?;
        Ok(outlooks.into_iter().next())
    }

    /// By few questions: budgets that have their days in the same zone are asked for together.
    fn outlooks(
        &self,
        snapshot: &Snapshot,
        asked: &[Asked<'_>],
        now: Stamp,
        bills: &Arc<[Stamp]>,
    ) -> Result<Vec<Outlook>> {
        let mut zones: BTreeMap<&str, (Zone, Vec<&Asked<'_>>)> = BTreeMap::new();
        for one in asked {
            let zone = one.held.budget.budget.time_zone;
            zones.entry(zone.name()).or_insert_with(|| (zone, Vec::new())).1.push(one);
        }
        let mut outlooks = Vec::with_capacity(asked.len());
        for (zone, asked) in zones.into_values() {
            let days = past_days(zone, now)?;
            let whole = snapshot
                .reach()
                .whole_until(now)
                .map_or(0, |until| days.partition_point(|day| day.interval.end() <= until));
            let known: Vec<bool> = days.iter().map(|day| snapshot.reach().is_known(day)).collect();
            for (one, spent) in asked.iter().zip(self.spent_by_day(snapshot, &asked, &days)?) {
                let past = spent.map(|spent| daily(one, &days, &known, whole, &spent));
                let says = match past.and_then(|past| past) {
                    Ok(Some(past)) => self.budgets.forecaster.look_back(&past, one.period)?,
                    // What its days come to cannot be told; that is said where the budget is assessed.
                    Ok(None) | Err(_) => None,
                };
                let held = Arc::clone(one.held);
                let day = zone.date_of(now);
                outlooks.push(Outlook { held, period: one.period, day, bills: Arc::clone(bills), says });
            }
        }
        Ok(outlooks)
    }

    fn spent_by_day(&self, snapshot: &Snapshot, asked: &[&Asked<'_>], days: &[Day]) -> Result<Vec<Result<SpentByDay>>> {
        let Some((first, last)) = days.first().zip(days.last()) else { return Ok(Vec::new()) };
        let interval = Interval::new(first.interval.start(), last.interval.end())?;
        let parts: Vec<_> = asked.iter().map(|one| super::observing::part(one.held, interval)).collect();
        let spending = Spending::by_day(&parts, days);
        let mut questions = spending.questions();
        self.define(&mut questions)?;
        let ask = |question| self.store.aggregate(snapshot, question, &());
        match questions.iter().map(ask).collect::<Result<Vec<_>>>() {
            Ok(sums) => Ok(spending.finish_by_day(&sums, days.len())),
            Err(error) if error.code() != ErrorCode::Overflow => Err(error),
            Err(error) if asked.len() == 1 => Ok(vec![Err(error)]),
            // Where the amounts of one are too large to be added up, those of the others are not.
            Err(_) => {
                let alone = |one| self.spent_by_day(snapshot, std::slice::from_ref(one), days);
                asked.iter().map(alone).collect::<Result<Vec<_>>>().map(|spent| spent.into_iter().flatten().collect())
            }
        }
    }

    /// What will have been spent of a budget, as far as that can be told.
    pub(super) fn forecast_of(
        &self,
        held: &Covered,
        outlook: Option<&Outlook>,
        so_far: &SpendSoFar,
    ) -> Result<Option<Forecast>> {
        match outlook.map(|outlook| outlook.says.as_ref()) {
            Some(Some(says)) => says.forecast(so_far),
            // It has its turn later: until then nothing is known, which changes nothing.
            None if has_forecast(held) => Ok(None),
            None | Some(None) => self.budgets.forecaster.forecast(so_far),
        }
    }
}

/// The days of the past up to the present one.
fn past_days(zone: Zone, now: Stamp) -> Result<Vec<Day>> {
    let today = zone.date_of(now);
    let first = today.checked_sub_days(Days::new(PAST)).unwrap_or(NaiveDate::MIN);
    let tomorrow = today.succ_opt().unwrap_or(today);
    zone.days(Interval::new(zone.day_start(first)?, zone.day_start(tomorrow)?)?)
}

/// What a budget's days come to, of which so many are whole.
fn daily(asked: &Asked<'_>, days: &[Day], known: &[bool], whole: usize, spent: &[Spent]) -> Result<Option<DailySpend>> {
    let cost = |(spent, known): (&Spent, &bool)| {
        let is_known = *known || spent.charges > 0;
        Some(spent.amount).filter(|_| is_known && (spent.charges == 0 || spent.unknown_costs < spent.charges))
    };
    let start = spent.iter().take(whole).position(|spent| spent.charges > 0);
    let Some((start, first)) = start.and_then(|start| Some((start, days.get(start)?.date))) else { return Ok(None) };
    let mut costs = Vec::new();
    for (place, day) in days.iter().enumerate().take(whole).skip(start) {
        let date = usize::try_from(day.date.signed_duration_since(first).num_days()).unwrap_or(0);
        // A zone may leave out a day.
        costs.resize(date, None);
        costs.push(spent.get(place).zip(known.get(place)).and_then(cost));
    }
    let in_period = |(day, _): &(&Day, &Spent)| day.interval.start() >= asked.period.start();
    let recent = days.iter().zip(spent).skip(whole).filter(in_period).map(|(_, spent)| spent.amount);
    let counted = asked.spent.checked_sub(Money::try_sum(recent)?)?;
    let budget = &asked.held.budget.budget;
    Ok(Some(DailySpend { zone: budget.time_zone, currency: budget.currency, first, days: costs, counted }))
}
