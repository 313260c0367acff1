//! What the past says of budgets, kept for a day: asking for it and fitting a model to it is dear.

use super::evaluating::{Looked, Which};
use super::known::{BudgetId, Covered};
use super::observing::Charged;
use crate::edge::store::Snapshot;
use crate::engine::Finops;
use crate::insight::spending::{Spending, Spent, SpentByDay};
use crate::model::budget::Basis;
use crate::model::money::Money;
use crate::model::time::{Day, Interval, Stamp, Zone};
use crate::pipeline::budget::{DailySpend, Forecast, SpendOutlook, SpendSoFar};
use crate::{ErrorCode, Result};
use chrono::{Days, NaiveDate};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
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
    /// In which round of asking that was.
    round: u64,
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

impl<'a> Asked<'a> {
    /// None where there is no period, or where its charges do not come to anything.
    fn new(held: &'a Arc<Covered>, charged: &Charged) -> Option<Self> {
        Some(Self { held, period: charged.period?, spent: charged.spent.as_ref().ok()?.amount })
    }
}

/// Whether a budget is told of by its forecast.
pub(super) fn has_forecast(held: &Covered) -> bool {
    held.budget.thresholds.iter().any(|threshold| threshold.basis == Basis::Forecasted)
}

impl Finops {
    /// Asks for what the past says of budgets that need it: those with a threshold on the forecast, and the one whose
    /// status is asked for.
    pub(super) fn look_back(&self, looked: &mut Looked, which: Which, snapshot: &Snapshot, now: Stamp) -> Result<()> {
        let Looked { budgets, outlooks, .. } = looked;
        outlooks.retain(|id, _| budgets.contains_key(id));
        let wanted = budgets.iter().filter(|(id, look)| match which {
            Which::All => has_forecast(&look.held),
            Which::Only(only) => **id == only && has_forecast(&look.held),
            Which::Status(only) => **id == only,
        });
        let wanted = wanted.filter_map(|(_, look)| Asked::new(&look.held, &look.charged)).collect();
        self.ask_back(outlooks, wanted, AT_ONCE, (snapshot, now))
    }

    /// What budgets have spent by their charges, and what the past says of those that are wanted: on a handle for
    /// reading, which does not evaluate. It keeps what it was told, as a writing one does.
    pub(super) fn charged_and_outlooks(
        &self,
        held: &[Arc<Covered>],
        is_wanted: impl Fn(&Covered) -> bool,
        now: Stamp,
    ) -> Result<Vec<(Charged, Option<Outlook>)>> {
        let snapshot = self.store.snapshot()?;
        let charged = self.charged(&snapshot, held, now)?;
        let mut looked = self.budgets.looked();
        let outlooks = &mut looked.outlooks;
        {
            let known = self.known_budgets()?;
            outlooks.retain(|id, _| known.get(*id).is_some());
        }
        let wanted = held.iter().zip(&charged).filter(|(held, _)| is_wanted(held));
        let wanted: Vec<Asked<'_>> = wanted.filter_map(|(held, charged)| Asked::new(held, charged)).collect();
        self.ask_back(outlooks, wanted, usize::MAX, (&snapshot, now))?;
        let outlook = |held: &Arc<Covered>, charged: &Charged| {
            let about = outlooks.get(&held.budget.id).zip(charged.period);
            about.filter(|(outlook, period)| outlook.is_about(held, *period)).map(|(outlook, _)| outlook.clone())
        };
        let outlooks: Vec<Option<Outlook>> = held.iter().zip(&charged).map(|(held, of)| outlook(held, of)).collect();
        Ok(charged.into_iter().zip(outlooks).collect())
    }

    /// Asks for what the past says of budgets, of so many at most. What was asked for on the same day stands, unless
    /// bills came.
    fn ask_back(
        &self,
        outlooks: &mut HashMap<BudgetId, Outlook>,
        wanted: Vec<Asked<'_>>,
        most: usize,
        (snapshot, now): (&Snapshot, Stamp),
    ) -> Result<()> {
        let bills: Arc<[Stamp]> = snapshot.imports.iter().map(|import| import.imported_at).collect();
        let round = outlooks.values().map(|outlook| outlook.round).max().unwrap_or(0).saturating_add(1);
        let asked = wanted.into_iter().filter_map(|asked| {
            let id = asked.held.budget.id;
            let before = outlooks.get(&id);
            let stands = before.is_some_and(|outlook| outlook.is_of(asked.held, asked.period, now, &bills));
            // Those that never had a turn come first, then those that had it longest ago.
            (!stands).then_some(((before.map(|outlook| outlook.round), id), asked))
        });
        let asked: BTreeMap<(Option<u64>, BudgetId), Asked<'_>> = asked.collect();
        let asked: Vec<Asked<'_>> = asked.into_values().take(most).collect();
        for outlook in self.outlooks(snapshot, &asked, now, &bills)? {
            outlooks.insert(outlook.held.budget.id, Outlook { round, ..outlook });
        }
        Ok(())
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
            let known = snapshot.reach().whole(&days, now);
            // What budgets share that differ in their amounts.
            let mut told: HashMap<(DailySpend, Interval), Option<Arc<dyn SpendOutlook>>> = HashMap::new();
            for (one, spent) in asked.iter().zip(self.spent_by_day(snapshot, &asked, &days)?) {
                let past = spent.map(|spent| daily(one, &days, &known, whole, &spent));
                let says = match past.and_then(|past| past) {
                    // Where nothing comes of it for one budget, the others are told of theirs all the same.
                    Ok(Some(past)) => match told.entry((past, one.period)) {
                        Entry::Occupied(told) => told.get().clone(),
                        Entry::Vacant(new) => {
                            let says = self.budgets.forecaster.look_back(&new.key().0, one.period).ok().flatten();
                            new.insert(says).clone()
                        }
                    },
                    // What its days come to cannot be told; that is said where the budget is assessed.
                    Ok(None) | Err(_) => None,
                };
                let held = Arc::clone(one.held);
                let day = zone.date_of(now);
                outlooks.push(Outlook { held, period: one.period, day, bills: Arc::clone(bills), round: 0, says });
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
        Some(spent.amount).filter(|_| *known && (spent.charges == 0 || spent.unknown_costs < spent.charges))
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
