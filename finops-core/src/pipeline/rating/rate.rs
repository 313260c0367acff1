//! The amount of a line, from its quantities and prices.

use super::line::Line;
use super::part::Rated;
use crate::Result;
use crate::model::money::Quantity;
use crate::model::price::{Place, Price};

/// Whether more usage may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PeriodState {
    /// The period goes on: no minimum is asked for yet.
    #[default]
    Open,
    /// The period is over: the minimum is due.
    Final,
}

/// What was used while one price held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage<'u> {
    /// So much in all; where the price is a matrix, none of its cells has it.
    Quantity(Quantity),
    /// So much at each place of a matrix.
    Places(&'u [(Place, Quantity)]),
}

/// A part of the period in which one price held.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'s> {
    /// The price; none where there was none.
    pub price: Option<&'s Price>,
    /// What was used meanwhile.
    pub usage: Usage<'s>,
}

/// What a quantity of a billing period costs by one price.
///
/// The quantity is the cumulative one of the period. A quantity below zero, which corrections can bring about, lies in
/// the first tier and gives an amount below zero.
///
/// # Errors
/// `overflow` when an amount does not fit, `not_found` where a matrix wants an error for what no cell has.
///
/// ```
/// use finops_core::model::price::Price;
/// use finops_core::pipeline::rating::{PeriodState, rate};
///
/// let price = Price::from_json(&serde_json::json!({
///     "meter": "tokens", "currency": "USD", "effective_from": "2024-01-01T00:00:00Z",
///     "model": "tiered", "tiers": [{"up_to": "5", "unit_price": "1"}, {"unit_price": "0.5"}],
///     "conversion": {"divide_by": "1000", "rounding": "up"}, "minimum": "10",
/// }))?;
/// let rated = rate(&price, "7400".parse()?, PeriodState::Open)?;
/// assert_eq!(rated.amount, "6.5".parse()?);
/// assert_eq!(
///     rated.path(),
///     "7400 metered, 8 units: 5 x 1 (tier 1, above 0 to 5) + 3 x 0.5 (tier 2, above 5) = 6.5 USD",
/// );
///
/// let rated = rate(&price, "7400".parse()?, PeriodState::Final)?;
/// assert_eq!(rated.amount, "10".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn rate(price: &Price, quantity: Quantity, state: PeriodState) -> Result<Rated> {
    rate_line(&[Stretch { price: Some(price), usage: Usage::Quantity(quantity) }], state)
}

/// What a line costs whose price changes within the billing period.
///
/// The stretches are those of [`PriceBook::stretches`](crate::model::price::PriceBook::stretches), in their order, each
/// with what was used in it alone. Whether a price goes on in the tiers where the one before it stood is said by its
/// [`on_change`](crate::model::price::OnChange). What a price charged stays charged: a later one brings its maximum to
/// bear on what is spent from then on. The minimum is that of the last price, for the line as a whole.
///
/// # Errors
/// As [`rate`]; `mixed_currencies` when the prices are in several currencies.
///
/// ```
/// use finops_core::model::price::Price;
/// use finops_core::pipeline::rating::{PeriodState, Stretch, Usage, rate_line};
///
/// let price = |from: &str, unit_price: &str| {
///     Price::from_json(&serde_json::json!({
///         "meter": "calls", "currency": "USD", "effective_from": from,
///         "model": "tiered", "tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": unit_price}],
///     }))
/// };
/// let (old, new) = (price("2024-01-01T00:00:00Z", "0.5")?, price("2024-01-15T00:00:00Z", "0.2")?);
/// let usage = Usage::Quantity("8".parse()?);
/// let line = [Stretch { price: Some(&old), usage }, Stretch { price: Some(&new), usage }];
/// // 8 x 1, then 2 more of the first tier and 6 at the new price of the second.
/// assert_eq!(rate_line(&line, PeriodState::Open)?.amount, "11.2".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn rate_line(stretches: &[Stretch<'_>], state: PeriodState) -> Result<Rated> {
    let mut line = Line::default();
    for stretch in stretches {
        line.enter(stretch.price)?;
        match stretch.usage {
            Usage::Quantity(quantity) => drop(line.take(Place::Elsewhere, quantity)?),
            Usage::Places(places) => {
                for (place, quantity) in places {
                    line.take(*place, *quantity)?;
                }
            }
        }
    }
    line.finish(state)
}
