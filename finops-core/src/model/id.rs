//! Ids: a prefix that says of what, a time that sorts, and randomness that cannot be guessed.
//!
//! An id is 48 bits of milliseconds followed by 80 random bits, written as a prefix and 26 digits of Crockford's
//! base 32 in lower case: `bud_01h...`. Neither the time nor the randomness is taken from the system here: both
//! are given, so that a run can be repeated. Ids that others made (resources, tenants) are plain text and no
//! concern of this module.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::time::{Stamp, quoted};
use crate::error::{Error, ErrorCode, Result};

/// Crockford's base 32: no `i`, `l`, `o` or `u`, in the order of ASCII, so that the text sorts as the bits do.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LEN: usize = 26;

/// What an [`Id`] is of.
pub trait IdKind: Copy + Ord + Hash + Debug + 'static {
    /// What its ids start with: lower-case letters and an underscore, such as `bud_`.
    const PREFIX: &'static str;
}

/// The id of one kind of thing; ids of one kind sort by the millisecond in which they were made.
///
/// ```
/// use finops_core::model::id::{Budget, Id, Report};
/// use finops_core::model::time::Stamp;
///
/// let id = Id::<Budget>::new(Stamp::parse("2024-01-01T00:00:00Z")?, [7; 10]);
/// assert_eq!(id.to_string(), "bud_01hk153x000w3ge1r70w3ge1r7");
/// assert_eq!(Id::<Budget>::parse(&id.to_string())?, id);
/// assert!(Id::<Report>::parse(&id.to_string()).is_err());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "")]
pub struct Id<K: IdKind> {
    bits: u128,
    kind: PhantomData<fn() -> K>,
}

impl<K: IdKind> Id<K> {
    /// An id of that millisecond (1970 for anything earlier) with those random bits.
    pub fn new(now: Stamp, random: [u8; 10]) -> Self {
        let millis = u128::try_from(now.micros().div_euclid(1_000)).unwrap_or(0);
        let random = random.iter().fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        Self { bits: millis << 80 | random, kind: PhantomData }
    }

    /// The id of another kind with the same digits: of what comes into being with this and ends with it.
    ///
    /// ```
    /// use finops_core::model::id::{Budget, CostCenter, Id};
    ///
    /// let center = Id::<CostCenter>::parse("cc_01hk153x000w3ge1r70w3ge1r7")?;
    /// assert_eq!(center.twin::<Budget>().to_string(), "bud_01hk153x000w3ge1r70w3ge1r7");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    #[must_use]
    pub const fn twin<T: IdKind>(self) -> Id<T> {
        Id { bits: self.bits, kind: PhantomData }
    }

    /// The millisecond that it was made for.
    ///
    /// # Errors
    /// `invalid_argument` for one beyond all calendars, which no id that was made has.
    pub fn time(self) -> Result<Stamp> {
        let millis = i64::try_from(self.bits >> 80).unwrap_or(i64::MAX);
        Stamp::from_micros(millis.saturating_mul(1_000))
    }

    /// Whether both have the same random bits, whenever they were made for.
    pub const fn has_same_random(self, other: Self) -> bool {
        self.bits << 48 == other.bits << 48
    }

    /// Reads an id exactly as it is printed; the prefix must be that of the kind.
    pub fn parse(text: &str) -> Result<Self> {
        let Some(digits) = text.strip_prefix(K::PREFIX) else {
            return Err(invalid(match text.split_once('_') {
                Some((prefix, _)) => format!("must start with '{}', got {}", K::PREFIX, quoted(&format!("{prefix}_"))),
                None => format!("must start with '{}', got {}", K::PREFIX, quoted(text)),
            }));
        };
        let bits = (digits.len() == LEN).then(|| digits.bytes().try_fold(0, push_digit)).flatten();
        bits.map(|bits| Self { bits, kind: PhantomData }).ok_or_else(|| {
            invalid(format!("{} is not an id: '{}' and {LEN} lower-case digits and letters", quoted(text), K::PREFIX))
        })
    }
}

/// One more digit behind the bits; nothing when it is no digit or does not fit any more.
fn push_digit(bits: u128, byte: u8) -> Option<u128> {
    let digit = DIGITS.iter().position(|digit| *digit == byte)?;
    Some(bits.checked_mul(32)? | u128::try_from(digit).ok()?)
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, message)
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(K::PREFIX.len() + LEN);
        text.push_str(K::PREFIX);
        for place in (0..LEN).rev() {
            let digit = usize::try_from(self.bits >> (place * 5) & 31).unwrap_or(0);
            text.push(char::from(DIGITS.get(digit).copied().unwrap_or(b'0')));
        }
        f.pad(&text)
    }
}

impl<K: IdKind> Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl<K: IdKind> TryFrom<String> for Id<K> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl<K: IdKind> From<Id<K>> for String {
    fn from(id: Id<K>) -> Self {
        id.to_string()
    }
}

