//! The receipt of an import: what came in, what was mended, what was refused.

use super::charge::{ChargeColumn, FocusVersion};
use super::id::{Id, Import};
use super::money::{Currency, Money};
use serde::{Deserialize, Serialize};

/// What an import brought. Nothing in a file is dropped without a line here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportReceipt {
    /// The import that brought the data; a repeated import names the first.
    pub import_id: Id<Import>,
    /// The state of the store that holds the data; it grows with every change.
    pub snapshot: u64,
    /// Whether the same files were here already, so that nothing changed.
    pub unchanged: bool,
    /// How many files were read.
    pub files: u64,
    /// How many files were left out because their charges are here already.
    pub files_known: u64,
    /// The FOCUS version that the columns ask for.
    pub focus_version: FocusVersion,
    /// Rows read.
    pub rows: u64,
    /// Rows accepted.
    pub charges: u64,
    /// Rows set aside because they cannot be accounted for.
    pub quarantined: u64,
    /// The billing periods, such as `2024-09`, in order.
    pub billing_periods: Vec<String>,
    /// The currency, when all charges have the same.
    pub currency: Option<Currency>,
    /// The sum of `BilledCost`, when there is one currency.
    pub total_billed: Option<Money>,
    /// The sum of `EffectiveCost`, when there is one currency.
    pub total_effective: Option<Money>,
    /// The sum of `ListCost`, when there is one currency.
    pub total_list: Option<Money>,
    /// The sum of `ContractedCost`, when there is one currency.
    pub total_contracted: Option<Money>,
    /// The sums for each currency.
    pub totals: Vec<CurrencyTotals>,
    /// What was replaced: one line for each billing account and period that was here before.
    pub replaced: Vec<Replaced>,
    /// What was mended or looked odd, by kind and column.
    pub warnings: Vec<Warning>,
    /// The rows set aside, the first thousand of them.
    pub quarantine: Vec<Quarantined>,
}

impl ImportReceipt {
    /// The receipt of charges that the engine made itself.
    pub fn of_own(import_id: Id<Import>, charges: u64, totals: Vec<CurrencyTotals>) -> Self {
        let only = match totals.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        Self {
            import_id,
            snapshot: 0,
            unchanged: false,
            files: 0,
            files_known: 0,
            focus_version: FocusVersion::V1_4,
            rows: charges,
            charges,
            quarantined: 0,
            billing_periods: Vec::new(),
            currency: only.map(|totals| totals.currency),
            total_billed: only.map(|totals| totals.billed),
            total_effective: only.and_then(|totals| totals.effective),
            total_list: only.and_then(|totals| totals.list),
            total_contracted: only.and_then(|totals| totals.contracted),
            totals,
            replaced: Vec::new(),
            warnings: Vec::new(),
            quarantine: Vec::new(),
        }
    }
}

/// The costs of the charges in one currency; a row without a value is in no sum and is counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CurrencyTotals {
    /// The currency.
    pub currency: Currency,
    /// Charges in it.
    pub charges: u64,
    /// The sum of `BilledCost`.
    pub billed: Money,
    /// The sum of `EffectiveCost`; none when it is unknown in every row.
    pub effective: Option<Money>,
    /// The sum of `ContractedCost`; none when it is unknown in every row.
    pub contracted: Option<Money>,
    /// The sum of `ListCost`; none when it is unknown in every row.
    pub list: Option<Money>,
    /// Rows whose `EffectiveCost` is unknown.
    pub effective_unknown: u64,
    /// Rows whose `ContractedCost` is unknown.
    pub contracted_unknown: u64,
    /// Rows whose `ListCost` is unknown.
    pub list_unknown: u64,
}

/// A billing account and period whose charges were exchanged for newly delivered ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replaced {
    /// The billing account.
    pub billing_account_id: String,
    /// The billing period, such as `2024-09`.
    pub billing_period: String,
    /// Charges before.
    pub charges_before: u64,
    /// Charges now.
    pub charges_after: u64,
}

/// Why a cell was mended or remarked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remark {
    /// The text `NULL` was taken as no value.
    LiteralNull,
    /// A time without a zone was taken as UTC.
    NaiveTime,
    /// More than 18 decimals were rounded half to even.
    Rounded,
    /// A number in a form that FOCUS does not allow was read all the same.
    LenientNumber,
    /// A currency code was put into upper case.
    CurrencyCase,
    /// A column that FOCUS does not know was kept under a name that starts with `x_`.
    UnknownColumn,
    /// A column of an older FOCUS version filled the one that took its place.
    RenamedColumn,
    /// A column that FOCUS makes mandatory is not in the file.
    MissingColumn,
    /// A cell that FOCUS wants filled is empty.
    MissingValue,
    /// A word that is not in FOCUS's list was kept.
    UnexpectedValue,
    /// A value that cannot be read, in a column that no cost depends on, was taken as no value.
    UnreadableValue,
    /// A time in another form than FOCUS's `YYYY-MM-DDTHH:mm:ssZ` was read all the same.
    LenientTime,
    /// The values of a custom column are of a type that is not understood; they were left out.
    UnreadableColumn,
    /// What should be a JSON object is not; it was kept as text.
    InvalidJson,
}

impl Remark {
    /// Whether the value was changed on its way in.
    pub const fn is_repair(self) -> bool {
        matches!(
            self,
            Self::LiteralNull
                | Self::NaiveTime
                | Self::Rounded
                | Self::LenientNumber
                | Self::LenientTime
                | Self::UnreadableColumn
                | Self::CurrencyCase
                | Self::UnreadableValue
        )
    }
}

/// A remark on a column, with how often it applies.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// What it is about.
    pub code: Remark,
    /// Whether values were changed.
    pub repaired: bool,
    /// The column of the file.
    pub column: String,
    /// How many cells; 1 for a remark on the column as a whole.
    pub count: u64,
    /// The first row concerned, counted from 1 without the header, over all files; none for the column as a whole.
    pub first_row: Option<u64>,
    /// The value there, cut to 80 characters.
    pub example: Option<String>,
}

/// A row that was set aside. It is in no total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quarantined {
    /// The row, counted from 1 without the header, over all files of the import.
    pub row: u64,
    /// The column that makes it unusable; none when it is the row as a whole.
    pub column: Option<String>,
    /// Why.
    pub reason: QuarantineReason,
    /// The value, cut to 80 characters.
    pub value: Option<String>,
}

impl Quarantined {
    /// A row, the column that makes it unusable, and why.
    pub fn new(row: u64, column: Option<ChargeColumn>, reason: QuarantineReason, value: Option<String>) -> Self {
        Self { row, column: column.map(|column| column.name().to_owned()), reason, value }
    }
}

/// Why a row cannot be accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum QuarantineReason {
    /// A cell without which the charge has no place or no cost is empty.
    MissingValue,
    /// The cell is not a number, a time or a currency.
    UnreadableValue,
    /// The amount is 10^20 or more: no bill has it, and no `DECIMAL(38, 18)` holds it.
    OutOfRange,
    /// The row has another number of cells than the header, or text that is not UTF-8.
    Malformed,
    /// The period ends before it starts, or lies outside the years 1990 to 2199.
    ImplausiblePeriod,
}

impl QuarantineReason {
    /// The reason as a half sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingValue => "has no value",
            Self::UnreadableValue => "cannot be read",
            Self::OutOfRange => "is 10^20 or more",
            Self::Malformed => "has another number of cells than the header, or text that is not UTF-8",
            Self::ImplausiblePeriod => "ends before it starts, or lies outside the years 1990 to 2199",
        }
    }
}
