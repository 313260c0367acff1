//! The columns of a charge: the 65 of FOCUS 1.4 "Cost and Usage", then our own dimensions.
//!
//! One list makes everything that depends on columns: the enum [`ChargeColumn`], its facts, and the row type
//! [`Charge`](super::Charge). Our own dimensions are custom columns in the sense of FOCUS, hence their `x_` names.

use super::Charge;
use super::version::FocusVersion;
use crate::model::money::{Money, Quantity};
use crate::model::time::Stamp;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Free text.
    Text,
    /// One of a closed list of words.
    Word(&'static [&'static str]),
    /// An ISO 4217 code, or a virtual currency where FOCUS allows one.
    Currency,
    /// An amount in the row's billing currency.
    Money,
    /// A count, a volume, a price per unit or an amount in the pricing currency.
    Quantity,
    /// An instant.
    Time,
    /// A JSON object, kept as text.
    Json,
}

impl ColumnKind {
    /// Whether cells of this kind are exact decimals.
    pub const fn is_decimal(self) -> bool {
        matches!(self, Self::Money | Self::Quantity)
    }
}

/// The Rust type of a cell of a [`Charge`], by the kind of its column.
macro_rules! cell_type {
    (Money) => {
        Money
    };
    (Quantity) => {
        Quantity
    };
    (Time) => {
        Stamp
    };
    ($text:ident) => {
        String
    };
}

macro_rules! column_kind {
    (Word $($word:literal)+) => { ColumnKind::Word(&[$($word),+]) };
    ($kind:ident) => { ColumnKind::$kind };
}

macro_rules! since {
    (OURS) => {
        None
    };
    ($version:ident) => {
        Some(FocusVersion::$version)
    };
}

macro_rules! charge_columns {
    ($( $column:ident $name:literal $field:ident $kind:ident $([$($word:literal),+])? since $version:ident : $doc:literal; )+) => {
        /// A column of a charge.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ChargeColumn {
            $( #[doc = $doc] $column, )+
        }

        impl ChargeColumn {
            /// Every column, FOCUS first and alphabetically, then our own.
            pub const ALL: &'static [Self] = &[$( Self::$column ),+];

            /// The name in files: `BilledCost`, `x_TenantId`.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$column => $name, )+ }
            }

            /// The name as a field of our API: `billed_cost`, `tenant_id`.
            pub const fn field(self) -> &'static str {
                match self { $( Self::$column => stringify!($field), )+ }
            }

            /// What its cells hold.
            pub const fn kind(self) -> ColumnKind {
                match self { $( Self::$column => column_kind!($kind $($($word)+)?), )+ }
            }

            /// The FOCUS version that brought it; none for our own dimensions.
            pub const fn introduced(self) -> Option<FocusVersion> {
                match self { $( Self::$column => since!($version), )+ }
            }
        }

        charge_row! { $( $field $kind $doc; )+ }
    };
}

macro_rules! charge_row {
    ($( $field:ident $kind:ident $doc:literal; )+) => {
        impl Charge {
            /// The cells of the row in the order of [`ChargeColumn::ALL`].
            pub(crate) fn cells(&self) -> Vec<Cell<'_>> {
                vec![$( Cell::from(&self.$field) ),+]
            }
        }

        /// The row type, with a field for each column.
        pub(super) mod row {
            use super::{Money, Quantity, Stamp};

            /// A charge: a row of a cloud bill or of rated usage, with the columns of FOCUS 1.4 and our dimensions.
            ///
            /// A cell is `None` where nothing is known: unknown is not zero. A charge is never edited; what
            /// corrects it is a charge of its own.
            ///
            /// ```
            /// use finops_core::model::charge::Charge;
            ///
            /// let charge = Charge {
            ///     billed_cost: Some("12.5".parse()?),
            ///     billing_currency: Some("USD".into()),
            ///     tenant_id: Some("ten_001".into()),
            ///     ..Charge::default()
            /// };
            /// assert_eq!(charge.effective_cost, None);
            /// # Ok::<(), finops_core::Error>(())
            /// ```
            #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct Charge {
                $( #[doc = $doc] pub $field: Option<cell_type!($kind)>, )+
            }
        }
    };
}

