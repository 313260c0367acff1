//! Rules that were checked against each other and against the centres.

use super::centers::{Center, Centers};
use super::method::Method;
use super::overlap::{OwnFilters, overlap};
use super::rule::Rule;
use super::{CenterId, RuleId};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::time::{Interval, Recurrence, RecurrenceUnit, Stamp, Zone, period_at};
use crate::{Error, ErrorCode, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many rules there are at most.
const MAX_RULES: usize = 1000;

/// Rules in the order in which they hold charges: by stage, then by when they came into force, then by id.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Entry>,
    centers: Arc<Centers>,
    sources: Vec<bool>,
}

#[derive(Debug, Clone)]
struct Entry {
    rule: Arc<Rule>,
    /// The places of the centres whose cost it takes.
    pinned: Arc<[u32]>,
}

impl RuleSet {
    /// Checks rules against each other and against the centres.
    ///
    /// # Errors
    /// `invalid_argument` naming the rules: a target that is not there, two rules of the same order in force at the
    /// same time whose sources are sure to be able to hold the same charge, a centre that is the source of one rule
    /// and a target of another or the same at the same time. `conflict` when an id is there twice.
    pub fn new(rules: Vec<Rule>, centers: Centers) -> Result<Self> {
        if rules.len() > MAX_RULES {
            return Err(Error::invalid("rules", format!("must be at most {MAX_RULES}, got {}", rules.len())));
        }
        let mut ids = HashSet::with_capacity(rules.len());
        if let Some(twice) = rules.iter().find(|rule| !ids.insert(rule.id())) {
            return Err(Error::new(ErrorCode::Conflict, format!("rule {} is there twice", twice.called())));
        }
        let own = OwnFilters::new(&centers);
        let mut entries = Vec::with_capacity(rules.len());
        for rule in rules {
            known(&rule, &centers)?;
            let mut pinned = own.pinned(&rule.terms().source, &centers);
            if let Method::Direct(_) = rule.method() {
                // It moves nothing from a centre to itself.
                let kept: HashSet<u32> =
                    rule.method().targets().into_iter().filter_map(|target| centers.place(target)).collect();
                pinned.retain(|center| !kept.contains(center));
            }
            entries.push(Entry { rule: Arc::new(rule), pinned: pinned.into() });
        }
        entries.sort_by_key(|entry| {
            let terms = entry.rule.terms();
            (terms.order, terms.effective_from, terms.id)
        });
        apart(&entries)?;
        one_way(&entries, &centers)?;
        Ok(Self::of(entries, Arc::new(centers)))
    }

    fn of(rules: Vec<Entry>, centers: Arc<Centers>) -> Self {
        let mut sources = vec![false; centers.all().len()];
        for place in rules.iter().flat_map(|entry| entry.pinned.iter()) {
            if let Some(source) = usize::try_from(*place).ok().and_then(|place| sources.get_mut(place)) {
                *source = true;
            }
        }
        Self { rules, centers, sources }
    }

    /// Those that are in force at that instant.
    #[must_use]
    pub fn in_force(&self, at: Stamp) -> Self {
        let rules = self.rules.iter().filter(|entry| entry.rule.effective().contains(at)).cloned().collect();
        Self::of(rules, self.centers.clone())
    }

    /// The parts of a window by calendar months of UTC, in order. Rules come into force and end with a month, so that
    /// the same are in force in all of a part. An allocation is made of each by itself.
    ///
    /// # Errors
    /// `overflow` at the end of time.
    pub fn stretches(&self, window: Interval) -> Result<Vec<Interval>> {
        let mut stretches = Vec::new();
        let mut start = window.start();
        while start < window.end() {
            let end = month_of(start)?.end().min(window.end());
            stretches.push(Interval::new(start, end)?);
            start = end;
        }
        Ok(stretches)
    }

