//! Rules of allocation, through the engine. All of them together are checked before any is written.

use crate::edge::store::{Defined, Definition};
use crate::engine::params::named;
use crate::engine::{Deleted, Finops, Page};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::allocation::{Center, CenterId, Centers, Rule, RuleId, RuleSet};
use crate::model::center::{CostCenter, CostCenters};
use crate::model::dimension::Dimension;
use crate::model::virtual_dimension::Virtuals;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The fields of a rule, after the ones that say which.
macro_rules! rule_fields {
    ($( $which:literal ),*) => {
        &[
            $( $which, )*
            "name",
            "source",
            "method",
            "by",
            "targets",
            "base",
            "within",
            "capacity",
            "tiers",
            "fallback",
            "idle",
            "order",
            "effective_from",
            "effective_to",
            "currency",
            "decimals",
        ]
    };
}

/// The fields of a rule, as `allocation.rules.create` takes them.
pub(in crate::engine) const RULE_FIELDS: &[&str] = rule_fields!();

/// The fields of a change, as `allocation.rules.update` takes them.
pub(in crate::engine) const RULE_CHANGES: &[&str] = rule_fields!("id");

/// The fields that a rule keeps when it gets another method.
const COMMON: [&str; 7] = ["id", "name", "source", "order", "effective_from", "effective_to", "decimals"];

/// The rule that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::engine) struct RuleKey {
    pub(in crate::engine) id: RuleId,
}

impl RuleKey {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["id"];
}

/// Which rules of allocation to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AllocationRuleList {
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl AllocationRuleList {
    pub(in crate::engine) const FIELDS: &'static [&'static str] = &["limit", "offset"];
}

/// A rule as the store keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct KeptRule {
    rule: Rule,
    deleted: bool,
}

/// The rules that were read.
#[derive(Debug, Default)]
pub(super) struct KnownRules(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Up to which change.
    change: u64,
    held: BTreeMap<RuleId, Rule>,
    /// Those rules, checked against the centres that there then were.
    set: Option<(Arc<CostCenters>, Arc<RuleSet>)>,
}

impl Finops {
    /// Makes a rule of allocation and gives it back. Allocations of its time, also of the past, go by it from then on,
    /// but for months that were closed.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::center::{CenterScope, CostCenterCreate};
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let team = |name: &str| {
    ///     finops.create_cost_center(CostCenterCreate::new(name, CenterScope::Tenant { tenant: name.into() }))
    /// };
    /// let (shop, search) = (team("shop")?, team("search")?);
    /// let rule = finops.allocation_rules_create(json!({
    ///     "name": "platform", "source": {"namespace": "platform"}, "method": "fixed",
    ///     "targets": [{"cost_center": shop.id, "percent": 60}, {"cost_center": search.id, "percent": 40}],
    ///     "effective_from": "2024-01-01T00:00:00Z",
    /// }))?;
    /// assert_eq!(rule.method().as_str(), "fixed");
    /// let refused = finops.delete_cost_center(shop.id).unwrap_err();
    /// assert!(refused.message().contains("the allocation rule 'platform'"), "{refused}");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no rule can be: percentages that do not add up to 100, an unknown
    /// cost centre, dimension or meter, a field that its method has not, a source that overlaps with that of another
    /// rule of the same order, a target that is the source of a rule, a meter that cannot tell what a target used;
    /// `conflict` on a handle for reading.
    pub fn allocation_rules_create(&self, rule: Value) -> Result<Rule> {
        self.permit("allocation.rules.create")?;
        let _alone = self.centers.alone();
        let mut form = object(rule)?;
        if form.contains_key("id") {
            return Err(Error::invalid("id", "is given by the engine: leave it out, or update the rule"));
        }
        form.insert("id".into(), self.rule_id()?.to_string().into());
        self.keep_rule(read_rule(form)?)
    }

    /// A rule of allocation.
    ///
    /// # Errors
    /// `not_found`.
    pub fn allocation_rules_get(&self, id: RuleId) -> Result<Rule> {
        self.permit("allocation.rules.get")?;
        self.held_rule(id)
    }

    /// A page of rules, in the order in which they hold charges: by `order`, then by when they come into force.
    ///
    /// ```
    /// use finops_core::engine::AllocationRuleList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.allocation_rules_list(&AllocationRuleList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn allocation_rules_list(&self, request: &AllocationRuleList) -> Result<Page<Rule>> {
        self.permit("allocation.rules.list")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let rules = self.allocation_rules()?;
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(rules.rules().len()), size(limit), size(offset));
        let items = rules.rules().skip(offset).take(limit).map(|rule| rule.as_ref().clone()).collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Changes a rule: the given fields take the place of what it says, null takes back what it says. With another
    /// method it loses the fields of the one before.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::center::{CenterScope, CostCenterCreate};
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let scope = CenterScope::Tenant { tenant: "shop".into() };
    /// let shop = finops.create_cost_center(CostCenterCreate::new("Shop", scope))?;
    /// let rule = finops.allocation_rules_create(json!({
    ///     "name": "platform", "source": {"namespace": "platform"}, "method": "even",
    ///     "targets": [{"cost_center": shop.id}], "effective_from": "2024-01-01T00:00:00Z",
    /// }))?;
    /// let changed = finops.allocation_rules_update(rule.id(), json!({"method": "proportional"}))?;
    /// assert_eq!((changed.name(), changed.method().as_str()), ("platform", "proportional"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; else as [`Finops::allocation_rules_create`].
    pub fn allocation_rules_update(&self, id: RuleId, changes: Value) -> Result<Rule> {
        self.permit("allocation.rules.update")?;
        let changes = object(changes)?;
        let _alone = self.centers.alone();
        let before = self.held_rule(id)?;
        let Ok(Value::Object(mut form)) = serde_json::to_value(&before) else {
            return Err(Error::new(ErrorCode::Storage, format!("{id} cannot be written down")));
        };
        if changes.get("method").is_some_and(|method| method != before.method().as_str()) {
            form.retain(|field, _| COMMON.contains(&field.as_str()));
        }
        form.extend(changes);
        form.retain(|_, value| !value.is_null());
        form.insert("id".into(), id.to_string().into());
        self.keep_rule(read_rule(form)?)
    }

