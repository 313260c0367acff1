//! The JSON form of a rule: flat, with the fields of its method and no others.

mod written;

use super::method::{Base, ByValue, Capacity, Direct, Fallback, FixedAmount, Idle, Method, Share, Tier};
use super::rule::{Rule, Terms};
use super::{CenterId, RuleId};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::{Currency, Money, Quantity};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A rule as JSON has it, before it is known to be in order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    id: RuleId,
    name: String,
    source: Filter,
    method: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Dimension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<TargetForm>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<BaseForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    within: Option<Vec<Dimension>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capacity: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tiers: Option<Vec<TierForm>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback: Option<Fallback>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle: Option<Idle>,
    #[serde(default)]
    order: u32,
    effective_from: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective_to: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default = "all_decimals")]
    decimals: u32,
}

const fn all_decimals() -> u32 {
    Money::SCALE
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Direct,
    Even,
    Weighted,
    Fixed,
    FixedAmount,
    Tiered,
    Proportional,
    Idle,
}

impl Name {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Even => "even",
            Self::Weighted => "weighted",
            Self::Fixed => "fixed",
            Self::FixedAmount => "fixed_amount",
            Self::Tiered => "tiered",
            Self::Proportional => "proportional",
            Self::Idle => "idle",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetForm {
    cost_center: CenterId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Values>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<Quantity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "must be text or a list of texts")]
