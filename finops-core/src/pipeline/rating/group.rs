//! Entries that are rounded and cut at a maximum together.

use super::entry::{Entry, exact};
use super::part::{Component, Part};
use crate::Result;
use crate::model::money::{ExactSum, Money, Quantity, Rounding, apportion_at};

/// What is rounded as one amount: usually the whole line.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) entries: Vec<Entry>,
    /// What the entries come to.
    pub(super) exact: ExactSum,
    pub(super) rounding: (u32, Rounding),
    /// What the price says its maximum is.
    pub(super) maximum: Option<Money>,
    /// What is left of that for this group.
    pub(super) cap: Option<Money>,
}

impl Group {
    pub(super) fn push(&mut self, entries: Vec<Entry>) -> Result<()> {
        self.exact.merge(&exact(&entries)?)?;
        self.entries.extend(entries);
        Ok(())
    }

    /// What an exact sum of this group is charged with.
    pub(super) fn charged(&self, exact: &ExactSum) -> Result<Money> {
        let (decimals, mode) = self.rounding;
        let rounded = exact.round(decimals, mode)?;
        Ok(self.cap.map_or(rounded, |cap| rounded.min(cap)))
    }

    /// The parts, which add up to what the group is charged with.
    pub(super) fn parts(&self) -> Result<Vec<Part>> {
        let (decimals, mode) = self.rounding;
        let rounded = self.exact.round(decimals, mode)?;
        let exact: Result<Vec<ExactSum>> = self.entries.iter().map(|entry| exact([entry])).collect();
        let amounts = apportion_at(&exact?, rounded, decimals)?;
        let mut parts: Vec<Part> =
            self.entries.iter().zip(amounts).map(|(entry, amount)| part(entry, amount)).collect();
        let excess = match self.cap {
            Some(cap) if rounded > cap => rounded.checked_sub(cap)?,
            _ => Money::ZERO,
        };
        let cuts = cut(&parts, excess)?;
        parts.extend(cuts);
        Ok(parts)
    }
}

fn part(entry: &Entry, amount: Money) -> Part {
    Part {
        component: Component::Of(entry.piece),
        stretch: entry.stretch,
        from: entry.from,
        up_to: entry.up_to,
        quantity: entry.quantity,
        unit_price: entry.unit_price,
        amount,
    }
}

/// Takes the excess off, from the last part backwards: what came first stays within the maximum.
fn cut(parts: &[Part], mut excess: Money) -> Result<Vec<Part>> {
    let mut cuts = Vec::new();
    for part in parts.iter().rev() {
        if excess.is_zero() {
            break;
        }
        let off = part.amount.max(Money::ZERO).min(excess);
        if let (Component::Of(piece), false) = (part.component, off.is_zero()) {
            excess = excess.checked_sub(off)?;
            let component = Component::AboveMaximum(piece);
            cuts.push(Part { component, quantity: Quantity::ZERO, amount: off.checked_neg()?, ..*part });
        }
    }
    cuts.reverse();
    Ok(cuts)
}
