//! Costs by service, with the parts that a bill tells: what of it was storage, what was network.
//!
//! A charge has one `ServiceCategory`. What stands under `Storage` is storage and what stands under `Networking` is
//! network, each as a whole; of any other charge no part can be told. So `storage_cost` and `network_cost` are the sums
//! of the charges that say so, none where no charge does, and the costs of processors, memory and accelerators stay
//! unknown: a bill has one price for a machine.

use super::health::{About, DataHealth, Held, known_cost};
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::request::{Bound, PeriodOrWindow, Rates, Span, Terms, page, request};
use super::settled::{Settled, settle};
use super::sums::Sums;
use crate::Result;
use crate::model::charge::CostView;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::money::{Currency, Money};
use crate::model::time::{Day, Interval, Stamp, Zone};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

request! {
    /// What costs by service are asked for.
    pub struct ServicesRequest {
        /// The period, such as `2024-01`, or the window, such as `30d`, which is also the default.
        pub period: Option<PeriodOrWindow>,
        /// Or the first day, as a date or an instant; by default thirty days before the end.
        pub start_date: Option<Bound>,
        /// And the end, exclusive; by default tonight.
        pub end_date: Option<Bound>,
        /// Which charges count.
        pub filter: Filter,
        /// The currency of the answer; by default the one that all charges have.
        pub currency: Option<Currency>,
        /// Which cost, by default the effective one.
        pub view: CostView,
        /// What other currencies are worth in that of the answer.
        pub exchange_rates: Rates,
        /// Where days begin and periods lie, by default UTC.
        pub time_zone: Zone,
        /// How many items to give, 1 to 1000; by default all.
        pub limit: Option<i64>,
        /// How many items to leave out before.
        pub offset: Option<i64>,
        /// As of which state of the store: its number, or an instant; by default the present one.
        pub as_of: Option<AsOf>,
    }
}

/// What each service cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ServiceCosts {
    /// When the period starts.
    pub period_start: Stamp,
    /// When it ends, exclusive.
    pub period_end: Stamp,
    /// The currency of every amount.
    pub currency: Option<Currency>,
    /// Which cost was added up.
    pub view: CostView,
    /// The sum; none when no imported bill reaches any of it, or none of its charges has a known cost.
    pub total_cost: Option<Money>,
    /// How many services there are, on all pages.
    pub count: u64,
    /// The services, largest first. All of them add up to the total.
    pub items: Vec<ServiceCost>,
    /// How complete the data is.
    pub data_health: DataHealth,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// What a service cost. Parts that the bill does not tell are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServiceCost {
    /// The service, as charges name it; none for charges without one.
    pub group_key: Option<String>,
    /// What to call it.
    pub name: Option<String>,
    /// What it cost in all.
    pub total_cost: Option<Money>,
    /// What of it was processors: no bill tells.
    pub cpu_cost: Option<Money>,
    /// What of it was memory: no bill tells.
    pub ram_cost: Option<Money>,
    /// What of it stands under the category `Storage`; none when no charge does.
    pub storage_cost: Option<Money>,
    /// What of it stands under the category `Networking`; none when no charge does.
    pub network_cost: Option<Money>,
    /// What of it was accelerators: no bill tells.
    pub gpu_cost: Option<Money>,
}

/// Costs by service in the making.
#[derive(Debug)]
pub struct ServicesQuery<'q> {
    request: &'q ServicesRequest,
    interval: Interval,
    days: Vec<Day>,
    now: Stamp,
}

impl CostRequest for ServicesRequest {
    const OPERATION: &str = "costs.services";

    type Query<'q> = ServicesQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.as_of
    }

    fn query(&self, now: Stamp) -> Result<ServicesQuery<'_>> {
        let (period, window) = match &self.period {
            Some(PeriodOrWindow::Period(period)) => (Some(period), None),
            Some(PeriodOrWindow::Window(window)) => (None, Some(window)),
            None => (None, None),
        };
        let span = Span { period, window, start: self.start_date, end: self.end_date };
        let (interval, days) = span.resolve(now, self.time_zone).map_err(|error| match error.field() {
            Some("window") => error.with_field("period"),
            _ => error,
        })?;
        self.exchange_rates.check()?;
        page(self.limit, self.offset)?;
        Ok(ServicesQuery { request: self, interval, days, now })
    }
}

impl CostQuery for ServicesQuery<'_> {
    type Answer = ServiceCosts;

    fn questions(&self) -> Vec<Question> {
        let mut question = Question::new(self.interval, self.request.view);
        question.dimensions = [BuiltIn::Service, BuiltIn::ServiceCategory].map(Dimension::BuiltIn).into();
        question.filter = self.request.filter.clone();
        vec![question]
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, _: NameOf<'_>) -> Result<ServiceCosts> {
        let request = self.request;
        let terms = Terms { currency: request.currency, rates: &request.exchange_rates };
        let settled = settle(only(sums), &terms)?;
        let covered = settled.charges() > 0 || self.days.iter().any(|day| held.reach.is_known(day));
        let about = About { interval: self.interval, days: &self.days, now: self.now };
        let data_health = DataHealth::of(held, about, &settled, &terms)?;
        let mut items = items(&settled)?;
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let (limit, offset) = page(request.limit, request.offset)?;
        items = items.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect();
        Ok(ServiceCosts {
            period_start: self.interval.start(),
            period_end: self.interval.end(),
            currency: settled.currency.or(request.currency),
            view: request.view,
            total_cost: settled.total(0).filter(|_| covered),
            count,
            items,
            data_health,
            snapshot: held.snapshot,
        })
    }
}

/// The sum of some groups, and how many charges they have, with and without a cost.
#[derive(Debug, Default, Clone, Copy)]
struct Part(Money, u64, u64);

impl Part {
    fn add(&mut self, settled: &Settled, group: usize) -> Result<()> {
        self.0 = self.0.checked_add(settled.sum_of(group, 0))?;
        self.1 += settled.charges_of(group);
        self.2 += settled.unknown_of(group, 0);
        Ok(())
    }

    /// None when there is no charge, or no known cost.
    fn cost(self) -> Option<Money> {
        known_cost(self.0, self.1, self.2).filter(|_| self.1 > 0)
    }
}

/// Every service, largest first, then by name.
fn items(settled: &Settled) -> Result<Vec<ServiceCost>> {
    let mut services: BTreeMap<Option<&str>, [Part; 3]> = BTreeMap::new();
    for group in 0..settled.len() {
        let values = settled.values_of(group);
        let [service, category] = [0, 1].map(|place| values.get(place).copied().flatten());
        let [total, storage, network] = services.entry(service).or_default();
        total.add(settled, group)?;
        match category {
            Some("Storage") => storage.add(settled, group)?,
            Some("Networking") => network.add(settled, group)?,
            _ => {}
        }
    }
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by_key(|(_, [total, ..])| Reverse(total.0));
    let item = |(service, [total, storage, network]): (Option<&str>, [Part; 3])| ServiceCost {
        group_key: service.map(str::to_owned),
        name: service.map(str::to_owned),
        total_cost: total.cost(),
        cpu_cost: None,
        ram_cost: None,
        storage_cost: storage.cost(),
        network_cost: network.cost(),
        gpu_cost: None,
    };
    Ok(services.into_iter().map(item).collect())
}
