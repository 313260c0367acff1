//! Spends as they are asked for in JSON.

use super::ReservationId;
use super::spending::{DEFAULT_TTL, SpendTerms};
use crate::engine::Finops;
use crate::engine::params::parse;
use crate::model::dimension::BuiltIn;
use crate::model::money::{Currency, Money, Quantity};
use crate::pipeline::gate::Spend;
use crate::{Error, ErrorCode, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest time that an amount can be held, in seconds: a week.
const MAX_TTL_SECONDS: i64 = 7 * 24 * 3600;

/// What becomes of a spend whose price is not known. Unknown is not zero: unless somebody says otherwise, it is
/// refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPrice {
    /// It is refused.
    #[default]
    Deny,
    /// It is let through, and nothing is held; what it came to is settled.
    Allow,
    /// So much is held instead: `{"estimate": "0.05"}`.
    Estimate(Money),
}

/// The reservation that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct ReservationKey {
    pub(in crate::engine) reservation_id: ReservationId,
}

impl ReservationKey {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["reservation_id"];
}

/// The reservation that is meant, and what it came to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct SettleRequest {
    pub(in crate::engine) reservation_id: ReservationId,
    pub(in crate::engine) amount: Money,
}

impl SettleRequest {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["reservation_id", "amount"];
}

macro_rules! spend_request {
    ($( $field:ident $dimension:ident $doc:literal; )+) => {
        /// A spend: how much, and for whom or what. Budgets cover it by the same values that its charge will have.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct SpendRequest {
            /// What it costs or may cost at most, 0 or more; none when that is not known.
            pub amount: Option<Money>,
            /// The currency of the amount; by default that of the engine.
            pub currency: Option<Currency>,
            /// What happens when the amount is not known.
            pub on_unknown: UnknownPrice,
            $( #[doc = $doc] pub $field: Option<String>, )+
            /// The tags that its charge will have.
            pub tags: BTreeMap<String, String>,
            /// For how many seconds a reservation holds, above 0, at most a week; by default 300.
            pub ttl_seconds: Option<Quantity>,
            /// The id of a reservation, where the caller makes it: the same id again gets the same answer.
            pub id: Option<ReservationId>,
        }

        impl SpendRequest {
            /// The fields of a check.
            pub(in crate::engine) const CHECKED: &'static [&'static str] =
                &["amount", "currency", "on_unknown", $( stringify!($field), )+ "tags"];
            /// The fields of a reservation.
            pub(in crate::engine) const FIELDS: &'static [&'static str] =
                &["amount", "currency", "on_unknown", $( stringify!($field), )+ "tags", "ttl_seconds", "id"];

            /// Says what it is for by the name of a field above, such as `tenant_id`. Gives whether there is such a
            /// field of ids.
            pub fn set_id(&mut self, field: &str, id: String) -> bool {
                match field {
                    $( stringify!($field) => self.$field = Some(id), )+
                    _ => return false,
                }
                true
            }

            /// What it is for, in the order of dimensions.
            fn ids(&self) -> Vec<(BuiltIn, &str)> {
                let mut ids: Vec<(BuiltIn, &str)> = Vec::new();
                $( ids.extend(self.$field.as_deref().map(|id| (BuiltIn::$dimension, id))); )+
                ids.sort_unstable_by_key(|(dimension, _)| *dimension);
                ids
            }
        }
    };
}

spend_request! {
    tenant_id Tenant "The tenant.";
    workspace_id Workspace "The tenant's workspace.";
    rail Rail "The product line.";
    resource Resource "The metered resource, such as `api_calls`.";
    provider Provider "Who sells the service.";
    organization_id Organization "The organization.";
    user_id User "The user.";
    service Service "The provider's service.";
    service_category ServiceCategory "The broad purpose of the service.";
    resource_type ResourceType "The kind of resource.";
    resource_id ResourceId "The resource.";
    region Region "The region.";
    sub_account SubAccount "The account within the billing account.";
    cluster Cluster "The Kubernetes cluster.";
    namespace Namespace "The Kubernetes namespace.";
    component_id Component "The component.";
    team_id Team "The team.";
    cost_center_id CostCenter "The cost centre.";
    resource_group_id ResourceGroup "The resource group.";
    model Model "The AI model.";
    workflow Workflow "The workflow.";
}