/// A cell of a [`Charge`] on its way into a table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// Text, a word, a currency or JSON.
    Text(Option<&'a str>),
    /// The mantissa of a decimal at scale 18.
    Decimal(Option<i128>),
    /// Microseconds since 1970.
    Time(Option<i64>),
}

impl<'a> From<&'a Option<String>> for Cell<'a> {
    fn from(cell: &'a Option<String>) -> Self {
        Self::Text(cell.as_deref())
    }
}

impl From<&Option<Money>> for Cell<'_> {
    fn from(cell: &Option<Money>) -> Self {
        Self::Decimal(cell.map(Money::mantissa))
    }
}

impl From<&Option<Quantity>> for Cell<'_> {
    fn from(cell: &Option<Quantity>) -> Self {
        Self::Decimal(cell.map(Quantity::mantissa))
    }
}

impl From<&Option<Stamp>> for Cell<'_> {
    fn from(cell: &Option<Stamp>) -> Self {
        Self::Time(cell.map(Stamp::micros))
    }
}

charge_columns! {
    AllocatedMethodDetails "AllocatedMethodDetails" allocated_method_details Json since V1_3: "How a shared cost was split, in detail.";
    AllocatedMethodId "AllocatedMethodId" allocated_method_id Text since V1_3: "The method by which a shared cost was split.";
    AllocatedResourceId "AllocatedResourceId" allocated_resource_id Text since V1_3: "The resource that a split cost is given to.";
    AllocatedResourceName "AllocatedResourceName" allocated_resource_name Text since V1_3: "The display name of that resource.";
    AllocatedTags "AllocatedTags" allocated_tags Json since V1_3: "The tags of that resource.";
    AvailabilityZone "AvailabilityZone" availability_zone Text since V1_0: "The isolated zone within the region.";
    BilledCost "BilledCost" billed_cost Money since V1_0: "What is invoiced: all discounts in, amortization out.";
    BillingAccountId "BillingAccountId" billing_account_id Text since V1_0: "The account that the invoice goes to.";
    BillingAccountName "BillingAccountName" billing_account_name Text since V1_0: "The display name of the billing account.";
    BillingAccountType "BillingAccountType" billing_account_type Text since V1_2: "The provider's word for that kind of account.";
    BillingCurrency "BillingCurrency" billing_currency Currency since V1_0: "The currency of every cost in the row.";
    BillingPeriodEnd "BillingPeriodEnd" billing_period_end Time since V1_0: "When the invoice's period ends, exclusive.";
    BillingPeriodStart "BillingPeriodStart" billing_period_start Time since V1_0: "When the invoice's period starts.";
    CapacityReservationId "CapacityReservationId" capacity_reservation_id Text since V1_1: "The capacity reservation behind the charge.";
    CapacityReservationStatus "CapacityReservationStatus" capacity_reservation_status Word ["Used", "Unused"] since V1_1: "Whether that reservation was used.";
    ChargeCategory "ChargeCategory" charge_category Word ["Usage", "Purchase", "Tax", "Credit", "Adjustment"] since V1_0: "What sort of charge it is.";
    ChargeClass "ChargeClass" charge_class Word ["Correction"] since V1_0: "Set when the row corrects an invoiced period.";
    ChargeDescription "ChargeDescription" charge_description Text since V1_0: "The charge in the provider's words.";
    ChargeFrequency "ChargeFrequency" charge_frequency Word ["One-Time", "Recurring", "Usage-Based"] since V1_0: "How often such a charge comes.";
    ChargePeriodEnd "ChargePeriodEnd" charge_period_end Time since V1_0: "When the charged time ends, exclusive.";
    ChargePeriodStart "ChargePeriodStart" charge_period_start Time since V1_0: "When the charged time starts: the instant that a cost query places the row at.";
    CommitmentDiscountCategory "CommitmentDiscountCategory" commitment_discount_category Word ["Spend", "Usage"] since V1_0: "Whether a commitment is to spend or to use.";
    CommitmentDiscountId "CommitmentDiscountId" commitment_discount_id Text since V1_0: "The commitment behind the discount.";
    CommitmentDiscountName "CommitmentDiscountName" commitment_discount_name Text since V1_0: "The display name of the commitment.";
    CommitmentDiscountQuantity "CommitmentDiscountQuantity" commitment_discount_quantity Quantity since V1_1: "How much of the commitment the row bought or used.";
    CommitmentDiscountStatus "CommitmentDiscountStatus" commitment_discount_status Word ["Used", "Unused"] since V1_0: "Whether that part of the commitment was used.";
    CommitmentDiscountType "CommitmentDiscountType" commitment_discount_type Text since V1_0: "The provider's word for that kind of commitment.";
    CommitmentDiscountUnit "CommitmentDiscountUnit" commitment_discount_unit Text since V1_1: "The unit of the commitment's quantity.";
    CommitmentProgramEligibilityDetails "CommitmentProgramEligibilityDetails" commitment_program_eligibility_details Json since V1_4: "The commitment programs that could have covered the charge.";
    ConsumedQuantity "ConsumedQuantity" consumed_quantity Quantity since V1_0: "How much was used, as metered.";
    ConsumedUnit "ConsumedUnit" consumed_unit Text since V1_0: "The unit of what was used.";
    ContractApplied "ContractApplied" contract_applied Json since V1_3: "The contract terms that shaped the price.";
    ContractedCost "ContractedCost" contracted_cost Money since V1_0: "Contracted unit price times pricing quantity.";
    ContractedUnitPrice "ContractedUnitPrice" contracted_unit_price Quantity since V1_0: "The agreed price of a pricing unit.";
    EffectiveCost "EffectiveCost" effective_cost Money since V1_0: "The amortized cost after all discounts.";
    HostProviderName "HostProviderName" host_provider_name Text since V1_3: "Who runs the infrastructure underneath.";
    InvoiceDetailId "InvoiceDetailId" invoice_detail_id Text since V1_4: "The line of the invoice that the row is part of.";
    InvoiceId "InvoiceId" invoice_id Text since V1_2: "The invoice that the row is part of.";
    InvoiceIssuerName "InvoiceIssuerName" invoice_issuer_name Text since V1_0: "Who sends the invoice.";
    ListCost "ListCost" list_cost Money since V1_0: "List unit price times pricing quantity.";
    ListUnitPrice "ListUnitPrice" list_unit_price Quantity since V1_0: "The public price of a pricing unit.";
    PricingCategory "PricingCategory" pricing_category Word ["Standard", "Dynamic", "Committed", "Other"] since V1_0: "The pricing model at work.";
    PricingCurrency "PricingCurrency" pricing_currency Currency since V1_2: "The currency or token that prices are stated in.";
    PricingCurrencyContractedUnitPrice "PricingCurrencyContractedUnitPrice" pricing_currency_contracted_unit_price Quantity since V1_2: "The agreed unit price in the pricing currency.";
    PricingCurrencyEffectiveCost "PricingCurrencyEffectiveCost" pricing_currency_effective_cost Quantity since V1_2: "The effective cost in the pricing currency.";
    PricingCurrencyListUnitPrice "PricingCurrencyListUnitPrice" pricing_currency_list_unit_price Quantity since V1_2: "The public unit price in the pricing currency.";
    PricingQuantity "PricingQuantity" pricing_quantity Quantity since V1_0: "How many pricing units were charged.";
    PricingUnit "PricingUnit" pricing_unit Text since V1_0: "The unit that prices are per.";
    RegionId "RegionId" region_id Text since V1_0: "The region's identifier.";
    RegionName "RegionName" region_name Text since V1_0: "The region's display name.";
    ResourceId "ResourceId" resource_id Text since V1_0: "The resource that was charged for.";
    ResourceName "ResourceName" resource_name Text since V1_0: "The resource's display name.";
    ResourceType "ResourceType" resource_type Text since V1_0: "The kind of resource.";
    ServiceCategory "ServiceCategory" service_category Text since V1_0: "The broad purpose of the service.";
    ServiceName "ServiceName" service_name Text since V1_0: "The service that was bought.";
    ServiceProviderName "ServiceProviderName" service_provider_name Text since V1_3: "Who sells the service.";
    ServiceSubcategory "ServiceSubcategory" service_subcategory Text since V1_1: "The narrower purpose of the service.";
    SkuId "SkuId" sku_id Text since V1_0: "The item of the price list.";
    SkuMeter "SkuMeter" sku_meter Text since V1_1: "What of the item is metered.";
    SkuPriceDetails "SkuPriceDetails" sku_price_details Json since V1_1: "The properties that select the price.";
    SkuPriceId "SkuPriceId" sku_price_id Text since V1_0: "The price within the item.";
    SubAccountId "SubAccountId" sub_account_id Text since V1_0: "The account within the billing account.";
    SubAccountName "SubAccountName" sub_account_name Text since V1_0: "The display name of the sub account.";
    SubAccountType "SubAccountType" sub_account_type Text since V1_2: "The provider's word for that kind of sub account.";
    Tags "Tags" tags Json since V1_0: "The tags of the resource, as a JSON object.";

    Cluster "x_Cluster" cluster Text since OURS: "The Kubernetes cluster.";
    ComponentId "x_ComponentId" component_id Text since OURS: "The component of the platform.";
    CostCenterId "x_CostCenterId" cost_center_id Text since OURS: "The cost centre.";
    Model "x_Model" model Text since OURS: "The AI model that was called.";
    Namespace "x_Namespace" namespace Text since OURS: "The Kubernetes namespace.";
    OrganizationId "x_OrganizationId" organization_id Text since OURS: "The organization.";
    Rail "x_Rail" rail Text since OURS: "The rail (product line) of the platform.";
    Resource "x_Resource" resource Text since OURS: "The metered resource, such as `api_calls`.";
    ResourceGroupId "x_ResourceGroupId" resource_group_id Text since OURS: "The resource group.";
    TeamId "x_TeamId" team_id Text since OURS: "The team.";
    TenantId "x_TenantId" tenant_id Text since OURS: "The tenant.";
    UserId "x_UserId" user_id Text since OURS: "The user.";
    Workflow "x_Workflow" workflow Text since OURS: "The workflow.";
    WorkspaceId "x_WorkspaceId" workspace_id Text since OURS: "The tenant's workspace.";
}

