//! Which column of a file becomes which column of a charge, decided once from the header.

use super::cells::read_tag;
use super::raw::{RawCells, RawTable};
use super::remarks::Remarks;
use crate::model::charge::{ChargeColumn, FocusVersion};
use crate::model::receipt::Remark;
use crate::{Error, Result};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Fields of a charge to fill from other columns or tags than their own: `{"tenant_id": "SubAccountId"}` or
/// `{"team_id": "tag:team"}`.
pub type Mapping = BTreeMap<String, String>;

/// Where the values of a mapped field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The column of the file at that place.
    Column(usize),
    /// A tag.
    Tag(String),
}

/// The plan for a header.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) version: FocusVersion,
    /// For each charge column that the file fills, the place in the header and the name there.
    pub(super) known: Vec<(ChargeColumn, usize, String)>,
    /// Columns to keep as they are: the place and the name to keep them under.
    pub(super) custom: Vec<(usize, String)>,
    /// Fields filled by the caller's mapping.
    pub(super) mapped: Vec<(ChargeColumn, Origin)>,
}

/// Columns without a null in FOCUS, which a tolerant import can do without.
pub(super) const WANTED: [ChargeColumn; 8] = [
    ChargeColumn::ChargeCategory,
    ChargeColumn::ContractedCost,
    ChargeColumn::EffectiveCost,
    ChargeColumn::InvoiceIssuerName,
    ChargeColumn::ListCost,
    ChargeColumn::ServiceCategory,
    ChargeColumn::ServiceName,
    ChargeColumn::ServiceProviderName,
];

/// How many columns a file may have.
pub const MAX_COLUMNS: usize = 4096;

/// Names that FOCUS gave up, with what took their place.
const RENAMED: [(&str, ChargeColumn); 1] = [("ProviderName", ChargeColumn::ServiceProviderName)];
/// FOCUS columns of before 1.4 that have no successor; they are kept as custom columns.
const RETIRED: [&str; 2] = ["ProviderName", "PublisherName"];

impl Plan {
    /// # Errors
    /// `invalid_argument` for a header that names a column twice or lacks an essential one, and for a mapping that
    /// names what is not there. In strict mode for every deviation from FOCUS.
    pub(super) fn new(header: &[String], mapping: &Mapping, remarks: &mut Remarks) -> Result<Self> {
        if header.len() > MAX_COLUMNS {
            let message = format!("the file has {} columns: {MAX_COLUMNS} is the most that is read", header.len());
            return Err(Error::invalid("path", message));
        }
        refuse_repeated(header)?;
        let version = FocusVersion::detect(header.iter().map(String::as_str));
        let mapped = mapping.iter().map(|(field, origin)| mapped(header, field, origin)).collect::<Result<Vec<_>>>()?;
        let mut plan = Self { version, known: Vec::new(), custom: Vec::new(), mapped };
        for (place, name) in header.iter().enumerate() {
            plan.place(header, place, name, remarks)?;
        }
        plan.refuse_missing(header)?;
        plan.refuse_tags_of_nothing()?;
        for column in WANTED {
            if !plan.fills(column) {
                remarks.note(column.name(), Remark::MissingColumn, 1, None, None)?;
            }
        }
        Ok(plan)
    }

    fn place(&mut self, header: &[String], place: usize, name: &str, remarks: &mut Remarks) -> Result<()> {
        let column = meaning(header, name);
        if let Some(column) = column.filter(|column| !self.is_mapped(*column)) {
            if self.version >= FocusVersion::V1_4 && RETIRED.contains(&name) {
                remarks.note(name, Remark::RenamedColumn, 1, None, Some(column.name()))?;
            }
            self.known.push((column, place, name.to_owned()));
            return Ok(());
        }
        // Also what the caller's mapping takes its place of: it stays readable as a custom column.
        let retired = self.version < FocusVersion::V1_4 && RETIRED.contains(&name);
        if !name.starts_with("x_") && !retired {
            remarks.note(name, Remark::UnknownColumn, 1, None, None)?;
        }
        let is_custom = name.starts_with("x_") && column.is_none();
        let mut kept = if is_custom { name.to_owned() } else { format!("x_{name}") };
        let is_taken = |kept: &String| {
            ChargeColumn::from_name(kept).is_some()
                || kept != name && header.contains(kept)
                || self.custom.iter().any(|(_, other)| other == kept)
        };
        while is_taken(&kept) {
            kept.push('_');
        }
        self.custom.push((place, kept));
        Ok(())
    }

