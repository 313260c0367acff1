//! Prices, through the engine. A version is never edited: what changes a price adds a version.

use super::params::named;
use super::{Deleted, Finops, Page};
use crate::edge::store::{Defined, Definition};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::id::{self, Id};
use crate::model::price::{Price, PriceBook, Terms};
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The fields of a price, after the one that says which.
macro_rules! price_fields {
    ($which:literal) => {
        &[
            $which,
            "model",
            "unit_price",
            "tiers",
            "package",
            "percentage",
            "matrix",
            "currency",
            "effective_from",
            "effective_to",
            "scope",
            "minimum",
            "maximum",
            "included",
            "conversion",
            "usage_discount",
            "rounding",
            "first_tier_flat_at_zero",
            "on_change",
        ]
    };
}

/// The fields of a price, as `prices.create` takes them.
pub(super) const PRICE_FIELDS: &[&str] = price_fields!("meter");

/// The fields of a change, as `prices.update` takes them: a price stays that of its meter.
pub(super) const PRICE_CHANGES: &[&str] = price_fields!("id");

/// A version as the store keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) price: Price,
    /// Whether the price was deleted with this version.
    deleted: bool,
}

/// The prices that were read, and up to which change.
#[derive(Debug, Default)]
pub(super) struct Prices(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    change: u64,
    /// By the keys of their definitions.
    versions: BTreeMap<String, Kept>,
    kept: Arc<Vec<Kept>>,
    book: Arc<PriceBook>,
}

/// The price that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceKey {
    pub(super) id: Id<id::Price>,
}

impl PriceKey {
    pub(super) const FIELDS: &'static [&'static str] = &["id"];
}

/// Which prices to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceList {
    /// Only those of that meter.
    pub meter: Option<String>,
    /// Only those for that tenant alone.
    pub tenant_id: Option<String>,
    /// Whether to give earlier revisions as well.
    pub revisions: bool,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl PriceList {
    pub(super) const FIELDS: &'static [&'static str] = &["meter", "tenant_id", "revisions", "limit", "offset"];
}

impl Finops {
    /// Adds a price and gives it back with its id. Usage from its `effective_from` on is rated by it, also usage that
    /// came before it; what is billed already is corrected.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let price = finops.prices_create(json!({
    ///     "meter": "api_calls", "model": "per_unit", "unit_price": "0.002", "currency": "USD",
    ///     "effective_from": "2024-01-01T00:00:00Z",
    /// }))?;
    /// assert!(price.terms().id.is_some());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no price can be; `not_found` for an unknown meter; `conflict` when
    /// there is one for the same from the same instant on, and on a handle for reading.
    pub fn prices_create(&self, price: Value) -> Result<Price> {
        self.permit("prices.create")?;
        let mut form = object(price)?;
        for given in ["id", "revision"] {
            if form.contains_key(given) {
                return Err(Error::invalid(given, "is given by the engine: leave it out, or update the price"));
            }
        }
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        form.insert("id".into(), Id::<id::Price>::new(self.clock.now(), random).to_string().into());
        let price = read_price(form)?;
        self.meter(&price.terms().meter).map_err(|error| error.with_field("meter"))?;
        self.keep_price(price, false)
    }

    /// Adds a version of a price: the given fields take the place of those of the version before.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let price = finops.prices_create(json!({
    ///     "meter": "api_calls", "model": "per_unit", "unit_price": "0.002", "currency": "USD",
    ///     "effective_from": "2024-01-01T00:00:00Z",
    /// }))?;
    /// let id = price.terms().id.unwrap();
    /// let dearer = finops.prices_update(id, json!({"unit_price": "0.003"}))?;
    /// assert_eq!(dearer.terms().revision, 2);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; else as [`Finops::prices_create`].
    pub fn prices_update(&self, id: Id<id::Price>, changes: Value) -> Result<Price> {
        self.permit("prices.update")?;
        let changes = object(changes)?;
        if let Some(fixed) = ["id", "revision", "meter"].into_iter().find(|fixed| changes.contains_key(*fixed)) {
            return Err(Error::invalid(fixed, "cannot be changed: add another price"));
        }
        let before = self.price(id)?;
        let Ok(Value::Object(mut form)) = serde_json::to_value(&before) else {
            return Err(Error::new(ErrorCode::Storage, format!("{id} cannot be written down")));
        };
        if changes.get("model").is_some_and(|model| form.get("model") != Some(model)) {
            let numbers = ["unit_price", "tiers", "package", "percentage", "flat", "matrix"];
            form.retain(|field, _| !numbers.contains(&field.as_str()));
        }
        form.extend(changes);
        form.retain(|_, value| !value.is_null());
        form.insert("revision".into(), (before.terms().revision + 1).into());
        self.keep_price(read_price(form)?, false)
    }