    /// The rules in their order.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Arc<Rule>> {
        self.rules.iter().map(|entry| &entry.rule)
    }

    /// The rule of that id.
    pub fn get(&self, id: RuleId) -> Option<&Rule> {
        self.rules().find(|rule| rule.id() == id).map(Arc::as_ref)
    }

    /// The centres.
    pub fn centers(&self) -> &Centers {
        &self.centers
    }

    /// Whether a rule takes the cost of the centre, so that it can be nobody's target.
    pub(crate) fn is_source(&self, place: u32) -> bool {
        usize::try_from(place).ok().and_then(|place| self.sources.get(place)).copied().unwrap_or(false)
    }

    /// The places of the centres that a rule shares out to where it names none: those that are no rule's source.
    pub(crate) fn open_targets(&self) -> Vec<u32> {
        (0..).zip(self.centers.all()).map(|(place, _)| place).filter(|place| !self.is_source(*place)).collect()
    }

    /// The centres that a rule may share out to, in the order in which a last digit that is left over is given away.
    pub fn targets_of(&self, rule: &Rule) -> Vec<&Center> {
        let named = rule.method().targets();
        let open = named.is_empty() && matches!(rule.method(), Method::Proportional { .. });
        let places = if open {
            self.open_targets()
        } else {
            named.into_iter().filter_map(|target| self.centers.place(target)).collect()
        };
        places.into_iter().filter_map(|place| self.centers.at(place)).collect()
    }

    /// The names of the rules that name a centre, in their source or as a target.
    pub fn naming(&self, center: CenterId) -> Vec<&str> {
        let id = center.to_string();
        let names =
            |rule: &&Arc<Rule>| rule.method().targets().contains(&center) || mentions(&rule.terms().source, &id);
        self.rules().filter(names).map(|rule| rule.name()).collect()
    }
}

/// Whether a filter names a centre.
fn mentions(filter: &Filter, id: &str) -> bool {
    match filter {
        Filter::In(dimension, values) => {
            *dimension == Dimension::BuiltIn(BuiltIn::CostCenter) && values.iter().flatten().any(|value| value == id)
        }
        Filter::Not(inner) => mentions(inner, id),
        Filter::Any(all) | Filter::All(all) => all.iter().any(|filter| mentions(filter, id)),
    }
}

/// The calendar month of UTC that an instant lies in.
///
/// # Errors
/// `overflow` at the end of time.
pub fn month_of(at: Stamp) -> Result<Interval> {
    let monthly = Recurrence { every: 1, unit: RecurrenceUnit::Month };
    period_at(Stamp::from_micros(0)?, monthly, at, Zone::UTC)
}

fn known(rule: &Rule, centers: &Centers) -> Result<()> {
    let Some(unknown) = rule.method().targets().into_iter().find(|target| centers.get(*target).is_none()) else {
        return Ok(());
    };
    let field = if matches!(rule.method(), Method::Tiered { .. }) { "tiers" } else { "targets" };
    let message = format!("of rule {} name cost centre {unknown}, which is not there", rule.called());
    Err(Error::invalid(field, message))
}

/// No two rules of one stage may hold the same charge by chance.
fn apart(entries: &[Entry]) -> Result<()> {
    for (at, entry) in entries.iter().enumerate() {
        let (one, order) = (&entry.rule, entry.rule.terms().order);
        for other in entries.iter().skip(at + 1).map(|entry| &entry.rule) {
            if other.terms().order != order {
                break;
            }
            let together = one.effective().overlaps(&other.effective());
            if together && overlap(&one.terms().source, &other.terms().source) {
                let message = format!(
                    "of rules {} and {} are overlapping: both can hold the same charge, and both have order {order}; \
                     give one of them another order, or let their sources exclude each other",
                    one.called(),
                    other.called(),
                );
                return Err(Error::invalid("source", message));
            }
        }
    }
    Ok(())
}

/// No centre may both give cost away and get some.
fn one_way(entries: &[Entry], centers: &Centers) -> Result<()> {
    let mut getting: HashMap<u32, Vec<&Rule>> = HashMap::new();
    for entry in entries {
        for place in entry.rule.method().targets().into_iter().filter_map(|target| centers.place(target)) {
            getting.entry(place).or_default().push(&entry.rule);
        }
    }
    for entry in entries {
        for place in entry.pinned.iter() {
            let rules = getting.get(place).into_iter().flatten();
            let Some(other) = rules.into_iter().find(|rule| entry.rule.effective().overlaps(&rule.effective())) else {
                continue;
            };
            let name = centers.at(*place).map_or("", |center| center.name.as_str());
            let message = format!(
                "of rule {} name cost centre '{name}', which is the source of rule {}: a centre whose cost is shared \
                 out cannot get any, name the centres that are to bear it",
                other.called(),
                entry.rule.called(),
            );
            return Err(Error::invalid("targets", message));
        }
    }
    Ok(())
}
