//! A month of bills, the same bytes in every run: two clouds and what the platform metered of itself.
//!
//! Amounts are whole numbers of 10^-10 dollars, because a quantity of four decimals times a price of six is exactly
//! that: nothing is rounded, so every sum can be checked to the last digit.

use super::offers::{COMMITTED_PERCENT, CONTRACTED_PERCENT, Cloud, METERED, OFFERS, Offer, Rhythm};
use std::collections::BTreeMap;

/// The month of the bills.
pub(super) const PERIOD: &str = "2024-09";
/// When the bills are read: some hours after the month.
pub(super) const NOW: &str = "2024-10-01T06:00:00Z";

/// Who the platform serves: id, name, and how large in percent of the largest.
pub(super) const TENANTS: [(&str, &str, i64); 8] = [
    ("ten_001", "Harbour & Finch", 100),
    ("ten_002", "Lumen Freight", 64),
    ("ten_003", "Aster Clinics", 41),
    ("ten_004", "Quillpoint Press", 26),
    ("ten_005", "Norrland Energi", 17),
    ("ten_006", "Tamarind Foods", 11),
    ("ten_007", "Blue Kiln Studio", 7),
    ("ten_008", "Ostrava Robotics", 4),
];

/// The columns, as FOCUS 1.2 names them, and ours.
pub(super) const COLUMNS: &[&str] = &[
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
    "x_Model",
    "x_Resource",
    "x_TenantId",
];

const DAYS: i64 = 30;
/// The 18th, a Wednesday: one tenant's campaign runs away.
const SPIKE_DAY: i64 = 17;
const SPIKE_TENANT: usize = 1;
/// The tenants whose larger machines run under the commitment.
const COVERED_TENANTS: usize = 3;
const TAX_PERCENT: i64 = 8;
/// A credit for an outage, on the 9th.
const CREDIT: i64 = -640 * DOLLAR;
const DOLLAR: i64 = 10_000_000_000;

/// A bill in CSV.
#[derive(Debug)]
pub(super) struct Bill {
    /// The file.
    pub(super) text: String,
    /// How many rows it has, without the header.
    pub(super) rows: u64,
}

/// The bill of a seed.
pub(super) fn bill(seed: u64) -> Bill {
    let mut maker = Maker::new(seed);
    for day in 0..DAYS {
        for (place, tenant) in TENANTS.iter().enumerate() {
            for offer in OFFERS {
                maker.usage(offer, place, *tenant, day);
            }
            maker.metered(*tenant, day);
        }
    }
    maker.commitment();
    maker.credit();
    maker.taxes();
    maker.bill
}

/// A row by its columns; what is not set is empty.
type Row = BTreeMap<&'static str, String>;

struct Maker {
    random: u64,
    bill: Bill,
    /// What the commitment was worth on each day.
    committed: [i64; 30],
    /// What each account was billed on each day.
    billed: BTreeMap<(&'static str, i64), (Cloud, i64)>,
}

/// The four costs of a row.
struct Costs {
    list: i64,
    contracted: i64,
    effective: i64,
    billed: i64,
}

impl Costs {
    const fn all(cost: i64) -> Self {
        Self { list: cost, contracted: cost, effective: cost, billed: cost }
    }
}

impl Maker {
    fn new(seed: u64) -> Self {
        let text = format!("{}\n", COLUMNS.join(","));
        Self { random: seed, bill: Bill { text, rows: 0 }, committed: [0; 30], billed: BTreeMap::new() }
    }

