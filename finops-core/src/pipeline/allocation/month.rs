//! The part of a calendar month that a run is about: amounts and bounds of a month count for it by time.

use crate::model::allocation::month_of;
use crate::model::money::Money;
use crate::model::time::Interval;
use crate::{Error, Result};
use ethnum::I256;

/// A stretch of a calendar month of UTC, in microseconds from its start.
#[derive(Debug, Clone, Copy)]
pub(super) struct MonthPart {
    from: i64,
    to: i64,
    length: i64,
}

impl MonthPart {
    pub(super) fn new(stretch: Interval) -> Result<Self> {
        let month = month_of(stretch.start())?;
        if stretch.end() > month.end() {
            let message = format!("must lie in one calendar month of UTC, got {stretch}");
            return Err(Error::invalid("stretch", message));
        }
        let after = |at: i64| at - month.start().micros();
        let [from, to, length] = [stretch.start(), stretch.end(), month.end()].map(|at| after(at.micros()));
        Ok(Self { from, to, length })
    }

    /// What the stretch has of an amount of 0 or more for the month. The parts of all stretches of a month add up to
    /// it; ends that fall between two digits are rounded half up.
    pub(super) fn of(&self, amount: i128, decimals: u32) -> Result<i128> {
        Ok(self.until(amount, decimals, self.to)? - self.until(amount, decimals, self.from)?)
    }

    fn until(&self, amount: i128, decimals: u32, at: i64) -> Result<i128> {
        if at == self.length {
            return Ok(amount);
        }
        let step = I256::from(10_i128.pow(Money::SCALE.saturating_sub(decimals)));
        // At most 2^127 times 2^42, and 10^18 times 2^42: far inside of 256 bits.
        let divisor = I256::from(self.length).saturating_mul(step);
        let twice = I256::from(amount).saturating_mul(I256::from(at)).saturating_mul(I256::from(2));
        let steps = twice.saturating_add(divisor).div_euclid(divisor.saturating_mul(I256::from(2)));
        i128::try_from(steps.saturating_mul(step)).map_err(|_| Error::overflow("an amount of a month does not fit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: &str, to: &str) -> Result<MonthPart> {
        MonthPart::new(Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap())
    }

    #[test]
    fn stretches_of_a_month_add_up_to_it() {
        let ends = ["2024-02-01T00:00:00Z", "2024-02-11T00:00:00Z", "2024-02-12T07:15:00Z", "2024-03-01T00:00:00Z"];
        for (amount, decimals) in [(10_i128.pow(20) + 1, 2), (10_i128.pow(20), 18), (i128::MAX / 2, 0)] {
            let parts = ends.windows(2).map(|ends| part(ends[0], ends[1]).unwrap().of(amount, decimals).unwrap());
            assert_eq!(parts.sum::<i128>(), amount);
        }
        let third = part("2024-02-01T00:00:00Z", "2024-02-11T00:00:00Z").unwrap();
        assert_eq!(third.of(29 * 10_i128.pow(18), 18).unwrap(), 10 * 10_i128.pow(18));
    }

    #[test]
    fn two_months_are_refused() {
        assert_eq!(part("2024-02-29T00:00:00Z", "2024-03-02T00:00:00Z").unwrap_err().field(), Some("stretch"));
        assert!(part("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z").is_ok());
    }
}
