//! The JSON form of a price: flat, with the numbers of its model under the names of that model.

use super::matrix::{Matrix, MatrixCell, MissingCell};
use super::model::{Package, Percentage, PriceModel, Tier};
use super::terms::{LineRounding, OnChange, Scope, Terms, UnitConversion};
use super::version::Price;
use crate::model::id::{self, Id};
use crate::model::money::{Currency, Money, Quantity, Rounding};
use crate::model::time::Stamp;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A price as JSON has it, before it is known to be in order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Id<id::Price>>,
    #[serde(default = "first")]
    revision: u32,
    meter: String,
    model: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit_price: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tiers: Option<Vec<Tier>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<Package>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percentage: Option<Percentage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matrix: Option<MatrixForm>,
    currency: Currency,
    effective_from: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective_to: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum: Option<Money>,
    #[serde(default, skip_serializing_if = "is_zero")]
    included: Quantity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversion: Option<UnitConversion>,
    #[serde(default, skip_serializing_if = "is_zero")]
    usage_discount: Quantity,
    #[serde(default)]
    rounding: LineRounding,
    #[serde(default = "yes")]
    first_tier_flat_at_zero: bool,
    #[serde(default)]
    on_change: OnChange,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    PerUnit,
    Flat,
    #[serde(alias = "graduated")]
    Tiered,
    Volume,
    Package,
    Percentage,
    Matrix,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatrixForm {
    dimensions: Vec<String>,
    cells: Vec<MatrixCell>,
    #[serde(default)]
    missing: MissingCell,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "must be 'exact', 'currency' or {\"decimals\": 2, \"mode\": \"half_up\"}")]
enum RoundingForm {
    Word(RoundingWord),
    Decimals(Decimals),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoundingWord {
    Exact,
    Currency,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decimals {
    decimals: u32,
    mode: Rounding,
}

impl Serialize for LineRounding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match *self {
            Self::Exact => RoundingForm::Word(RoundingWord::Exact),
            Self::Currency => RoundingForm::Word(RoundingWord::Currency),
            Self::Decimals { decimals, mode } => RoundingForm::Decimals(Decimals { decimals, mode }),
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LineRounding {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match RoundingForm::deserialize(deserializer)? {
            RoundingForm::Word(RoundingWord::Exact) => Self::Exact,
            RoundingForm::Word(RoundingWord::Currency) => Self::Currency,
            RoundingForm::Decimals(Decimals { decimals, mode }) => Self::Decimals { decimals, mode },
        })
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(quantity: &Quantity) -> bool {
    quantity.is_zero()
}

const fn first() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

/// The price of a form; the numbers must be those of its model and no others.
pub(super) fn price(form: Form) -> Result<Price> {
    let model = model(&form)?;
    let mut terms = Terms::new(form.meter, form.currency, form.effective_from);
    terms.id = form.id;
    terms.revision = form.revision;
    terms.effective_to = form.effective_to;
    terms.scope = form.scope;
    terms.minimum = form.minimum;
    terms.maximum = form.maximum;
    terms.included = form.included;
    terms.conversion = form.conversion;
    terms.usage_discount = form.usage_discount;
    terms.rounding = form.rounding;
    terms.first_tier_flat_at_zero = form.first_tier_flat_at_zero;
    terms.on_change = form.on_change;
    Price::new(terms, model)
}

fn model(form: &Form) -> Result<PriceModel> {
    let name = form.model;
    let given = [
        ("unit_price", form.unit_price.is_some(), [Name::PerUnit, Name::Flat]),
        ("tiers", form.tiers.is_some(), [Name::Tiered, Name::Volume]),
        ("package", form.package.is_some(), [Name::Package; 2]),
        ("percentage", form.percentage.is_some(), [Name::Percentage; 2]),
        ("matrix", form.matrix.is_some(), [Name::Matrix; 2]),
    ];
    for (field, given, models) in given {
        if models.contains(&name) != given {
            let message =
                if given { "has no place in this model: leave it out" } else { "must be given for this model" };
            return Err(Error::invalid(field, message));
        }
    }
    let missing = || Error::invalid("model", "lacks its numbers");
    Ok(match name {
        Name::PerUnit => PriceModel::PerUnit(form.unit_price.ok_or_else(missing)?),
        Name::Flat => PriceModel::Flat(form.unit_price.ok_or_else(missing)?),
        Name::Tiered => PriceModel::Tiered(form.tiers.clone().ok_or_else(missing)?),
        Name::Volume => PriceModel::Volume(form.tiers.clone().ok_or_else(missing)?),
        Name::Package => PriceModel::Package(form.package.ok_or_else(missing)?),
        Name::Percentage => PriceModel::Percentage(form.percentage.ok_or_else(missing)?),
        Name::Matrix => {
            let matrix = form.matrix.as_ref().ok_or_else(missing)?;
            PriceModel::Matrix(Matrix::new(matrix.dimensions.clone(), matrix.cells.clone(), matrix.missing)?)
        }
    })
}

impl TryFrom<Form> for Price {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self> {
        price(form)
    }
}

impl From<Price> for Form {
    fn from(price: Price) -> Self {
        let (terms, model) = price.into_parts();
        let mut form = Self {
            id: terms.id,
            revision: terms.revision,
            meter: terms.meter,
            model: Name::PerUnit,
            unit_price: None,
            tiers: None,
            package: None,
            percentage: None,
            matrix: None,
            currency: terms.currency,
            effective_from: terms.effective_from,
            effective_to: terms.effective_to,
            scope: terms.scope,
            minimum: terms.minimum,
            maximum: terms.maximum,
            included: terms.included,
            conversion: terms.conversion,
            usage_discount: terms.usage_discount,
            rounding: terms.rounding,
            first_tier_flat_at_zero: terms.first_tier_flat_at_zero,
            on_change: terms.on_change,
        };
        match model {
            PriceModel::PerUnit(unit_price) => form.unit_price = Some(unit_price),
            PriceModel::Flat(fee) => (form.model, form.unit_price) = (Name::Flat, Some(fee)),
            PriceModel::Tiered(tiers) => (form.model, form.tiers) = (Name::Tiered, Some(tiers)),
            PriceModel::Volume(tiers) => (form.model, form.tiers) = (Name::Volume, Some(tiers)),
            PriceModel::Package(package) => (form.model, form.package) = (Name::Package, Some(package)),
            PriceModel::Percentage(part) => (form.model, form.percentage) = (Name::Percentage, Some(part)),
            PriceModel::Matrix(matrix) => {
                let (dimensions, cells) = (matrix.dimensions().to_vec(), matrix.cells().to_vec());
                form.model = Name::Matrix;
                form.matrix = Some(MatrixForm { dimensions, cells, missing: matrix.missing() });
            }
        }
        form
    }
}
