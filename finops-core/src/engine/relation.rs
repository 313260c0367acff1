//! All charges of a state, as a relation and as files, for tools that bring their own language to ask in.

use super::Finops;
use crate::edge::export::within;
use crate::edge::store::{Scan, SegmentFile, Snapshot};
use crate::model::charge::{ChargeColumn, ChargeTable};
use crate::model::time::{Interval, Period, Zone};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A column of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelationColumn {
    /// One of FOCUS, or one of our dimensions.
    Known(ChargeColumn),
    /// One that FOCUS does not know, as text.
    Custom(String),
}

impl RelationColumn {
    /// Its name, as in files.
    pub fn name(&self) -> &str {
        match self {
            Self::Known(column) => column.name(),
            Self::Custom(name) => name,
        }
    }
}

/// The charges of one state of the store, which stays readable for as long as this lives.
#[derive(Debug, Clone)]
pub struct Relation {
    snapshot: Snapshot,
    charged: Option<Interval>,
    columns: Vec<RelationColumn>,
}

impl Relation {
    /// The number of the state.
    pub const fn snapshot(&self) -> u64 {
        self.snapshot.id
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[RelationColumn] {
        &self.columns
    }
}

/// The files of a state of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SegmentFiles {
    /// The number of the state.
    pub snapshot: u64,
    /// How many files there are.
    pub count: u64,
    /// The files, in the order of billing period and account.
    pub items: Vec<SegmentFile>,
}

/// That there is nothing to say about which files.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SegmentsRequest {}

impl SegmentsRequest {
    pub(super) const FIELDS: &'static [&'static str] = &[];
}

impl Finops {
    /// The Parquet files that the present state consists of, for tools that read such files themselves. Together they
    /// hold each charge once; a vacuum may remove them when the state is no longer the present one.
    ///
    /// ```
    /// use finops_core::Finops;
    ///
    /// let error = Finops::open(":memory:")?.segments().unwrap_err();
    /// assert!(error.message().contains("export_report"), "there are no files in memory");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` for a store in memory; `storage`.
    pub fn segments(&self) -> Result<SegmentFiles> {
        self.permit("segments")?;
        let snapshot = self.state(None)?;
        let items = self.store.segment_files(&snapshot)?;
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        Ok(SegmentFiles { snapshot: snapshot.id, count, items })
    }

    /// The charges of the present state as a relation: the columns of that name, by default all, and the charges
    /// whose charge period starts in the period, in UTC, by default all.
    ///
    /// ```
    /// use finops_core::Finops;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let relation = finops.relation(Some(&["BilledCost".into(), "x_TenantId".into()]), None)?;
    /// let mut rows = 0;
    /// finops.read(&relation, &mut |table| {
    ///     rows += table.rows();
    ///     Ok(())
    /// })?;
    /// assert_eq!((relation.columns().len(), rows), (2, 0));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a column that no charge can have; `storage`.
    pub fn relation(&self, columns: Option<&[String]>, period: Option<&Period>) -> Result<Relation> {
        self.permit("segments")?;
        let charged = period.map(|period| period.interval(Zone::UTC)).transpose()?;
        let snapshot = self.state(None)?;
        let known = ChargeColumn::ALL.iter().copied().map(RelationColumn::Known);
        let custom = self.store.custom_columns(&snapshot, charged.unwrap_or_else(Interval::always))?;
        let all: Vec<RelationColumn> = known.chain(custom.into_iter().map(RelationColumn::Custom)).collect();
        let columns = columns.map_or_else(|| Ok(all.clone()), |names| choose(&all, names))?;
        Ok(Relation { snapshot, charged, columns })
    }

    /// Gives the charges of a relation, table by table, in a fixed order. A column that is absent in a table has no
    /// value there; a table may have others besides.
    ///
    /// # Errors
    /// `storage`, and whatever `visit` gives.
    pub fn read(&self, relation: &Relation, visit: &mut dyn FnMut(&ChargeTable) -> Result<()>) -> Result<()> {
        self.permit("segments")?;
        let mut columns: Vec<ChargeColumn> = Vec::new();
        columns.extend(relation.charged.map(|_| ChargeColumn::ChargePeriodStart));
        for column in &relation.columns {
            match column {
                RelationColumn::Known(column) if !columns.contains(column) => columns.push(*column),
                _ => {}
            }
        }
        let custom = relation.columns.iter().any(|column| matches!(column, RelationColumn::Custom(_)));
        let charged = relation.charged.unwrap_or_else(Interval::always);
        let scan = Scan { columns, custom, charged, estimated_only: false };
        self.store.scan(&relation.snapshot, &scan, &mut |table| match relation.charged {
            Some(charged) => visit(&within(table, charged)),
            None => visit(table),
        })
    }
}

fn choose(all: &[RelationColumn], names: &[String]) -> Result<Vec<RelationColumn>> {
    let mut chosen: Vec<RelationColumn> = Vec::new();
    for name in names {
        let column = all.iter().find(|column| column.name() == name).ok_or_else(|| {
            let hint = ChargeColumn::from_field(name).map(|column| format!(": write '{}'", column.name()));
            Error::invalid("columns", format!("'{name}' is no column of the charges{}", hint.unwrap_or_default()))
        })?;
        if chosen.contains(column) {
            return Err(Error::invalid("columns", format!("names '{name}' twice")));
        }
        chosen.push(column.clone());
    }
    if chosen.is_empty() {
        return Err(Error::invalid("columns", "names none: leave it out for all of them"));
    }
    Ok(chosen)
}
