//! What can be told of sources without looking at charges: whether two hold the same charge, and which centres one
//! takes all cost from.

use super::centers::Centers;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Values by dimension, all of which have to hold.
type Plain<'a> = BTreeMap<&'a Dimension, BTreeSet<Option<&'a str>>>;

/// A filter as a conjunction of values by dimension; none when it says `not` or `any`.
fn plain(filter: &Filter) -> Option<Plain<'_>> {
    let mut found = Plain::new();
    collect(filter, &mut found)?;
    Some(found)
}

fn collect<'a>(filter: &'a Filter, found: &mut Plain<'a>) -> Option<()> {
    match filter {
        Filter::All(all) => all.iter().try_for_each(|filter| collect(filter, found)),
        Filter::In(dimension, values) => {
            let values: BTreeSet<Option<&str>> = values.iter().map(Option::as_deref).collect();
            let both = match found.get(dimension) {
                Some(before) => before.intersection(&values).copied().collect(),
                None => values,
            };
            found.insert(dimension, both);
            Some(())
        }
        Filter::Not(_) | Filter::Any(_) => None,
    }
}

/// A text that filters share which say the same.
fn canonical(filter: &Filter) -> String {
    match plain(filter) {
        Some(plain) => format!("{plain:?}"),
        None => filter.to_json().to_string(),
    }
}

/// Whether two filters are sure to be able to hold for the same charge.
pub(super) fn overlap(one: &Filter, other: &Filter) -> bool {
    let (Some(one), Some(other)) = (plain(one), plain(other)) else { return canonical(one) == canonical(other) };
    if one.values().chain(other.values()).any(BTreeSet::is_empty) {
        return false;
    }
    let mut shared = one.iter().filter_map(|(dimension, values)| Some((values, other.get(dimension)?))).peekable();
    if shared.peek().is_none() {
        // Of filters on different dimensions nothing is known, unless one holds for everything.
        return one.is_empty() || other.is_empty();
    }
    shared.all(|(one, other)| !one.is_disjoint(other))
}

/// The centres by their own filters.
pub(super) struct OwnFilters(HashMap<String, Vec<u32>>);

impl OwnFilters {
    pub(super) fn new(centers: &Centers) -> Self {
        let mut own: HashMap<String, Vec<u32>> = HashMap::new();
        for (place, center) in (0..).zip(centers.all()) {
            if let Some(filter) = &center.filter {
                own.entry(canonical(filter)).or_default().push(place);
            }
        }
        Self(own)
    }

    /// The centres whose cost a source takes: those that it names, and those whose own filter it is.
    pub(super) fn pinned(&self, source: &Filter, centers: &Centers) -> Vec<u32> {
        let mut pinned = self.0.get(&canonical(source)).cloned().unwrap_or_default();
        let named = plain(source).and_then(|mut plain| plain.remove(&Dimension::BuiltIn(BuiltIn::CostCenter)));
        pinned.extend(named.into_iter().flatten().flatten().filter_map(|value| centers.place_of_id(value)));
        pinned.sort_unstable();
        pinned.dedup();
        pinned
    }
}
