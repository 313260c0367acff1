//! Thresholds: at which share of a budget what happens.

use crate::model::center::Percent;
use crate::model::money::{Money, Quantity};
use crate::{Error, ErrorCode, Result};
use ethnum::I256;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many thresholds a budget has at most.
pub const MAX_THRESHOLDS: usize = 20;
/// One, as a mantissa.
const ONE: i128 = 10_i128.pow(18);

/// A share of a budget in hundredths: above 0, up to 1000. Unlike a cost centre's, `0.8` is less than one percent.
///
/// ```
/// use finops_core::model::budget::ThresholdPercent;
///
/// let all = ThresholdPercent::new("100".parse()?)?;
/// assert!(all.is_reached("100".parse()?, "100".parse()?), "at the very amount");
/// assert!(!all.is_reached("99.999999999999999999".parse()?, "100".parse()?));
/// assert_eq!(all.of("0.50".parse()?)?, "0.5".parse()?);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Quantity", into = "Quantity")]
pub struct ThresholdPercent(Quantity);

impl ThresholdPercent {
    /// 80 %: where a budget begins to be a worry that says nothing else.
    pub(super) const EIGHTY: Self = Self(Quantity::from_mantissa(80 * ONE));
    /// 100 %: the amount itself.
    pub const WHOLE: Self = Self(Quantity::from_mantissa(100 * ONE));
    /// 120 %: far above the amount.
    pub(super) const CRITICAL: Self = Self(Quantity::from_mantissa(120 * ONE));

    /// That many hundredths.
    ///
    /// # Errors
    /// `invalid_argument` unless they are above 0, up to 1000.
    pub fn new(hundredths: Quantity) -> Result<Self> {
        if !(1..=1000 * ONE).contains(&hundredths.mantissa()) {
            let message = format!("must be a percentage above 0 up to 1000, got {hundredths}");
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        Ok(Self(hundredths))
    }

    /// How many hundredths: 80 for 80 %.
    pub const fn value(self) -> Quantity {
        self.0
    }

    /// Whether an amount spent is that share of the whole or more. Of a whole of 0, any amount above 0 is.
    pub fn is_reached(self, spent: Money, whole: Money) -> bool {
        if whole.is_zero() {
            return spent.mantissa() > 0;
        }
        // At most 2^127 times 10^20 and times 10^21, far inside of 256 bits.
        let hundred = I256::from(100 * ONE);
        I256::from(spent.mantissa()) * hundred >= I256::from(whole.mantissa()) * I256::from(self.0.mantissa())
    }

    /// That share of an amount, rounded up to the last of 18 decimals: what is spent reaches the one exactly when it
    /// reaches the other.
    ///
    /// # Errors
    /// `overflow`.
    pub fn of(self, whole: Money) -> Result<Money> {
        let (share, hundred) = (I256::from(whole.mantissa()) * I256::from(self.0.mantissa()), I256::from(100 * ONE));
        let up = i128::from(share % hundred > I256::ZERO);
        let steps = i128::try_from(share / hundred).ok().and_then(|steps| steps.checked_add(up));
        steps.map(Money::from_mantissa).ok_or_else(|| {
            Error::overflow(format!("{} % of {whole} does not fit Money: give a smaller amount", self.0))
        })
    }
}

impl TryFrom<Quantity> for ThresholdPercent {
    type Error = Error;

    fn try_from(hundredths: Quantity) -> Result<Self> {
        Self::new(hundredths)
    }
}

impl From<ThresholdPercent> for Quantity {
    fn from(percent: ThresholdPercent) -> Self {
        percent.0
    }
}

/// A cost centre's percentage, which has been told from a fraction already.
impl From<Percent> for ThresholdPercent {
    fn from(percent: Percent) -> Self {
        Self(percent.value())
    }
}

impl fmt::Display for ThresholdPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What happens when a threshold is crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Somebody is told.
    Alert,
    /// The gate lets nothing more through, and somebody is told.
    Pause,
}

impl Action {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Pause => "pause",
        }
    }
}

/// What is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What has been spent in the period.
    #[default]
    Actual,
    /// What will have been spent at the end of the period.
    Forecasted,
}

impl Basis {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Forecasted => "forecasted",
        }
    }
}

/// At which share of a budget what happens. Ordered by percentage; of the same one an alert comes before a pause.
///
/// As text it is a key that tells it from every other of its budget: `80/alert/actual`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The share.
    pub percent: ThresholdPercent,
    /// What happens.
    pub action: Action,
    /// What is compared; by default what has been spent.
    #[serde(default)]
    pub basis: Basis,
}

impl Threshold {
    /// Somebody is told at that share of what has been spent.
    pub const fn alert(percent: ThresholdPercent) -> Self {
        Self { percent, action: Action::Alert, basis: Basis::Actual }
    }

    /// Nothing more is let through at that share of what has been spent.
    pub const fn pause(percent: ThresholdPercent) -> Self {
        Self { percent, action: Action::Pause, basis: Basis::Actual }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.percent, self.action.as_str(), self.basis.as_str())
    }
}

/// The thresholds of a budget: 1 to 20, no two alike, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Threshold>", into = "Vec<Threshold>")]
pub struct Thresholds(Vec<Threshold>);

impl Thresholds {
    /// Those thresholds, in whatever order they are given.
    ///
    /// # Errors
    /// `invalid_argument` on `thresholds` when there are none or more than 20, and when two are alike.
    pub fn new(mut thresholds: Vec<Threshold>) -> Result<Self> {
        let wrong = |message: String| Err(Error::invalid("thresholds", message));
        if !(1..=MAX_THRESHOLDS).contains(&thresholds.len()) {
            return wrong(format!("must be 1 to {MAX_THRESHOLDS}, got {}", thresholds.len()));
        }
        thresholds.sort_unstable();
        let alike = thresholds.iter().zip(thresholds.iter().skip(1)).find(|(one, next)| one == next);
        if let Some((twice, _)) = alike {
            return wrong(format!("name {twice} twice: leave one out"));
        }
        Ok(Self(thresholds))
    }

    /// All of them, in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Threshold> {
        self.0.iter()
    }

    /// The lowest with that action and that basis.
    pub fn lowest(&self, action: Action, basis: Basis) -> Option<&Threshold> {
        self.0.iter().find(|threshold| threshold.action == action && threshold.basis == basis)
    }

    /// The share from which on what has been spent is a worry: the lowest alert on it below 100 %, else 80 %.
    pub fn warning(&self) -> ThresholdPercent {
        let lowest = self.lowest(Action::Alert, Basis::Actual).map(|threshold| threshold.percent);
        lowest.filter(|percent| *percent < ThresholdPercent::WHOLE).unwrap_or(ThresholdPercent::EIGHTY)
    }
}

impl TryFrom<Vec<Threshold>> for Thresholds {
    type Error = Error;

    fn try_from(thresholds: Vec<Threshold>) -> Result<Self> {
        Self::new(thresholds)
    }
}

impl From<Thresholds> for Vec<Threshold> {
    fn from(thresholds: Thresholds) -> Self {
        thresholds.0
    }
}
