//! The gate as one would write it without threads and without haste: lists that are gone through.

use finops_core::model::id::{self, Id};
use finops_core::model::time::Stamp;
use finops_core::pipeline::gate::{Closed, Limits, Resolution, ZeroCost};
use std::collections::{BTreeMap, BTreeSet};

/// Who spends: organization, user, team, the tag `env`, and the currency.
pub(crate) type Who = [Option<&'static str>; 5];

#[derive(Debug, Clone)]
pub(crate) struct Budget {
    /// Which of the budgets that had this id it is.
    pub(crate) made: u64,
    pub(crate) covers: fn(&Who) -> bool,
    pub(crate) currency: &'static str,
    pub(crate) limits: Limits,
    pub(crate) base: Option<i128>,
}

/// Something that was settled.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) who: Who,
    pub(crate) quarter: i64,
    pub(crate) amount: i128,
    pub(crate) stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Open,
    Taken,
    Written,
}

#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    pub(crate) who: Who,
    pub(crate) amount: i128,
    pub(crate) ttl: Option<i64>,
    pub(crate) ends: Option<i64>,
    /// By id and which of that id.
    on: BTreeSet<(Id<id::Budget>, u64)>,
    refused_by: Option<Id<id::Budget>>,
    pub(crate) over: Option<Resolution>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Held(usize),
    Refused(Id<id::Budget>, Option<Closed>),
    Rolled(Id<id::Budget>),
    Currency(Id<id::Budget>),
    Differs(&'static str),
    Over(Resolution),
    Unknown,
}

#[derive(Debug, Default)]
pub(crate) struct Plain {
    pub(crate) budgets: BTreeMap<Id<id::Budget>, Budget>,
    pub(crate) events: Vec<Event>,
    pub(crate) reservations: BTreeMap<Id<id::Reservation>, Reservation>,
    made: u64,
}

impl Plain {
    pub(crate) fn put(&mut self, id: Id<id::Budget>, mut budget: Budget) {
        // In another currency it is another account.
        budget.made = self.budgets.get(&id).filter(|old| old.currency == budget.currency).map_or_else(
            || {
                self.made += 1;
                self.made
            },
            |old| old.made,
        );
        self.budgets.insert(id, budget);
    }

    /// What is due is over.
    pub(crate) fn pass(&mut self, now: Stamp) {
        let due = |ends: Option<i64>| ends.is_some_and(|ends| ends <= now.micros());
        self.reservations.retain(|_, one| one.refused_by.is_none() || !due(one.ends));
        for one in self.reservations.values_mut().filter(|one| one.over.is_none() && due(one.ends)) {
            one.over = Some(Resolution::Expired);
        }
    }

    pub(crate) fn unwritten(&self, budget: &Budget) -> impl Iterator<Item = &Event> {
        let (covers, currency) = (budget.covers, budget.currency);
        let unwritten = self.events.iter().filter(|event| event.stage != Stage::Written);
        unwritten.filter(move |event| covers(&event.who) && event.who[4] == Some(currency))
    }

    pub(crate) fn spent(&self, budget: &Budget) -> Option<i128> {
        let inside = self.unwritten(budget).filter(|event| within(&budget.limits, event.quarter));
        budget.base.map(|base| base + inside.map(|event| event.amount).sum::<i128>())
    }

    pub(crate) fn reserved(&self, id: Id<id::Budget>, budget: &Budget) -> i128 {
        let held = self.reservations.values().filter(|one| one.over.is_none() && one.refused_by.is_none());
        held.filter(|one| one.on.contains(&(id, budget.made))).map(|one| one.amount).sum()
    }

    pub(crate) fn check(&self, who: &Who, amount: i128, now: Stamp) -> Answer {
        let covering = self.budgets.iter().filter(|(_, budget)| (budget.covers)(who));
        for (id, budget) in covering.clone() {
            if !budget.limits.period.contains(now) {
                return Answer::Rolled(*id);
            }
            let free = amount == 0 && budget.limits.zero_cost == ZeroCost::Allow;
            let enforces = budget.limits.limit.is_some() || budget.limits.closed.is_some();
            if enforces && who[4] != Some(budget.currency) {
                return Answer::Currency(*id);
            }
            if free || !enforces {
                continue;
            }
            if budget.limits.closed.is_some() {
                return Answer::Refused(*id, budget.limits.closed);
            }
            let Some(spent) = self.spent(budget) else { return Answer::Refused(*id, Some(Closed::SpentUnknown)) };
            let limit = budget.limits.limit.map(finops_core::model::money::Money::mantissa);
            if limit.is_some_and(|limit| self.reserved(*id, budget) + spent + amount.max(1) > limit) {
                return Answer::Refused(*id, None);
            }
        }
        Answer::Held(covering.count())
    }

