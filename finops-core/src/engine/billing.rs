//! What is billed of usage: a look at it while the period is open, and closing it.

use super::Finops;
use super::settling::{Billed, Closing, Due, LineFailure, MeterMonth, RatedMonth, Settlement};
use crate::edge::store::LineKey;
use crate::insight::statement::{TenantStatement, label};
use crate::model::time::{Interval, Period};
use crate::model::usage::CREDITS;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// Whose bill is meant, and of when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BillingPreview {
    /// The tenant.
    pub tenant_id: String,
    /// The billing period: a month such as `2024-01`.
    pub period: Period,
}

impl BillingPreview {
    pub(super) const FIELDS: &'static [&'static str] = &["tenant_id", "period"];

    /// The bill of a tenant for a month.
    pub fn new(tenant_id: impl Into<String>, period: Period) -> Self {
        Self { tenant_id: tenant_id.into(), period }
    }
}

/// Which billing period to close.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BillingClose {
    /// The billing period: a month such as `2024-01`, which has ended.
    pub period: Period,
    /// Only that tenant's; by default everyone's who used something, or has a price of their own.
    #[serde(default)]
    pub tenant_id: Option<String>,
}

impl BillingClose {
    pub(super) const FIELDS: &'static [&'static str] = &["period", "tenant_id"];

    /// A month of all tenants.
    pub fn new(period: Period) -> Self {
        Self { period, tenant_id: None }
    }
}

/// What was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Closed {
    /// The billing period.
    pub period: String,
    /// The statements, in the order of the tenants.
    pub statements: Vec<TenantStatement>,
    /// The state of the store that holds their charges.
    pub snapshot: u64,
    /// Lines that could not be rated: what they cost is unknown and in no statement. Put right what is wrong, and it
    /// becomes a correction.
    pub failures: Vec<LineFailure>,
}

impl Finops {
    /// What is billed to a tenant for a month: as it stands now, or as it was closed.
    ///
    /// ```
    /// use finops_core::{Finops, engine::BillingPreview};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let bill = finops.billing_preview(&BillingPreview::new("ten_001", "2024-01".parse()?))?;
    /// assert_eq!((bill.lines.len(), bill.closed_at), (0, None));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a period that is no month; `storage`.
    pub fn billing_preview(&self, request: &BillingPreview) -> Result<TenantStatement> {
        self.permit("billing.preview")?;
        self.own_tenant(Some(&request.tenant_id))?;
        let period = request.period.month()?;
        if let Some(closed) = self.store.statements(Some(period.start()), Some(&request.tenant_id))?.pop() {
            return kept(&closed.body);
        }
        self.settled()?;
        let keys = self.store.lines(period.start(), Some(&request.tenant_id))?;
        let lines = self.rated(&keys)?;
        let credits = self.credits_of(&request.tenant_id, period)?;
        let billed = Billed { lines: &lines.iter().collect::<Vec<_>>(), credits: &credits, corrections: &[] };
        self.statement(&request.tenant_id, period, &billed, None)
    }

