//! Which price holds: of a meter, for a tenant, at an instant.

use super::version::Price;
use crate::model::time::{Interval, Stamp};
use crate::{Error, Result};
use hashbrown::HashMap;
use std::cmp::Ordering;

/// All prices that there are, by meter and tenant.
///
/// A price for the tenant goes before one for all. Among those that hold at the instant the one with the latest
/// `effective_from` counts, then the one with the highest revision.
///
/// ```
/// use finops_core::model::price::{Price, PriceBook};
/// use serde_json::json;
///
/// let price = |from: &str, unit_price: &str, scope: Option<&str>| {
///     Price::from_json(&json!({
///         "meter": "api_calls", "model": "per_unit", "unit_price": unit_price, "currency": "USD",
///         "effective_from": from, "scope": scope.map(|tenant| json!({"tenant_id": tenant})),
///     }))
/// };
/// let book = PriceBook::new(vec![
///     price("2024-01-01T00:00:00Z", "0.02", None)?,
///     price("2024-06-01T00:00:00Z", "0.03", None)?,
///     price("2024-01-01T00:00:00Z", "0.01", Some("acme"))?,
/// ])?;
/// let at = |tenant, at: &str| Ok::<_, finops_core::Error>(book.price_at("api_calls", tenant, at.parse()?).cloned());
/// assert_eq!(at("other", "2024-07-01T00:00:00Z")?, Some(price("2024-06-01T00:00:00Z", "0.03", None)?));
/// assert_eq!(at("acme", "2024-07-01T00:00:00Z")?, Some(price("2024-01-01T00:00:00Z", "0.01", Some("acme"))?));
/// assert_eq!(at("other", "2023-12-31T23:59:59Z")?, None);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    prices: Vec<Price>,
    /// For each meter, by tenant (none for all tenants): places in `prices`, in the order in which they are preferred.
    index: HashMap<String, HashMap<Option<String>, Vec<usize>>>,
}

/// A part of a period in which one price holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceStretch<'b> {
    /// When.
    pub interval: Interval,
    /// The price; none when there is no price then, which makes the cost unknown.
    pub price: Option<&'b Price>,
}

impl PriceBook {
    /// A book of these prices.
    ///
    /// # Errors
    /// `invalid_argument` when two of them are the same revision of the same price.
    pub fn new(prices: Vec<Price>) -> Result<Self> {
        let mut index: HashMap<String, HashMap<Option<String>, Vec<usize>>> = HashMap::new();
        let mut seen = HashMap::new();
        for (place, price) in prices.iter().enumerate() {
            let terms = price.terms();
            if let Some(id) = terms.id
                && seen.insert((id, terms.revision), place).is_some()
            {
                let message =
                    format!("{} of {id} is there already: a price never changes, add a new one", terms.revision);
                return Err(Error::invalid("revision", message));
            }
            let tenant = terms.tenant_id().map(str::to_owned);
            index.entry_ref(terms.meter.as_str()).or_default().entry(tenant).or_default().push(place);
        }
        for places in index.values_mut().flat_map(HashMap::values_mut) {
            places.sort_by(|one, other| match (prices.get(*one), prices.get(*other)) {
                (Some(one), Some(other)) => preferred(one, other),
                _ => Ordering::Equal,
            });
        }
        Ok(Self { prices, index })
    }

    /// All prices, in the order in which they were given.
    pub fn prices(&self) -> &[Price] {
        &self.prices
    }

    /// The price of what that tenant used at that instant, by that meter; none when it is unknown.
    pub fn price_at(&self, meter: &str, tenant: &str, at: Stamp) -> Option<&Price> {
        let tenants = self.index.get(meter)?;
        let find = |tenant: Option<String>| {
            let places = tenants.get(&tenant)?;
            // Sorted by their start, the latest first.
            let first = places.partition_point(|place| {
                self.prices.get(*place).is_some_and(|price| price.terms().effective_from > at)
            });
            let mut left = places.iter().skip(first).filter_map(|place| self.prices.get(*place));
            left.find(|price| price.terms().holds_at(at))
        };
        find(Some(tenant.to_owned())).or_else(|| find(None))
    }

    /// The interval cut where the price changes: in order, without gap or overlap, neighbours with different prices.
    ///
    /// ```
    /// # use finops_core::model::price::{Price, PriceBook};
    /// # use finops_core::model::time::Interval;
    /// let price = Price::from_json(&serde_json::json!({
    ///     "meter": "api_calls", "model": "per_unit", "unit_price": "0.01", "currency": "USD",
    ///     "effective_from": "2024-01-11T00:00:00Z",
    /// }))?;
    /// let book = PriceBook::new(vec![price])?;
    /// let january = Interval::new("2024-01-01T00:00:00Z".parse()?, "2024-02-01T00:00:00Z".parse()?)?;
    /// let stretches = book.stretches("api_calls", "acme", january);
    /// assert_eq!(stretches.len(), 2);
    /// assert!(stretches[0].price.is_none() && stretches[1].price.is_some());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    pub fn stretches(&self, meter: &str, tenant: &str, interval: Interval) -> Vec<PriceStretch<'_>> {
        if interval.is_empty() {
            return Vec::new();
        }
        let mut cuts = vec![interval.start()];
        if let Some(tenants) = self.index.get(meter) {
            let places =
                [None, Some(tenant.to_owned())].into_iter().filter_map(|tenant| tenants.get(&tenant)).flatten();
            for terms in places.filter_map(|place| self.prices.get(*place)).map(Price::terms) {
                cuts.extend(std::iter::once(terms.effective_from).chain(terms.effective_to));
            }
        }
        cuts.retain(|cut| interval.contains(*cut));
        cuts.sort_unstable();
        cuts.dedup();
        let mut stretches: Vec<PriceStretch<'_>> = Vec::with_capacity(cuts.len());
        for (at, start) in cuts.iter().enumerate() {
            let end = cuts.get(at + 1).copied().unwrap_or(interval.end());
            let price = self.price_at(meter, tenant, *start);
            let from = match stretches.last() {
                // By place, not by value: an equal price that follows is another version all the same.
                Some(last) if same(last.price, price) => stretches.pop().map_or(*start, |last| last.interval.start()),
                _ => *start,
            };
            if let Ok(interval) = Interval::new(from, end) {
                stretches.push(PriceStretch { interval, price });
            }
        }
        stretches
    }
}

fn same(one: Option<&Price>, other: Option<&Price>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// The later start first, then the higher revision; the id decides what would else be left to chance.
fn preferred(one: &Price, other: &Price) -> Ordering {
    let key = |price: &Price| (price.terms().effective_from, price.terms().revision, price.terms().id);
    key(other).cmp(&key(one))
}
