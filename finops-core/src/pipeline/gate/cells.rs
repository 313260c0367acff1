//! Amounts by quarter of an hour: the grain in which settled spend becomes charges.

use crate::model::time::Stamp;

/// What every amount is below, in steps of 10^-18: 10^20, as a `DECIMAL(38, 18)` has it.
pub(super) const LIMIT: i128 = 10_i128.pow(38);
/// The microseconds of a quarter of an hour.
pub(super) const QUARTER: i64 = 900_000_000;

/// Where the quarter of an hour starts in which an instant lies, in microseconds.
pub(super) const fn quarter_of(now: Stamp) -> i64 {
    let micros = now.micros();
    micros - micros.rem_euclid(QUARTER)
}

/// What was settled in one quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: i64,
    pub(super) amount: i128,
    pub(super) count: u64,
}

/// What was settled, by quarter of an hour. Nearly always there is but one, which is kept apart.
///
/// The older ones start before the latest. No two start at the same time, unless they would be too much together.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    latest: Cell,
    older: Vec<Cell>,
}

impl Default for Cells {
    fn default() -> Self {
        Self { latest: Cell { start: i64::MIN, amount: 0, count: 0 }, older: Vec::new() }
    }
}

impl Cells {
    pub(super) fn is_empty(&self) -> bool {
        self.latest.count == 0 && self.older.is_empty()
    }

    /// Those in which something was settled, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cell> + '_ {
        self.older.iter().chain(std::iter::once(&self.latest)).filter(|cell| cell.count > 0).copied()
    }

    /// Adds an amount below the limit to a quarter; false, and nothing is changed, where the sum is not below it.
    pub(super) fn add(&mut self, start: i64, amount: i128, count: u64) -> bool {
        let cell = if self.latest.start == start { &mut self.latest } else { self.cell(start) };
        let Some(sum) = cell.amount.checked_add(amount).filter(|sum| *sum < LIMIT) else { return false };
        cell.amount = sum;
        cell.count = cell.count.saturating_add(count);
        true
    }

    /// Adds all of another, of which each quarter fits on its own: where the sum does not, it stays apart.
    pub(super) fn absorb(&mut self, other: &Self) {
        for cell in other.iter() {
            if !self.add(cell.start, cell.amount, cell.count) {
                self.older.push(cell);
            }
        }
    }

    /// The cell of a quarter that is not the latest, made where there is none.
    #[cold]
    fn cell(&mut self, start: i64) -> &mut Cell {
        let new = Cell { start, amount: 0, count: 0 };
        if start > self.latest.start {
            let before = std::mem::replace(&mut self.latest, new);
            if before.count > 0 {
                self.older.push(before);
            }
            return &mut self.latest;
        }
        if let Some(at) = self.older.iter().position(|cell| cell.start == start) {
            // A position that was just found.
            return self.older.get_mut(at).unwrap_or(&mut self.latest);
        }
        self.older.push(new);
        self.older.last_mut().unwrap_or(&mut self.latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_come_in_any_order_and_go_again() {
        let mut cells = Cells::default();
        for (start, amount) in [(0, 5), (900, 7), (0, 1), (-900, 2), (900, 1), (450, 4)] {
            assert!(cells.add(start, amount, 1));
        }
        let mut all: Vec<_> = cells.iter().map(|cell| (cell.start, cell.amount, cell.count)).collect();
        all.sort_unstable();
        assert_eq!(all, [(-900, 2, 1), (0, 6, 2), (450, 4, 1), (900, 8, 2)]);
        let mut twice = cells.clone();
        twice.absorb(&cells);
        let mut sums: Vec<_> = twice.iter().map(|cell| (cell.start, cell.amount, cell.count)).collect();
        sums.sort_unstable();
        assert_eq!(sums, [(-900, 4, 2), (0, 12, 4), (450, 8, 2), (900, 16, 4)]);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut cells = Cells::default();
        assert!(cells.add(0, LIMIT - 1, 1));
        assert!(!cells.add(0, 1, 1));
        assert_eq!(cells.iter().collect::<Vec<_>>(), [Cell { start: 0, amount: LIMIT - 1, count: 1 }]);
        assert!(cells.add(900, 1, 1));
        assert!(!cells.add(0, 1, 1));
    }

    #[test]
    fn a_quarter_starts_at_or_before_its_instants() {
        let quarter = |text: &str| quarter_of(Stamp::parse(text).unwrap());
        assert_eq!(quarter("1970-01-01T00:14:59.999999Z"), 0);
        assert_eq!(quarter("1970-01-01T00:15:00Z"), QUARTER);
        assert_eq!(quarter("1969-12-31T23:59:59Z"), -QUARTER);
    }
}