    pub(crate) fn reserve(
        &mut self,
        id: Id<id::Reservation>,
        (who, amount, ttl): (Who, i128, Option<i64>),
        idempotent: bool,
        now: Stamp,
    ) -> Answer {
        if let Some(one) = self.reservations.get(&id) {
            return match one {
                Reservation { over: Some(over), .. } => Answer::Over(*over),
                one if one.who != who => Answer::Differs("scope"),
                one if one.amount != amount => Answer::Differs("amount"),
                one if one.ttl != ttl => Answer::Differs("ttl"),
                Reservation { refused_by: Some(by), .. } => Answer::Refused(*by, None),
                // As many as it was held on, and those in other currencies, which the caller looks at.
                _ => Answer::Held(usize::MAX),
            };
        }
        let answer = self.check(&who, amount, now);
        let refused_by = match &answer {
            Answer::Refused(by, _) if idempotent => Some(*by),
            Answer::Held(_) => None,
            _ => return answer,
        };
        let own = self.budgets.iter().filter(|(_, one)| (one.covers)(&who) && who[4] == Some(one.currency));
        let on = own.map(|(id, budget)| (*id, budget.made)).collect();
        let day = 86_400_000_000;
        let ends = ttl.or(refused_by.map(|_| day)).map(|ttl| now.micros() + ttl);
        self.reservations.insert(id, Reservation { who, amount, ttl, ends, on, refused_by, over: None });
        answer
    }

    pub(crate) fn settle(&mut self, id: Id<id::Reservation>, amount: i128, now: Stamp) -> Result<(bool, bool), Answer> {
        let Some(one) = self.reservations.get_mut(&id).filter(|one| one.refused_by.is_none()) else {
            return Err(Answer::Unknown);
        };
        let late = match one.over {
            Some(Resolution::Expired) => true,
            Some(over) => return Err(Answer::Over(over)),
            None => false,
        };
        one.over = Some(Resolution::Settled);
        if amount > 0 {
            let quarter = now.micros().div_euclid(900_000_000) * 900_000_000;
            self.events.push(Event { who: one.who, quarter, amount, stage: Stage::Open });
        }
        Ok((late, amount > one.amount))
    }

    pub(crate) fn release(&mut self, id: Id<id::Reservation>) -> Result<i128, Answer> {
        let Some(one) = self.reservations.get_mut(&id).filter(|one| one.refused_by.is_none()) else {
            return Err(Answer::Unknown);
        };
        if let Some(over) = one.over {
            return Err(Answer::Over(over));
        }
        one.over = Some(Resolution::Released);
        Ok(one.amount)
    }

    pub(crate) fn move_events(&mut self, from: Stage, to: Stage) {
        self.events.iter_mut().filter(|event| event.stage == from).for_each(|event| event.stage = to);
    }

    /// The process ends, and with it what was reserved, and what was settled and is not written.
    pub(crate) fn crash(&mut self) {
        self.budgets.clear();
        self.reservations.clear();
        self.events.retain(|event| event.stage == Stage::Written);
    }

    /// What was taken is written; budgets that are not told add it to what they knew.
    pub(crate) fn written(&mut self) {
        for budget in self.budgets.values_mut() {
            let (covers, currency) = (budget.covers, budget.currency);
            let new = self.events.iter().filter(|event| event.stage == Stage::Taken);
            let new = new.filter(|event| covers(&event.who) && event.who[4] == Some(currency));
            let inside = new.filter(|event| within(&budget.limits, event.quarter));
            let sum: i128 = inside.map(|event| event.amount).sum();
            budget.base = budget.base.map(|base| base + sum);
        }
        self.move_events(Stage::Taken, Stage::Written);
    }

    /// What the charges of a budget's period come to, if nothing but the gate makes any.
    pub(crate) fn charges(&self, budget: &Budget) -> i128 {
        let written = self.events.iter().filter(|event| event.stage == Stage::Written);
        let own = written.filter(|event| (budget.covers)(&event.who) && event.who[4] == Some(budget.currency));
        own.filter(|event| within(&budget.limits, event.quarter)).map(|event| event.amount).sum()
    }
}

fn within(limits: &Limits, quarter: i64) -> bool {
    (limits.period.start().micros()..limits.period.end().micros()).contains(&quarter)
}
