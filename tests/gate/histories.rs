//! Random histories: every answer and every figure are those of the plain model, and a failed call changes nothing.

use super::plain::{Answer, Budget, Plain, Stage, Who};
use super::world::{START, budget, day, filter, reservation};
use finops_core::model::dimension::BuiltIn;
use finops_core::model::money::{Currency, Money};
use finops_core::model::time::Stamp;
use finops_core::pipeline::gate::{
    Census, Closed, Covering, Gate, GateError, Limits, Rebase, Spend, Taken, Terms, Verdict, ZeroCost,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

const DAY: i64 = super::world::DAY;

type Covers = fn(&Who) -> bool;

/// Filters, and what they mean written down a second time.
fn filters() -> Vec<(Value, Covers)> {
    vec![
        (json!({}), |_| true),
        (json!({"organization": "o1"}), |who| who[0] == Some("o1")),
        (json!({"organization": ["o1", "o2"], "user": "u1"}), |who| who[0].is_some() && who[1] == Some("u1")),
        (json!({"team": "t1"}), |who| who[2] == Some("t1")),
        (json!({"not": {"user": "u1"}}), |who| who[1] != Some("u1")),
        (json!({"tag:env": "prod"}), |who| who[3] == Some("prod")),
        (json!({"user": ["u2", null]}), |who| who[1] != Some("u1")),
        (json!({"any": [{"team": "t1"}, {"tag:env": null}]}), |who| who[2] == Some("t1") || who[3].is_none()),
        (json!({"currency": "EUR", "user": "u2"}), |who| who[4] == Some("EUR") && who[1] == Some("u2")),
    ]
}

#[derive(Debug, Clone)]
struct Definition {
    filter: usize,
    currency: &'static str,
    limit: Option<i128>,
    closed: Option<Closed>,
    zero_cost: ZeroCost,
    unknown: bool,
}

#[derive(Debug, Clone)]
enum Op {
    Put(u8, Definition),
    Remove(u8),
    Load(Vec<(u8, Definition)>),
    Check(Who, i128),
    /// With an id that was given, else with one that is new.
    Reserve(Option<u64>, Who, i128, Option<i64>),
    Settle(u64, i128),
    Release(u64),
    Pass(i64),
    Take,
    GiveBack,
    /// What was taken is written, and those budgets are told.
    Write(Vec<u8>),
    Tell(Vec<u8>),
    /// The process ends without a word, and another one begins with the budgets as they were last defined.
    Crash,
}

fn definition() -> impl Strategy<Value = Definition> {
    let limit = prop_oneof![1 => Just(None), 4 => (0..40_i128).prop_map(Some)];
    let rare = || prop::bool::weighted(0.1);
    let currency = rare().prop_map(|euros| if euros { "EUR" } else { "USD" });
    let closed = rare().prop_map(|closed| closed.then_some(Closed::Forecast));
    let zero_cost = prop::sample::select(vec![ZeroCost::Allow, ZeroCost::Deny]);
    (0..filters().len(), currency, limit, closed, zero_cost, rare()).prop_map(
        |(filter, currency, limit, closed, zero_cost, unknown)| Definition {
            filter,
            currency,
            limit,
            closed,
            zero_cost,
            unknown,
        },
    )
}

fn who() -> impl Strategy<Value = Who> {
    let one = |values: [&'static str; 2]| prop::option::weighted(0.8, prop::sample::select(values.to_vec()));
    let currency = prop::sample::select(vec!["USD", "USD", "USD", "USD", "EUR"]);
    (one(["o1", "o2"]), one(["u1", "u2"]), one(["t1", "t2"]), one(["prod", "dev"]), currency)
        .prop_map(|(organization, user, team, env, currency)| [organization, user, team, env, Some(currency)])
}

fn op() -> impl Strategy<Value = Op> {
    let number = || 1..=5_u8;
    // The first are given, those from 100 on are made in their order.
    let id = || 0..16_u64;
    let any = || prop_oneof![id(), 100..130_u64];
    let amount = || prop_oneof![1 => Just(0), 6 => 1..12_i128];
    let ttl = prop_oneof![1 => Just(None), 3 => (1..5_000_000_i64).prop_map(Some), 1 => Just(Some(2 * DAY))];
    let step = prop_oneof![4 => 0..1_000_000_i64, 3 => 0..2_000_000_000_i64, 1 => 0..DAY];
    let numbers = || prop::collection::vec(number(), 0..5);
    prop_oneof![
        3 => (number(), definition()).prop_map(|(number, definition)| Op::Put(number, definition)),
        1 => number().prop_map(Op::Remove),
        1 => prop::collection::vec((number(), definition()), 0..4).prop_map(Op::Load),
        3 => (who(), amount()).prop_map(|(who, amount)| Op::Check(who, amount)),
        12 => (prop::option::of(id()), who(), amount(), ttl)
            .prop_map(|(id, who, amount, ttl)| Op::Reserve(id, who, amount, ttl)),
        12 => (any(), amount()).prop_map(|(id, amount)| Op::Settle(id, amount)),
        4 => any().prop_map(Op::Release),
        4 => step.prop_map(Op::Pass),
        2 => Just(Op::Take),
        1 => Just(Op::GiveBack),
        2 => numbers().prop_map(Op::Write),
        1 => numbers().prop_map(Op::Tell),
        1 => Just(Op::Crash),
    ]
}

/// The gate and its model, side by side.
struct Pair {
    gate: Gate,
    definitions: BTreeMap<u8, Definition>,
    plain: Plain,
    taken: Option<Taken>,
    now: Stamp,
    made: u64,
}

impl Pair {
    fn new() -> Self {
        let now = Stamp::from_micros(START).unwrap();
        let (gate, definitions, plain) = (Gate::default(), BTreeMap::new(), Plain::default());
        Self { gate, definitions, plain, taken: None, now, made: 100 }
    }

    /// The limits of the period that holds now, and the budget as the model has it.
    fn define(&self, number: u8, definition: &Definition) -> (Covering, Budget) {
        let (json, covers) = filters().swap_remove(definition.filter);
        let limits = Limits {
            limit: definition.limit.map(Money::from_mantissa),
            closed: definition.closed,
            zero_cost: definition.zero_cost,
            ..Limits::open(self.today())
        };
        let currency = definition.currency;
        let mut plain = Budget { made: 0, covers, currency, limits, base: None };
        plain.base = (!definition.unknown).then(|| self.plain.charges(&plain));
        let spent = plain.base.map(Money::from_mantissa);
        let currency = Currency::parse(currency).unwrap();
        (Covering { id: budget(number), filter: filter(json), currency, limits, spent }, plain)
    }

    fn today(&self) -> finops_core::model::time::Interval {
        day((self.now.micros() - START).div_euclid(DAY))
    }

    /// What budgets are told: the period that holds now, and its charges.
    fn told(&mut self, numbers: &[u8]) -> Vec<Rebase> {
        let period = self.today();
        let mut told = Vec::new();
        for id in numbers.iter().map(|number| budget(*number)) {
            let Some(known) = self.plain.budgets.get(&id) else {
                told.push(Rebase { id, limits: Limits::open(period), spent: None });
                continue;
            };
            let mut next = known.clone();
            next.limits.period = period;
            next.base = Some(self.plain.charges(&next));
            told.push(Rebase { id, limits: next.limits, spent: next.base.map(Money::from_mantissa) });
            self.plain.budgets.insert(id, next);
        }
        told
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Put(number, definition) => {
                let (covering, plain) = self.define(*number, definition);
                self.plain.put(covering.id, plain);
                self.gate.put(covering);
                self.definitions.insert(*number, definition.clone());
            }
            Op::Remove(number) => {
                self.definitions.remove(number);
                self.plain.budgets.remove(&budget(*number));
                self.gate.remove(budget(*number));
            }
            Op::Load(all) => {
                self.definitions = all.iter().cloned().collect();
                let new: Vec<_> = all.iter().map(|(number, definition)| self.define(*number, definition)).collect();
                self.plain.budgets.retain(|id, _| new.iter().any(|(covering, _)| covering.id == *id));
                for (covering, plain) in &new {
                    self.plain.put(covering.id, plain.clone());
                }
                self.gate.load(new.into_iter().map(|(covering, _)| covering).collect());
            }
            Op::Crash => {
                (self.gate, self.taken) = (Gate::default(), None);
                self.plain.crash();
                self.apply(&Op::Load(self.definitions.clone().into_iter().collect()));
            }
            Op::Pass(micros) => self.now = Stamp::from_micros(self.now.micros() + micros).unwrap(),
            Op::Take => {
                let taken = self.gate.take();
                assert_eq!(taken.is_err(), self.taken.is_some());
                if let Ok(taken) = taken {
                    self.plain.move_events(Stage::Open, Stage::Taken);
                    self.same_taken(&taken);
                    self.taken = (!taken.is_empty()).then_some(taken);
                }
            }
            Op::GiveBack => {
                if let Some(taken) = self.taken.take() {
                    self.gate.give_back(taken);
                    self.plain.move_events(Stage::Taken, Stage::Open);
                }
            }
            Op::Write(numbers) => {
                if let Some(taken) = self.taken.take() {
                    self.plain.written();
                    let told = self.told(numbers);
                    self.gate.rebase(&told, Some(taken));
                }
            }
            Op::Tell(numbers) => {
                let told = self.told(numbers);
                self.gate.rebase(&told, None);
            }
            Op::Check(..) | Op::Reserve(..) | Op::Settle(..) | Op::Release(..) => self.ask(op),
        }
    }

    /// A call that may fail, and then changes nothing.
    fn ask(&mut self, op: &Op) {
        self.plain.pass(self.now);
        let before = self.gate.census();
        let held = before.reservations.iter().filter_map(|one| one.held);
        let is_due = held.map(|(_, expires)| expires).any(|expires| expires <= self.now.micros());
        let failed = match op {
            Op::Check(who, amount) => {
                let answer = with(who, *amount, |spend| self.gate.check(spend, self.now));
                let wanted = self.plain.check(who, *amount, self.now);
                self.same(answer.map(|verdict| (verdict, false)), wanted)
            }
            Op::Reserve(id, who, amount, ttl) => {
                let idempotent = id.is_some();
                let id = id.unwrap_or_else(|| {
                    self.made += 1;
                    self.made - 1
                });
                let terms = Terms { ttl: ttl.map(|ttl| Duration::from_micros(ttl.unsigned_abs())), idempotent };
                let id = reservation(id);
                let answer = with(who, *amount, |spend| self.gate.reserve(id, spend, terms, self.now));
                let wanted = self.plain.reserve(id, (*who, *amount, *ttl), idempotent, self.now);
                self.same(answer.map(|reserved| (reserved.verdict, reserved.repeated)), wanted)
            }
            Op::Settle(id, amount) => {
                let answer = self.gate.settle(reservation(*id), Money::from_mantissa(*amount), self.now);
                match (answer, self.plain.settle(reservation(*id), *amount, self.now)) {
                    (Ok(settled), Ok(wanted)) => {
                        assert_eq!((settled.late, settled.overrun), wanted);
                        assert_eq!(settled.posted.mantissa(), *amount);
                        false
                    }
                    (Err(error), Err(wanted)) => same_error(&error, &wanted),
                    (answer, wanted) => panic!("{answer:?} is not {wanted:?}"),
                }
            }
            Op::Release(id) => {
                match (self.gate.release(reservation(*id), self.now), self.plain.release(reservation(*id))) {
                    (Ok(released), Ok(wanted)) => {
                        assert_eq!(released.mantissa(), wanted);
                        false
                    }
                    (Err(error), Err(wanted)) => same_error(&error, &wanted),
                    (answer, wanted) => panic!("{answer:?} is not {wanted:?}"),
                }
            }
            _ => false,
        };
        // What has run out may be let go by a call that fails: it is time that changed it.
        if failed && !is_due {
            let places = before.places;
            assert_eq!(Census { places, ..self.gate.census() }, before, "{op:?} failed and changed something");
        }
    }

    /// Whether the answer is the wanted one; true where it is an error or a refusal, which must change nothing.
    fn same(&self, answer: Result<(Verdict, bool), GateError>, wanted: Answer) -> bool {
        match (answer, wanted) {
            (Ok((Verdict::Allow { covered }, repeated)), Answer::Held(wanted)) => {
                assert!(repeated == (wanted == usize::MAX) && (repeated || covered == wanted));
                repeated
            }
            (Ok((Verdict::Deny(refusal), repeated)), Answer::Refused(by, closed)) => {
                assert_eq!(refusal.budget, by);
                if !repeated {
                    let budget = &self.plain.budgets[&by];
                    assert_eq!(refusal.closed, closed);
                    assert_eq!(refusal.spent.map(Money::mantissa), self.plain.spent(budget));
                    assert_eq!(refusal.reserved.mantissa(), self.plain.reserved(by, budget));
                }
                // One that is remembered is a change that is wanted.
                repeated
            }
            (Err(error), wanted) => same_error(&error, &wanted),
            (answer, wanted) => panic!("{answer:?} is not {wanted:?}"),
        }
    }

    fn same_taken(&self, taken: &Taken) {
        let sum = |amounts: &mut dyn Iterator<Item = i128>| amounts.sum::<i128>();
        let events = self.plain.events.iter().filter(|event| event.stage == Stage::Taken);
        let wanted = sum(&mut events.clone().map(|event| event.amount));
        assert_eq!(sum(&mut taken.cells().map(|cell| cell.amount.mantissa())), wanted);
        assert_eq!(taken.cells().map(|cell| cell.count).sum::<u64>(), u64::try_from(events.count()).unwrap());
        for cell in taken.cells() {
            let find = |wanted| cell.scope.ids().find(|(is, _)| *is == wanted).map(|(_, value)| value);
            let ids = [BuiltIn::Organization, BuiltIn::User, BuiltIn::Team].map(find);
            let who = [ids[0], ids[1], ids[2], cell.scope.tags().next().map(|(_, value)| value)];
            let events = self.plain.events.iter().filter(|event| event.stage == Stage::Taken);
            let own = events.filter(|event| {
                event.who[..4] == who
                    && event.who[4] == Some(cell.scope.currency().code())
                    && event.quarter == cell.start.micros()
            });
            assert_eq!(own.map(|event| event.amount).sum::<i128>(), cell.amount.mantissa());
        }
    }

    /// Every account has the figures of the model.
    fn compare(&mut self) {
        self.plain.pass(self.now);
        // Whoever looks lets go of what has run out, also where there is no such budget.
        assert!(self.gate.state(budget(99), self.now).is_none());
        for (id, budget) in &self.plain.budgets {
            let state = self.gate.state(*id, self.now).unwrap();
            assert_eq!(state.spent.map(Money::mantissa), self.plain.spent(budget), "spent of {id}");
            assert_eq!(state.reserved.mantissa(), self.plain.reserved(*id, budget), "reserved of {id}");
            assert_eq!(state.limits, budget.limits);
        }
        let census = self.gate.census();
        assert_eq!(census.accounts.len(), self.plain.budgets.len());
        for account in &census.accounts {
            assert_eq!(account.base.map(Money::mantissa), self.plain.budgets[&account.id].base);
        }
        let unwritten = self.plain.events.iter().filter(|event| event.stage != Stage::Written);
        let mut wanted: BTreeMap<(Who, i64), (i128, u64)> = BTreeMap::new();
        for event in unwritten {
            let sum = wanted.entry((event.who, event.quarter)).or_default();
            *sum = (sum.0 + event.amount, sum.1 + 1);
        }
        let sums: Vec<_> = census.unwritten.values().map(|(amount, count)| (amount.mantissa(), *count)).collect();
        let mut wanted: Vec<_> = wanted.into_values().collect();
        wanted.sort_unstable();
        assert_eq!(sorted(sums), wanted);
        let known: Vec<_> = census.reservations.iter().map(|one| (one.id, one.resolution)).collect();
        let wanted: Vec<_> = self.plain.reservations.iter().map(|(id, one)| (*id, one.over)).collect();
        assert_eq!(known, wanted);
    }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values
}

fn with<T>(who: &Who, amount: i128, call: impl FnOnce(&Spend<'_>) -> T) -> T {
    let names = [BuiltIn::Organization, BuiltIn::User, BuiltIn::Team];
    let ids: Vec<_> = names.into_iter().zip(who).filter_map(|(name, value)| Some((name, (*value)?))).collect();
    let tags: Vec<_> = who[3].iter().map(|value| ("env", *value)).collect();
    let currency = Currency::parse(who[4].unwrap()).unwrap();
    call(&Spend { ids: &ids, tags: &tags, amount: Money::from_mantissa(amount), currency })
}

fn same_error(error: &GateError, wanted: &Answer) -> bool {
    let same = match (error, wanted) {
        (GateError::Rolled(id), Answer::Rolled(wanted)) => id == wanted,
        (GateError::Currency { budget, .. }, Answer::Currency(wanted)) => budget == wanted,
        (GateError::Differs { field, .. }, Answer::Differs(wanted)) => field == wanted,
        (GateError::Resolved { resolution, .. }, Answer::Over(wanted)) => resolution == wanted,
        (GateError::NotFound(_), Answer::Unknown) => true,
        _ => false,
    };
    assert!(same, "{error:?} is not {wanted:?}");
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_history_is_that_of_the_model(ops in prop::collection::vec(op(), 1..120)) {
        let mut pair = Pair::new();
        for (at, op) in ops.iter().enumerate() {
            // Every thread prefers another lane.
            if at % 3 == 0 {
                thread::scope(|scope| scope.spawn(|| pair.apply(op)).join().unwrap());
            } else {
                pair.apply(op);
            }
            // Looking lets go of what has run out, which calls are to do by themselves.
            if !matches!(op, Op::Pass(_)) {
                pair.compare();
            }
        }
        // In the end all of it is charges, and no account has lost or found anything.
        let open: Vec<u8> = (1..=5).collect();
        for op in [Op::Write(open.clone()), Op::Take, Op::Write(open)] {
            pair.apply(&op);
            pair.compare();
        }
        prop_assert!(pair.gate.take().unwrap().is_empty());
    }
}
