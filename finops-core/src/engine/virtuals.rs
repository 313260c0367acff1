//! Virtual dimensions, through the engine.

use super::centers::still_needed;
use super::{Deleted, Finops, Page};
use crate::insight::question::Question;
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::dimension::Dimension;
use crate::model::virtual_dimension::{MAX_VIRTUAL_DIMENSIONS, VirtualDimension, Virtuals};
use crate::{Error, ErrorCode, Result};
use serde::Deserialize;

/// The fields of a virtual dimension, as `virtual_dimensions.set` takes them.
pub(super) const VIRTUAL_FIELDS: &[&str] = &["name", "rules", "default"];

/// The virtual dimension that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VirtualKey {
    pub(super) name: String,
}

impl VirtualKey {
    pub(super) const FIELDS: &'static [&'static str] = &["name"];
}

/// Which virtual dimensions to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VirtualList {
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl VirtualList {
    pub(super) const FIELDS: &'static [&'static str] = &["limit", "offset"];
}

impl Finops {
    /// Defines a virtual dimension, in place of one with the same name, and gives it back. Answers from then on, of any
    /// time, go by it.
    ///
    /// ```
    /// use finops_core::{CostSummaryRequest, Finops};
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let rules = json!([{"value": "search", "when": {"tag:team": ["search", "index"]}}]);
    /// let product = json!({"name": "product", "rules": rules, "default": "other"});
    /// finops.virtual_dimensions_set(serde_json::from_value(product).unwrap())?;
    /// let mut request = CostSummaryRequest::default();
    /// request.group_by.0 = vec!["virtual:product".parse()?];
    /// assert_eq!(finops.get_cost_summary(&request)?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when it cannot be right: a name or value out of bounds, rules that lead in a circle or look
    /// at a virtual dimension that is not defined; `conflict` on a handle for reading, and beyond 100 of them.
    pub fn virtual_dimensions_set(&self, dimension: VirtualDimension) -> Result<VirtualDimension> {
        self.permit("virtual_dimensions.set")?;
        dimension.validate()?;
        let allowed = |all: &[VirtualDimension]| {
            if all.len() > MAX_VIRTUAL_DIMENSIONS {
                let message =
                    format!("there are {MAX_VIRTUAL_DIMENSIONS} virtual dimensions already: delete one first");
                return Err(Error::new(ErrorCode::Conflict, message).with_field("name"));
            }
            Virtuals::new(all.to_vec()).map(drop)
        };
        self.store.put_virtual_dimension(&dimension, &allowed, &self.change())?;
        self.budgets_follow_definitions();
        Ok(dimension)
    }

    /// The definition of a virtual dimension.
    ///
    /// ```
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert!(finops.virtual_dimensions_get("product").is_err(), "it was not defined");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn virtual_dimensions_get(&self, name: &str) -> Result<VirtualDimension> {
        self.permit("virtual_dimensions.get")?;
        let all = self.store.virtual_dimensions()?;
        all.into_iter().find(|dimension| dimension.name == name).ok_or_else(|| unknown(name))
    }

    /// A page of virtual dimensions in the order of their names.
    ///
    /// ```
    /// use finops_core::engine::VirtualList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.virtual_dimensions_list(&VirtualList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn virtual_dimensions_list(&self, request: &VirtualList) -> Result<Page<VirtualDimension>> {
        self.permit("virtual_dimensions.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let all = self.store.virtual_dimensions()?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(all.len()), size(limit), size(offset));
        let items = all.into_iter().skip(offset).take(limit).collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Removes a virtual dimension.
    ///
    /// ```
    /// use finops_core::ErrorCode;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.virtual_dimensions_delete("product").unwrap_err().code(), ErrorCode::NotFound);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `conflict` when another one, a cost centre, a rule of allocation or a monitor of anomalies looks at
    /// it, and on a handle for reading.
    pub fn virtual_dimensions_delete(&self, name: &str) -> Result<Deleted> {
        self.permit("virtual_dimensions.delete")?;
        let _alone = self.centers.alone();
        let mut needed_by = self.centers_looking_at(name)?;
        needed_by.extend(self.rules_looking_at(name)?);
        needed_by.extend(self.monitors_looking_at(name)?);
        if !needed_by.is_empty() {
            return Err(still_needed(&needed_by).with_field("name"));
        }
        let allowed = |left: &[VirtualDimension]| {
            let users: Vec<&str> = left
                .iter()
                .filter(|other| other.looks_at().any(|looked_at| looked_at == name))
                .map(|other| other.name.as_str())
                .collect();
            if users.is_empty() {
                return Ok(());
            }
            let message = format!("the rules of {} look at '{name}': change or delete them first", users.join(", "));
            Err(Error::new(ErrorCode::Conflict, message).with_field("name"))
        };
        let deleted = self.store.delete_virtual_dimension(name, &allowed, &self.change())?;
        if deleted { Ok(Deleted { deleted }) } else { Err(unknown(name)) }
    }

    /// The virtual dimensions whose rules name a value, as a sentence names them.
    pub(super) fn virtuals_naming(&self, dimension: &Dimension, value: &str) -> Result<Vec<String>> {
        let naming = |known: &VirtualDimension| known.rules.iter().any(|rule| rule.when.names(dimension, value));
        let all = self.store.virtual_dimensions()?;
        Ok(all.iter().filter(|known| naming(known)).map(|known| format!("'virtual:{}'", known.name)).collect())
    }

    /// Gives the definitions to questions that name any.
    pub(super) fn define(&self, questions: &mut [Question]) -> Result<()> {
        if !questions.iter().any(|question| named(question).next().is_some()) {
            return Ok(());
        }
        let virtuals = Virtuals::new(self.store.virtual_dimensions()?)?;
        for question in questions {
            for (field, name) in named(question) {
                virtuals.get(name).map_err(|error| error.with_field(field))?;
            }
            question.virtuals = virtuals.clone();
        }
        Ok(())
    }
}

/// The virtual dimensions that a question names, and the field of the request that does.
fn named(question: &Question) -> impl Iterator<Item = (&'static str, &str)> {
    let mut filtered = Vec::new();
    question.filter.dimensions(&mut filtered);
    let grouped = question.dimensions.iter().map(|dimension| ("group_by", dimension));
    let counted = question.distinct.iter().map(|dimension| ("distinct", dimension));
    let all = grouped.chain(filtered.into_iter().map(|dimension| ("filter", dimension))).chain(counted);
    all.filter_map(|(field, dimension)| match dimension {
        Dimension::Virtual(name) => Some((field, name.as_str())),
        _ => None,
    })
}

fn unknown(name: &str) -> Error {
    let name: String = name.chars().take(80).collect();
    Error::new(ErrorCode::NotFound, format!("there is no virtual dimension '{name}'")).with_field("name")
}
