//! A line's amount by day and key, adding up to it to the last digit.
//!
//! Days are taken in order, and a day costs what the line costs with it less what it costs without it: what a day cost
//! in graduated prices stays when more is used later, and where a volume price falls, a day may cost less than nothing.
//! Within a day the shares are by quantity, in a matrix by what each cell costs.

use super::line::Line;
use super::part::{Component, Piece, Rated};
use super::rate::PeriodState;
use crate::Result;
use crate::model::money::{Money, Quantity, split};
use crate::model::price::{Place, Price};

/// What was used on a day by whatever the key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<D, K> {
    /// The day.
    pub day: D,
    /// What tells it apart from others of the day; in this order a last digit that is left over is given away.
    pub key: K,
    /// How much; below zero where usage was taken back.
    pub quantity: Quantity,
    /// Where in a matrix it falls; without meaning for other prices.
    pub place: Place,
}

/// A part of the period in which one price held.
#[derive(Debug, Clone, Copy)]
pub struct SpreadStretch<'s, D, K> {
    /// The price; none where there was none.
    pub price: Option<&'s Price>,
    /// Its first day, on which fees fall that belong to no usage.
    pub from: D,
    /// What was used meanwhile, in any order.
    pub cells: &'s [Cell<D, K>],
}

/// A part of the amount that belongs to no usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee<D> {
    /// The day: the first for the flat fee of the first tier, the last for what is missing to the minimum.
    pub day: D,
    /// Which of them it is.
    pub component: Component,
    /// How much.
    pub amount: Money,
}

/// A line's amount in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread<D> {
    /// The line as a whole. Its amount is the sum of all cells and fees.
    pub line: Rated,
    /// What each cell costs, stretch by stretch in the order of the cells; none where that is unknown.
    pub cells: Vec<Option<Money>>,
    /// What belongs to no cell.
    pub fees: Vec<Fee<D>>,
}

/// Spreads what a billing period costs by one price over its cells.
///
/// The amounts of cells have 18 decimals, however the line is rounded; only their sum is.
///
/// # Errors
/// As [`rate`](super::rate).
///
/// ```
/// use finops_core::model::money::Money;
/// use finops_core::model::price::{Place, Price};
/// use finops_core::pipeline::rating::{Cell, PeriodState, spread};
///
/// let price = Price::from_json(&serde_json::json!({
///     "meter": "calls", "currency": "USD", "effective_from": "2024-01-01T00:00:00Z",
///     "model": "tiered", "tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}],
/// }))?;
/// let cell = |day, key, quantity: &str| {
///     Ok::<_, finops_core::Error>(Cell { day, key, quantity: quantity.parse()?, place: Place::Elsewhere })
/// };
/// let cells = [cell(1, "a", "6")?, cell(1, "b", "2")?, cell(2, "a", "4")?];
/// let spread = spread(&price, &cells, 1, 31, PeriodState::Open)?;
/// let amounts: Vec<Option<Money>> = ["6", "2", "3"].map(|amount| amount.parse().ok()).to_vec();
/// assert_eq!(spread.cells, amounts);
/// assert_eq!(spread.line.amount, "11".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
pub fn spread<D: Ord + Copy, K: Ord>(
    price: &Price,
    cells: &[Cell<D, K>],
    first_day: D,
    last_day: D,
    state: PeriodState,
) -> Result<Spread<D>> {
    spread_line(&[SpreadStretch { price: Some(price), from: first_day, cells }], last_day, state)
}