    /// The cells that a mapped field takes.
    pub(super) fn mapped_cells<'r>(&self, origin: &Origin, raw: &'r RawTable) -> Cow<'r, RawCells> {
        let cells = |place: Option<usize>| place.and_then(|place| raw.columns.get(place)).unwrap_or(&RawCells::Nothing);
        match origin {
            Origin::Column(place) => Cow::Borrowed(cells(Some(*place))),
            Origin::Tag(key) => Cow::Owned(read_tag(cells(self.tags()), key)),
        }
    }

    /// Where the tags stand in the header.
    fn tags(&self) -> Option<usize> {
        self.known.iter().find(|(column, ..)| *column == ChargeColumn::Tags).map(|(_, place, _)| *place)
    }

    fn refuse_tags_of_nothing(&self) -> Result<()> {
        let mapped = self.mapped.iter().find(|(_, origin)| matches!(origin, Origin::Tag(_)));
        match (mapped, self.tags()) {
            (Some((column, _)), None) => {
                let message = format!("'{}' is to come from a tag, and the file has no column Tags", column.field());
                Err(Error::invalid("mapping", message))
            }
            _ => Ok(()),
        }
    }

    /// Whether a column has a source, in the file or by mapping.
    pub(super) fn fills(&self, column: ChargeColumn) -> bool {
        self.known.iter().any(|(known, ..)| *known == column) || self.is_mapped(column)
    }

    fn is_mapped(&self, column: ChargeColumn) -> bool {
        self.mapped.iter().any(|(mapped, _)| *mapped == column)
    }

    fn refuse_missing(&self, header: &[String]) -> Result<()> {
        let essential = ChargeColumn::ALL.iter().filter(|column| column.is_essential());
        let missing: Vec<_> = essential.filter(|column| !self.fills(**column)).map(|column| column.name()).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let found: Vec<&str> = header.iter().take(8).map(String::as_str).collect();
        let more = if header.len() > found.len() { ", ..." } else { "" };
        let message = format!(
            "the file lacks {}; it has {} columns: {}{more}. Give a FOCUS file, or name the columns in `mapping`",
            missing.join(", "),
            header.len(),
            found.join(", "),
        );
        Err(Error::invalid(*first, message))
    }
}

/// The column that a name stands for: by its FOCUS name, in snake case as warehouses write it, or by the name that
/// an older version gave it. The proper name comes first where the header has both.
fn meaning(header: &[String], name: &str) -> Option<ChargeColumn> {
    let renamed = RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new);
    let other = ChargeColumn::from_field(name).or(renamed);
    let is_free = |column: &ChargeColumn| !header.iter().any(|other| other == column.name());
    ChargeColumn::from_name(name).or_else(|| other.filter(is_free))
}

fn refuse_repeated(header: &[String]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match header.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(Error::invalid(name, "stands twice in the header: rename one of the columns")),
        None => Ok(()),
    }
}