impl SpendRequest {
    /// So much, for nobody in particular yet.
    pub fn new(amount: Money) -> Self {
        Self { amount: Some(amount), ..Self::default() }
    }

    /// A spend as `budgets.reserve` takes it.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn from_json(params: Value) -> Result<Self> {
        parse(params)
    }

    /// The amount to be held; none where the spend is to be refused because it is not known.
    pub(super) fn amount(&self) -> Result<Option<Money>> {
        let amount = match (self.amount, self.on_unknown) {
            (Some(amount), _) | (None, UnknownPrice::Estimate(amount)) => amount,
            (None, UnknownPrice::Deny) => return Ok(None),
            (None, UnknownPrice::Allow) => Money::ZERO,
        };
        if amount.is_negative() {
            return Err(Error::invalid("amount", format!("must be 0 or more, got {amount}")));
        }
        Ok(Some(amount))
    }

    /// Refuses what only a reservation has.
    pub(super) fn check_only(&self) -> Result<()> {
        let field = if self.ttl_seconds.is_some() { "ttl_seconds" } else { "id" };
        if self.ttl_seconds.is_some() || self.id.is_some() {
            return Err(Error::invalid(field, "has no place in a check, which holds nothing: leave it out"));
        }
        Ok(())
    }

    pub(super) fn terms(&self) -> Result<SpendTerms> {
        let Some(seconds) = self.ttl_seconds else { return Ok(SpendTerms { ttl: DEFAULT_TTL, id: self.id }) };
        let wrong = || {
            let message = format!("must be above 0 and at most {MAX_TTL_SECONDS}, which is a week, got {seconds}");
            Error::invalid("ttl_seconds", message)
        };
        // A quantity has 18 decimals, a microsecond 6.
        let micros = u64::try_from(seconds.mantissa() / 1_000_000_000_000).map_err(|_| wrong())?;
        if micros == 0 || seconds > Quantity::from_units(MAX_TTL_SECONDS) {
            return Err(wrong());
        }
        Ok(SpendTerms { ttl: Duration::from_micros(micros), id: self.id })
    }

    /// Calls with the spend of so much.
    pub(super) fn with_spend<T>(
        &self,
        finops: &Finops,
        amount: Money,
        call: impl FnOnce(&Spend<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut ids = self.ids();
        let own = finops.own_ids();
        for (dimension, id) in &own {
            if !ids.iter().any(|(given, _)| given == dimension) {
                ids.push((*dimension, id));
            }
        }
        ids.sort_unstable_by_key(|(dimension, _)| *dimension);
        let tags: Vec<(&str, &str)> = self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let currency = self.currency.unwrap_or(finops.currency);
        call(&Spend { ids: &ids, tags: &tags, amount, currency })
    }
}

impl Finops {
    /// What every spend of a narrowed handle is for.
    fn own_ids(&self) -> Vec<(BuiltIn, &str)> {
        let Some(access) = self.access() else { return Vec::new() };
        let own = [
            (BuiltIn::Tenant, access.tenant_id()),
            (BuiltIn::Organization, access.organization_id()),
            (BuiltIn::User, access.narrowed_user()),
        ];
        own.into_iter().filter_map(|(dimension, id)| Some((dimension, id?))).collect()
    }

    /// Refuses a spend that is not this handle's.
    pub(super) fn check_own(&self, spend: &Spend<'_>) -> Result<()> {
        if self.access().is_none() {
            return Ok(());
        }
        for (dimension, own) in self.own_ids() {
            if !spend.ids.contains(&(dimension, own)) {
                let message = format!("must be '{own}' on this handle");
                let field = dimension.named_keys().map_or(dimension.as_str(), |(field, _)| field);
                return Err(Error::new(ErrorCode::Forbidden, message).with_field(field));
            }
        }
        Ok(())
    }
}
