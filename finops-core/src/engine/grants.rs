//! Grants, through the engine: what tenants have to their credit, and what is left of it.

use super::settling::{MeterMonth, MoneyCredits, booked_in, first_month, month_after, units_before, usage_lines};
use super::{Deleted, Finops, Page};
use crate::edge::store::{Defined, Definition, LineKey};
use crate::engine::settling::{Grants, TenantGrants};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Quantity};
use crate::model::price::{Grant, GrantAmount, GrantRecurrence, Rollover};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::charging::{Booked, burn_period};
use crate::pipeline::rating::Credits;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A grant that is to be given: [`Grant`] without what the engine gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GrantCreate {
    /// Whose it is.
    pub tenant_id: String,
    /// How much it holds when it starts, and to how much it is refilled.
    pub amount: GrantAmount,
    /// Lower ones are used up first. By default 0.
    #[serde(default)]
    pub priority: u32,
    /// The first instant at which it can be used: a quarter of an hour in UTC.
    pub effective_from: Stamp,
    /// The first instant at which what is left is gone. Without one it lasts.
    #[serde(default)]
    pub expires_at: Option<Stamp>,
    /// What is left of it at the start of a month; without one all of it is.
    #[serde(default)]
    pub rollover: Option<Rollover>,
    /// How often it is refilled, counted from `effective_from`.
    #[serde(default)]
    pub recurrence: Option<GrantRecurrence>,
    /// Whether it pays for what was left unpaid in the months before. Only of money.
    #[serde(default)]
    pub preserve_overage: bool,
}

impl GrantCreate {
    pub(super) const FIELDS: &'static [&'static str] = &[
        "tenant_id",
        "amount",
        "priority",
        "effective_from",
        "expires_at",
        "rollover",
        "recurrence",
        "preserve_overage",
    ];

    /// A grant that lasts and is used up first.
    pub fn new(tenant_id: impl Into<String>, amount: GrantAmount, effective_from: Stamp) -> Self {
        Self {
            tenant_id: tenant_id.into(),
            amount,
            priority: 0,
            effective_from,
            expires_at: None,
            rollover: None,
            recurrence: None,
            preserve_overage: false,
        }
    }
}

/// The grant that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantKey {
    pub(super) id: Id<id::Grant>,
}

impl GrantKey {
    pub(super) const FIELDS: &'static [&'static str] = &["id"];
}

/// Which grants to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantList {
    /// Only those of that tenant.
    pub tenant_id: Option<String>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl GrantList {
    pub(super) const FIELDS: &'static [&'static str] = &["tenant_id", "limit", "offset"];
}

/// Whose balance is asked for, and of when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GrantBalance {
    /// The tenant.
    pub tenant_id: String,
    /// The instant, by default now; not in the future.
    #[serde(default)]
    pub at: Option<Stamp>,
}

impl GrantBalance {
    pub(super) const FIELDS: &'static [&'static str] = &["tenant_id", "at"];

    /// The balance of a tenant now.
    pub fn new(tenant_id: impl Into<String>) -> Self {
        Self { tenant_id: tenant_id.into(), at: None }
    }
}

/// What a tenant has to its credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GrantBalances {
    /// Whose it is.
    pub tenant_id: String,
    /// When. What is used on a day counts from its start.
    pub at: Stamp,
    /// What is left of each grant, in the order of currencies, then meters, then ids.
    pub grants: Vec<GrantLeft>,
    /// What none of them covered in the month, by currency and by the meters that there are grants for.
    pub overages: Vec<Overage>,
}

/// What is left of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GrantLeft {
    /// Which.
    pub id: Id<id::Grant>,
    /// How much it holds when it is full.
    pub amount: GrantAmount,
    /// What is left; 0 before it starts and once it has expired.
    pub left: Quantity,
    /// When what is left is gone.
    pub expires_at: Option<Stamp>,
}

/// What was charged, or used, beyond all grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Overage {
    /// The currency, of money.
    pub currency: Option<Currency>,
    /// The meter, of units.
    pub meter: Option<String>,
    /// How much. The next grant that starts or is refilled in the month pays for it first.
    pub overage: Quantity,
}