macro_rules! kinds {
    ($($name:ident $prefix:literal $what:literal;)*) => {$(
        #[doc = concat!("The ids of ", $what, ": `", $prefix, "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {}

        impl IdKind for $name {
            const PREFIX: &'static str = $prefix;
        }
    )*};
}

kinds! {
    Budget "bud_" "budgets";
    CostCenter "cc_" "cost centers";
    ResourceGroup "rg_" "resource groups";
    Schedule "sch_" "schedules";
    Report "rep_" "reports";
    Recommendation "rec_" "recommendations";
    Anomaly "ano_" "anomalies";
    AnomalyMonitor "mon_" "monitors of anomalies";
    Reservation "res_" "reservations of a budget";
    Webhook "whk_" "webhooks";
    Event "evt_" "events";
    Import "imp_" "imports";
    Price "prc_" "prices";
    Grant "grt_" "grants";
    AllocationRule "alr_" "rules of allocation";
}

/// Where random bytes come from.
pub trait Entropy: Send + Sync + Debug {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// The random generator of the system, fit for secrets.
#[cfg(feature = "embedded")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

#[cfg(feature = "embedded")]
impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes)
            .map_err(|error| Error::new(ErrorCode::Storage, format!("the system's random generator failed: {error}")))
    }
}

/// The same bytes for the same seed (`SplitMix64`): for tests and for runs that must repeat, never for secrets.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// A generator that starts from this seed.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in bytes.chunks_mut(8) {
            let mut word = self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
            word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            for (byte, random) in chunk.iter_mut().zip(word.to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp(micros: i64) -> Stamp {
        Stamp::from_micros(micros).unwrap()
    }

    #[test]
    fn a_wrong_prefix_names_both() {
        let id = Id::<CostCenter>::new(stamp(0), [255; 10]);
        let error = Id::<Budget>::parse(&id.to_string()).unwrap_err();
        assert_eq!(error.to_string(), "must start with 'bud_', got 'cc_'");
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
    }

    #[test]
    fn only_the_printed_form_is_read() {
        let id = Id::<Budget>::new(stamp(1_700_000_000_000_000), *b"0123456789").to_string();
        let digits = id.strip_prefix("bud_").unwrap();
        let upper = format!("bud_{}", digits.to_uppercase());
        // The first digit holds three bits only: 8 and above would be a second text for other bits.
        let large = format!("bud_8{}", &digits[1..]);
        let multi = format!("bud_{}é", &digits[2..]);
        for text in ["", "bud", "bud_", "_", "BUD_0", &id[..29], &format!("{id}0"), &upper, &large, &multi, "\u{0}é_"]
        {
            assert!(text.parse::<Id<Budget>>().is_err(), "{text}");
        }
        assert_eq!(id.parse::<Id<Budget>>().unwrap().to_string(), id);
    }

    #[test]
    fn json_is_the_text() {
        let id = Id::<Import>::new(stamp(-5), [0; 10]);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"imp_00000000000000000000000000\"");
        assert_eq!(serde_json::from_str::<Id<Import>>(&json).unwrap(), id);
        assert!(serde_json::from_str::<Id<Event>>(&json).is_err());
    }

    #[test]
    fn a_seed_repeats_and_splitmix_is_splitmix() {
        let (one, two) = (SeededEntropy::new(1_234_567), SeededEntropy::new(1_234_567));
        let (mut first, mut second) = ([0; 20], [0; 20]);
        one.fill(&mut first).unwrap();
        two.fill(&mut second).unwrap();
        assert_eq!(first, second);
        // The published first two outputs for this seed.
        assert_eq!(first[..8], 6_457_827_717_110_365_317_u64.to_le_bytes());
        assert_eq!(first[8..16], 3_203_168_211_198_807_973_u64.to_le_bytes());
        one.fill(&mut second).unwrap();
        assert_ne!(first, second);
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn the_system_does_not_repeat() {
        let (mut first, mut second) = ([0; 10], [0; 10]);
        SystemEntropy.fill(&mut first).unwrap();
        SystemEntropy.fill(&mut second).unwrap();
        assert_ne!(first, second);
    }

    proptest! {
        #[test]
        fn ids_come_back_and_sort_by_time(
            one in 0..253_402_300_799_999_999_i64,
            two in 0..253_402_300_799_999_999_i64,
            random: [u8; 10],
            other: [u8; 10],
        ) {
            let (first, second) = (Id::<Event>::new(stamp(one), random), Id::<Event>::new(stamp(two), other));
            prop_assert_eq!(Id::parse(&first.to_string()).unwrap(), first);
            prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
            if one / 1_000 < two / 1_000 {
                prop_assert!(first < second);
            }
            prop_assert_eq!(first.time().unwrap().micros(), one / 1_000 * 1_000);
            prop_assert_eq!(first.has_same_random(second), random == other);
        }

        #[test]
        fn no_text_panics(text in "(bud_)?.{0,40}") {
            if let Ok(id) = Id::<Budget>::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
