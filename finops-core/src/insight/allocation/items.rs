//! Lines, brought together to items.

use super::Told;
use super::by_center::{KINDS, Piece, name_of};
use super::totals::{cost_of, known};
use crate::Result;
use crate::insight::query::NameOf;
use crate::insight::summary::{DimensionValue, named, serialize_dimensions};
use crate::model::allocation::{CenterId, RuleId};
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::money::{Currency, Money, Quantity};
use crate::pipeline::allocation::{Line, LineKind, Values};
use hashbrown::{DefaultHashBuilder, HashTable};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

/// What a centre bears by one rule, or as its own; or what nobody bears.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AllocationItem {
    /// Who bears it.
    pub cost_center_id: Option<CenterId>,
    /// What the centre is called.
    pub cost_center_name: Option<String>,
    /// Who caused idle cost that nobody bears.
    pub caused_by_id: Option<CenterId>,
    /// What that centre is called.
    pub caused_by_name: Option<String>,
    /// Why.
    pub kind: LineKind,
    /// The currency.
    pub currency: Currency,
    /// The cost in the view; none when that of all its charges is unknown.
    pub cost: Option<Money>,
    /// The four costs, in the order of [`CostView::ALL`]; in JSON `billed_cost` and so on.
    pub costs: [Option<Money>; 4],
    /// The rule; none for charges that are a centre's without one, and for those that no rule holds.
    pub rule_id: Option<RuleId>,
    /// What the rule is called.
    pub rule_name: Option<String>,
    /// How the rule shares out.
    pub method: Option<&'static str>,
    /// The rule of the pool that idle cost came by.
    pub pool_rule_id: Option<RuleId>,
    /// Which part of the pool it is; none where several stretches of time came together.
    pub ratio: Option<Quantity>,
    /// What the centre's share was weighed by: direct cost, quantity, weight, percentage or amount. None where several
    /// came together.
    pub base: Option<Quantity>,
    /// The values by which the pool was cut.
    pub source: Vec<(Dimension, Option<String>)>,
    /// How many charges lack the cost; they are in no sum.
    pub unknown_costs: u64,
    /// The values of what was asked to be told apart.
    pub dimensions: Vec<DimensionValue>,
}

impl AllocationItem {
    /// The cost if it is of that kind, else nothing.
    fn of_kind(&self, kind: LineKind) -> Option<Money> {
        if kind == self.kind { self.cost } else { Some(Money::ZERO) }
    }
}

impl Serialize for AllocationItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Source<'s>(&'s [(Dimension, Option<String>)]);

        impl Serialize for Source<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(dimension, value)| (dimension.to_string(), value)))
            }
        }

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cost_center_id", &self.cost_center_id)?;
        map.serialize_entry("cost_center_name", &self.cost_center_name)?;
        map.serialize_entry("caused_by_id", &self.caused_by_id)?;
        map.serialize_entry("caused_by_name", &self.caused_by_name)?;
        serialize_dimensions(&self.dimensions, &mut map)?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("currency", &self.currency)?;
        map.serialize_entry("cost", &self.cost)?;
        for kind in KINDS {
            map.serialize_entry(kind.as_str(), &self.of_kind(kind))?;
        }
        for (view, cost) in CostView::ALL.iter().zip(&self.costs) {
            map.serialize_entry(view.column().field(), cost)?;
        }
        map.serialize_entry("rule_id", &self.rule_id)?;
        map.serialize_entry("rule_name", &self.rule_name)?;
        map.serialize_entry("method", &self.method)?;
        map.serialize_entry("pool_rule_id", &self.pool_rule_id)?;
        map.serialize_entry("ratio", &self.ratio)?;
        map.serialize_entry("base", &self.base)?;
        map.serialize_entry("source", &Source(&self.source))?;
        map.serialize_entry("unknown_costs", &self.unknown_costs)?;
        map.end()
    }
}

/// What lines of one item have in common: everything of the first of them but its amounts, and what is grouped by.
#[derive(Debug)]
struct Key<'a> {
    line: &'a Line,
    values: Vec<Option<Arc<str>>>,
}

/// What keys are told apart by.
type Parts<'k> = (Currency, [Option<CenterId>; 2], LineKind, [Option<RuleId>; 2], &'k Values, &'k [Option<Arc<str>>]);

impl Key<'_> {
    fn parts(&self) -> Parts<'_> {
        let Line { currency, center, caused_by, kind, rule, pool, source, .. } = self.line;
        (*currency, [*center, *caused_by], *kind, [*rule, *pool], source, &self.values)
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// What lines of one item come to.
#[derive(Debug)]
struct Sum {
    costs: [Money; 4],
    unknown: [u64; 4],
    stretch: usize,
    ratio: Option<Quantity>,
    base: Option<Quantity>,
}

impl Sum {
    fn of(stretch: usize, line: &Line) -> Self {
        let Line { costs, unknown, ratio, base, .. } = line;
        Self { costs: *costs, unknown: *unknown, stretch, ratio: *ratio, base: *base }
    }

    fn add(&mut self, stretch: usize, line: &Line) -> Result<()> {
        for (sum, cost) in self.costs.iter_mut().zip(line.costs) {
            *sum = sum.checked_add(cost)?;
        }
        for (sum, unknown) in self.unknown.iter_mut().zip(line.unknown) {
            *sum += unknown;
        }
        // Parts of different pools are parts of nothing.
        let both = self.ratio.zip(line.ratio).filter(|_| stretch == self.stretch);
        self.ratio = both.map(|(one, other)| one.checked_add(other)).transpose()?;
        self.base = self.base.filter(|base| Some(*base) == line.base && stretch == self.stretch);
        Ok(())
    }
}