    /// The rows of an offer for a tenant on a day: one for each resource and, where it is billed by the hour, hour.
    fn usage(&mut self, offer: &Offer, place: usize, (tenant, name, size): (&str, &str, i64), day: i64) {
        let spike = if day == SPIKE_DAY && place == SPIKE_TENANT { offer.spike } else { 1 };
        let today =
            offer.amount * size / 100 * weekday_percent(offer.rhythm, day) / 100 * (1_000 + 9 * day) / 1_000 * spike;
        let account = offer.cloud.account(place);
        for resource in 0..offer.resources {
            let covered = offer.committable && place < COVERED_TENANTS && resource < 2;
            let mut row = account_row(offer.cloud, account);
            offer_cells(&mut row, offer, (tenant, name), resource);
            let (step, hours) = if offer.hourly { (1, 24) } else { (24, 24) };
            for hour in (0..hours).step_by(step) {
                let noise = 900 + self.below(201);
                let quantity = today / offer.resources * i64::try_from(step).unwrap_or(24) / 24 * noise / 1_000;
                let listed = quantity * offer.price;
                let contracted = quantity * percent(offer.price, CONTRACTED_PERCENT);
                let committed = quantity * percent(offer.price, COMMITTED_PERCENT);
                let mut costs = Costs { list: listed, ..Costs::all(contracted) };
                if covered {
                    (costs.effective, costs.billed) = (committed, 0);
                    self.commit(day, committed);
                }
                let mut row = row.clone();
                at(&mut row, day * 24 + hour, day * 24 + hour + i64::try_from(step).unwrap_or(24));
                put(&mut row, "PricingQuantity", decimal(quantity, 4));
                put(&mut row, "ConsumedQuantity", decimal(quantity, 4));
                put(&mut row, "PricingCategory", if covered { "Committed" } else { "Standard" });
                if covered {
                    commitment_cells(&mut row, "Used");
                }
                self.write(row, &costs, (offer.cloud, account.0, day));
            }
        }
    }

    /// What the platform counted for a tenant: usage without a cost, which lies in the bills of the clouds.
    fn metered(&mut self, (tenant, name, size): (&str, &str, i64), day: i64) {
        for (resource, unit, amount, rhythm) in METERED {
            let noise = 950 + self.below(101);
            let quantity =
                amount * size / 100 * weekday_percent(rhythm, day) / 100 * (1_000 + 9 * day) / 1_000 * noise / 1_000;
            // Calls are counted whole; gigabytes are not.
            let quantity = if resource == "storage" { quantity } else { quantity / 10_000 * 10_000 };
            let mut row = account_row(Cloud::Platform, Cloud::Platform.account(0));
            at(&mut row, day * 24, day * 24 + 24);
            for (column, cell) in [
                ("ChargeCategory", "Usage"),
                ("ChargeDescription", resource),
                ("ChargeFrequency", "Usage-Based"),
                ("ConsumedUnit", unit),
                ("ServiceCategory", "Other"),
                ("ServiceName", "Platform API"),
                ("SubAccountName", name),
                ("x_Resource", resource),
                ("x_TenantId", tenant),
            ] {
                put(&mut row, column, cell);
            }
            put(&mut row, "SubAccountId", format!("platform-{tenant}"));
            put(&mut row, "ConsumedQuantity", decimal(quantity, 4));
            self.write(row, &Costs::all(0), (Cloud::Platform, "platform", day));
        }
    }

    fn commit(&mut self, day: i64, amount: i64) {
        let place = usize::try_from(day).unwrap_or(0);
        if let Some(sum) = self.committed.get_mut(place) {
            *sum += amount;
        }
    }

    /// The commitment: bought for the month at its start, and what of it was left over each day.
    fn commitment(&mut self) {
        let account = Cloud::Meridian.account(0);
        let busiest = self.committed.iter().copied().max().unwrap_or(0);
        // A cent more than a fiftieth above the busiest day, in whole cents.
        let daily = (busiest * 51 / 50 / (DOLLAR / 100) + 1) * (DOLLAR / 100);
        let mut row = account_row(Cloud::Meridian, account);
        commitment_cells(&mut row, "");
        for (column, cell) in [
            ("ChargeFrequency", "Recurring"),
            ("ServiceCategory", "Compute"),
            ("ServiceName", "Elastic Compute"),
            ("ConsumedUnit", ""),
        ] {
            put(&mut row, column, cell);
        }
        let mut bought = row.clone();
        put(&mut bought, "ChargeCategory", "Purchase");
        put(&mut bought, "ChargeDescription", "Compute plan, September");
        at(&mut bought, 0, DAYS * 24);
        let costs = Costs { effective: 0, ..Costs::all(daily * DAYS) };
        self.write(bought, &costs, (Cloud::Meridian, account.0, 0));
        for (day, used) in (0..).zip(self.committed) {
            let mut unused = row.clone();
            put(&mut unused, "ChargeCategory", "Usage");
            put(&mut unused, "ChargeDescription", "Compute plan, left over");
            put(&mut unused, "CommitmentDiscountStatus", "Unused");
            at(&mut unused, day * 24, day * 24 + 24);
            let costs = Costs { effective: daily - used, ..Costs::all(0) };
            self.write(unused, &costs, (Cloud::Meridian, account.0, day));
        }
    }