impl ChargeColumn {
    /// How many columns there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The column of that file name, exactly as FOCUS spells it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.name() == name)
    }

    /// The column of that API field.
    pub fn from_field(field: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.field() == field)
    }

    /// Where the column stands in [`ChargeColumn::ALL`].
    #[allow(clippy::as_conversions, reason = "the discriminant of a fieldless enum")]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether a row without a value here cannot be accounted for at all, and is quarantined.
    pub const fn is_essential(self) -> bool {
        matches!(
            self,
            Self::BilledCost
                | Self::BillingAccountId
                | Self::BillingCurrency
                | Self::BillingPeriodStart
                | Self::BillingPeriodEnd
                | Self::ChargePeriodStart
                | Self::ChargePeriodEnd
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_names_and_fields_lead_back() {
        for (index, column) in ChargeColumn::ALL.iter().copied().enumerate() {
            assert_eq!(column.index(), index);
            assert_eq!(ChargeColumn::from_name(column.name()), Some(column));
            assert_eq!(ChargeColumn::from_field(column.field()), Some(column));
        }
    }

    #[test]
    fn focus_1_4_has_65_columns_and_custom_ones_are_marked() {
        let (focus, own): (Vec<ChargeColumn>, Vec<ChargeColumn>) =
            ChargeColumn::ALL.iter().partition(|column| column.introduced().is_some());
        assert_eq!(focus.len(), 65);
        assert!(own.iter().all(|column| column.name().starts_with("x_")));
    }
}
