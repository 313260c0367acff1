//! A rule: which charges it holds, when it is in force, and how they are shared out.

use super::form::{self, Form};
use super::method::{Base, Direct, Method};
use super::{RuleId, check};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::Money;
use crate::model::time::{Interval, Stamp};
use crate::model::virtual_dimension::Virtuals;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};

/// Everything that a rule says beside its [method](Method).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// Its id.
    pub id: RuleId,
    /// What it is called. 1 to 200 bytes, not blank.
    pub name: String,
    /// Which charges it holds, unless an earlier rule does.
    pub source: Filter,
    /// Its stage: lower ones hold charges first.
    pub order: u32,
    /// The first instant of charges that it holds: the start of a calendar month in UTC.
    pub effective_from: Stamp,
    /// The first instant that it holds no more: the start of a calendar month in UTC. Without one it holds on.
    pub effective_to: Option<Stamp>,
    /// To how many decimals shares are cut, 0 to 18. What the pool has beyond them goes along with one share.
    pub decimals: u32,
}

impl Terms {
    /// The terms of a rule of the first stage for all charges of that source, from that instant on, to 18 decimals.
    pub fn new(id: RuleId, name: impl Into<String>, source: Filter, effective_from: Stamp) -> Self {
        let decimals = Money::SCALE;
        Self { id, name: name.into(), source, order: 0, effective_from, effective_to: None, decimals }
    }
}

/// A rule of allocation: whatever there is of this type is in order by itself. Whether it is in order with others and
/// with the centres, a [`RuleSet`](super::RuleSet) says.
///
/// ```
/// use finops_core::model::allocation::Rule;
///
/// let rule = Rule::from_json(&serde_json::json!({
///     "id": "alr_01hk153x000000000000000000", "name": "platform", "source": {"namespace": "platform"},
///     "method": "fixed", "effective_from": "2024-01-01T00:00:00Z",
///     "targets": [
///         {"cost_center": "cc_01hk153x000000000000000001", "percent": "60"},
///         {"cost_center": "cc_01hk153x000000000000000002", "percent": "40"},
///     ],
/// }))?;
/// assert_eq!(rule.method().as_str(), "fixed");
///
/// let error = Rule::from_json(&serde_json::json!({
///     "id": "alr_01hk153x000000000000000000", "name": "platform", "source": {"namespace": "platform"},
///     "method": "even", "effective_from": "2024-01-01T00:00:00Z", "base": "direct_cost",
///     "targets": [{"cost_center": "cc_01hk153x000000000000000001"}],
/// })).unwrap_err();
/// assert_eq!(error.to_string(), "base: has no place in method 'even': leave it out");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Rule {
    terms: Terms,
    method: Method,
}

impl Rule {
    /// A rule of these terms and this method.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn new(terms: Terms, method: Method) -> Result<Self> {
        check::terms(&terms)?;
        check::method(&method)?;
        Ok(Self { terms, method })
    }

    /// Reads the JSON form and names the field in which it is wrong.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        let form: Form = serde_path_to_error::deserialize(value).map_err(|error| {
            let field = error.path().to_string();
            let message = error.inner().to_string();
            let error = Error::new(ErrorCode::InvalidArgument, message);
            if field == "." { error } else { error.with_field(field) }
        })?;
        form::rule(form)
    }

    /// Its id.
    pub const fn id(&self) -> RuleId {
        self.terms.id
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.terms.name
    }

    /// What it says beside its method.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How what it holds is shared out.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// When it is in force.
    pub fn effective(&self) -> Interval {
        let always = Interval::always();
        let end = self.terms.effective_to.unwrap_or(always.end());
        Interval::new(self.terms.effective_from, end).unwrap_or(always)
    }

    /// The slug of the meter that it is in proportion to.
    pub fn meter(&self) -> Option<&str> {
        match &self.method {
            Method::Proportional { base: Base::Meter { meter, .. }, .. } => Some(meter),
            _ => None,
        }
    }

    /// The dimensions that it looks at, each as often as it does.
    pub fn dimensions(&self) -> Vec<&Dimension> {
        let mut found = Vec::new();
        self.terms.source.dimensions(&mut found);
        found.extend(self.method.within());
        if let Method::Direct(Direct::By { by, .. }) = &self.method {
            found.push(by);
        }
        found
    }

    /// Checks that the virtual dimensions and the meter that it names are there.
    ///
    /// # Errors
    /// `invalid_argument` with the field.
    pub fn check_names(&self, virtuals: &Virtuals, has_meter: impl Fn(&str) -> bool) -> Result<()> {
        let there = |field: &str, dimension: &Dimension| match dimension {
            Dimension::Virtual(name) => virtuals.get(name).map(drop).map_err(|error| error.with_field(field)),
            _ => Ok(()),
        };
        let mut asked = Vec::new();
        self.terms.source.dimensions(&mut asked);
        asked.into_iter().try_for_each(|dimension| there("source", dimension))?;
        self.method.within().iter().try_for_each(|dimension| there("within", dimension))?;
        if let Method::Direct(Direct::By { by, .. }) = &self.method {
            there("by", by)?;
        }
        match self.meter() {
            Some(meter) if !has_meter(meter) => {
                Err(Error::invalid("base.meter", format!("there is no meter '{meter}': define it first")))
            }
            _ => Ok(()),
        }
    }

    /// How an error names it.
    pub(crate) fn called(&self) -> String {
        format!("'{}' ({})", self.terms.name, self.terms.id)
    }

    /// For the form, which takes it apart.
    pub(super) fn into_parts(self) -> (Terms, Method) {
        (self.terms, self.method)
    }
}