    /// Removes a rule. Allocations of any time do without it from then on, but for months that were closed.
    ///
    /// # Errors
    /// `not_found`; `conflict` on a handle for reading.
    pub fn allocation_rules_delete(&self, id: RuleId) -> Result<Deleted> {
        self.permit("allocation.rules.delete")?;
        let _alone = self.centers.alone();
        let rule = self.held_rule(id)?;
        self.write_rule(&KeptRule { rule, deleted: true })?;
        Ok(Deleted { deleted: true })
    }

    /// The rules that there are, with the centres.
    pub(in crate::engine) fn allocation_rules(&self) -> Result<Arc<RuleSet>> {
        let (centers, mut known) = loop {
            let change = self.known_rules()?.change;
            let centers = self.cost_centers()?;
            let known = self.known_rules()?;
            // Where neither changed meanwhile, both are of one moment.
            if known.change == change {
                break (centers, known);
            }
        };
        if let Some((of, set)) = &known.set
            && Arc::ptr_eq(of, &centers)
        {
            return Ok(Arc::clone(set));
        }
        let set = RuleSet::new(known.held.values().cloned().collect(), seen_by_rules(&centers)?).map_err(damaged)?;
        let set = Arc::new(set);
        known.set = Some((centers, Arc::clone(&set)));
        Ok(set)
    }

    /// Rules in place of those that there are, checked as if they were to be kept.
    ///
    /// # Errors
    /// As [`Finops::allocation_rules_create`].
    pub(in crate::engine) fn other_rules(&self, rules: Vec<Value>) -> Result<RuleSet> {
        let read = |(at, rule): (usize, Value)| {
            let named = |error: Error| match error.field().map(str::to_owned) {
                Some(field) => error.with_field(format!("rules[{at}].{field}")),
                None => error.with_field(format!("rules[{at}]")),
            };
            let mut form = object(rule).map_err(named)?;
            if form.get("id").is_none_or(Value::is_null) {
                form.insert("id".into(), self.rule_id()?.to_string().into());
            }
            let rule = read_rule(form).map_err(named)?;
            self.check_names(&rule).map_err(named)?;
            Ok(rule)
        };
        let rules = rules.into_iter().enumerate().map(read).collect::<Result<Vec<_>>>()?;
        RuleSet::new(rules, seen_by_rules(&*self.cost_centers()?)?).map_err(|error| error.with_field("rules"))
    }

    /// Checks that the rules go with those centres.
    pub(in crate::engine) fn check_rules_with(&self, centers: &CostCenters) -> Result<()> {
        let held = self.known_rules()?.held.values().cloned().collect::<Vec<_>>();
        if held.is_empty() { Ok(()) } else { self.check_weights(&RuleSet::new(held, seen_by_rules(centers)?)?) }
    }

    /// The rules that name a centre, as a sentence names them.
    pub(in crate::engine) fn rules_naming(&self, center: CenterId) -> Result<Vec<String>> {
        let rules = self.allocation_rules()?;
        Ok(rules.naming(center).into_iter().map(called).collect())
    }

    /// The rules that look at a virtual dimension, as a sentence names them.
    pub(in crate::engine) fn rules_looking_at(&self, name: &str) -> Result<Vec<String>> {
        let is = |dimension: &&Dimension| matches!(dimension, Dimension::Virtual(known) if known == name);
        self.rules_that(|rule| rule.dimensions().iter().any(is))
    }

