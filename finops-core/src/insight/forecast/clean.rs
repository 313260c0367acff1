//! What no model should learn from: a refund, a failed day, a purchase that happens once, the level before a shift.
//!
//! Each value is compared with a robust expectation, a running median for the level and medians of the same place in
//! neighbouring seasons (Tukey 1977), in units of the median deviation (Rousseeuw and Croux 1993). Only what lies far
//! out, alone, and does not come again is replaced; that is strict on purpose, since what is replaced wrongly costs
//! more than it wins.

use super::numbers::median;

/// How many robust standard deviations away a value is one that cannot be meant.
const FAR: f64 = 14.0;
/// The same for the one or two values below zero of a series that has no others: those are credits.
const FAR_CREDIT: f64 = 4.0;
/// The deviation that counts as noise even where there is none, as a share of the usual value.
const QUIET: f64 = 0.01;
/// The median deviation of the normal distribution as a share of its standard deviation, turned round.
const MAD: f64 = 1.4826;
/// A run of more values than this is a level, not an accident.
const ENDED: usize = 2;
/// How many seasons to each side say what is usual at a place.
const NEAR: usize = 3;

/// Values that models are fitted to instead of what was delivered.
pub(crate) fn cleaned(values: &[f64], season: usize) -> Vec<f64> {
    let mut cleaned = values.to_vec();
    if values.len() < 10 {
        return cleaned;
    }
    let usual = Usual::new(values, season);
    let alone = usual.alone(values);
    for at in &alone {
        cleaned[*at] = usual.level[*at] + usual.season[*at];
    }
    if let Some((at, jump)) = shift(&cleaned, &usual, season) {
        cleaned[..at].iter_mut().for_each(|value| *value += jump);
    }
    cleaned
}

/// What is usual, place by place.
#[derive(Debug)]
pub(crate) struct Usual {
    level: Vec<f64>,
    season: Vec<f64>,
    noise: Vec<f64>,
}

impl Usual {
    pub(crate) fn new(values: &[f64], season: usize) -> Self {
        let half = (season / 2).max(3);
        let level: Vec<f64> = (0..values.len()).map(|at| median(&mut around(values, at, half).to_vec())).collect();
        let without: Vec<f64> = values.iter().zip(&level).map(|(value, level)| value - level).collect();
        let season: Vec<f64> = (0..values.len()).map(|at| same_place(&without, at, season)).collect();
        let rest: Vec<f64> = without.iter().zip(&season).map(|(value, season)| (value - season).abs()).collect();
        let everywhere = median(&mut rest.clone());
        let size = median(&mut values.iter().map(|value| value.abs()).collect::<Vec<f64>>());
        let noise = |at: usize| {
            let here = median(&mut around(&rest, at, 2 * half + 4).to_vec());
            here.max(everywhere / 2.0).max(QUIET * size)
        };
        let noise = (0..values.len()).map(noise).collect();
        Self { level, season, noise }
    }

    /// What a value has beyond the usual.
    pub(crate) fn excess(&self, values: &[f64], at: usize) -> f64 {
        values[at] - self.level[at] - self.season[at]
    }

    /// The same in robust standard deviations.
    pub(crate) fn away(&self, values: &[f64], at: usize) -> f64 {
        self.excess(values, at) / (MAD * self.noise[at]).max(1e-300)
    }

    /// The places of values that lie far out, alone, and have none like them.
    fn alone(&self, values: &[f64]) -> Vec<usize> {
        let away = |at: usize| self.away(values, at);
        let negative = values.iter().filter(|value| **value < 0.0).count();
        let credit = |at: usize| values[at] < 0.0 && negative <= ENDED;
        let limit = |at: usize| if credit(at) { FAR_CREDIT } else { FAR };
        let far: Vec<usize> = (0..values.len()).filter(|at| away(*at).abs() > limit(*at)).collect();
        let alike = |one: usize, other: usize| (0.5..2.0).contains(&(away(one) / away(other)));
        let again = |at: usize| far.iter().filter(|other| alike(at, **other)).count() > 2;
        let run = |at: usize| {
            let before =
                far.iter().rev().filter(|other| **other < at).zip(1..).take_while(|(other, back)| **other + back == at);
            let after = far.iter().filter(|other| **other > at).zip(1..).take_while(|(other, on)| **other == at + on);
            before.count() + after.count() + 1
        };
        // At the end nobody knows yet whether a level begins: only a credit surely is none.
        let ended = |at: usize| at + ENDED < values.len() || credit(at);
        far.iter().copied().filter(|at| run(*at) <= ENDED && ended(*at) && !again(*at)).collect()
    }
}