fn mapped(header: &[String], field: &str, origin: &str) -> Result<(ChargeColumn, Origin)> {
    let wrong = |message: String| Error::invalid("mapping", message);
    let column = ChargeColumn::from_field(field)
        .or_else(|| ChargeColumn::from_name(field))
        .ok_or_else(|| wrong(format!("'{field}' is no field of a charge, such as 'tenant_id' or 'billed_cost'")))?;
    let origin = match origin.strip_prefix("tag:") {
        Some("") => return Err(wrong("'tag:' needs the key of a tag".into())),
        Some(_) if column.kind().is_decimal() => {
            return Err(wrong(format!("'{field}' holds decimals, which do not come from a tag")));
        }
        Some(key) => Origin::Tag(key.to_owned()),
        None => {
            let place = header.iter().position(|name| name == origin);
            Origin::Column(place.ok_or_else(|| wrong(format!("the file has no column '{origin}' for '{field}'")))?)
        }
    };
    Ok((column, origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::intake::Mode;

    const ESSENTIAL: [&str; 7] = [
        "BilledCost",
        "BillingAccountId",
        "BillingCurrency",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "ChargePeriodStart",
        "ChargePeriodEnd",
    ];

    fn plan(more: &[&str], mapping: &[(&str, &str)]) -> Result<Plan> {
        let header: Vec<String> = ESSENTIAL.iter().chain(more).map(ToString::to_string).collect();
        let mapping = mapping.iter().map(|(field, origin)| (field.to_string(), origin.to_string())).collect();
        Plan::new(&header, &mapping, &mut Remarks::new(Mode::Tolerant))
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.custom.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn an_older_provider_fills_the_present_column_unless_both_are_there() {
        let old = plan(&["ProviderName", "PublisherName"], &[]).unwrap();
        assert!(old.fills(ChargeColumn::ServiceProviderName));
        assert_eq!(names(&old), ["x_PublisherName"]);
        let both = plan(&["ProviderName", "ServiceProviderName"], &[]).unwrap();
        assert_eq!(names(&both), ["x_ProviderName"]);
    }

    #[test]
    fn snake_case_is_understood_and_the_proper_name_comes_first() {
        assert!(plan(&["service_name"], &[]).unwrap().fills(ChargeColumn::ServiceName));
        assert_eq!(names(&plan(&["service_name", "ServiceName"], &[]).unwrap()), ["x_service_name"]);
    }

    #[test]
    fn a_column_named_like_one_of_ours_is_kept_beside_it() {
        assert_eq!(names(&plan(&["Namespace", "TenantId"], &[]).unwrap()), ["x_Namespace_", "x_TenantId_"]);
    }

    #[test]
    fn custom_columns_keep_names_of_their_own() {
        assert_eq!(names(&plan(&["x_Id", "Id", "x_Cost"], &[]).unwrap()), ["x_Id", "x_Id_", "x_Cost"]);
    }

    #[test]
    fn a_mapping_takes_the_place_of_the_column_which_stays_readable() {
        let mapped = plan(&["x_TenantId", "SubAccountId"], &[("tenant_id", "SubAccountId")]).unwrap();
        assert_eq!(mapped.mapped, [(ChargeColumn::TenantId, Origin::Column(8))]);
        assert_eq!(names(&mapped), ["x_x_TenantId"]);
    }

    #[test]
    fn a_mapping_of_nothing_is_refused() {
        for (mapping, says) in [
            (("tenantid", "SubAccountId"), "no field of a charge"),
            (("tenant_id", "Nope"), "no column 'Nope'"),
            (("tenant_id", "tag:"), "needs the key"),
            (("tenant_id", "tag:team"), "no column Tags"),
            (("billed_cost", "tag:cost"), "do not come from a tag"),
        ] {
            let error = plan(&["SubAccountId"], &[mapping]).unwrap_err();
            assert_eq!(error.field(), Some("mapping"));
            assert!(error.message().contains(says), "{mapping:?}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_no_bill_is_refused_with_what_it_lacks() {
        let header = ["date", "amount", "note"].map(str::to_owned);
        let error = Plan::new(&header, &Mapping::new(), &mut Remarks::new(Mode::Tolerant)).unwrap_err();
        assert_eq!(error.field(), Some("BilledCost"));
        assert!(error.message().contains("it has 3 columns: date, amount, note"), "{error}");
    }
}