    fn credit(&mut self) {
        let account = Cloud::Meridian.account(0);
        let mut row = account_row(Cloud::Meridian, account);
        at(&mut row, 8 * 24, 9 * 24);
        for (column, cell) in [
            ("ChargeCategory", "Credit"),
            ("ChargeDescription", "Credit for the outage of 3 September"),
            ("ChargeFrequency", "One-Time"),
            ("ServiceCategory", "Databases"),
            ("ServiceName", "Managed Postgres"),
        ] {
            put(&mut row, column, cell);
        }
        self.write(row, &Costs::all(CREDIT), (Cloud::Meridian, account.0, 8));
    }

    /// A tax on what each account was billed on each day.
    fn taxes(&mut self) {
        let billed = std::mem::take(&mut self.billed);
        for ((account, day), (cloud, billed)) in billed {
            if cloud == Cloud::Platform {
                continue;
            }
            let known = (0..TENANTS.len()).map(|place| cloud.account(place)).find(|known| known.0 == account);
            let mut row = account_row(cloud, known.unwrap_or((account, account)));
            at(&mut row, day * 24, day * 24 + 24);
            for (column, cell) in [
                ("ChargeCategory", "Tax"),
                ("ChargeDescription", "Sales tax"),
                ("ChargeFrequency", "Recurring"),
                ("ServiceCategory", "Other"),
                ("ServiceName", "Sales Tax"),
            ] {
                put(&mut row, column, cell);
            }
            let tax = billed / 100 * TAX_PERCENT;
            self.write(row, &Costs { list: 0, contracted: 0, ..Costs::all(tax) }, (cloud, account, day));
        }
    }