/// Where the level jumps for good, the last time, and by how much: what is before tells nothing about it any more.
fn shift(values: &[f64], usual: &Usual, season: usize) -> Option<(usize, f64)> {
    let side = season.clamp(6, 14);
    let flat: Vec<f64> = values.iter().zip(&usual.season).map(|(value, season)| value - season).collect();
    let jump = |at: usize| {
        let (mut before, mut after) = (flat[at - side..at].to_vec(), flat[at..at + side].to_vec());
        let (from, to) = (median(&mut before), median(&mut after));
        let spread =
            |part: &[f64], middle: f64| median(&mut part.iter().map(|v| (v - middle).abs()).collect::<Vec<f64>>());
        let noise = MAD * spread(&before, from).max(spread(&after, to)).max(QUIET * from.abs().max(to.abs()) / 2.0);
        ((to - from) / noise, to - from, from)
    };
    let last = flat.len().checked_sub(side)?;
    let found = (side..=last)
        .map(|at| (at, jump(at)))
        .filter(|(_, (score, by, from))| score.abs() > FAR && by.abs() > 0.25 * from.abs());
    let (at, (_, by, _)) = found.max_by(|one, other| one.1.0.abs().total_cmp(&other.1.0.abs()))?;
    Some((at, by))
}

fn around(values: &[f64], at: usize, half: usize) -> &[f64] {
    let end = (at + half + 1).min(values.len());
    &values[at.saturating_sub(half)..end]
}

/// The median of the same place in neighbouring seasons; zero where there are fewer than three.
fn same_place(values: &[f64], at: usize, season: usize) -> f64 {
    if season <= 1 {
        return 0.0;
    }
    let before = (1..=NEAR).filter_map(|back| values.get(at.checked_sub(back * season)?));
    let after = (1..=NEAR).filter_map(|on| values.get(at + on * season));
    let mut near: Vec<f64> = before.chain(after).copied().collect();
    if near.len() < 3 { 0.0 } else { median(&mut near) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(count: usize) -> Vec<f64> {
        (0..7 * count)
            .map(|at| [100.0, 104.0, 98.0, 101.0, 103.0, 40.0, 35.0][at % 7] + (at * 37 % 11) as f64)
            .collect()
    }

    #[test]
    fn a_refund_is_taken_out_and_nothing_else() {
        let values = weeks(12);
        assert_eq!(cleaned(&values, 7), values);
        for at in [3, 40, 83] {
            let mut refund = values.clone();
            refund[at] = -900.0;
            let cleaned = cleaned(&refund, 7);
            assert!((cleaned[at] - values[at]).abs() < 30.0, "{at}: {} for {}", cleaned[at], values[at]);
            let others = (0..values.len()).filter(|other| *other != at);
            assert!(others.into_iter().all(|other| (cleaned[other] - values[other]).abs() < 1e-9));
        }
    }

    #[test]
    fn what_comes_again_stays() {
        let mut values = weeks(14);
        (10..98).step_by(30).for_each(|at| values[at] += 800.0);
        assert_eq!(cleaned(&values, 7), values);
    }

    #[test]
    fn a_shift_ends_the_old_level() {
        let mut values = weeks(12);
        values[50..].iter_mut().for_each(|value| *value += 500.0);
        let cleaned = cleaned(&values, 7);
        assert!(cleaned[..49].iter().all(|value| *value > 450.0), "{cleaned:?}");
        assert_eq!(cleaned[51..], values[51..]);
    }
}
