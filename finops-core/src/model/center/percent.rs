//! The percentage at which a centre's owner is warned.

use crate::model::money::Quantity;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// One, as a mantissa.
const ONE: i128 = 10_i128.pow(18);

/// A percentage of a budget: above 1, up to 1000.
///
/// People write 80 % as `80` and as `0.8`, and both are understood: what is above 1 is a percentage, what is not is a
/// fraction, so that exactly 1 is 100 %. It is kept and given back as a percentage. 1 % or less is refused: given back,
/// it could not be told from a fraction.
///
/// ```
/// use finops_core::model::center::Percent;
///
/// assert_eq!(Percent::read("0.8".parse()?)?, Percent::read("80".parse()?)?);
/// assert_eq!(Percent::read("1".parse()?)?.value(), "100".parse()?);
/// assert!(Percent::read("0.01".parse()?).is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Quantity", into = "Quantity")]
pub struct Percent(Quantity);

impl Percent {
    /// Understands a fraction above 0.01 up to 1, or a percentage above 1 up to 1000.
    ///
    /// # Errors
    /// `invalid_argument` for anything else.
    pub fn read(given: Quantity) -> Result<Self> {
        let wrong = || {
            let message =
                format!("must be a fraction above 0.01 up to 1, or a percentage above 1 up to 1000, got {given}");
            Error::new(ErrorCode::InvalidArgument, message)
        };
        let mantissa = given.mantissa();
        let percent = if mantissa > ONE { Some(mantissa) } else { mantissa.checked_mul(100) };
        percent
            .filter(|percent| (ONE + 1..=1000 * ONE).contains(percent))
            .map(|percent| Self(Quantity::from_mantissa(percent)))
            .ok_or_else(wrong)
    }

    /// How many hundredths: 80 for 80 %.
    pub const fn value(self) -> Quantity {
        self.0
    }
}

impl TryFrom<Quantity> for Percent {
    type Error = Error;

    fn try_from(given: Quantity) -> Result<Self> {
        Self::read(given)
    }
}

impl From<Percent> for Quantity {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}
