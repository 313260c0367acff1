//! What meters counted for the cost centres that rules share out to.

use crate::engine::Finops;
use crate::engine::usage::pages;
use crate::insight::request::Bound;
use crate::insight::usage::UsagePages;
use crate::insight::{GroupBy, UsageQuery, UsageRequest};
use crate::model::allocation::{Center, CenterId, Rule, RuleSet};
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::money::Quantity;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::Meter;
use crate::pipeline::allocation::Weights;
use crate::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

impl Finops {
    /// The quantities of a stretch for the rules that are in proportion to a meter: for each of their centres what its
    /// own filter lets through.
    ///
    /// # Errors
    /// `invalid_argument` naming rule and centre where usage does not have what the centre's filter looks at, and for
    /// a stretch that does not lie on quarters of an hour.
    pub(super) fn weights(&self, rules: &RuleSet, stretch: Interval) -> Result<Weights> {
        let mut weights = Weights::default();
        for rule in rules.rules() {
            let Some(meter) = self.meter_of(rule)? else { continue };
            for (center, quantity) in self.counted_for(rule, &meter, &rules.targets_of(rule), stretch)? {
                weights.set(rule.id(), center, quantity);
            }
        }
        Ok(weights)
    }

    /// Checks that the meters that rules go by can tell what each of their centres used.
    ///
    /// # Errors
    /// `invalid_argument` naming rule and centre.
    pub(super) fn check_weights(&self, rules: &RuleSet) -> Result<()> {
        for rule in rules.rules() {
            let Some(meter) = self.meter_of(rule)? else { continue };
            rules.targets_of(rule).into_iter().try_for_each(|center| answerable(rule, &meter, center))?;
        }
        Ok(())
    }

    fn meter_of(&self, rule: &Rule) -> Result<Option<Meter>> {
        let Some(slug) = rule.meter() else { return Ok(None) };
        let meter = self.store.usage()?.meters()?.get(slug).map(|(_, meter)| meter.clone());
        meter.map(Some).ok_or_else(|| {
            Error::invalid("base.meter", format!("of rule '{}' is '{slug}', which is not there", rule.name()))
        })
    }

    fn counted_for(
        &self,
        rule: &Rule,
        meter: &Meter,
        centers: &[&Center],
        stretch: Interval,
    ) -> Result<Vec<(CenterId, Quantity)>> {
        centers.iter().try_for_each(|center| answerable(rule, meter, center))?;
        let store = self.store.usage()?;
        let ends = [stretch.start(), stretch.end()].map(Bound::Instant);
        let mut request = UsageRequest { resource: Some(meter.slug.clone()), ..UsageRequest::default() };
        (request.start_date, request.end_date) = (Some(ends[0]), Some(ends[1]));
        let asking = Asking { request, now: self.clock.now() };
        let interval = UsageQuery::new(&asking.request, asking.now)?.interval;
        let mut counted = Vec::with_capacity(centers.len());
        store.counted(&pages(store, interval, Some(&meter.slug))?, &mut |pages| {
            counted = asking.quantities(centers, pages)?;
            Ok(())
        })?;
        Ok(counted)
    }
}

/// A question about one meter.
struct Asking {
    request: UsageRequest,
    now: Stamp,
}

impl Asking {
    /// How much each centre used. Those that want one value of a dimension are asked for together.
    fn quantities(&self, centers: &[&Center], pages: &dyn UsagePages) -> Result<Vec<(CenterId, Quantity)>> {
        let mut by_dimension: BTreeMap<&Dimension, Vec<(CenterId, &str)>> = BTreeMap::new();
        let mut counted = Vec::with_capacity(centers.len());
        for center in centers {
            let filter = center.filter.clone().unwrap_or_default();
            if let Some((dimension, value)) = center.filter.as_ref().and_then(one_value) {
                by_dimension.entry(dimension).or_default().push((center.id, value));
            } else {
                let total = self.by(Vec::new(), filter, pages)?.into_values().next();
                counted.push((center.id, total.unwrap_or_default()));
            }
        }
        for (dimension, wanted) in by_dimension {
            let values = wanted.iter().map(|(_, value)| Some((*value).to_owned())).collect();
            let found = self.by(vec![dimension.clone()], Filter::In(dimension.clone(), values), pages)?;
            let quantity = |value: &str| found.get(value).copied().unwrap_or_default();
            counted.extend(wanted.into_iter().map(|(center, value)| (center, quantity(value))));
        }
        Ok(counted)
    }

    /// How much was used by the values of a dimension, or in all.
    fn by(
        &self,
        dimensions: Vec<Dimension>,
        filter: Filter,
        pages: &dyn UsagePages,
    ) -> Result<HashMap<Arc<str>, Quantity>> {
        let request = UsageRequest { group_by: Some(GroupBy(dimensions)), filter, ..self.request.clone() };
        let usage = UsageQuery::new(&request, self.now)?.answer(pages, &|_, _| Ok(None))?;
        let quantities = usage.items.into_iter().filter_map(|item| {
            let value = item.dimensions.into_iter().next().and_then(|dimension| dimension.value);
            let (_, quantity) = item.values.into_iter().next()?;
            Some((value.unwrap_or_else(|| "".into()), quantity?))
        });
        Ok(quantities.collect())
    }
}

/// The dimension and the one value of it that a filter wants, where it wants nothing else.
fn one_value(filter: &Filter) -> Option<(&Dimension, &str)> {
    match filter {
        Filter::All(all) => match all.as_slice() {
            [one] => one_value(one),
            _ => None,
        },
        Filter::In(dimension, values) => match values.as_slice() {
            [Some(value)] => Some((dimension, value)),
            _ => None,
        },
        Filter::Not(_) | Filter::Any(_) => None,
    }
}

/// Whether the meter can tell what a centre used.
fn answerable(rule: &Rule, meter: &Meter, center: &Center) -> Result<()> {
    let mut asked = Vec::new();
    center.filter.iter().for_each(|filter| filter.dimensions(&mut asked));
    let unfit = asked.into_iter().find_map(|dimension| match dimension {
        Dimension::Tag(property) if meter.group_by.contains(property) => None,
        Dimension::Tag(property) => Some(format!("the meter does not group by '{property}'")),
        other => UsageQuery::has(other).err().map(|error| error.message().to_owned()),
    });
    let Some(reason) = unfit else { return Ok(()) };
    let remedy = if rule.method().targets().is_empty() { "name the targets of the rule" } else { "name other targets" };
    let message = format!(
        "of rule '{}' is meter '{}', which cannot tell what cost centre '{}' used: {reason}; {remedy}, or take \
         direct_cost",
        rule.name(),
        meter.slug,
        center.name,
    );
    Err(Error::invalid("base.meter", message))
}