/// Spreads a line whose price changes within the billing period; the stretches are those of
/// [`rate_line`](super::rate_line), and so is the amount.
///
/// # Errors
/// As [`rate_line`](super::rate_line).
pub fn spread_line<D: Ord + Copy, K: Ord>(
    stretches: &[SpreadStretch<'_, D, K>],
    last_day: D,
    state: PeriodState,
) -> Result<Spread<D>> {
    let mut line = Line::default();
    let mut costs = Vec::with_capacity(stretches.iter().map(|stretch| stretch.cells.len()).sum());
    let mut fees = Vec::new();
    for stretch in stretches {
        let before = line.charged()?;
        line.enter(stretch.price)?;
        let fee = line.charged()?.checked_sub(before)?;
        if !fee.is_zero() {
            let component = Component::Of(Piece::Fee { tier: 0 });
            fees.push(Fee { day: stretch.from, component, amount: fee });
        }
        let start = costs.len();
        costs.resize(start + stretch.cells.len(), None);
        if let Some(costs) = costs.get_mut(start..) {
            by_day(&mut line, stretch.cells, costs)?;
        }
    }
    let rated = line.finish(state)?;
    let top_up = rated.parts.iter().find(|part| part.component == Component::UpToMinimum);
    fees.extend(top_up.map(|part| Fee { day: last_day, component: part.component, amount: part.amount }));
    Ok(Spread { line: rated, cells: costs, fees })
}

/// A cell and the place for its cost.
type Open<'o, D, K> = (&'o Cell<D, K>, &'o mut Option<Money>);

fn by_day<D: Ord + Copy, K: Ord>(line: &mut Line<'_>, cells: &[Cell<D, K>], costs: &mut [Option<Money>]) -> Result<()> {
    let mut open: Vec<Open<'_, D, K>> = cells.iter().zip(costs).collect();
    let order = |cell: &Cell<D, K>| (cell.day, cell.quantity.is_negative());
    // Usage before what is taken back, so that each share stays between nothing and the amount that is shared.
    open.sort_by(|(one, _), (other, _)| order(one).cmp(&order(other)).then_with(|| one.key.cmp(&other.key)));
    let mut charged = line.charged()?;
    for day in open.chunk_by_mut(|(one, _), (other, _)| order(one) == order(other)) {
        let before = charged;
        let weights = take(line, day)?;
        charged = line.charged()?;
        share(day, weights, charged.checked_sub(before)?)?;
    }
    Ok(())
}

/// Takes in the usage of a day, marks what has a price, and gives the weights of the shares.
fn take<D, K>(line: &mut Line<'_>, day: &mut [Open<'_, D, K>]) -> Result<Vec<Quantity>> {
    let mut weights = Vec::with_capacity(day.len());
    if line.is_matrix() || !line.is_priced() {
        for (cell, cost) in day.iter_mut() {
            **cost = line.take(cell.place, cell.quantity)?;
            weights.push(match **cost {
                Some(cost) => Quantity::from_mantissa(cost.mantissa()).abs()?,
                None => Quantity::ZERO,
            });
        }
    } else {
        for (cell, cost) in day.iter_mut() {
            **cost = Some(Money::ZERO);
            weights.push(cell.quantity.abs()?);
        }
        line.take(Place::Elsewhere, Quantity::try_sum(day.iter().map(|(cell, _)| cell.quantity))?)?;
    }
    Ok(weights)
}

/// Shares out what a day costs.
fn share<D, K>(day: &mut [Open<'_, D, K>], mut weights: Vec<Quantity>, amount: Money) -> Result<()> {
    if let [(_, cost)] = day {
        **cost = cost.map(|_| amount);
        return Ok(());
    }
    if amount.is_zero() {
        for (_, cost) in day {
            **cost = cost.map(|_| Money::ZERO);
        }
        return Ok(());
    }
    if weights.iter().all(|weight| weight.is_zero()) {
        // Each costs less than a last digit, all together do not.
        let known =
            day.iter().map(|(cell, cost)| if cost.is_some() { cell.quantity.abs() } else { Ok(Quantity::ZERO) });
        weights = known.collect::<Result<_>>()?;
    }
    for ((_, cost), amount) in day.iter_mut().zip(split(amount, &weights, Money::SCALE)?) {
        **cost = cost.map(|_| amount);
    }
    Ok(())
}
