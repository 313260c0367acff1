//! Forecasts of a plain series of numbers: pure functions, no clock, no randomness, the same bytes on every run.
//!
//! ```
//! use finops_core::insight::forecast::{Level, Model, Series, forecast};
//!
//! let months = [90.0, 95.0, 101.0, 99.0, 104.0, 108.0, 110.0, 115.0, 113.0, 119.0, 124.0, 126.0];
//! let series = Series::of(&months, 12)?;
//! let answer = forecast(&series, 3, &[Level::new(0.8)?], Model::Auto)?;
//! assert_eq!(answer.mean.len(), 3);
//! assert!(answer.bands[0].lower[0] < answer.mean[0] && answer.mean[0] < answer.bands[0].upper[0]);
//! # Ok::<(), finops_core::Error>(())
//! ```
//!
//! Statistics are done in doubles: a forecast is no money that anybody owes. What is booked never passes through here.
#![allow(
    clippy::indexing_slicing,
    reason = "places are worked out from lengths a line or two before; a checked access would hide the formula"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of values, far below 2^52"
)]
#![allow(clippy::many_single_char_names, clippy::similar_names, reason = "the letters of the literature")]

mod answer;
mod backtest;
mod calendar;
mod ets;
mod fit;
mod forecaster;
mod intervals;
mod level;
mod model;
mod naive;
mod numbers;
mod optimiser;
mod prepared;
mod series;
mod optimiser;
mod numbers;
mod season;
mod theta;
mod mstl;
mod arima;
mod clean;
mod aggregate;

pub use answer::{Band, SeriesForecast};
pub use backtest::{Backtest, LevelScore, backtest};
pub use calendar::{Calendar, Frequency};
pub use forecaster::{Forecaster, MAX_HORIZON, forecast};
pub use level::Level;
pub use model::Model;
pub use series::Series;

/// For the workshop.
pub mod workshop {
    use super::fit::{Fit, Fitted};
    /// All members.
    pub fn members() -> Vec<(&'static str, Box<dyn Fn(&[f64], usize, usize) -> Option<Vec<f64>>>)> {
        fn of<M: Fit + 'static>(name: &'static str, model: M) -> (&'static str, Box<dyn Fn(&[f64], usize, usize) -> Option<Vec<f64>>>) {
            (name, Box::new(move |v, m, h| model.fit(v, m).map(|f| f.mean(h))))
        }
        vec![
            of("theta", super::theta::Theta::Standard),
            of("otm", super::theta::Theta::Optimized),
            of("dot", super::theta::Theta::Dynamic),
            of("mstl", super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 11 }),
            of("mstl7", super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 7 }),
            of("mstl21", super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 21 }),
            of("mstlp", super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 1001 }),
            of("stheta", super::mstl::Mstl { rest: super::theta::Theta::Standard, more_seasons: vec![], len: 11 }),
            of("sotm", super::mstl::Mstl { rest: super::theta::Theta::Optimized, more_seasons: vec![], len: 11 }),
            of("agg", super::mstl::Mstl { rest: super::aggregate::Aggregated { each: super::theta::Theta::Dynamic, spans: vec![1,2,3,4,6,12]}, more_seasons: vec![], len: 11 }),
            of("aggo", super::mstl::Mstl { rest: super::aggregate::Aggregated { each: super::theta::Theta::Optimized, spans: vec![1,2,3,4,6,12]}, more_seasons: vec![], len: 11 }),
            of("agg3", super::mstl::Mstl { rest: super::aggregate::Aggregated { each: super::theta::Theta::Dynamic, spans: vec![3,6,12]}, more_seasons: vec![], len: 11 }),
            of("agga", super::mstl::Mstl { rest: super::aggregate::Aggregated { each: super::arima::Arima{drift:true,limit:2}, spans: vec![1,2,3,4,6,12]}, more_seasons: vec![], len: 11 }),
            ("cmstl", Box::new(|v, m, h| { let (v, _) = super::clean::cleaned(v, m, 3.0); super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 11 }.fit(&v, m).map(|f| f.mean(h)) })),
            ("c2mstl", Box::new(|v, m, h| { let (v, _) = super::clean::cleaned(v, m, 2.0); super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 11 }.fit(&v, m).map(|f| f.mean(h)) })),
            ("csotm", Box::new(|v, m, h| { let (v, _) = super::clean::cleaned(v, m, 2.0); super::mstl::Mstl { rest: super::theta::Theta::Optimized, more_seasons: vec![], len: 11 }.fit(&v, m).map(|f| f.mean(h)) })),
            ("csarima", Box::new(|v, m, h| { let (v, _) = super::clean::cleaned(v, m, 2.0); super::mstl::Mstl { rest: super::arima::Arima { drift: true, limit: 2}, more_seasons: vec![], len: 11 }.fit(&v, m).map(|f| f.mean(h)) })),
            of("sarimand", super::mstl::Mstl { rest: super::arima::Arima { drift: false, limit: 2}, more_seasons: vec![], len: 11 }),
            of("sarima1", super::mstl::Mstl { rest: super::arima::Arima { drift: true, limit: 1}, more_seasons: vec![], len: 11 }),
            of("sarima1nd", super::mstl::Mstl { rest: super::arima::Arima { drift: false, limit: 1}, more_seasons: vec![], len: 11 }),
            of("arimand", super::arima::Arima { drift: false, limit: 2}),
            of("arima1", super::arima::Arima { drift: true, limit: 1}),
            of("arima1nd", super::arima::Arima { drift: false, limit: 1}),
            of("sarima", super::mstl::Mstl { rest: super::arima::Arima{drift:true,limit:2}, more_seasons: vec![], len: 11 }),
            of("arima", super::arima::Arima{drift:true,limit:2}),
        ]
    }

    /// Errors from many origins of the mean of two members, parameters kept, or refitted.
    pub fn rolling(v: &[f64], m: usize, h: usize, kept: bool, origins: &[usize]) -> Vec<Vec<f64>> {
        let a = super::mstl::Mstl { rest: super::theta::Theta::Dynamic, more_seasons: vec![], len: 11 };
        let b = super::mstl::Mstl { rest: super::arima::Arima { drift: false, limit: 1}, more_seasons: vec![], len: 11 };
        let (fa, fb) = (a.fit(v, m).unwrap(), b.fit(v, m));
        let mut out = vec![];
        for o in origins {
            let p = &v[..*o];
            let (x, y) = if kept { (fa.refilter(p).map(|f| f.mean(h)), fb.as_ref().and_then(|f| f.refilter(p)).map(|f| f.mean(h))) } else { (a.fit(p, m).map(|f| f.mean(h)), b.fit(p, m).map(|f| f.mean(h))) };
            let Some(x) = x else { out.push(vec![]); continue };
            let y = y.unwrap_or_else(|| x.clone());
            out.push((0..h.min(v.len() - o)).map(|k| v[o + k] - 0.5 * (x[k] + y[k])).collect());
        }
        out
    }
}