enum Values {
    One(String),
    Several(Vec<String>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierForm {
    up_to: Option<Money>,
    targets: Vec<TargetForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "must be 'direct_cost' or {\"meter\": \"SLUG\"}")]
enum BaseForm {
    Word(BaseWord),
    Meter(MeterForm),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BaseWord {
    DirectCost,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeterForm {
    meter: String,
}

/// The rule of a form; its fields must be those of its method and no others.
pub(super) fn rule(mut form: Form) -> Result<Rule> {
    foreign(&form)?;
    let method = method(&mut form)?;
    let mut terms = Terms::new(form.id, form.name, form.source, form.effective_from);
    (terms.order, terms.effective_to, terms.decimals) = (form.order, form.effective_to, form.decimals);
    Rule::new(terms, method)
}

/// Refuses fields that the method knows nothing of.
fn foreign(form: &Form) -> Result<()> {
    use Name::{Direct, Even, Fixed, FixedAmount, Idle, Proportional, Tiered, Weighted};
    let (metered, by) = (matches!(form.base, Some(BaseForm::Meter(_))), form.by.is_some());
    let lists = [Direct, Even, Weighted, Fixed, FixedAmount, Proportional];
    let given: [(&str, bool, &[Name]); 9] = [
        ("by", by, &[Direct]),
        ("targets", form.targets.is_some(), &lists),
        ("base", form.base.is_some(), &[Proportional]),
        ("within", form.within.is_some(), &[Proportional, Idle]),
        ("capacity", form.capacity.is_some(), &[Proportional]),
        ("tiers", form.tiers.is_some(), &[Tiered]),
        ("fallback", form.fallback.is_some(), &[Direct, Weighted, FixedAmount, Tiered, Proportional]),
        ("idle", form.idle.is_some(), &[Proportional, Idle]),
        ("currency", form.currency.is_some(), &[FixedAmount, Tiered]),
    ];
    for (field, given, methods) in given {
        if given && !methods.contains(&form.method) {
            return Err(no_place(field, form.method));
        }
    }
    let refuse = |field: &str, message: &str| Err(Error::invalid(field, message));
    match form.method {
        Direct if form.fallback.is_some() && !by => {
            refuse("fallback", "has no place in method 'direct' without 'by': everything goes to one centre")
        }
        Proportional if metered && form.within.is_some() => {
            refuse("within", "has no place in method 'proportional' to a meter: only direct cost is told apart so")
        }
        Proportional if form.capacity.is_some() && !metered => {
            refuse("capacity", "has no place in method 'proportional' but to a meter: name it in 'base'")
        }
        Proportional if form.idle.is_some() && form.capacity.is_none() => {
            refuse("idle", "has no place in method 'proportional' without 'capacity', which says what is idle")
        }
        _ => Ok(()),
    }
}

fn no_place(field: &str, method: Name) -> Error {
    Error::invalid(field, format!("has no place in method '{}': leave it out", method.as_str()))
}

fn missing(field: &str, method: Name) -> Error {
    Error::invalid(field, format!("must be given for method '{}'", method.as_str()))
}

fn method(form: &mut Form) -> Result<Method> {
    let name = form.method;
    let fallback = form.fallback.unwrap_or_default();
    let required = |given: Option<Vec<TargetForm>>| given.ok_or_else(|| missing("targets", name));
    let currency = form.currency.ok_or_else(|| missing("currency", name));
    Ok(match name {
        Name::Direct => Method::Direct(direct(form.by.take(), form.targets.take(), fallback)?),
        Name::Even => Method::Even(bare(name, required(form.targets.take())?)?),
        Name::Weighted => {
            let targets = each("targets", name, required(form.targets.take())?, "weight", |target| target.weight)?;
            Method::Weighted { targets: shares(targets), fallback }
        }
        Name::Fixed => {
            let targets = each("targets", name, required(form.targets.take())?, "percent", |target| target.percent)?;
            Method::Fixed(shares(targets))
        }
        Name::FixedAmount => {
            let targets = each("targets", name, required(form.targets.take())?, "amount", |target| target.amount)?;
            let amount = |(cost_center, amount)| FixedAmount { cost_center, amount };
            Method::FixedAmount { targets: targets.into_iter().map(amount).collect(), currency: currency?, fallback }
        }
        Name::Tiered => {
            let tiers = form.tiers.take().ok_or_else(|| missing("tiers", name))?;
            let tier = |(at, tier): (usize, TierForm)| {
                let field = format!("tiers[{at}].targets");
                let targets = each(&field, name, tier.targets, "percent", |target| target.percent)?;
                Ok(Tier { up_to: tier.up_to, targets: shares(targets) })
            };
            let tiers = tiers.into_iter().enumerate().map(tier).collect::<Result<_>>()?;
            Method::Tiered { tiers, currency: currency?, fallback }
        }
        Name::Proportional => {
            let targets = form.targets.take().map(|targets| bare(name, targets)).transpose()?;
            let idle = form.idle.unwrap_or_default();
            let base = match form.base.take() {
                Some(BaseForm::Meter(MeterForm { meter })) => {
                    let capacity = form.capacity.map(|quantity| Capacity { quantity, idle });
                    Base::Meter { meter, capacity }
                }
                Some(BaseForm::Word(BaseWord::DirectCost)) | None => {
                    Base::DirectCost { within: form.within.take().unwrap_or_default() }
                }
            };
            Method::Proportional { base, targets, fallback }
        }
        Name::Idle => {
            Method::Idle { within: form.within.take().unwrap_or_default(), idle: form.idle.unwrap_or_default() }
        }
    })
}

fn direct(by: Option<Dimension>, targets: Option<Vec<TargetForm>>, fallback: Fallback) -> Result<Direct> {
    let targets = targets.map(|targets| {
        let value = |target: &mut TargetForm| target.value.take();
        if by.is_none() {
            return bare(Name::Direct, targets)
                .map(|centers| centers.into_iter().map(|center| (center, None)).collect());
        }
        let valued = each_mut("targets", Name::Direct, targets, "value", value)?;
        Ok(valued.into_iter().map(|(center, value)| (center, Some(value))).collect::<Vec<_>>())
    });
    let targets: Option<Vec<(CenterId, Option<Values>)>> = targets.transpose()?;
    let Some(by) = by else {
        return match targets.as_deref() {
            Some([(center, _)]) => Ok(Direct::To(*center)),
            _ => Err(Error::invalid("targets", "must be one centre in method 'direct', or name a dimension in 'by'")),
        };
    };
    let by_value = |(cost_center, values)| {
        let values = match values {
            Some(Values::One(value)) => vec![value],
            Some(Values::Several(values)) => values,
            None => Vec::new(),
        };
        ByValue { cost_center, values }
    };
    // An empty list would otherwise mean the same as none, which maps values to ids and names.
    if targets.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::invalid("targets", "must name at least one centre, or be left out: then values are names"));
    }
    Ok(Direct::By { by, targets: targets.into_iter().flatten().map(by_value).collect(), fallback })
}

fn shares(targets: Vec<(CenterId, Quantity)>) -> Vec<Share> {
    targets.into_iter().map(|(cost_center, share)| Share { cost_center, share }).collect()
}

/// Targets that say nothing but who.
fn bare(method: Name, targets: Vec<TargetForm>) -> Result<Vec<CenterId>> {
    let check = |(at, target): (usize, TargetForm)| match stray("targets", at, method, &target, "") {
        Some(error) => Err(error),
        None => Ok(target.cost_center),
    };
    targets.into_iter().enumerate().map(check).collect()
}

/// Targets that each say one thing beside who.
fn each<T>(
    list: &str,
    method: Name,
    targets: Vec<TargetForm>,
    field: &str,
    read: impl Fn(&TargetForm) -> Option<T>,
) -> Result<Vec<(CenterId, T)>> {
    each_mut(list, method, targets, field, |target| read(target))
}

fn each_mut<T>(
    list: &str,
    method: Name,
    targets: Vec<TargetForm>,
    field: &str,
    read: impl Fn(&mut TargetForm) -> Option<T>,
) -> Result<Vec<(CenterId, T)>> {
    let check = |(at, mut target): (usize, TargetForm)| match stray(list, at, method, &target, field) {
        Some(error) => Err(error),
        None => match read(&mut target) {
            Some(value) => Ok((target.cost_center, value)),
            None => Err(missing(&format!("{list}[{at}].{field}"), method)),
        },
    };
    targets.into_iter().enumerate().map(check).collect()
}

/// The error of the first field of a target that is not the one that the method wants.
fn stray(list: &str, at: usize, method: Name, target: &TargetForm, wanted: &str) -> Option<Error> {
    let given = [
        ("value", target.value.is_some()),
        ("weight", target.weight.is_some()),
        ("percent", target.percent.is_some()),
        ("amount", target.amount.is_some()),
    ];
    let stray = given.into_iter().find(|(field, given)| *given && *field != wanted);
    stray.map(|(field, _)| no_place(&format!("{list}[{at}].{field}"), method))
}

impl TryFrom<Form> for Rule {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self> {
        rule(form)
    }
}