    /// The rules whose source names a value, as a sentence names them.
    pub(in crate::engine) fn rules_with_source(&self, dimension: &Dimension, value: &str) -> Result<Vec<String>> {
        self.rules_that(|rule| rule.terms().source.names(dimension, value))
    }

    /// The rules that are in proportion to a meter, as a sentence names them.
    pub(in crate::engine) fn rules_by_meter(&self, slug: &str) -> Result<Vec<String>> {
        self.rules_that(|rule| rule.meter() == Some(slug))
    }

    fn rules_that(&self, holds: impl Fn(&Rule) -> bool) -> Result<Vec<String>> {
        let known = self.known_rules()?;
        Ok(known.held.values().filter(|rule| holds(rule)).map(|rule| called(rule.name())).collect())
    }

    /// A rule, for whoever may change it: that needs no right to read.
    fn held_rule(&self, id: RuleId) -> Result<Rule> {
        self.allocation_rules()?.get(id).cloned().ok_or_else(|| unknown(id))
    }

    fn rule_id(&self) -> Result<RuleId> {
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        Ok(RuleId::new(self.clock.now(), random))
    }

    /// Writes a rule if it goes with all that there then are.
    fn keep_rule(&self, rule: Rule) -> Result<Rule> {
        self.check_names(&rule)?;
        let mut held = self.known_rules()?.held.clone();
        held.insert(rule.id(), rule.clone());
        let set = RuleSet::new(held.into_values().collect(), seen_by_rules(&*self.cost_centers()?)?)?;
        self.check_weights(&set)?;
        let kept = KeptRule { rule, deleted: false };
        self.write_rule(&kept)?;
        Ok(kept.rule)
    }

    fn check_names(&self, rule: &Rule) -> Result<()> {
        let virtuals = Virtuals::new(self.store.virtual_dimensions()?)?;
        let meters = match rule.meter() {
            Some(_) => Some(self.store.usage()?.meters()?),
            None => None,
        };
        rule.check_names(&virtuals, |slug| meters.as_ref().is_some_and(|meters| meters.get(slug).is_some()))
    }

    fn write_rule(&self, kept: &KeptRule) -> Result<()> {
        let body = serde_json::to_string(kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        let definition = (kept.rule.id().to_string(), body);
        self.store.put_definitions(Defined::AllocationRule, &[definition], &self.keeping(kept.deleted)).map(drop)
    }

    /// The rules as they were last read, with what changed since.
    fn known_rules(&self) -> Result<MutexGuard<'_, Known>> {
        let mut known = self.allocating.rules.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.store.definitions_since(Defined::AllocationRule, known.change)?;
        let Some(change) = changed.iter().map(|definition| definition.change).max() else { return Ok(known) };
        let mut held = known.held.clone();
        for kept in changed.iter().map(read) {
            let KeptRule { rule, deleted } = kept?;
            if deleted {
                held.remove(&rule.id())
            } else {
                held.insert(rule.id(), rule)
            };
        }
        *known = Known { change, held, set: None };
        Ok(known)
    }
}

/// The centres as rules see them.
fn seen_by_rules(centers: &CostCenters) -> Result<Centers> {
    let seen = |center: &CostCenter| Center {
        id: center.id,
        name: center.name.clone(),
        depth: u32::try_from(centers.level(center) - 1).unwrap_or(u32::MAX),
        filter: Some(center.own_filter()),
    };
    Centers::new(centers.iter().map(seen).collect())
}

/// A rule as a sentence names it.
fn called(name: &str) -> String {
    format!("the allocation rule '{name}'")
}

fn object(value: Value) -> Result<Map<String, Value>> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::new(ErrorCode::InvalidArgument, "a rule is an object such as {\"method\": \"even\"}")),
    }
}

/// The rule of a form; an error names the field also where it is missing or unknown.
fn read_rule(form: Map<String, Value>) -> Result<Rule> {
    Rule::from_json(&Value::Object(form)).map_err(|error| match (error.field(), named(error.message())) {
        (None, Some(field)) => error.with_field(field),
        _ => error,
    })
}

fn read(definition: &Definition) -> Result<KeptRule> {
    serde_json::from_str(&definition.body).map_err(|error| {
        Error::new(ErrorCode::Storage, format!("a rule of allocation in the store cannot be read: {error}"))
    })
}

fn damaged(error: Error) -> Error {
    let message = format!("the rules of allocation in the store do not go together: {error}");
    Error::new(ErrorCode::Storage, message).with_source(error)
}

fn unknown(id: RuleId) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no rule of allocation '{id}'")).with_field("id")
}
