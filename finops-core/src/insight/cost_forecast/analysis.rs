//! What a forecast is judged by: where it leads, how fast, and how sure it is.

use super::super::daily::Trend;
use super::super::forecast::median_of;
use super::history::History;
use super::outlook::Predictions;
use crate::Result;
use crate::model::money::{Quantity, Rounding};
use serde::Serialize;

/// How many days a span has over which growth is measured: whole weeks, so that weekends do not pass for growth.
const SPAN: usize = 28;
/// How many of them count, the last ones: a year.
const SPANS: usize = 13;
/// How many days a month has, on average.
const MONTH: f64 = 30.4375;
/// How many decimals rates and widths have.
const DECIMALS: u32 = 4;
/// A growth of a hundredth a month or less is none, up or down.
const STABLE: f64 = 0.01;
/// Up to which half-width, against what is expected, a forecast is sure, and up to which it is worth something.
const HIGH: f64 = 0.1;
const MEDIUM: f64 = 0.3;

/// How sure a forecast is, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Confidence {
    /// The interval reaches at most a tenth up and down.
    High,
    /// At most three tenths.
    Medium,
    /// Further.
    Low,
}

/// What a forecast is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Analysis {
    /// Where the history leads: `increasing` above a growth of 0.01 a month, `decreasing` below -0.01, else `stable`.
    /// None where the growth is.
    pub trend: Option<Trend>,
    /// By how much of itself the cost of a day grows in a month, at 4 decimals: 0.02 is two hundredths. The mean days
    /// of the last 13 spans of four weeks give the median of the slopes between all pairs of them (Theil 1950, Sen
    /// 1968), and that, for a month of 30.4375 days, is divided by the median of those means. A span of which fewer
    /// than three weeks are known does not count. None with fewer than two spans, or where the median is not above 0.
    pub monthly_growth_rate: Option<Quantity>,
    /// How sure the forecast is: `high` where `relative_width` is at most 0.1, `medium` at most 0.3, else `low`.
    pub confidence: Confidence,
    /// Half the width of all intervals together by what is expected together, at 4 decimals, at the level that was
    /// asked for; none where nothing, or next to nothing, is expected.
    pub relative_width: Option<Quantity>,
    /// The model, with what it chose.
    pub model: String,
}

impl Analysis {
    pub(super) fn of(history: &History, predictions: &Predictions) -> Result<Self> {
        // What does not fit is no figure that anybody could use.
        let growth = growth(history).filter(|growth| quantity(*growth).is_ok());
        let width = relative_width(predictions);
        Ok(Self {
            trend: growth.map(|growth| match growth {
                growth if growth > STABLE => Trend::Increasing,
                growth if growth < -STABLE => Trend::Decreasing,
                _ => Trend::Stable,
            }),
            monthly_growth_rate: growth.map(quantity).transpose()?,
            confidence: match width {
                Some(width) if width <= HIGH => Confidence::High,
                Some(width) if width <= MEDIUM => Confidence::Medium,
                _ => Confidence::Low,
            },
            relative_width: width.and_then(|width| quantity(width).ok()),
            model: predictions.model.clone(),
        })
    }
}

fn quantity(value: f64) -> Result<Quantity> {
    Quantity::parse_f64(value)?.value.round(DECIMALS, Rounding::HalfEven)
}

fn relative_width(predictions: &Predictions) -> Option<f64> {
    let (mut width, mut expected) = (0.0, 0.0);
    for point in &predictions.points {
        let bounds = point.bounds.first()?;
        width += (bounds.upper - bounds.lower) / 2.0;
        expected += (point.known.to_f64_nearest() + point.expected).abs();
    }
    let relative = width / expected;
    relative.is_finite().then_some(relative)
}

/// The growth from month to month, relative to the level.
fn growth(history: &History) -> Option<f64> {
    let spans: Vec<Option<f64>> = history.spans(SPAN).into_iter().rev().take(SPANS).rev().collect();
    let mut slopes = Vec::new();
    for (earlier, from) in spans.iter().enumerate() {
        for (later, to) in spans.iter().enumerate().skip(earlier + 1) {
            if let (Some(from), Some(to)) = (from, to) {
                slopes.push((to - from) / (later - earlier) as f64);
            }
        }
    }
    let level = median_of(spans.into_iter().flatten().collect()).filter(|level| *level > 0.0);
    let (slope, level) = median_of(slopes).zip(level)?;
    Some(slope / level * MONTH / SPAN as f64)
}
