//! Which series an answer is about.

use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::pipeline::metering::{SERIES_FIELDS, Series};
use crate::{Error, Result};

/// What usage is told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// A field or property of series.
    Series(String),
    /// The meter.
    Resource,
}

impl Field {
    /// # Errors
    /// `invalid_argument` for a dimension that usage does not have.
    pub(super) fn of(dimension: &Dimension, asked: &str) -> Result<Self> {
        let field = match dimension {
            Dimension::BuiltIn(BuiltIn::Resource) => return Ok(Self::Resource),
            Dimension::BuiltIn(built_in) => Some(dimension.answer_key().into_owned())
                .filter(|key| SERIES_FIELDS.contains(&key.as_str()) && *built_in != BuiltIn::Resource),
            Dimension::Tag(name) => Some(name.clone()),
            Dimension::Virtual(_) => None,
        };
        field.map(Self::Series).ok_or_else(|| {
            let known = BuiltIn::ALL
                .iter()
                .copied()
                .filter(|built_in| SERIES_FIELDS.contains(&Dimension::BuiltIn(*built_in).answer_key().as_ref()));
            let known: Vec<&str> = known.map(BuiltIn::as_str).collect();
            let message = format!("usage has no '{dimension}': use resource, {} or 'tag:PROPERTY'", known.join(", "));
            Error::invalid(asked, message)
        })
    }
}

/// A filter, its texts looked up once.
#[derive(Debug)]
pub(super) enum Test {
    /// The value at the place of a series is one of these; `None` for none.
    In(Option<u32>, Vec<Option<u32>>),
    /// The meter has one of these names.
    Meter(Vec<String>),
    Not(Box<Test>),
    Any(Vec<Test>),
    All(Vec<Test>),
}

impl Test {
    pub(super) fn new(filter: &Filter, series: &Series) -> Result<Self> {
        let several =
            |filters: &[Filter]| filters.iter().map(|filter| Self::new(filter, series)).collect::<Result<Vec<_>>>();
        Ok(match filter {
            Filter::In(dimension, values) => match Field::of(dimension, "filter")? {
                Field::Resource => Self::Meter(values.iter().flatten().cloned().collect()),
                Field::Series(field) => {
                    let code = |value: &Option<String>| match value {
                        None => Some(None),
                        // A text that no series has is a value of none.
                        Some(text) => series.code_of(text).map(Some),
                    };
                    Self::In(series.place_of(&field), values.iter().filter_map(code).collect())
                }
            },
            Filter::Not(inner) => Self::Not(Box::new(Self::new(inner, series)?)),
            Filter::Any(filters) => Self::Any(several(filters)?),
            Filter::All(filters) => Self::All(several(filters)?),
        })
    }

    /// Whether a series of a meter passes.
    pub(super) fn passes(&self, series: &Series, number: u32, slug: &str) -> bool {
        let passes = |test: &Self| test.passes(series, number, slug);
        match self {
            Self::In(place, codes) => codes.contains(&place.and_then(|place| series.code(number, place))),
            Self::Meter(slugs) => slugs.iter().any(|wanted| wanted == slug),
            Self::Not(inner) => !passes(inner),
            Self::Any(tests) => tests.iter().any(passes),
            Self::All(tests) => tests.iter().all(passes),
        }
    }
}

/// The tenants that a filter lets through at most; none when it may be any.
pub(super) fn tenants(filter: &Filter) -> Option<Vec<&str>> {
    match filter {
        Filter::In(Dimension::BuiltIn(BuiltIn::Tenant), values) => {
            values.iter().map(|value| value.as_deref()).collect()
        }
        Filter::All(filters) => filters.iter().find_map(tenants),
        _ => None,
    }
}
