//! The models, by their names in the literature.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A model by its name in the literature, or `Auto`, which combines several.
///
/// ```
/// use finops_core::insight::forecast::Model;
///
/// assert_eq!("DynamicOptimizedTheta".parse::<Model>()?, Model::DynamicOptimizedTheta);
/// assert_eq!("dynamic_optimized_theta".parse::<Model>()?, Model::DynamicOptimizedTheta);
/// assert!("prophet".parse::<Model>().unwrap_err().to_string().contains("seasonal_naive"));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Model {
    /// A combination of unequal models, weighed by their errors from many origins.
    #[default]
    Auto,
    /// The last value goes on.
    Naive,
    /// The last season goes on.
    SeasonalNaive,
    /// The line through the first and the last value goes on.
    Drift,
    /// Simple exponential smoothing (Brown 1956).
    Ses,
    /// Exponential smoothing with a trend (Holt 1957).
    Holt,
    /// Exponential smoothing with a trend that fades (Gardner 1985).
    DampedTrend,
    /// The standard theta method (Assimakopoulos and Nikolopoulos 2000).
    Theta,
    /// Theta with its parameters optimised (Fiorucci et al. 2016).
    OptimizedTheta,
    /// The same with lines that are updated at each value (Fiorucci et al. 2016).
    DynamicOptimizedTheta,
    /// Exponential smoothing in state space form, chosen by `AICc` (Hyndman et al. 2008).
    Ets,
    /// Complex exponential smoothing (Svetunkov, Kourentzes and Ord 2022).
    Ces,
    /// Seasons taken off by loess, several if there are, and a model on the rest (Bandara, Hyndman and Bergmeir 2021).
    Mstl,
    /// Regression on the calendar: days of the month, weekdays, fees at the start of a month. Needs dates.
    Calendar,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 14] = [
        Self::Auto,
        Self::Naive,
        Self::SeasonalNaive,
        Self::Drift,
        Self::Ses,
        Self::Holt,
        Self::DampedTrend,
        Self::Theta,
        Self::OptimizedTheta,
        Self::DynamicOptimizedTheta,
        Self::Ets,
        Self::Ces,
        Self::Mstl,
        Self::Calendar,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Naive => "naive",
            Self::SeasonalNaive => "seasonal_naive",
            Self::Drift => "drift",
            Self::Ses => "ses",
            Self::Holt => "holt",
            Self::DampedTrend => "damped_trend",
            Self::Theta => "theta",
            Self::OptimizedTheta => "optimized_theta",
            Self::DynamicOptimizedTheta => "dynamic_optimized_theta",
            Self::Ets => "ets",
            Self::Ces => "ces",
            Self::Mstl => "mstl",
            Self::Calendar => "calendar",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As JSON writes it or as the literature does: case and underscores do not count.
impl FromStr for Model {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = |name: &str| name.replace(['_', ' ', '-'], "").to_lowercase();
        Self::ALL.into_iter().find(|model| plain(model.as_str()) == plain(text)).ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            let shown: String = text.chars().take(60).collect();
            Error::invalid("model", format!("`{shown}` is no model; there are {all}"))
        })
    }
}

impl TryFrom<String> for Model {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        model.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_its_name() {
        for model in Model::ALL {
            assert_eq!(model.as_str().parse::<Model>().unwrap(), model);
        }
        for (text, model) in [("SES", Model::Ses), ("SeasonalNaive", Model::SeasonalNaive), ("ETS", Model::Ets)] {
            assert_eq!(text.parse::<Model>().unwrap(), model);
        }
    }

    #[test]
    fn an_unknown_model_lists_those_that_there_are() {
        let error = "oracle".parse::<Model>().unwrap_err();
        assert_eq!(error.field(), Some("model"));
        assert!(Model::ALL.iter().all(|model| error.to_string().contains(model.as_str())), "{error}");
        assert!("".parse::<Model>().is_err());
    }
}
