//! Evaluating budgets: what they have spent becomes what the gate goes by, and news of it alerts and events.

use super::known::{BudgetId, Covered};
use super::observing::Charged;
use super::outlooks::Outlook;
use crate::edge::store::KeptAlert;
use crate::engine::Finops;
use crate::model::budget::{Action, Basis};
use crate::model::event::{BudgetNotice, BudgetThreshold, EventKind, OutboxEvent};
use crate::model::id::Id;
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::budget::{Alert, Assessment, BudgetEvent, Observed, assess};
use crate::pipeline::gate::{Closed, Covering, Limits, Rebase, ZeroCost};
use crate::{Error, ErrorCode, Result, model};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Beyond so many changed definitions the gate takes all of them at once.
const MANY: usize = 64;

/// What the last evaluation saw.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The alerts of each budget's present periods, once they were read.
    alerts: Option<HashMap<BudgetId, Vec<Alert>>>,
    pub(super) budgets: HashMap<BudgetId, Look>,
    /// What the past says of them, where that was asked for.
    pub(super) outlooks: HashMap<BudgetId, Outlook>,
}

/// What the last evaluation saw of a budget.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) held: Arc<Covered>,
    pub(super) charged: Charged,
    /// What was observed, and what came of it; none when no period holds.
    pub(super) seen: Option<(Observed, Assessment)>,
    /// What the gate was told.
    limits: Limits,
}

impl Looked {
    pub(super) fn get(&self, id: BudgetId) -> Option<&Look> {
        self.budgets.get(&id)
    }
}

/// Which budgets to evaluate.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    All,
    Only(BudgetId),
    /// One whose status is asked for, with its forecast.
    Status(BudgetId),
}

/// That somebody looks at all budgets because something has come.
struct Looking<'b>(&'b AtomicBool);

