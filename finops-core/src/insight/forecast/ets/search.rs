//! The search for the weights of a form, and for the form.
//!
//! What is near is tried from what is known: a form with a slope from the one without, a damped one from the one that
//! is not, multiplicative errors from additive ones. Seasons and errors that are far behind without a slope are not
//! tried with one.

use super::Smoother;
use super::form::{Error, Form, Season, Trend};
use super::likelihood::{backcast, loss};
use super::outline::Outline;
use super::recursion::Weights;
use crate::insight::forecast::numbers::count;
use crate::insight::forecast::optimiser::{Effort, minimise};

/// The weight of the slope at most. Slopes that follow every turn tell the past better and the future worse.
const TURN: f64 = 0.05;

/// Further behind the best by Akaike's criterion a form has less than a hundredth of its likelihood.
const BEHIND: f64 = 10.0;

/// When nothing is known: a slow level, a slope and a season that hardly change, hardly damped.
const START: [f64; 4] = [0.3, 0.2, 0.1, 0.8];

const EFFORT: Effort = Effort { steps: 120, tolerance: 0.01 };

/// A form with the weights that tell a series best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub smoother: Smoother,
    /// Akaike's criterion, corrected for short series; less is better.
    pub criterion: f64,
    /// The weights as shares of what each may be.
    shares: [f64; 4],
}

/// A series, scaled, with what is known of it before anything is fitted.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    values: &'a [f64],
    period: usize,
    outlines: [Option<Outline>; 3],
    positive: bool,
}

impl<'a> Sample<'a> {
    /// `positive` says whether all values are above zero, so that shares of them are defined.
    pub(crate) fn new(values: &'a [f64], period: usize, positive: bool) -> Self {
        let outlines = [Season::None, Season::Additive, Season::Multiplicative];
        let outlines = outlines.map(|season| Outline::of(values, period, season, positive));
        Self { values, period, outlines, positive }
    }

    fn outline(&self, season: Season) -> Option<&Outline> {
        self.outlines.iter().flatten().find(|outline| outline.season() == season)
    }

    /// All forms that are defined and not far behind, each with its weights.
    pub(crate) fn candidates(&self) -> Vec<Found> {
        let mut all = Vec::new();
        let mut level: Vec<Found> = Vec::new();
        for season in [Season::None, Season::Additive, Season::Multiplicative] {
            for error in [Error::Additive, Error::Multiplicative] {
                let near = level.last().filter(|last| last.smoother.form.season == season).map(|last| last.shares);
                let form = Form { error, trend: Trend::None, season };
                level.extend(self.fit(form, near));
            }
        }
        for trend in [Trend::Additive, Trend::Damped] {
            let best = level.iter().map(|found| found.criterion).fold(f64::INFINITY, f64::min);
            let near = level.iter().filter(|found| found.criterion < best + BEHIND);
            let next =
                near.filter_map(|from| self.fit(Form { trend, ..from.smoother.form }, Some(from.shares))).collect();
            all.append(&mut std::mem::replace(&mut level, next));
        }
        all.append(&mut level);
        all
    }

    /// A form with its weights. `None` where it is not defined, or the values are too few.
    fn fit(&self, form: Form, near: Option<[f64; 4]>) -> Option<Found> {
        let penalty = penalty(form, self.period, self.values.len())?;
        let (shares, least) = self.search(form, near)?;
        let criterion = least + penalty;
        let smoother = Smoother { form, weights: weights(form, &shares) };
        criterion.is_finite().then_some(Found { smoother, criterion, shares })
    }

    /// The weights of a form, however few the values are.
    pub(crate) fn weights(&self, form: Form) -> Option<Weights> {
        let (shares, least) = self.search(form, None)?;
        least.is_finite().then(|| weights(form, &shares))
    }

    /// The shares with the least loss, and that loss.
    fn search(&self, form: Form, near: Option<[f64; 4]>) -> Option<([f64; 4], f64)> {
        let end = self.outline(form.season)?.end(form);
        if !form.is_usual() || (form.error == Error::Multiplicative && !self.positive) {
            return None;
        }
        let mut states = end.clone();
        let mut of = |shares: &[f64; 4]| {
            states.level = end.level;
            states.slope = end.slope;
            states.season.copy_from_slice(&end.season);
            let weights = weights(form, shares);
            backcast(form, &weights, self.values, &mut states);
            loss(form, &weights, self.values, &mut states)
        };
        let (start, size) = match near.filter(|near| of(near) < of(&START)) {
            Some(near) => (near, 0.1),
            None => (START, 0.2),
        };
        Some(match form.weights() {
            1 => best::<1>(form, start, size, of),
            2 => best::<2>(form, start, size, of),
            3 => best::<3>(form, start, size, of),
            _ => best::<4>(form, start, size, of),
        })
    }
}

/// What a form pays for its parameters. States at the start count once; the correction for short series is by the
/// parameters that are searched for. `None` when there are too many of them.
fn penalty(form: Form, period: usize, values: usize) -> Option<f64> {
    let searched = form.weights() + 1;
    let spare = values.checked_sub(searched + 1).filter(|spare| *spare > 0)?;
    let searched = count(searched);
    Some(2.0 * (searched + count(form.states(period))) + 2.0 * searched * (searched + 1.0) / count(spare))
}

/// The weights at a point of the unit cube: alpha, beta, gamma, phi.
fn weights(form: Form, [alpha, beta, gamma, phi]: &[f64; 4]) -> Weights {
    let within = |least: f64, most: f64, share: f64| least + (most - least) * share;
    let alpha = within(1e-4, 0.9999, *alpha);
    let slope = form.trend != Trend::None;
    Weights {
        alpha,
        beta: if slope { within(1e-4, 1.0, *beta) * alpha.min(TURN) } else { 0.0 },
        gamma: if form.season == Season::None { 0.0 } else { within(1e-4, 0.9999, *gamma) * (1.0 - alpha) },
        phi: match form.trend {
            Trend::None => 0.0,
            Trend::Additive => 1.0,
            Trend::Damped => within(0.8, 0.98, *phi),
        },
    }
}

/// The best shares of the `N` weights that a form has; the others stay.
fn best<const N: usize>(
    form: Form,
    start: [f64; 4],
    size: f64,
    mut loss: impl FnMut(&[f64; 4]) -> f64,
) -> ([f64; 4], f64) {
    let axes = form.axes();
    let spread = |at: &[f64; N]| {
        let mut own = at.iter();
        let mut shares = start;
        for (share, _) in shares.iter_mut().zip(axes).filter(|(_, has)| *has) {
            *share = own.next().copied().unwrap_or(*share);
        }
        shares
    };
    let mut own = start.iter().zip(axes).filter(|(_, has)| *has).map(|(share, _)| *share);
    let first: [f64; N] = std::array::from_fn(|_| own.next().unwrap_or(0.5));
    let found = minimise(first, size, EFFORT, |at| loss(&spread(at)));
    (spread(&found.at), found.loss)
}
