//! A line as it runs through its period: usage comes in, prices take over from each other.
//!
//! What it is charged with depends only on the cumulative quantity, so it can be asked at any point, and the
//! differences between two points always add up.

use super::entry::{Cells, Entry, beyond, entries, exact, units};
use super::group::Group;
use super::part::{Component, Part, Rated, Reading};
use super::rate::PeriodState;
use crate::model::money::{Currency, ExactSum, Money, Quantity};
use crate::model::price::{OnChange, Place, Price, PriceModel};
use crate::{Error, ErrorCode, Result};

#[derive(Debug, Default)]
pub(super) struct Line<'p> {
    /// Parts of groups that are closed, and what they come to: since the line began, since the last restart.
    parts: Vec<Part>,
    settled: Money,
    spent: Money,
    group: Option<Group>,
    phase: Option<Phase<'p>>,
    /// The metered quantity since the last restart, as far as it had a price.
    position: Quantity,
    readings: Vec<Reading>,
    unpriced: Quantity,
    last_price: Option<&'p Price>,
}

/// The time during which one price holds.
#[derive(Debug)]
struct Phase<'p> {
    price: &'p Price,
    /// What the price asks for the position at which it took over: none when it starts at zero.
    start: Vec<Entry>,
    start_units: Quantity,
    cells: Option<Cells<'p>>,
}

impl<'p> Line<'p> {
    /// The next price takes over; none where there is no price for a while.
    pub(super) fn enter(&mut self, price: Option<&'p Price>) -> Result<()> {
        self.leave()?;
        let terms = price.map(Price::terms);
        self.readings.push(Reading {
            price: terms.and_then(|terms| terms.id),
            revision: terms.map_or(0, |terms| terms.revision),
            metered: Quantity::ZERO,
            units: Quantity::ZERO,
        });
        let Some(price) = price else {
            return Ok(());
        };
        let terms = price.terms();
        let first = self.last_price.is_none();
        if let Some(last) = self.last_price.filter(|last| last.currency() != price.currency()) {
            let message = format!(
                "{} follows upon {} within a line: rate each on a line of its own",
                terms.currency,
                last.currency()
            );
            return Err(Error::new(ErrorCode::MixedCurrencies, message).with_field("currency"));
        }
        let restart = first || terms.on_change == OnChange::Restart;
        let rounding = terms.rounding.resolve(terms.currency);
        let same = |group: &Group| group.rounding == rounding && group.maximum == terms.maximum;
        if restart || !self.group.as_ref().is_some_and(same) {
            self.close()?;
            if restart {
                (self.spent, self.position) = (Money::ZERO, Quantity::ZERO);
            }
            // A price is not made for what was charged before it: that may be more than its maximum, and stays.
            let left = |maximum: Money| maximum.checked_sub(self.spent).map(|left| left.max(Money::ZERO));
            let cap = terms.maximum.map(left).transpose()?;
            let (entries, exact) = (Vec::new(), ExactSum::default());
            self.group = Some(Group { entries, exact, rounding, maximum: terms.maximum, cap });
        }
        let (start, start_units) = if restart {
            (Vec::new(), Quantity::ZERO)
        } else {
            (entries(price, self.position)?, units(terms, self.position)?)
        };
        let cells = match price.model() {
            PriceModel::Matrix(matrix) => Some(Cells::new(matrix, terms)),
            _ => None,
        };
        self.phase = Some(Phase { price, start, start_units, cells });
        self.last_price = Some(price);
        Ok(())
    }

    /// Usage comes in. For a matrix it gives what this costs alone, at 18 decimals; none when that is unknown.
    pub(super) fn take(&mut self, place: Place, metered: Quantity) -> Result<Option<Money>> {
        if let Some(reading) = self.readings.last_mut() {
            reading.metered = reading.metered.checked_add(metered)?;
        }
        let cost = match &mut self.phase {
            None => None,
            Some(Phase { cells: Some(cells), .. }) => cells.add(place, metered)?,
            Some(_) => Some(Money::ZERO),
        };
        if cost.is_none() {
            self.unpriced = self.unpriced.checked_add(metered)?;
            return Ok(None);
        }
        self.position = self.position.checked_add(metered)?;
        Ok(cost)
    }

    /// Whether usage that comes in now is priced by a matrix.
    pub(super) fn is_matrix(&self) -> bool {
        self.phase.as_ref().is_some_and(|phase| phase.cells.is_some())
    }

    /// Whether there is a price now.
    pub(super) const fn is_priced(&self) -> bool {
        self.phase.is_some()
    }

    /// What is charged for all that came in so far, without a minimum.
    pub(super) fn charged(&self) -> Result<Money> {
        let Some(group) = &self.group else {
            return Ok(self.settled);
        };
        let mut sum = group.exact;
        if let Some(phase) = &self.phase {
            match &phase.cells {
                Some(cells) => sum.merge(&cells.exact())?,
                None => sum.merge(&exact(&self.phase_entries(phase)?)?)?,
            }
        }
        self.settled.checked_add(group.charged(&sum)?)
    }

    fn phase_entries(&self, phase: &Phase<'p>) -> Result<Vec<Entry>> {
        match &phase.cells {
            Some(cells) => cells.entries(),
            None => beyond(entries(phase.price, self.position)?, &phase.start),
        }
    }

    /// The price that holds now ends.
    fn leave(&mut self) -> Result<()> {
        let Some(phase) = self.phase.take() else {
            return Ok(());
        };
        let mut entries = self.phase_entries(&phase)?;
        let stretch = u32::try_from(self.readings.len().saturating_sub(1)).unwrap_or(u32::MAX);
        for entry in &mut entries {
            entry.stretch = stretch;
        }
        if let Some(reading) = self.readings.last_mut() {
            reading.units = match &phase.cells {
                Some(_) => Quantity::try_sum(entries.iter().map(|entry| entry.quantity))?,
                None => units(phase.price.terms(), self.position)?.checked_sub(phase.start_units)?,
            };
        }
        self.group.as_mut().map_or(Ok(()), |group| group.push(entries))
    }

    /// What the group is charged with is final, whatever price follows.
    fn close(&mut self) -> Result<()> {
        let Some(group) = self.group.take() else {
            return Ok(());
        };
        let amount = group.charged(&group.exact)?;
        self.parts.extend(group.parts()?);
        self.settled = self.settled.checked_add(amount)?;
        self.spent = self.spent.checked_add(amount)?;
        Ok(())
    }

    pub(super) fn finish(mut self, state: PeriodState) -> Result<Rated> {
        self.leave()?;
        self.close()?;
        let minimum = self.last_price.and_then(|price| price.terms().minimum);
        if let (PeriodState::Final, Some(minimum)) = (state, minimum)
            && minimum > self.settled
        {
            let amount = minimum.checked_sub(self.settled)?;
            self.parts.push(Part {
                component: Component::UpToMinimum,
                stretch: u32::try_from(self.readings.len().saturating_sub(1)).unwrap_or(u32::MAX),
                from: Quantity::ZERO,
                up_to: None,
                quantity: Quantity::ZERO,
                unit_price: Money::ZERO,
                amount,
            });
            self.settled = minimum;
        }
        let currency: Option<Currency> = self.last_price.map(Price::currency);
        let Self { settled: amount, parts, readings, unpriced, .. } = self;
        Ok(Rated { amount, currency, parts, readings, unpriced })
    }
}
