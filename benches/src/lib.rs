//! What the benchmarks share: a bill that is the same in every run.

use std::fmt::Write;

/// The header of [`bill`].
const HEADER: &str = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,\
BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,\
ConsumedQuantity,ConsumedUnit,ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,\
ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceType,ServiceCategory,ServiceName,SkuId,SubAccountId,\
Tags,x_TenantId";

const SERVICES: [(&str, &str, &str); 8] = [
    ("Elastic Compute", "Compute", "virtual machine"),
    ("Object Storage", "Storage", "bucket"),
    ("Managed Postgres", "Databases", "database"),
    ("Message Queue", "Integration", "queue"),
    ("Edge Delivery", "Networking", "zone"),
    ("LLM Inference", "AI and Machine Learning", "model endpoint"),
    ("Container Platform", "Compute", "cluster"),
    ("Log Analytics", "Management and Governance", "workspace"),
];

/// A bill of September 2024 in CSV: 32 columns, four cost columns with up to ten decimals, tags in JSON.
///
/// ```
/// let bill = finops_benches::bill(1_000);
/// assert_eq!(bill.lines().count(), 1_001);
/// assert_eq!(bill, finops_benches::bill(1_000));
/// ```
pub fn bill(rows: u32) -> String {
    let mut text = String::with_capacity(600 * (usize::try_from(rows).unwrap_or(0) + 1));
    text.push_str(HEADER);
    text.push('\n');
    let mut state = 20_240_901_u64;
    for row in 0..rows {
        let random = next(&mut state);
        let pick = |of: u64, shift: u32| (random >> shift) % of;
        let place = usize::try_from(pick(8, 0)).unwrap_or(0);
        let (service, category, kind) = SERVICES.get(place).copied().unwrap_or_default();
        let (account, tenant, team) = (pick(3, 8), pick(40, 12), pick(9, 20));
        let (resource, region) = (pick(2_000, 28), pick(5, 44));
        let day = u64::from(row) * 30 / u64::from(rows.max(1)) + 1;
        let hour = pick(24, 50);
        let list = next(&mut state) % 40_000_000_000;
        let (billed, effective) = (list / 10 * 8, list / 10 * 7);
        let quantity = list / 300_000_000 + 1;
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{},acct-{account},Account {account},USD,2024-10-01T00:00:00Z,2024-09-01T00:00:00Z,Usage,,\
             \"{service}, by the hour\",Usage-Based,\
             2024-09-{day:02}T{hour:02}:59:59Z,2024-09-{day:02}T{hour:02}:00:00Z,\
             {quantity},Hours,{},{},Cloud,{},{quantity},Hours,Cloud,Cloud,region-{region},Region {region},\
             res-{resource:06},{kind},{category},{service},SKU-{place}-{region},sub-{account}-{team},\
             \"{{\"\"team\"\":\"\"team-{team}\"\",\"\"env\"\":\"\"prod\"\"}}\",ten_{tenant:03}",
            amount(billed),
            amount(billed),
            amount(effective),
            amount(list),
        );
    }
    text
}

/// A number of 10^-10 as text.
fn amount(value: u64) -> String {
    format!("{}.{:010}", value / 10_000_000_000, value % 10_000_000_000)
}

/// `SplitMix64`.
pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}