    /// Closes a month that has ended, for all tenants whose is not closed yet and who used something, have a price of
    /// their own or corrections: minimums fall due, and what is billed stays as it is from then on. What changes later
    /// is billed as a correction in the next month that is open. Whoever had nothing to bill has nothing closed.
    ///
    /// ```
    /// use finops_core::{ErrorCode, Finops, engine::BillingClose};
    ///
    /// let finops = Finops::builder().now("2024-02-03T00:00:00Z".parse()?).open(":memory:")?;
    /// assert!(finops.billing_close(&BillingClose::new("2024-01".parse()?))?.statements.is_empty());
    /// let error = finops.billing_close(&BillingClose::new("2024-02".parse()?)).unwrap_err();
    /// assert_eq!(error.code(), ErrorCode::Conflict, "it goes on");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a period that is no month; `conflict` for one that has not ended or is closed, on
    /// a handle for reading, and while an import is under way; then nothing has changed.
    pub fn billing_close(&self, request: &BillingClose) -> Result<Closed> {
        self.permit("billing.close")?;
        let period = request.period.month()?;
        let by = self.change();
        let now = by.at;
        let conflict = |message: String| Err(Error::new(ErrorCode::Conflict, message).with_field("period"));
        if period.end() > now {
            return conflict(format!("{} has not ended: it is {now}", request.period.text()));
        }
        let _alone = self.settling.alone.lock().unwrap_or_else(PoisonError::into_inner);
        // What came before is settled first, so that what corrects other periods is known when this one is closed.
        self.settle(Due::find(self, now)?, None)?;
        let mut due = Due::find(self, now)?;
        let tenants = self.add_lines(&mut due, period, request.tenant_id.as_deref())?;
        let closed = self.store.statements(Some(period.start()), request.tenant_id.as_deref())?;
        let closed: BTreeSet<String> = closed.into_iter().map(|statement| statement.tenant_id).collect();
        if let Some(tenant_id) = request.tenant_id.as_deref().filter(|tenant_id| closed.contains(*tenant_id)) {
            return conflict(format!("{} of tenant '{tenant_id}' is closed already", request.period.text()));
        }
        let tenants: BTreeSet<String> = tenants.difference(&closed).cloned().collect();
        let closing = Closing { period_start: period.start(), tenants: tenants.clone(), by };
        let Settlement { snapshot, failures, .. } = self.settle(due, Some(closing))?;
        let statements = self.store.statements(Some(period.start()), request.tenant_id.as_deref())?;
        let new = statements.iter().filter(|statement| tenants.contains(&statement.tenant_id));
        let statements = new.map(|statement| kept(&statement.body)).collect::<Result<_>>()?;
        Ok(Closed { period: label(period.start()), statements, snapshot, failures })
    }

    /// Has every line of a period settled, and gives the tenants that they are of.
    fn add_lines(&self, due: &mut Due, period: Interval, only: Option<&str>) -> Result<BTreeSet<String>> {
        let meters = self.store.usage()?.meters()?;
        let wanted = |tenant_id: &String| only.is_none_or(|only| only == tenant_id);
        let corrected = self.store.corrected(period.start())?;
        let mut tenants: BTreeSet<String> = corrected.into_iter().filter(wanted).collect();
        let lines = self.store.lines(period.start(), only)?;
        let lines = lines.into_iter().map(|line| (line.meter, line.tenant_id));
        let book = self.price_book()?;
        // Who has a price of their own may owe a minimum without any use.
        let own = book.prices().iter().filter(|price| price.effective().overlaps(&period));
        let own = own.filter_map(|price| Some((price.terms().meter.clone(), price.terms().tenant_id()?.to_owned())));
        let found: Vec<_> = lines.chain(own.filter(|(_, tenant)| only.is_none_or(|only| only == tenant))).collect();
        for (meter, tenant_id) in found {
            if meter == CREDITS {
                tenants.insert(tenant_id);
                continue;
            }
            let Some((number, _)) = meters.get(&meter) else { continue };
            due.add(MeterMonth::of(number, period.start()), &tenant_id);
            tenants.insert(tenant_id);
        }
        // What came since it was last settled is part of it as well.
        for (month, used) in &due.lines {
            if month.period()? == period {
                tenants.extend(used.iter().filter(|tenant| only.is_none_or(|only| only == *tenant)).cloned());
            }
        }
        Ok(tenants)
    }

    /// What lines come to now.
    pub(super) fn rated(&self, keys: &[LineKey]) -> Result<Vec<RatedMonth>> {
        super::settling::rated(self, keys, self.store.settled()?.until)
    }
}

fn kept(body: &str) -> Result<TenantStatement> {
    serde_json::from_str(body)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a statement in the store cannot be read: {error}")))
}
