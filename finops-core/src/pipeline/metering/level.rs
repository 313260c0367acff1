//! Levels over time: the state of what is weighted by time.

use super::wide::Wide;
use ethnum::I256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Changes of a level. With the sum of changes `C` and the sum `M` of each change × its time, level × time until `t` is
/// `C × t - M`: exact, and the same in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) change: Wide,
    pub(super) moment: I256,
    pub(super) events: u64,
}

impl Default for Level {
    fn default() -> Self {
        Self { change: Wide::default(), moment: I256::ZERO, events: 0 }
    }
}

impl Level {
    pub(super) fn change_at(value: i128, micros: i64, events: u64) -> Self {
        Self::wide_change_at(Wide::from_mantissa(value), micros, events)
    }

    fn wide_change_at(change: Wide, micros: i64, events: u64) -> Self {
        // 2^159 × 2^58 at most: far from the end of 256 bits, as are sums of them.
        Self { change, moment: change.to_i256().wrapping_mul(I256::from(micros)), events }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.change = self.change.plus(other.change);
        self.moment = self.moment.wrapping_add(other.moment);
        self.events = self.events.saturating_add(other.events);
    }

    pub(super) fn subtract(&mut self, value: i128, micros: i64) -> bool {
        let Some(events) = self.events.checked_sub(1) else { return false };
        let taken = Self::change_at(value, micros, 1);
        let (change, moment) = (self.change.plus(taken.change.negated()), self.moment.wrapping_sub(taken.moment));
        // Over nothing both are zero: anything else was never added.
        if events == 0 && !(change.is_zero() && moment == I256::ZERO) {
            return false;
        }
        *self = Self { change, moment, events };
        true
    }

    pub(super) fn held_until(&self, micros: i64) -> I256 {
        self.change.to_i256().wrapping_mul(I256::from(micros)).wrapping_sub(self.moment)
    }

    pub(super) fn carried_to(&self, micros: i64) -> Self {
        Self::wide_change_at(self.change, micros, self.events)
    }
}

/// The sum of changes, the moment as two words, the count.
type Form = (u128, i32, i128, u128, u64);

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (high, low) = self.moment.into_words();
        let form: Form = (self.change.low, self.change.high, high, low.cast_unsigned(), self.events);
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (low, high, moment_high, moment_low, events) = Form::deserialize(deserializer)?;
        let moment = I256::from_words(moment_high, moment_low.cast_signed());
        Ok(Self { change: Wide { low, high }, moment, events })
    }
}