impl<'b> Looking<'b> {
    /// None when somebody does already.
    fn begin(looking: &'b AtomicBool) -> Option<Self> {
        (!looking.swap(true, Ordering::AcqRel)).then_some(Self(looking))
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Finops {
    /// Sees to it that budgets go by what has come, as far as it waits long enough, and that nothing which was changed
    /// is overlooked.
    pub(super) fn follow(&self, now: Stamp) -> Result<()> {
        if self.budgets.has_to_write(now) {
            self.write_spend()?;
        }
        if !self.has_to_follow(now) {
            return Ok(());
        }
        // Without any, nothing is settled for them.
        if self.budgets.were_never_looked_at() && self.known_budgets()?.len() == 0 {
            return Ok(());
        }
        let looking = Looking::begin(&self.budgets.looking);
        if looking.is_none() && !self.budgets.were_never_looked_at() {
            return Ok(());
        }
        self.evaluate(Which::All)
    }

    /// Whether something has come that budgets do not go by yet, that has waited long enough, and that nobody looks at
    /// already. Told from memory.
    pub(super) fn has_to_follow(&self, now: Stamp) -> bool {
        if !self.budgets.any.load(Ordering::Acquire) || self.budgets.reads_only {
            return false;
        }
        let waits = || self.budgets.alerted.load(Ordering::Acquire) || self.is_unsettled(now);
        let has_come = self.budgets.is_behind() || (waits() && self.budgets.is_time(now));
        // Nobody goes by budgets that were never looked at. Later one looks, and the others go by what was seen before.
        self.budgets.has_to_write(now)
            || has_come && (!self.budgets.looking.load(Ordering::Acquire) || self.budgets.were_never_looked_at())
    }

    /// Looks at all budgets: time has passed.
    pub(in crate::engine) fn budgets_tick(&self) -> Result<()> {
        if !self.budgets.any.load(Ordering::Acquire) {
            return Ok(());
        }
        self.evaluate(Which::All)
    }

    /// The same after something was written: that it is so does not depend on what budgets make of it, and what goes
    /// wrong here is told by the next call about budgets.
    pub(in crate::engine) fn follow_after(&self) {
        let _told_by_the_next = self.follow(self.clock.now());
    }

    /// Looks at budgets as they are now: settles what was used, writes what the gate settled, asks what budgets have
    /// spent, tells the gate, and writes what is news together with the events of it.
    pub(super) fn evaluate(&self, which: Which) -> Result<()> {
        let evaluated = self.evaluate_once(which);
        if evaluated.is_err() {
            // Whoever was to be told still is.
            self.budgets.alerted.store(true, Ordering::Release);
        }
        evaluated
    }

    fn evaluate_once(&self, which: Which) -> Result<()> {
        self.settle_due()?;
        // Before anything is read, so that what comes meanwhile is looked at again.
        let seen = self.budgets.changed.load(Ordering::Acquire);
        if matches!(which, Which::All) {
            self.budgets.alerted.store(false, Ordering::Release);
        }
        let mut looked = self.budgets.looked();
        self.budgets.write(&mut looked)?;
        let now = self.clock.now();
        let held: Vec<Arc<Covered>> = {
            let known = self.known_budgets()?;
            match which {
                Which::All => known.iter().cloned().collect(),
                Which::Only(id) | Which::Status(id) => known.get(id).cloned().into_iter().collect(),
            }
        };
        let snapshot = self.store.snapshot()?;
        let charged = self.charged(&snapshot, &held, now)?;
        self.read_alerts(&mut looked, now)?;
        let told = self.tell_gate(&mut looked, which, held, charged, now);
        self.look_back(&mut looked, which, &snapshot, now)?;
        self.assess_all(&mut looked, &told, now)?;
        if matches!(which, Which::All) {
            self.budgets.seen.fetch_max(seen, Ordering::AcqRel);
            self.budgets.looked_at.store(now.micros(), Ordering::Release);
        }
        Ok(())
    }

    fn read_alerts(&self, looked: &mut Looked, now: Stamp) -> Result<()> {
        if looked.alerts.is_some() {
            return Ok(());
        }
        let mut alerts: HashMap<BudgetId, Vec<Alert>> = HashMap::new();
        for kept in self.store.alerts(now)? {
            let torn = |error| Error::new(ErrorCode::Storage, format!("an alert in the store cannot be read: {error}"));
            alerts.entry(kept.budget).or_default().push(serde_json::from_str(&kept.body).map_err(torn)?);
        }
        looked.alerts = Some(alerts);
        Ok(())
    }

    /// Tells the gate what the charges come to. Gives the budgets that were looked at.
    fn tell_gate(
        &self,
        looked: &mut Looked,
        which: Which,
        held: Vec<Arc<Covered>>,
        charged: Vec<Charged>,
        now: Stamp,
    ) -> Vec<BudgetId> {
        let ids: Vec<BudgetId> = held.iter().map(|held| held.budget.id).collect();
        self.forget_gone(looked, which, &ids);
        let (mut anew, mut rebases) = (Vec::new(), Vec::new());
        for (held, charged) in held.into_iter().zip(charged) {
            let id = held.budget.id;
            let before = looked.budgets.remove(&id);
            let limits = limits(&held, &charged, before.as_ref(), now);
            let spent = charged.spent.as_ref().ok().map(|spent| spent.amount);
            let was_gated = before.as_ref().is_some_and(|before| before.held.is_gated());
            match before.filter(|before| Arc::ptr_eq(&before.held, &held)) {
                _ if !held.is_gated() => {
                    if was_gated {
                        self.budgets.gate.remove(id);
                    }
                }
                Some(_) => rebases.push(Rebase { id, limits, spent }),
                None => anew.push(covering(&held, limits, spent)),
            }
            looked.budgets.insert(id, Look { held, charged, seen: None, limits });
        }
        self.budgets.gate.rebase(&rebases, None);
        if anew.len() > MANY && matches!(which, Which::All) {
            self.budgets.gate.load(looked.budgets.values().filter_map(Look::covering).collect());
        } else {
            for covering in anew {
                self.budgets.gate.put(covering);
            }
        }
        ids
    }

    /// Takes budgets out of the gate that are no more.
    fn forget_gone(&self, looked: &mut Looked, which: Which, there: &[BudgetId]) {
        let there: HashSet<BudgetId> = there.iter().copied().collect();
        let gone: Vec<BudgetId> = match which {
            Which::All => looked.budgets.keys().filter(|id| !there.contains(id)).copied().collect(),
            Which::Only(id) | Which::Status(id) => Some(id).filter(|id| !there.contains(id)).into_iter().collect(),
        };
        for id in gone {
            self.budgets.gate.remove(id);
            looked.budgets.remove(&id);
        }
    }

    /// Assesses budgets by what now stands on their accounts, writes what is news, and tells the gate what follows.
    fn assess_all(&self, looked: &mut Looked, ids: &[BudgetId], now: Stamp) -> Result<()> {
        let (mut kept, mut events, mut rebases) = (Vec::new(), Vec::new(), Vec::new());
        let Looked { alerts: Some(alerts), budgets, outlooks } = looked else { return Ok(()) };
        let mut changed: Vec<(BudgetId, Vec<Alert>)> = Vec::new();
        for id in ids {
            let Some(look) = budgets.get_mut(id) else { continue };
            let Some(period) = look.charged.period else { continue };
            // With what was settled and could not be written yet.
            let spent = match self.budgets.gate.state(*id, now) {
                Some(state) => state.spent,
                None => look.charged.spent.as_ref().ok().map(|spent| spent.amount),
            };
            let known = alerts.get(id).map(Vec::as_slice).unwrap_or_default();
            let assess = |observed: &Observed| {
                let assessed = assess(&look.held.budget, known, observed)?;
                Ok::<_, Error>((following(&look.held, &assessed, look.limits)?, assessed))
            };
            let outlook = outlooks.get(id).filter(|outlook| outlook.is_about(&look.held, period));
            let observed = self.observed(&look.held, outlook, period, spent, now);
            let (observed, (limits, assessed)) = match observed.and_then(|seen| Ok((seen.clone(), assess(&seen)?))) {
                Ok(assessed) => assessed,
                Err(error) => {
                    // What one budget cannot be told is for itself to answer for: it closes, and the others go on.
                    look.charged.spent = Err(Arc::new(error));
                    rebases.push(Rebase { id: *id, limits: look.limits, spent: None });
                    continue;
                }
            };
            for event in &assessed.events {
                kept.push(kept_alert(*id, event.alert())?);
                events.push(self.event(&look.held, &observed, &assessed, event)?);
            }
            if !assessed.alerts.is_empty() {
                changed.push((*id, merged(known, &assessed.alerts)));
            }
            if limits != look.limits {
                let spent = look.charged.spent.as_ref().ok().map(|spent| spent.amount);
                rebases.push(Rebase { id: *id, limits, spent });
                look.limits = limits;
            }
            look.seen = Some((observed, assessed));
        }
        self.budgets.gate.rebase(&rebases, None);
        if !kept.is_empty() {
            self.store.put_alerts(&kept, &events)?;
            alerts.extend(changed);
        }
        Ok(())
    }

    fn event(
        &self,
        held: &Covered,
        observed: &Observed,
        assessed: &Assessment,
        event: &BudgetEvent,
    ) -> Result<OutboxEvent> {
        let kind = match event {
            BudgetEvent::Recovered(_) => EventKind::BudgetRecovered,
            BudgetEvent::Crossed(_) if event.is_exceeded() => EventKind::BudgetExceeded,
            BudgetEvent::Crossed(_) => EventKind::BudgetWarning,
        };
        let (budget, alert) = (&held.budget, event.alert());
        let threshold = alert.threshold;
        let notice = BudgetNotice {
            budget_id: budget.id,
            name: budget.name.clone(),
            organization_id: budget.organization_id.clone(),
            scope_level: budget.scope.level.as_str().to_owned(),
            scope_id: budget.scope.id.clone(),
            period_start: observed.period.start(),
            period_end: Some(observed.period.end()).filter(|end| *end < Interval::always().end()),
            currency: budget.budget.currency,
            amount: budget.budget.amount,
            spent: observed.spent.unwrap_or(alert.measured),
            forecast: observed.forecast.as_ref().map(|forecast| forecast.expected),
            threshold: BudgetThreshold {
                percent: threshold.percent.into(),
                action: threshold.action.as_str().to_owned(),
                basis: threshold.basis.as_str().to_owned(),
                amount: threshold.percent.of(budget.budget.amount)?,
            },
            status: assessed.health.map(|health| health.as_str().to_owned()).unwrap_or_default(),
            lifecycle: assessed.lifecycle.as_str().to_owned(),
        };
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        OutboxEvent::new(Id::new(observed.now, random), kind, observed.now, &notice)
    }
}

impl Look {
    /// As the gate takes it; not while it is paused.
    fn covering(&self) -> Option<Covering> {
        let spent = self.charged.spent.as_ref().ok().map(|spent| spent.amount);
        self.held.is_gated().then(|| covering(&self.held, self.limits, spent))
    }
}

fn covering(held: &Covered, limits: Limits, spent: Option<Money>) -> Covering {
    let Covered { budget, filter, .. } = held;
    Covering { id: budget.id, filter: filter.clone(), currency: budget.budget.currency, limits, spent }
}

/// What the gate is to go by until the budget is assessed: what followed from the last time, if the period is the same.
fn limits(held: &Covered, charged: &Charged, before: Option<&Look>, now: Stamp) -> Limits {
    let budget = &held.budget;
    let Some(period) = charged.period else {
        return Limits::open(budget.budget.quiet_at(now).unwrap_or_else(|_| Interval::always()));
    };
    // A paused one keeps its account, and with it what is held: that counts when it is resumed.
    if !budget.status.is_enabled() {
        return Limits::open(period);
    }
    let before = before.map(|before| before.limits).filter(|before| before.period == period);
    // A valid budget has amounts for all of its thresholds.
    let (limit, first) = (budget.limit().unwrap_or_default(), budget.first_crossing().unwrap_or_default());
    Limits {
        period,
        limit: limit.map(|(_, amount)| amount),
        closed: before.and_then(|before| before.closed),
        zero_cost: match budget.zero_cost {
            model::budget::ZeroCost::Allow => ZeroCost::Allow,
            model::budget::ZeroCost::Deny => ZeroCost::Deny,
        },
        alert_at: first.map(|(_, amount)| amount),
        threshold_percent: limit.map(|(threshold, _)| threshold.percent.into()),
    }
}

/// The limits with what follows from an assessment: whether a forecast closes it, and from where on somebody is told.
fn following(held: &Covered, assessed: &Assessment, limits: Limits) -> Result<Limits> {
    if !held.budget.status.is_enabled() {
        return Ok(limits);
    }
    let is_closed = |basis| assessed.crossed.iter().any(|is| is.action == Action::Pause && is.basis == basis);
    let closed = is_closed(Basis::Forecasted).then_some(Closed::Forecast);
    let budget = &held.budget;
    let waiting = budget.thresholds.iter().filter(|is| is.basis == Basis::Actual && !assessed.crossed.contains(is));
    let amounts = waiting.map(|threshold| threshold.percent.of(budget.budget.amount)).collect::<Result<Vec<_>>>()?;
    Ok(Limits { closed, alert_at: amounts.into_iter().min(), ..limits })
}

/// The alerts that are kept: new ones take the place of those of the same threshold and period. Those of the period
/// before stay, which a clock that goes back or other days to start on bring up again.
fn merged(known: &[Alert], news: &[Alert]) -> Vec<Alert> {
    let is_replaced = |old: &&Alert| !news.iter().any(|new| (new.threshold, new.period) == (old.threshold, old.period));
    let latest = news.iter().map(|alert| alert.period.start().micros()).max();
    let is_near = |old: &&Alert| {
        let (start, end) = (old.period.start().micros(), old.period.end().micros());
        latest.is_none_or(|latest| end.saturating_add(end.saturating_sub(start)) > latest)
    };
    let held = known.iter().filter(is_replaced).filter(is_near);
    held.chain(news).cloned().collect()
}

fn kept_alert(budget: BudgetId, alert: &Alert) -> Result<KeptAlert> {
    let body = serde_json::to_string(alert).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
    Ok(KeptAlert { budget, period: alert.period, threshold: alert.threshold.to_string(), body })
}
