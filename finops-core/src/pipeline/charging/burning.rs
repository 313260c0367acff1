//! Grants as they are used up by a billing period, in the order of time.
//!
//! What is burnt of grants never comes to more than what the period comes to. A piece whose net is below zero, because
//! a volume price fell or usage was taken back, burns nothing, and the next pieces of the period burn less by as much;
//! what is left of it at the end of the period takes back from the pieces before it, the last first.
//!
//! Pieces count when they start: a grant that expires within a day still pays for the whole day. What no grant covers
//! is an overage up to the end of the period: a grant that starts or is refilled within the period pays for it.

use super::booked::{Booked, CellKey};
use super::usage::Used;
use crate::Result;
use crate::model::money::{Currency, Money, Quantity, split};
use crate::model::time::{Interval, Stamp};
use crate::pipeline::rating::{Burn, Credits};
use std::collections::BTreeMap;

/// How much there is of something in a period, by when it starts to count.
pub type Pieces = BTreeMap<Stamp, Quantity>;

/// Adds an amount to a piece.
fn add(pieces: &mut Pieces, from: Stamp, amount: Quantity) -> Result<()> {
    let sum = pieces.entry(from).or_default();
    *sum = sum.checked_add(amount)?;
    Ok(())
}

impl Booked {
    /// How much was used, by when.
    ///
    /// # Errors
    /// `overflow`.
    pub fn quantities(&self) -> Result<Pieces> {
        let mut pieces = Pieces::new();
        for (key, cell) in &self.cells {
            add(&mut pieces, key.from, cell.quantity)?;
        }
        Ok(pieces)
    }

    /// Adds what is charged, by currency and when. What has no price is left out.
    ///
    /// # Errors
    /// `overflow`.
    pub fn add_amounts(&self, sums: &mut BTreeMap<Currency, Pieces>) -> Result<()> {
        for (key, cell) in &self.cells {
            if let Some((amount, price)) = cell.amount.zip(self.version(cell)) {
                let amount = Quantity::from_mantissa(amount.mantissa());
                add(sums.entry(price.currency).or_default(), key.from, amount)?;
            }
        }
        Ok(())
    }
}

/// What each piece of a period leaves to grants: 0 or more, and together what the period comes to, if that is above 0.
fn payable(pieces: &Pieces) -> Result<Pieces> {
    let mut payable = Pieces::new();
    let mut below = Quantity::ZERO;
    for (from, amount) in pieces {
        let sum = amount.checked_add(below)?;
        below = sum.min(Quantity::ZERO);
        if sum > Quantity::ZERO {
            payable.insert(*from, sum);
        }
    }
    for amount in payable.values_mut().rev() {
        let back = (*amount).min(below.checked_neg()?);
        *amount = amount.checked_sub(back)?;
        below = below.checked_add(back)?;
    }
    payable.retain(|_, amount| !amount.is_zero());
    Ok(payable)
}

/// Takes grants through a billing period, up to and without `until`, and gives what they paid in it.
///
/// It begins with a reset: what is rolled over is cut, and the overage of the period before is forgotten, unless a
/// grant preserves it.
///
/// ```
/// use finops_core::model::id::Id;
/// use finops_core::model::money::Quantity;
/// use finops_core::model::price::{Grant, GrantAmount};
/// use finops_core::model::time::Interval;
/// use finops_core::pipeline::charging::burn_period;
/// use finops_core::pipeline::rating::Credits;
///
/// let january = Interval::new("2024-01-01T00:00:00Z".parse()?, "2024-02-01T00:00:00Z".parse()?)?;
/// let amount = GrantAmount::Units { units: Quantity::from_units(100), meter: "calls".to_owned() };
/// let grants = [Grant::new(Id::new(january.start(), [1; 10]), "acme", amount, january.start())];
/// let mut credits = Credits::new(&grants)?;
/// let day = |day: u32| format!("2024-01-0{day}T00:00:00Z").parse();
/// let units = Quantity::from_units;
/// let pieces = [(day(1)?, units(30)), (day(2)?, units(-10)), (day(3)?, units(15))];
/// let burns = burn_period(&mut credits, january, january.end(), &pieces.into())?;
/// let burnt: Vec<String> = burns.iter().map(|burn| burn.amount.to_string()).collect();
/// assert_eq!(burnt, ["30", "5"]);
/// # Ok::<(), finops_core::Error>(())
/// ```
///
/// # Errors
/// `overflow`; `invalid_argument` when the grants were taken further already.
pub fn burn_period<'g>(
    credits: &mut Credits<'g>,
    period: Interval,
    until: Stamp,
    pieces: &Pieces,
) -> Result<Vec<Burn<'g>>> {
    if period.start() >= until && pieces.is_empty() {
        return Ok(Vec::new());
    }
    let mut burns = credits.reset(period.start())?;
    let mut reached = period.start();
    for (from, amount) in payable(pieces)? {
        burns.extend(credits.burn(from, amount)?);
        reached = from;
    }
    // What happens at the very end comes after the reset of the next period.
    let last = Stamp::from_micros(period.end().min(until).micros() - 1)?;
    if last > reached {
        burns.extend(credits.advance(last)?);
    }
    Ok(burns)
}