/// Items, in no order yet.
pub(super) struct Items<'a> {
    told: Told<'a>,
    items: Vec<(Key<'a>, Sum)>,
}

impl<'a> Items<'a> {
    /// Items of lines, each of which comes with the number of its stretch. Lines carry first what is grouped by.
    pub(super) fn of(told: Told<'a>, lines: &[(usize, &'a Line)]) -> Result<Self> {
        let hasher = DefaultHashBuilder::default();
        let mut places: HashTable<usize> = HashTable::new();
        let mut items: Vec<(Key<'_>, Sum)> = Vec::new();
        let mut at = 0;
        for (stretch, line) in lines {
            // Lines of one share stand together.
            let same = |(key, _): &&mut (Key<'_>, Sum)| told.group_by.is_empty() && is_same(key.line, line);
            if let Some((_, sum)) = items.get_mut(at).filter(same) {
                sum.add(*stretch, line)?;
                continue;
            }
            let key = Key { line, values: values(line, told.group_by) };
            let hash = hasher.hash_one(&key);
            if let Some(known) = places.find(hash, |at| items.get(*at).is_some_and(|(known, _)| *known == key)) {
                at = *known;
                if let Some((_, sum)) = items.get_mut(at) {
                    sum.add(*stretch, line)?;
                }
                continue;
            }
            at = items.len();
            items.push((key, Sum::of(*stretch, line)));
            places.insert_unique(hash, at, |at| items.get(*at).map_or(0, |(known, _)| hasher.hash_one(known)));
        }
        Ok(Self { told, items })
    }

    /// What each item comes to in the view.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        let view = self.told.view;
        self.items.iter().map(move |(key, sum)| Piece::sum(key.line, &sum.costs, &sum.unknown, view))
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// A page of them with their names: by currency, the largest first.
    pub(super) fn page(&self, limit: Option<usize>, offset: usize, name: NameOf<'_>) -> Result<Vec<AllocationItem>> {
        let mut order: Vec<&(Key<'_>, Sum)> = self.items.iter().collect();
        let end = limit.map_or(order.len(), |limit| offset.saturating_add(limit)).min(order.len());
        if let Some(last) = end.checked_sub(1).filter(|_| end < order.len()) {
            order.select_nth_unstable_by(last, |one, other| self.compare(one, other));
            order.truncate(end);
        }
        order.sort_unstable_by(|one, other| self.compare(one, other));
        order.into_iter().skip(offset).map(|(key, sum)| self.item(key, sum, name)).collect()
    }

    /// By currency, the largest first, then in the order of centres, those that nobody bears last.
    fn compare(&self, (one, sum): &(Key<'_>, Sum), (other, other_sum): &(Key<'_>, Sum)) -> Ordering {
        let cost = |sum: &Sum| cost_of(&sum.costs, self.told.view);
        let place = |center: Option<CenterId>| center.and_then(|center| self.told.rules.centers().place(center));
        let whose = |key: &Key<'_>| (key.line.center.is_none(), place(key.line.center), place(key.line.caused_by));
        let largest = one.line.currency.cmp(&other.line.currency).then_with(|| cost(other_sum).cmp(&cost(sum)));
        largest.then_with(|| whose(one).cmp(&whose(other))).then_with(|| one.cmp(other))
    }

    fn item(&self, key: &Key<'_>, sum: &Sum, name: NameOf<'_>) -> Result<AllocationItem> {
        let Told { rules, group_by, view } = self.told;
        let line = key.line;
        let (rule, pool) = (line.rule.and_then(|rule| rules.get(rule)), line.pool.and_then(|pool| rules.get(pool)));
        let cuts = pool.or(rule).map(|rule| rule.method().within()).unwrap_or_default();
        let source = cuts.iter().cloned().zip(line.source.iter().map(|value| value.as_deref().map(str::to_owned)));
        let values: Vec<Option<&str>> = key.values.iter().map(Option::as_deref).collect();
        let unknown = sum.unknown.get(view.place()).copied().unwrap_or(0);
        let (mut costs, lacking) = ([None; 4], sum.unknown);
        for ((cost, sum), lacking) in costs.iter_mut().zip(sum.costs).zip(lacking) {
            *cost = known(sum, lacking);
        }
        Ok(AllocationItem {
            cost_center_id: line.center,
            cost_center_name: name_of(rules.centers(), line.center),
            caused_by_id: line.caused_by,
            caused_by_name: name_of(rules.centers(), line.caused_by),
            kind: line.kind,
            currency: line.currency,
            cost: known(cost_of(&sum.costs, view), unknown),
            costs,
            rule_id: line.rule,
            rule_name: rule.map(|rule| rule.name().to_owned()),
            method: rule.map(|rule| rule.method().as_str()),
            pool_rule_id: line.pool,
            ratio: sum.ratio,
            base: sum.base,
            source: source.collect(),
            unknown_costs: unknown,
            dimensions: named(group_by, &values, name)?,
        })
    }
}

/// Whether two lines are of the same item where nothing is grouped by.
fn is_same(one: &Line, other: &Line) -> bool {
    let whose = |line: &Line| (line.center, line.caused_by, line.kind, line.rule, line.pool, line.currency);
    whose(one) == whose(other) && (Arc::ptr_eq(&one.source, &other.source) || one.source == other.source)
}

/// What a line carries of what is told apart.
pub(super) fn values(line: &Line, group_by: &[Dimension]) -> Vec<Option<Arc<str>>> {
    let value = |(place, dimension): (usize, &Dimension)| match line.carried.get(place) {
        Some(Some(value)) => Some(Arc::clone(value)),
        _ => line.value(dimension, place).map(Arc::from),
    };
    group_by.iter().enumerate().map(value).collect()
}