    /// A page of prices: the latest version of each, or all of them, in the order of id and revision.
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn prices_list(&self, request: &PriceList) -> Result<Page<Price>> {
        self.permit("prices.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let mut found = self.price_versions()?.to_vec();
        if !request.revisions {
            let latest: BTreeMap<_, _> = found.into_iter().map(|kept| (kept.price.terms().id, kept)).collect();
            found = latest.into_values().collect();
        }
        found.retain(|Kept { price, deleted }| {
            let terms = price.terms();
            let of_meter = request.meter.as_ref().is_none_or(|meter| *meter == terms.meter);
            let of_tenant = request.tenant_id.as_ref().is_none_or(|tenant| terms.tenant_id() == Some(tenant.as_str()));
            !deleted && of_meter && of_tenant
        });
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(found.len()), size(limit), size(offset));
        let items = found.into_iter().skip(offset).take(limit).map(|kept| kept.price).collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Takes a price back with all its versions. Usage that it rated has another price from then on, or none.
    ///
    /// # Errors
    /// `not_found`; `conflict` on a handle for reading.
    pub fn prices_delete(&self, id: Id<id::Price>) -> Result<Deleted> {
        self.permit("prices.delete")?;
        let price = self.price(id)?;
        self.keep_price(price, true)?;
        Ok(Deleted { deleted: true })
    }

    /// The latest version of a price.
    fn price(&self, id: Id<id::Price>) -> Result<Price> {
        let versions = self.price_versions()?;
        let latest = versions.iter().rfind(|kept| kept.price.terms().id == Some(id));
        latest
            .filter(|kept| !kept.deleted)
            .map(|kept| kept.price.clone())
            .ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no price '{id}'")).with_field("id"))
    }

    /// Every version of every price, in the order of id and revision.
    pub(super) fn price_versions(&self) -> Result<Arc<Vec<Kept>>> {
        Ok(self.known_prices()?.0)
    }

    /// The prices that hold.
    pub(super) fn price_book(&self) -> Result<Arc<PriceBook>> {
        Ok(self.known_prices()?.1)
    }

    /// The prices as they were last read, with what changed since.
    fn known_prices(&self) -> Result<(Arc<Vec<Kept>>, Arc<PriceBook>)> {
        let mut known = self.prices.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.store.definitions_since(Defined::Price, known.change)?;
        if !changed.is_empty() {
            let mut versions: BTreeMap<String, Kept> = std::mem::take(&mut known.versions);
            let mut change = known.change;
            for definition in changed {
                change = change.max(definition.change);
                versions.insert(definition.key.clone(), read(&definition.body)?);
            }
            let kept: Vec<Kept> = versions.values().cloned().collect();
            *known = Known { change, versions, book: Arc::new(book(&kept)?), kept: Arc::new(kept) };
        }
        Ok((Arc::clone(&known.kept), Arc::clone(&known.book)))
    }

    /// Refuses a price where it could not be told which of two holds.
    pub(super) fn refuse_second(&self, price: &Price) -> Result<()> {
        let key = |price: &Price| {
            let terms = price.terms();
            (terms.meter.clone(), terms.tenant_id().map(str::to_owned), terms.effective_from)
        };
        let book = self.price_book()?;
        let mut others = book.prices().iter().filter(|other| other.terms().id != price.terms().id);
        match others.find(|other| key(other) == key(price)) {
            None => Ok(()),
            Some(other) => {
                let id = other.terms().id.map(|id| id.to_string()).unwrap_or_default();
                let message = format!("{id} is the price from the same instant on: update or delete it");
                Err(Error::new(ErrorCode::Conflict, message).with_field("effective_from"))
            }
        }
    }

    pub(super) fn keep_price(&self, price: Price, deleted: bool) -> Result<Price> {
        if !deleted {
            self.refuse_second(&price)?;
        }
        let terms = price.terms();
        let id = terms.id.map(|id| id.to_string()).unwrap_or_default();
        // Digits of one length sort as the numbers do.
        let key = format!("{id}.{:010}", terms.revision);
        let kept = Kept { price, deleted };
        let body = serde_json::to_string(&kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        self.store.put_definitions(Defined::Price, &[(key, body)], &self.keeping(deleted))?;
        self.is_due();
        Ok(kept.price)
    }
}

/// The prices that hold. A version of a price holds until a later one takes its place.
fn book(versions: &[Kept]) -> Result<PriceBook> {
    let mut held: Vec<Price> = Vec::new();
    for Kept { price, deleted } in versions {
        let (id, from) = (price.terms().id, price.terms().effective_from);
        let before = |earlier: Price| if earlier.terms().id == id { earlier.until(from) } else { Some(earlier) };
        held = held.into_iter().filter_map(before).collect();
        if *deleted {
            held.retain(|earlier| earlier.terms().id != id);
        } else {
            held.push(price.clone());
        }
    }
    PriceBook::new(held)
}

/// What a change of a price is about.
pub(super) fn changed_terms(definition: &Definition) -> Result<Terms> {
    Ok(read(&definition.body)?.price.terms().clone())
}

fn read(body: &str) -> Result<Kept> {
    serde_json::from_str(body)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a price in the store cannot be read: {error}")))
}

/// The price of a form; an error names the field also where it is missing or unknown.
fn read_price(form: Map<String, Value>) -> Result<Price> {
    Price::from_json(&Value::Object(form)).map_err(|error| match (error.field(), named(error.message())) {
        (None, Some(field)) => error.with_field(field),
        _ => error,
    })
}

fn object(value: Value) -> Result<Map<String, Value>> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::new(ErrorCode::InvalidArgument, "a price is an object such as {\"meter\": \"api_calls\"}")),
    }
}
