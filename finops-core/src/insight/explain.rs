//! What a figure came from: the bills behind it, and the charges that weigh most.

use super::change::is_covered;
use super::explain_usage::UsageSource;
use super::health::{About, DataHealth, Held};
use super::matching;
use super::question::Question;
use super::request::{Bound, Rates, Span, Terms, page, request};
use super::row::ChargeRow;
use super::settled::settle;
use super::sums::{Head, Labels, Sums};
use crate::model::charge::{ChargeColumn, ChargeTable, CostView, Origin, Scope, TextBuilder, TextColumn};
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, ExactSum, Money, Rounding};
use crate::model::time::{Day, Interval, Period, Stamp, Window, Zone};
use crate::{Error, Result};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// How many charges are shown unless the request says.
const DEFAULT_LIMIT: i64 = 10;

request! {
    /// Which figure to explain: what a breakdown of these charges adds up to.
    pub struct ExplainRequest {
        /// The period, such as `2024-01`.
        pub period: Option<Period>,
        /// Or the window, such as `30d`. Without it, a period and dates: the thirty days up to tonight.
        pub window: Option<Window>,
        /// Or the first day, as a date or an instant.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// Which charges count.
        pub filter: Filter,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many of the charges to show, 1 to 1000; by default 10.
        pub limit: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What a figure came from.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// When the window starts.
    pub window_start: Stamp,
    /// When it ends, exclusive.
    pub window_end: Stamp,
    /// The figure; none when no bill reaches any of the window, or none of its charges has a known cost.
    pub total_cost: Option<Money>,
    /// The currency of every amount but those in the charges themselves.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// How many charges it is made of.
    pub charges: u64,
    /// How many of them lack the cost; they are in no sum.
    pub unknown_costs: u64,
    /// The bills that the charges stand in, by billing period and account; they add up to the figure.
    pub sources: Vec<Source>,
    /// The charges with the largest cost, up or down, each with the fields that are filled.
    pub largest: Vec<ChargeRow>,
    /// What the charges of usage among them came from, as it is counted and rated now: events, prices, and how the one
    /// made the other. Empty for an earlier state.
    pub usage: Vec<UsageSource>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What a bill contributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Source {
    /// The billing account.
    pub billing_account_id: String,
    /// The billing period, such as `2024-09`.
    pub billing_period: String,
    /// How many of the charges.
    pub charges: u64,
    /// What they add up to; none when each lacks the cost.
    pub cost: Option<Money>,
    /// The imports that the bill came with, in the order of their coming; several when files were added.
    pub imports: Vec<Origin>,
}

/// An explanation in the making.
#[derive(Debug)]
pub struct Explaining<'q> {
    request: &'q ExplainRequest,
    question: Question,
    days: Vec<Day>,
    limit: usize,
    now: Stamp,
    sources: BTreeMap<SourceKey, Found>,
    largest: Vec<Candidate>,
}

/// When the billing period starts, the billing account, and the currency.
type SourceKey = (i64, String, String);

#[derive(Debug, Default)]
struct Found {
    /// The latest end of the billing period that a charge names.
    end: i64,
    charges: u64,
    unknown: u64,
    cost: ExactSum,
}

/// A charge that may be among the largest.
#[derive(Debug)]
struct Candidate {
    weight: u128,
    row: ChargeRow,
}

/// What of a table the charges are read from.
struct Cells<'t> {
    accounts: Option<&'t TextColumn>,
    currencies: &'t TextColumn,
    table: &'t ChargeTable,
    view: CostView,
}

impl Cells<'_> {
    fn cost(&self, row: usize) -> Option<Money> {
        self.table.decimal(self.view.column())?.get(row).map(Money::from_mantissa)
    }

    fn time(&self, column: ChargeColumn, row: usize) -> i64 {
        self.table.time(column).and_then(|times| times.get(row)).unwrap_or(0)
    }

    /// The account's code, the start of the billing period, the currency's code: cheap to tell sources apart by.
    fn key(&self, row: usize) -> (u32, i64, u32) {
        let code = |column: &TextColumn| column.codes.get(row).copied().unwrap_or(TextColumn::NULL);
        let account = self.accounts.map_or(TextColumn::NULL, code);
        (account, self.time(ChargeColumn::BillingPeriodStart, row), code(self.currencies))
    }
}