/// How much of each piece is used without being paid for, when so much of a period's usage is: what was used first.
/// The series of a piece share it by what they used.
pub(super) fn free_of(used: &[Vec<Used>], burnt: Quantity) -> Result<BTreeMap<CellKey, Quantity>> {
    let (mut pieces, mut by_start) = (Pieces::new(), BTreeMap::<Stamp, Vec<Used>>::new());
    for used in used.iter().flatten() {
        add(&mut pieces, used.key.from, used.quantity)?;
        if used.quantity > Quantity::ZERO {
            by_start.entry(used.key.from).or_default().push(*used);
        }
    }
    let (mut free, mut left) = (BTreeMap::new(), burnt);
    for (from, payable) in payable(&pieces)? {
        let part = payable.min(left);
        left = left.checked_sub(part)?;
        if part.is_zero() {
            break;
        }
        let used = by_start.remove(&from).unwrap_or_default();
        let weights: Vec<Quantity> = used.iter().map(|used| used.quantity).collect();
        let shares = split(Money::from_mantissa(part.mantissa()), &weights, Money::SCALE)?;
        free.extend(used.iter().zip(shares).map(|(used, share)| (used.key, Quantity::from_mantissa(share.mantissa()))));
    }
    Ok(free)
}

/// What is used of a meter in a period: its pieces together, by when they start.
pub(super) fn pieces_of(used: &[Vec<Used>]) -> Result<Pieces> {
    let mut pieces = Pieces::new();
    used.iter().flatten().try_for_each(|used| add(&mut pieces, used.key.from, used.quantity))?;
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(amounts: &[i64]) -> Pieces {
        let piece = |(at, amount): (i64, &i64)| (Stamp::from_micros(at).unwrap(), Quantity::from_units(*amount));
        (0..).zip(amounts).map(piece).collect()
    }

    fn left(amounts: &[i64]) -> Vec<(i64, String)> {
        payable(&pieces(amounts)).unwrap().iter().map(|(at, left)| (at.micros(), left.to_string())).collect()
    }

    #[test]
    fn what_is_below_zero_takes_from_what_follows_and_then_from_what_came_before() {
        assert_eq!(left(&[10, -3, 5]), [(0, "10".to_owned()), (2, "2".to_owned())]);
        assert_eq!(left(&[10, 5, -7]), [(0, "8".to_owned())]);
        assert_eq!(left(&[10, -30, 5]), []);
        assert_eq!(left(&[-4, 3, 3]), [(2, "2".to_owned())]);
    }

    proptest! {
        #[test]
        fn together_it_is_what_the_period_comes_to(amounts in proptest::collection::vec(-20..20i64, 0..12)) {
            let payable = payable(&pieces(&amounts)).unwrap();
            prop_assert!(payable.values().all(|amount| *amount > Quantity::ZERO));
            let whole = Quantity::from_units(amounts.iter().sum::<i64>().max(0));
            prop_assert_eq!(Quantity::try_sum(payable.into_values()).unwrap(), whole);
        }

        #[test]
        fn no_series_gets_more_than_it_used(
            amounts in proptest::collection::vec((0..3i64, -9..20i128), 0..12), burnt in 0..60i128,
        ) {
            let used = |(place, (at, amount)): (u32, &(i64, i128))| {
                let from = Stamp::from_micros(*at).unwrap();
                let key = CellKey { from, to: from, series: Some(place) };
                Used { key, quantity: Quantity::from_mantissa(*amount) }
            };
            let used: Vec<Used> = (0..).zip(&amounts).map(used).collect();
            let free = free_of(std::slice::from_ref(&used), Quantity::from_mantissa(burnt)).unwrap();
            for used in &used {
                let free = free.get(&used.key).copied().unwrap_or_default();
                prop_assert!(!free.is_negative() && free <= used.quantity.max(Quantity::ZERO));
            }
            let whole: i128 = amounts.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(Quantity::try_sum(free.into_values()).unwrap().mantissa(), burnt.min(whole.max(0)));
        }
    }
}
