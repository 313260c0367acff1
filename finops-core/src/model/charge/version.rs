//! Which version of FOCUS a file follows, told by its columns.

use super::ChargeColumn;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A version of the FOCUS specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum FocusVersion {
    /// 1.0, June 2024.
    #[default]
    V1_0,
    /// 1.1: capacity reservations, commitment quantities, service subcategories.
    V1_1,
    /// 1.2: invoices, pricing currencies, account types.
    V1_2,
    /// 1.3: split costs, contracts, host and service providers.
    V1_3,
    /// 1.4: invoice details, commitment programs; provider and publisher are gone.
    V1_4,
}

impl FocusVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 5] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V1_4];

    /// The version as its specification writes it: `1.4`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V1_4 => "1.4",
        }
    }

    /// The youngest version that one of the named columns asks for; 1.0 when none does.
    ///
    /// ```
    /// use finops_core::model::charge::FocusVersion;
    ///
    /// let version = FocusVersion::detect(["BilledCost", "ProviderName", "InvoiceId"]);
    /// assert_eq!(version, FocusVersion::V1_2);
    /// ```
    pub fn detect<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let versions = columns.into_iter().filter_map(ChargeColumn::from_name).filter_map(ChargeColumn::introduced);
        versions.max().unwrap_or(Self::V1_0)
    }
}

impl fmt::Display for FocusVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FocusVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FocusVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.into_iter().find(|version| version.as_str() == text);
        known.ok_or_else(|| serde::de::Error::custom(format!("'{text}' is no FOCUS version that is known here")))
    }
}
