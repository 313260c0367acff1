//! What a request costs: its tokens by kind, each at the price of the one tier that holds for the whole request.

use crate::Result;
use crate::model::llm::{Adjustment, ModelPrice, TokenKind, TokenParts, TokenUsage};
use crate::model::money::{Currency, Money, Quantity, Rounding};
use serde::Serialize;

/// What the tokens of one kind cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RatedLine {
    /// The kind.
    pub kind: TokenKind,
    /// How many, 1 or more.
    pub tokens: u64,
    /// What one costs; none when that is unknown.
    pub unit_price: Option<Money>,
    /// The kind whose price it is: another where this one has none of its own.
    pub priced_as: Option<TokenKind>,
    /// The tokens at that price, exactly.
    pub amount: Option<Money>,
}

/// What a request costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RatedRequest {
    /// What the amounts are in.
    pub currency: Currency,
    /// The tier that holds for the whole request: `base`, `above_200k`.
    pub tier: String,
    /// The kinds that were used.
    pub lines: Vec<RatedLine>,
    /// All lines together; none when what one of them costs is unknown.
    pub total: Option<Money>,
    /// Parts that were reported as more than their total.
    pub adjusted: Vec<Adjustment>,
}

/// What a request costs at the price of its model.
///
/// ```
/// use finops_core::model::llm::{ModelPrice, TokenKind, TokenUsage};
/// use finops_core::model::money::Currency;
/// use finops_core::pipeline::llm::rate::rate_request;
///
/// let prices = [(TokenKind::Input, "0.000002".parse()?), (TokenKind::Output, "0.00001".parse()?)];
/// let price = ModelPrice::new(Currency::parse("USD")?, prices.into());
/// let rated = rate_request(&price, &TokenUsage::new(1_000, 100))?;
/// assert_eq!(rated.total, Some("0.003".parse()?));
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `invalid_argument` for more tokens than a request can have, `overflow` for an amount that does not fit.
pub fn rate_request(price: &ModelPrice, usage: &TokenUsage) -> Result<RatedRequest> {
    let (parts, adjusted) = usage.parts()?;
    rate_parts(price, &parts, adjusted)
}

/// [`rate_request`] for what was taken apart already.
///
/// # Errors
/// `overflow` for an amount that does not fit.
pub fn rate_parts(price: &ModelPrice, parts: &TokenParts, adjusted: Vec<Adjustment>) -> Result<RatedRequest> {
    let input = parts.input();
    let tier = price.tier(input);
    let mut lines = Vec::new();
    for (kind, tokens) in parts.counted() {
        let unit = price.unit_price(kind, tier);
        let amount = unit.map(|unit| amount(unit.price, tokens)).transpose()?;
        lines.push(RatedLine {
            kind,
            tokens,
            unit_price: unit.map(|unit| unit.price),
            priced_as: unit.map(|unit| unit.priced_as),
            amount,
        });
    }
    let amounts: Option<Vec<Money>> = lines.iter().map(|line| line.amount).collect();
    let total = amounts.map(Money::try_sum).transpose()?;
    Ok(RatedRequest { currency: price.currency, tier: price.context(input), lines, total, adjusted })
}

/// Whole tokens at a price of 18 decimals: nothing is there to round.
fn amount(price: Money, tokens: u64) -> Result<Money> {
    price.checked_mul(quantity(tokens)?, Rounding::HalfEven)
}

/// A number of tokens as meters count them.
pub(super) fn quantity(tokens: u64) -> Result<Quantity> {
    let units = i64::try_from(tokens).map_err(|_| crate::Error::overflow(format!("{tokens} tokens are too many")))?;
    Ok(Quantity::from_units(units))
}