    fn write(&mut self, mut row: Row, costs: &Costs, (cloud, account, day): (Cloud, &'static str, i64)) {
        self.billed.entry((account, day)).or_insert((cloud, 0)).1 += costs.billed;
        put(&mut row, "ListCost", decimal(costs.list, 10));
        put(&mut row, "ContractedCost", decimal(costs.contracted, 10));
        put(&mut row, "EffectiveCost", decimal(costs.effective, 10));
        put(&mut row, "BilledCost", decimal(costs.billed, 10));
        debug_assert!(row.keys().all(|column| COLUMNS.contains(column)), "a column that is not in the header");
        for (place, column) in COLUMNS.iter().enumerate() {
            if place > 0 {
                self.bill.text.push(',');
            }
            quote(&mut self.bill.text, row.get(column).map_or("", String::as_str));
        }
        self.bill.text.push('\n');
        self.bill.rows += 1;
    }

    /// A number below the bound, by `SplitMix64`.
    fn below(&mut self, bound: i64) -> i64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.random;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        i64::try_from(word >> 32).unwrap_or(0) % bound
    }
}

fn put(row: &mut Row, column: &'static str, cell: impl Into<String>) {
    row.insert(column, cell.into());
}

fn account_row(cloud: Cloud, (account, name): (&str, &str)) -> Row {
    let cells = [
        ("BillingAccountId", account),
        ("BillingAccountName", name),
        ("BillingAccountType", "Billing Account"),
        ("BillingCurrency", "USD"),
        ("BillingPeriodStart", "2024-09-01T00:00:00Z"),
        ("BillingPeriodEnd", "2024-10-01T00:00:00Z"),
        ("InvoiceIssuerName", cloud.name()),
        ("ProviderName", cloud.name()),
        ("PublisherName", cloud.name()),
    ];
    let mut row: Row = cells.into_iter().map(|(column, cell)| (column, cell.to_owned())).collect();
    put(&mut row, "InvoiceId", format!("{account}-2024-09"));
    row
}

fn offer_cells(row: &mut Row, offer: &Offer, (tenant, name): (&str, &str), resource: i64) {
    let env = if resource < 2 { "prod" } else { "staging" };
    let region = if resource % 2 == 0 { offer.cloud.regions().0 } else { offer.cloud.regions().1 };
    for (column, cell) in [
        ("ChargeCategory", "Usage"),
        ("ChargeFrequency", "Usage-Based"),
        ("ConsumedUnit", offer.unit),
        ("PricingUnit", offer.unit),
        ("RegionId", region.0),
        ("RegionName", region.1),
        ("ResourceType", offer.kind),
        ("ServiceCategory", offer.category),
        ("ServiceName", offer.service),
        ("SkuId", offer.sku),
        ("SubAccountName", name),
        ("SubAccountType", "Account"),
        ("x_Model", offer.model),
        ("x_TenantId", tenant),
    ] {
        put(row, column, cell);
    }
    put(row, "ChargeDescription", format!("{}, per {}", offer.service, offer.unit));
    put(row, "ResourceId", format!("{}/{tenant}/{:02}", offer.sku.to_ascii_lowercase(), resource + 1));
    put(row, "ResourceName", format!("{tenant}-{env}-{:02}", resource + 1));
    put(row, "SkuPriceId", format!("{}-{}", offer.sku, region.0));
    put(row, "SubAccountId", format!("{}-{tenant}", offer.cloud.name().to_ascii_lowercase().replace(' ', "-")));
    put(row, "Tags", format!(r#"{{"team":"{}","env":"{env}"}}"#, offer.team));
    put(row, "ListUnitPrice", decimal(offer.price, 6));
    put(row, "ContractedUnitPrice", decimal(percent(offer.price, CONTRACTED_PERCENT), 6));
}

fn commitment_cells(row: &mut Row, status: &str) {
    for (column, cell) in [
        ("CommitmentDiscountCategory", "Spend"),
        ("CommitmentDiscountId", "plan-2024-compute"),
        ("CommitmentDiscountName", "Compute plan 2024"),
        ("CommitmentDiscountStatus", status),
        ("CommitmentDiscountType", "Compute Plan"),
    ] {
        put(row, column, cell);
    }
}

/// Prices are multiples of 100 millionths, so this is exact.
const fn percent(price: i64, percent: i64) -> i64 {
    price / 100 * percent
}

/// How busy a day is in percent of a Monday. 1 September 2024 was a Sunday.
const fn weekday_percent(rhythm: Rhythm, day: i64) -> i64 {
    match (rhythm, day % 7) {
        (Rhythm::Office, 0) => 58,
        (Rhythm::Office, 6) => 54,
        (Rhythm::Office, 5) => 91,
        (Rhythm::Office, 3) => 106,
        _ => 100,
    }
}

/// Sets the charge period to hours since the month began.
fn at(row: &mut Row, start: i64, end: i64) {
    put(row, "ChargePeriodStart", instant(start));
    put(row, "ChargePeriodEnd", instant(end));
}

fn instant(hours: i64) -> String {
    let (day, hour) = (hours / 24, hours % 24);
    if day < DAYS { format!("2024-09-{:02}T{hour:02}:00:00Z", day + 1) } else { "2024-10-01T00:00:00Z".to_owned() }
}

/// A whole number of 10^-places as text, without zeros at the end.
fn decimal(value: i64, places: u32) -> String {
    let (unit, sign) = (10_u64.pow(places), if value < 0 { "-" } else { "" });
    let magnitude = value.unsigned_abs();
    let (whole, decimals) = (magnitude / unit, magnitude % unit);
    let width = usize::try_from(places).unwrap_or(0);
    let decimals = format!("{decimals:0width$}");
    match decimals.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        decimals => format!("{sign}{whole}.{decimals}"),
    }
}

/// A cell, in quotes where it has to be.
fn quote(text: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n']) {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}