/// A grant as the store keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptGrant {
    pub(super) grant: Grant,
    deleted: bool,
}

/// The grants that were read, and up to which change.
#[derive(Debug, Default)]
pub(super) struct KnownGrants(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    change: u64,
    held: BTreeMap<Id<id::Grant>, Grant>,
    grants: Arc<Grants>,
}

/// Reads a grant that was kept.
pub(super) fn kept_grant(definition: &Definition) -> Result<KeptGrant> {
    serde_json::from_str(&definition.body)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a grant in the store cannot be read: {error}")))
}

impl Finops {
    /// Gives a tenant a grant. It pays for what is charged, or gives units that are not paid for, from its
    /// `effective_from` on, also where that came before the grant; what is billed already is corrected.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::{GrantBalance, GrantCreate};
    /// use finops_core::model::price::GrantAmount;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let amount = GrantAmount::Money { money: "100".parse()?, currency: "USD".parse()? };
    /// let grant = finops.grants_create(GrantCreate::new("acme", amount, "2024-01-01T00:00:00Z".parse()?))?;
    /// let balance = finops.grants_balance(&GrantBalance::new("acme"))?;
    /// assert_eq!((balance.grants[0].id, balance.grants[0].left), (grant.id, "100".parse()?));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no grant can be; `not_found` for an unknown meter; `conflict` on a
    /// handle for reading.
    pub fn grants_create(&self, grant: GrantCreate) -> Result<Grant> {
        self.permit("grants.create")?;
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        let now = self.clock.now();
        let GrantCreate { tenant_id, amount, priority, effective_from, expires_at, rollover, recurrence, .. } = grant;
        let new = Grant::new(Id::new(now, random), tenant_id, amount, effective_from);
        let preserve_overage = grant.preserve_overage;
        let grant = Grant { priority, expires_at, created_at: now, rollover, recurrence, preserve_overage, ..new };
        grant.validate()?;
        if let GrantAmount::Units { meter, .. } = &grant.amount {
            self.meter(meter).map_err(|error| error.with_field("amount.meter"))?;
            if preserve_overage {
                let message = "is for money: units beyond all grants are charged for in their month and stay so";
                return Err(Error::invalid("preserve_overage", message));
            }
        }
        self.keep_grant(grant, false)
    }

    /// A page of grants, in the order of their ids.
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn grants_list(&self, request: &GrantList) -> Result<Page<Grant>> {
        self.permit("grants.list")?;
        let tenant_id = self.own_tenant(request.tenant_id.as_deref())?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let grants = self.grants()?;
        let is_wanted = |grant: &&Grant| tenant_id.is_none_or(|tenant| tenant == grant.tenant_id);
        let mut found: Vec<&Grant> = grants.iter().filter(is_wanted).collect();
        found.sort_unstable_by_key(|grant| grant.id);
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(found.len()), size(limit), size(offset));
        let items = found.into_iter().skip(offset).take(limit).cloned().collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Takes a grant back, as if it had never been: what it paid is charged again.
    ///
    /// # Errors
    /// `not_found`; `conflict` on a handle for reading.
    pub fn grants_delete(&self, id: Id<id::Grant>) -> Result<Deleted> {
        self.permit("grants.delete")?;
        let grant = self.grants()?.iter().find(|grant| grant.id == id).cloned();
        let missing = || Error::new(ErrorCode::NotFound, format!("there is no grant '{id}'")).with_field("id");
        self.keep_grant(grant.ok_or_else(missing)?, true)?;
        Ok(Deleted { deleted: true })
    }