impl<'q> Explaining<'q> {
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    pub fn new(request: &'q ExplainRequest, now: Stamp) -> Result<Self> {
        let (start, end) = (request.start_date, request.end_date);
        let span = Span { period: request.period.as_ref(), window: request.window.as_ref(), start, end };
        let (interval, days) = span.resolve(now, request.time_zone)?;
        request.exchange_rates.check()?;
        let (limit, _) = page(request.limit.or(Some(DEFAULT_LIMIT)), None)?;
        let mut question = Question::new(interval, request.view);
        question.filter = request.filter.clone();
        let (sources, largest) = (BTreeMap::new(), Vec::new());
        Ok(Self { request, question, days, limit: limit.unwrap_or(usize::MAX), now, sources, largest })
    }

    /// The question whose answer is explained.
    pub const fn question(&self) -> &Question {
        &self.question
    }

    /// The question, for what it may name to be added.
    pub const fn question_mut(&mut self) -> &mut Question {
        &mut self.question
    }

    /// When the charges lie.
    pub const fn interval(&self) -> Interval {
        self.question.interval
    }

    /// Adds the charges of a table that has every column.
    ///
    /// # Errors
    /// `invalid_argument` when the filter names a virtual dimension that is not defined; `overflow`.
    pub fn add(&mut self, table: &ChargeTable) -> Result<()> {
        let (Some(starts), Some(currencies)) =
            (table.time(ChargeColumn::ChargePeriodStart), table.text(ChargeColumn::BillingCurrency))
        else {
            return Ok(());
        };
        let mask = matching::matches(table, &self.question.filter, &self.question.virtuals)?;
        let accounts = table.text(ChargeColumn::BillingAccountId);
        let cells = Cells { accounts, currencies, table, view: self.request.view };
        let mut found: HashMap<(u32, i64, u32), Found> = HashMap::new();
        let mut weights: Vec<(u128, usize)> = Vec::new();
        for (row, _) in mask.iter().enumerate().filter(|(_, holds)| **holds) {
            if !starts.get(row).is_some_and(|start| self.question.holds(start)) {
                continue;
            }
            let source = found.entry(cells.key(row)).or_default();
            source.charges += 1;
            source.end = source.end.max(cells.time(ChargeColumn::BillingPeriodEnd, row));
            match cells.cost(row) {
                Some(cost) => {
                    source.cost.add(cost);
                    weights.push((self.weight(cost, currencies.get(row))?, row));
                }
                None => source.unknown += 1,
            }
        }
        self.keep(table, weights);
        found.into_iter().try_for_each(|(key, found)| self.merge(&cells, key, &found))
    }

    /// How much a charge weighs: its cost without its sign, converted where there is a rate.
    fn weight(&self, cost: Money, currency: Option<&str>) -> Result<u128> {
        let rate = match currency {
            Some(code) if self.request.currency.is_some_and(|wanted| wanted.code() != code) => {
                self.request.exchange_rates.0.get(&Currency::parse(code)?)
            }
            _ => None,
        };
        let cost = rate.map_or(Ok(cost), |rate| cost.checked_mul(*rate, Rounding::HalfEven))?;
        Ok(cost.mantissa().unsigned_abs())
    }

    /// Keeps the charges that weigh most, the earlier one of two that weigh the same.
    fn keep(&mut self, table: &ChargeTable, mut weights: Vec<(u128, usize)>) {
        let full = self.largest.len() >= self.limit;
        let least = self.largest.last().filter(|_| full).map(|last| last.weight);
        weights.retain(|(weight, _)| least.is_none_or(|least| *weight > least));
        weights.sort_unstable_by_key(|(weight, row)| (Reverse(*weight), *row));
        weights.truncate(self.limit);
        let candidate = |(weight, row)| Candidate { weight, row: ChargeRow::of(table, row) };
        self.largest.extend(weights.into_iter().map(candidate));
        self.largest.sort_by_key(|candidate| Reverse(candidate.weight));
        self.largest.truncate(self.limit);
    }

