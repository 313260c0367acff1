//! The prices of a catalogue as a matrix of model and tier, one for each meter of tokens.
//!
//! The tokens that a meter counted for a model in a tier, at the price of that cell, and all meters together, are
//! exactly what the requests cost.

use crate::model::llm::{Found, ModelPrice, Policy, PriceCatalog, TokenKind};
use crate::model::money::{Currency, Money};
use crate::model::price;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use serde::Serialize;

/// What a token costs by model and tier. A cell that is not there is unknown, not free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MatrixCells {
    /// The meter whose numbers these are the prices of.
    pub meter: &'static str,
    /// What the prices are in.
    pub currency: Currency,
    /// From when on they hold.
    pub effective_from: Stamp,
    /// What the values of a cell are, in order: `model`, `context`.
    pub dimensions: [&'static str; 2],
    /// The cells, by their values.
    pub cells: Vec<MatrixCell>,
    /// Whether usage without a cell is refused; else what it costs is unknown.
    pub refuse_missing: bool,
}

impl MatrixCells {
    /// As the matrix of a price.
    ///
    /// # Errors
    /// `invalid_argument` for more cells than a matrix has: name the models that are used.
    pub fn into_matrix(self) -> Result<price::Matrix> {
        let missing = if self.refuse_missing { price::MissingCell::Error } else { price::MissingCell::Unknown };
        let cell = |cell: MatrixCell| price::MatrixCell { values: cell.values.to_vec(), unit_price: cell.unit_price };
        let dimensions = self.dimensions.map(str::to_owned).to_vec();
        price::Matrix::new(dimensions, self.cells.into_iter().map(cell).collect(), missing)
    }
}

/// A price by model and tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MatrixCell {
    /// The model as events name it, and the tier.
    pub values: [String; 2],
    /// What one token costs.
    pub unit_price: Money,
}

/// The matrix of each kind of token that has any price, of the prices that hold at an instant. By default for all names
/// of the catalogue; with names, for these, and those that the catalogue does not know have what the policy says.
///
/// # Errors
/// `mixed_currencies` when the models have prices in several currencies: name those of one.
pub fn matrices(
    catalog: &PriceCatalog,
    at: Stamp,
    names: Option<&[&str]>,
    policy: &Policy,
) -> Result<Vec<MatrixCells>> {
    let priced: Vec<(&str, &ModelPrice)> = match names {
        None => catalog.names().filter_map(|name| Some((name, catalog.look_up(name, at).ok()?))).collect(),
        Some(names) => {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.dedup();
            let mut priced = Vec::with_capacity(names.len());
            for name in names {
                if let Found::Price(price) = catalog.find(name, at, policy)? {
                    priced.push((name, price));
                }
            }
            priced
        }
    };
    let Some((_, first)) = priced.first() else { return Ok(Vec::new()) };
    let currency = first.currency;
    if let Some((name, other)) = priced.iter().find(|(_, price)| price.currency != currency) {
        let message = format!("'{name}' has prices in {}, others in {currency}: name models of one", other.currency);
        return Err(Error::new(ErrorCode::MixedCurrencies, message));
    }
    let refuse_missing = *policy == Policy::Error;
    let matrix = |kind: TokenKind| MatrixCells {
        meter: kind.meter_slug(),
        currency,
        effective_from: at,
        dimensions: TokenKind::DIMENSIONS,
        cells: cells(kind, &priced),
        refuse_missing,
    };
    Ok(TokenKind::ALL.into_iter().map(matrix).filter(|matrix| !matrix.cells.is_empty()).collect())
}

fn cells(kind: TokenKind, priced: &[(&str, &ModelPrice)]) -> Vec<MatrixCell> {
    let mut cells: Vec<MatrixCell> = Vec::new();
    for (name, price) in priced {
        for (context, tier) in price.contexts() {
            if let Some(unit) = price.unit_price(kind, tier) {
                cells.push(MatrixCell { values: [(*name).to_owned(), context], unit_price: unit.price });
            }
        }
    }
    cells.sort_by(|one, other| one.values.cmp(&other.values));
    cells
}