    /// What is left of a tenant's grants, and what none of them covered.
    ///
    /// # Errors
    /// `invalid_argument` for an instant in the future; `storage`.
    pub fn grants_balance(&self, request: &GrantBalance) -> Result<GrantBalances> {
        self.permit("grants.balance")?;
        self.own_tenant(Some(&request.tenant_id))?;
        let now = self.clock.now();
        let at = request.at.unwrap_or(now);
        if at > now {
            return Err(Error::invalid("at", format!("must not lie in the future: it is {now}, got {at}")));
        }
        self.settled()?;
        let grants = self.grants()?;
        let none = TenantGrants::default();
        let of = grants.of(&request.tenant_id).unwrap_or(&none);
        let mut found =
            GrantBalances { tenant_id: request.tenant_id.clone(), at, grants: Vec::new(), overages: Vec::new() };
        let until = Stamp::from_micros(at.micros().saturating_add(1))?;
        self.money_left(of, until, &mut found)?;
        for (meter, grants) in &of.units {
            let month = MeterMonth::of(0, at).period()?;
            let line =
                LineKey { period_start: month.start(), tenant_id: found.tenant_id.clone(), meter: meter.clone() };
            let booked = |keys: &[LineKey]| booked_in(self.store.as_ref(), keys);
            let mut credits = match units_before(grants, &line, until, &booked)? {
                Some(credits) => credits,
                None => Credits::new(grants)?,
            };
            let mut pieces = booked(std::slice::from_ref(&line))?.pop().unwrap_or_default().quantities()?;
            pieces.retain(|from, _| *from < until);
            burn_period(&mut credits, month, until, &pieces)?;
            found.add(&credits, None, Some(meter));
        }
        Ok(found)
    }

    /// What is left of money: it goes through all months up to that instant.
    fn money_left(&self, of: &TenantGrants, until: Stamp, found: &mut GrantBalances) -> Result<()> {
        let store = self.store.as_ref();
        let last = MeterMonth::of(0, found.at);
        let first = of.money.values().filter_map(|grants| first_month(grants)).min();
        let mut month = first.map_or(last, |first| first.min(last)).period()?;
        let mut charged = BTreeMap::new();
        let mut credits = MoneyCredits::new(of)?;
        while month.start() < until {
            let keys = usage_lines(store, month.start(), &found.tenant_id)?;
            let before = |mut line: Booked| {
                line.cells.retain(|key, _| key.from < until);
                line
            };
            let lines: Vec<Booked> = booked_in(store, &keys)?.into_iter().map(before).collect();
            if month == last.period()? {
                lines.iter().try_for_each(|line| line.add_amounts(&mut charged))?;
            }
            credits.pass(month, until, &lines)?;
            month = Interval::new(month.end(), month_after(month.end())?)?;
        }
        for (currency, credits) in credits.pools() {
            found.add(credits, Some(*currency), None);
        }
        // Without a grant all that is charged is an overage.
        for (currency, pieces) in charged.iter().filter(|(currency, _)| !of.money.contains_key(currency)) {
            let mut credits = Credits::new(&[])?;
            burn_period(&mut credits, last.period()?, until, pieces)?;
            found.add(&credits, Some(*currency), None);
        }
        Ok(())
    }

    /// The grants that hold, as they were last read, with what changed since.
    pub(super) fn grants(&self) -> Result<Arc<Grants>> {
        let mut known = self.grants.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.store.definitions_since(Defined::Grant, known.change)?;
        let last = changed.iter().map(|definition| definition.change).max();
        let changed = changed.iter().map(kept_grant).collect::<Result<Vec<_>>>()?;
        for KeptGrant { grant, deleted } in changed {
            if deleted {
                known.held.remove(&grant.id);
            } else {
                known.held.insert(grant.id, grant);
            }
        }
        if let Some(last) = last {
            known.change = last;
            known.grants = Arc::new(Grants::new(known.held.values()));
        }
        Ok(Arc::clone(&known.grants))
    }

    fn keep_grant(&self, grant: Grant, deleted: bool) -> Result<Grant> {
        let key = grant.id.to_string();
        let kept = KeptGrant { grant, deleted };
        let body = serde_json::to_string(&kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        self.store.put_definitions(Defined::Grant, &[(key, body)], &self.keeping(deleted))?;
        self.is_due();
        Ok(kept.grant)
    }
}

impl GrantBalances {
    fn add(&mut self, credits: &Credits<'_>, currency: Option<Currency>, meter: Option<&String>) {
        self.grants.extend(credits.balances().map(|balance| GrantLeft {
            id: balance.grant.id,
            amount: balance.grant.amount.clone(),
            left: balance.left,
            expires_at: balance.grant.expires_at,
        }));
        self.overages.push(Overage { currency, meter: meter.cloned(), overage: credits.overage() });
    }
}