    fn merge(&mut self, cells: &Cells<'_>, key: (u32, i64, u32), found: &Found) -> Result<()> {
        let (account, start, currency) = key;
        let account = cells.accounts.and_then(|accounts| accounts.dictionary.get(account)).unwrap_or_default();
        let currency = cells.currencies.dictionary.get(currency).unwrap_or_default();
        let source = self.sources.entry((start, account.to_owned(), currency.to_owned())).or_default();
        source.end = source.end.max(found.end);
        source.charges += found.charges;
        source.unknown += found.unknown;
        source.cost.merge(&found.cost)
    }

    /// The explanation, once all charges of a state were added; the imports that each bill came with are given.
    ///
    /// # Errors
    /// `mixed_currencies` when charges are in several currencies and rates are missing; `overflow`.
    pub fn finish(self, held: Held<'_>, mut origins: BTreeMap<Scope, Vec<Origin>>) -> Result<Explanation> {
        let (request, interval) = (self.request, self.question.interval);
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let (scopes, sums) = self.sums()?;
        let settled = settle(sums, &terms)?;
        let about = About { interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let mut sources: Vec<(usize, Source)> = Vec::with_capacity(settled.len());
        for group in 0..settled.len() {
            let place = settled.codes_of(group).first().and_then(|code| usize::try_from(*code).ok()).unwrap_or(0);
            let Some(scope) = place.checked_sub(1).and_then(|place| scopes.get(place)) else { continue };
            let source = Source {
                billing_account_id: scope.billing_account_id.clone(),
                billing_period: scope.period_label(),
                charges: settled.charges_of(group),
                cost: settled.cost_of(group, 0),
                imports: origins.remove(scope).unwrap_or_default(),
            };
            sources.push((place, source));
        }
        sources.sort_by_key(|(place, _)| *place);
        Ok(Explanation {
            window_start: interval.start(),
            window_end: interval.end(),
            total_cost: settled.total(0).filter(|_| is_covered(held, &self.days, &settled)),
            currency: settled.currency.or(request.currency),
            view: request.view,
            charges: settled.charges(),
            unknown_costs: settled.unknown(0),
            sources: sources.into_iter().map(|(_, source)| source).collect(),
            largest: self.largest.into_iter().map(|candidate| candidate.row).collect(),
            usage: Vec::new(),
            data_health,
            snapshot: held.snapshot,
        })
    }

    /// The bills in order, and the sums of each: its place plus one is its code.
    fn sums(&self) -> Result<(Vec<Scope>, Sums)> {
        let mut scopes: Vec<Scope> = Vec::new();
        let mut labels = TextBuilder::default();
        let mut sums = Sums { views: 1, ..Sums::default() };
        for ((start, account, currency), found) in &self.sources {
            let (start, end) = (Stamp::from_micros(*start)?, Stamp::from_micros(found.end)?);
            let scope = Scope { billing_account_id: account.clone(), start, end };
            match scopes.last_mut().filter(|last| **last == scope) {
                Some(last) => last.end = last.end.max(end),
                None => scopes.push(scope),
            }
            // Codes of an order that is that of the bills, so that what is left over in rounding goes to the first.
            let code = labels.intern(&format!("{:08}", scopes.len())) + 1;
            let currency = Currency::parse(currency)
                .map_err(|_| Error::invalid("BillingCurrency", format!("holds '{currency}', which is no currency")))?;
            let place = u32::try_from(sums.currencies.len()).unwrap_or(u32::MAX);
            sums.currencies.push(currency);
            sums.heads.push(Head { currency: place, bucket: 0, charges: found.charges });
            sums.codes.push(code);
            sums.costs.push(found.cost.to_money(Rounding::HalfEven)?.mantissa());
            sums.unknown.push(found.unknown);
        }
        sums.labels = vec![Labels::new(labels.take().dictionary)];
        Ok((scopes, sums))
    }
}
