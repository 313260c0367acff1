//! Cost centres, through the engine.

use super::params::parse;
use super::{Deleted, Finops, Page};
use crate::edge::store::{Defined, Definition};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::budget::Budget;
use crate::model::center::{CenterType, CostCenter, CostCenterCreate, CostCenters};
use crate::model::dimension::Dimension;
use crate::model::id::{self, Id};
use crate::model::virtual_dimension::Virtuals;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The fields of a cost centre, after the ones that say which.
macro_rules! center_fields {
    ($( $which:literal ),*) => {
        &[
            $( $which, )*
            "name",
            "type",
            "tenant",
            "workspace",
            "rail",
            "filter",
            "dimensions",
            "budget_monthly",
            "currency",
            "alert_threshold_pct",
            "owner_id",
            "parent",
        ]
    };
}

/// The fields of a cost centre, as `create_cost_center` takes them.
pub(super) const CENTER_FIELDS: &[&str] = center_fields!();

/// The fields of a change, as `update_cost_center` takes them.
pub(super) const CENTER_CHANGES: &[&str] = center_fields!("id");

/// The fields that the owner of a cost centre may change.
const OWNERS_CHANGES: [&str; 3] = ["budget_monthly", "currency", "alert_threshold_pct"];

/// The cost centre that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CostCenterKey {
    pub(super) id: Id<id::CostCenter>,
}

impl CostCenterKey {
    pub(super) const FIELDS: &'static [&'static str] = &["id"];
}

/// Which cost centres to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostCenterList {
    /// Only those of that type.
    pub r#type: Option<CenterType>,
    /// Only those that this user answers for.
    pub owner_id: Option<String>,
    /// Only those that are a part of that one.
    pub parent: Option<Id<id::CostCenter>>,
    /// How many, 1 to 1000; by default 20.
    pub limit: Option<i64>,
    /// How many to leave out before.
    pub offset: Option<i64>,
}

impl CostCenterList {
    pub(super) const FIELDS: &'static [&'static str] = &["type", "owner_id", "parent", "limit", "offset"];

    fn wants(&self, center: &CostCenter) -> bool {
        self.r#type.is_none_or(|kind| kind == center.scope.kind())
            && self.owner_id.as_ref().is_none_or(|owner| center.owner_id.as_ref() == Some(owner))
            && self.parent.is_none_or(|parent| center.parent == Some(parent))
    }
}

/// A cost centre as the store keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptCenter {
    /// Those that were made later have higher ones, also when the clock stands.
    number: u64,
    center: CostCenter,
    deleted: bool,
}

/// The cost centres that were read, and who may change them.
#[derive(Debug, Default)]
pub(super) struct KnownCenters {
    /// Held while a centre, or what refers to centres, is checked and written.
    changing: Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Up to which change.
    change: u64,
    /// The highest number that any ever had.
    number: u64,
    held: BTreeMap<u64, Arc<CostCenter>>,
    centers: Arc<CostCenters>,
}

impl KnownCenters {
    /// Nobody else changes a centre, or what refers to centres, while this is held: what was checked stays so until it
    /// is written.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Finops {
    /// Makes a cost centre and gives it back.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::center::{CenterScope, CostCenterCreate, Percent};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let rail = CenterScope::Rail { rail: "trade-finance".into() };
    /// let mut center = CostCenterCreate::new("Trade Finance Operations", rail);
    /// center.budget_monthly = Some("5000".parse()?);
    /// center.alert_threshold_pct = Some(Percent::read("0.8".parse()?)?);
    /// let made = finops.create_cost_center(center)?;
    /// assert_eq!(made.currency, Some("USD".parse()?), "that of the engine");
    /// assert_eq!(finops.get_cost_center(made.id)?, made);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no centre can be, for parents that lead too far up, and for a virtual
    /// dimension that is not defined; `not_found` for a parent that does not exist; `conflict` for a name that is
    /// taken, beyond 10,000 centres, and on a handle for reading.
    pub fn create_cost_center(&self, center: CostCenterCreate) -> Result<CostCenter> {
        self.permit("create_cost_center")?;
        let _alone = self.centers.alone();
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        let now = self.clock.now();
        let center = center.into_center(Id::new(now, random), now, self.currency)?;
        let mut held = self.known_centers()?.held.clone();
        let number = self.known_centers()?.number + 1;
        held.insert(number, Arc::new(center.clone()));
        self.keep_center(number, center, held)
    }

    /// A cost centre.
    ///
    /// # Errors
    /// `not_found`.
    pub fn get_cost_center(&self, id: Id<id::CostCenter>) -> Result<CostCenter> {
        self.permit("get_cost_center")?;
        let centers = self.cost_centers()?;
        let center = centers.get(id).filter(|center| self.owns(center.owner_id.as_deref()));
        center.cloned().ok_or_else(|| unknown(id))
    }

    /// A page of cost centres, in the order of their making.
    ///
    /// ```
    /// use finops_core::engine::CostCenterList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// assert_eq!(finops.list_cost_centers(&CostCenterList::default())?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn list_cost_centers(&self, request: &CostCenterList) -> Result<Page<CostCenter>> {
        self.permit("list_cost_centers")?;
        let (limit, offset) = page(request.limit, request.offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let all = self.cost_centers()?;
        let is_wanted = |center: &CostCenter| request.wants(center) && self.owns(center.owner_id.as_deref());
        let found: Vec<&CostCenter> = all.iter().filter(|center| is_wanted(center)).collect();
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(found.len()), size(limit), size(offset));
        let items = found.into_iter().skip(offset).take(limit).cloned().collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Changes a cost centre: the given fields take the place of what it says, null takes back what it says.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::center::{CenterScope, CostCenterCreate};
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let tenant = CenterScope::Tenant { tenant: "ten_001".into() };
    /// let made = finops.create_cost_center(CostCenterCreate::new("Al-Baraka Bank", tenant))?;
    /// let changed = finops.update_cost_center(made.id, json!({"owner_id": "user_1", "budget_monthly": 100}))?;
    /// assert_eq!((changed.owner_id.as_deref(), &changed.scope), (Some("user_1"), &made.scope));
    /// assert_eq!(finops.update_cost_center(made.id, json!({"owner_id": null}))?.owner_id, None);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `forbidden` where an owner changes more than the budget and its threshold; else as
    /// [`Finops::create_cost_center`].
    pub fn update_cost_center(&self, id: Id<id::CostCenter>, changes: Value) -> Result<CostCenter> {
        self.permit("update_cost_center")?;
        let Value::Object(changes) = changes else {
            return Err(Error::new(ErrorCode::InvalidArgument, "a change is an object such as {\"name\": \"Sales\"}"));
        };
        let _alone = self.centers.alone();
        let mut held = self.known_centers()?.held.clone();
        let (number, before) = find(&held, id)?;
        if !self.owns(before.owner_id.as_deref()) {
            return Err(unknown(id));
        }
        if self.is_narrowed() {
            refuse_scope(&changes)?;
        }
        let form: CostCenterCreate = parse(Value::Object(merged(&before, changes)?))?;
        let mut center = form.into_center(id, before.created_at, self.currency)?;
        center.updated_at = self.clock.now();
        held.insert(number, Arc::new(center.clone()));
        self.keep_center(number, center, held)
    }

    /// Removes a cost centre. Charges that carry its id keep it.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::center::{CenterScope, CostCenterCreate};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let new = |name: &str| CostCenterCreate::new(name, CenterScope::Tenant { tenant: name.to_lowercase() });
    /// let bank = finops.create_cost_center(new("Bank"))?;
    /// let mut branch = new("Branch");
    /// branch.parent = Some(bank.id);
    /// finops.create_cost_center(branch)?;
    /// let refused = finops.delete_cost_center(bank.id).unwrap_err();
    /// assert!(refused.message().contains("the cost centre 'Branch'"), "{refused}");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `conflict` while something depends on it, which is named, and on a handle for reading.
    pub fn delete_cost_center(&self, id: Id<id::CostCenter>) -> Result<Deleted> {
        self.permit("delete_cost_center")?;
        let _alone = self.centers.alone();
        let (number, center) = find(&self.known_centers()?.held, id)?;
        let dependants = self.dependants(id)?;
        if !dependants.is_empty() {
            return Err(still_needed(&dependants).with_field("id"));
        }
        self.write_center(&KeptCenter { number, center: center.as_ref().clone(), deleted: true })?;
        Ok(Deleted { deleted: true })
    }

    /// What would lose its footing without that centre, each as a sentence names it.
    fn dependants(&self, id: Id<id::CostCenter>) -> Result<Vec<String>> {
        let all = self.cost_centers()?;
        let children = all.children(id).map(|child| format!("the cost centre '{}'", child.name));
        Ok(children.chain(self.rules_naming(id)?).chain(self.budgets_naming(id)?).collect())
    }

    /// Every cost centre that the handle has, in the order of their making.
    ///
    /// # Errors
    /// `storage`.
    pub fn cost_centers_all(&self) -> Result<Vec<CostCenter>> {
        self.permit("list_cost_centers")?;
        let all = self.cost_centers()?;
        Ok(all.iter().filter(|center| self.owns(center.owner_id.as_deref())).cloned().collect())
    }

    /// The cost centres that there are.
    pub(super) fn cost_centers(&self) -> Result<Arc<CostCenters>> {
        Ok(Arc::clone(&self.known_centers()?.centers))
    }

    /// The centres whose filter or dimensions look at a virtual dimension, as a sentence names them.
    pub(super) fn centers_looking_at(&self, name: &str) -> Result<Vec<String>> {
        let looks = |center: &&CostCenter| virtuals_of(center).iter().any(|(_, looked_at)| looked_at == name);
        let all = self.cost_centers()?;
        Ok(all.iter().filter(looks).map(|center| format!("the cost centre '{}'", center.name)).collect())
    }

    /// The centres whose filter or dimensions name a value, as a sentence names them.
    pub(super) fn centers_naming(&self, dimension: &Dimension, value: &str) -> Result<Vec<String>> {
        let all = self.cost_centers()?;
        let naming = all.iter().filter(|center| center.own_filter().names(dimension, value));
        Ok(naming.map(|center| format!("the cost centre '{}'", center.name)).collect())
    }

    /// Writes a centre if it goes with all that there then are.
    fn keep_center(&self, number: u64, center: CostCenter, held: BTreeMap<u64, Arc<CostCenter>>) -> Result<CostCenter> {
        let centers = CostCenters::new(held.into_values().collect())?;
        self.check_rules_with(&centers)?;
        self.check_budgets_with(center.id, &centers)?;
        Budget::of_center(&center)?;
        let named = virtuals_of(&center);
        if !named.is_empty() {
            let defined = Virtuals::new(self.store.virtual_dimensions()?)?;
            for (field, name) in &named {
                defined.get(name).map_err(|error| error.with_field(*field))?;
            }
        }
        let kept = KeptCenter { number, center, deleted: false };
        self.write_center(&kept)?;
        Ok(kept.center)
    }

    fn write_center(&self, kept: &KeptCenter) -> Result<()> {
        let body = serde_json::to_string(kept).map_err(|error| Error::new(ErrorCode::Storage, error.to_string()))?;
        let definition = (kept.center.id.to_string(), body);
        self.store.put_definitions(Defined::CostCenter, &[definition], &self.keeping(kept.deleted))?;
        self.budgets_follow_definitions();
        Ok(())
    }

    /// The centres as they were last read, with what changed since.
    fn known_centers(&self) -> Result<MutexGuard<'_, Known>> {
        let mut known = self.centers.known.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.store.definitions_since(Defined::CostCenter, known.change)?;
        let Some(change) = changed.iter().map(|definition| definition.change).max() else { return Ok(known) };
        let mut held = known.held.clone();
        let mut last = known.number;
        for kept in changed.iter().map(read) {
            let KeptCenter { number, center, deleted } = kept?;
            last = last.max(number);
            if deleted {
                held.remove(&number)
            } else {
                held.insert(number, Arc::new(center))
            };
        }
        let centers = Arc::new(CostCenters::new(held.values().cloned().collect()).map_err(damaged)?);
        *known = Known { change, number: last, held, centers };
        Ok(known)
    }
}

/// How many of what needs something a refusal names.
const MAX_NAMED: usize = 20;

/// That something cannot go, and why.
pub(super) fn still_needed(by: &[String]) -> Error {
    let more = by.len().saturating_sub(MAX_NAMED);
    let named = by.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let named = if more > 0 { format!("{named} and {more} more") } else { named };
    Error::new(ErrorCode::Conflict, format!("is needed by {named}: change or delete that first"))
}

fn find(held: &BTreeMap<u64, Arc<CostCenter>>, id: Id<id::CostCenter>) -> Result<(u64, Arc<CostCenter>)> {
    let found = held.iter().find(|(_, center)| center.id == id);
    found.map(|(number, center)| (*number, Arc::clone(center))).ok_or_else(|| unknown(id))
}

/// Refuses what only who is not narrowed may change: what a centre is called and what it claims concerns others.
fn refuse_scope(changes: &Map<String, Value>) -> Result<()> {
    let Some(field) = changes.keys().find(|field| !OWNERS_CHANGES.contains(&field.as_str())) else { return Ok(()) };
    let message = format!("is not the owner's to change, who may change {}", OWNERS_CHANGES.join(", "));
    Err(Error::new(ErrorCode::Forbidden, message).with_field(field.as_str()))
}

/// What a centre says, as a caller would give it, with the changes in their places.
fn merged(before: &CostCenter, changes: Map<String, Value>) -> Result<Map<String, Value>> {
    let Ok(Value::Object(mut form)) = serde_json::to_value(before) else {
        return Err(Error::new(ErrorCode::Storage, format!("{} cannot be written down", before.id)));
    };
    form.retain(|field, _| CENTER_FIELDS.contains(&field.as_str()));
    let kind = before.scope.kind().as_str();
    if changes.get("type").is_some_and(|given| given != kind) {
        form.remove(kind);
    }
    form.extend(changes);
    form.retain(|_, value| !value.is_null());
    Ok(form)
}

/// The virtual dimensions that a centre looks at, and the field that does.
fn virtuals_of(center: &CostCenter) -> Vec<(&'static str, String)> {
    let mut filtered = Vec::new();
    center.filter.iter().for_each(|filter| filter.dimensions(&mut filtered));
    let dimensions = center.dimensions.keys().map(|dimension| ("dimensions", dimension));
    let all = filtered.into_iter().map(|dimension| ("filter", dimension)).chain(dimensions);
    all.filter_map(|(field, dimension)| match dimension {
        Dimension::Virtual(name) => Some((field, name.clone())),
        _ => None,
    })
    .collect()
}

fn read(definition: &Definition) -> Result<KeptCenter> {
    serde_json::from_str(&definition.body)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("a cost centre in the store cannot be read: {error}")))
}

fn damaged(error: Error) -> Error {
    let message = format!("the cost centres in the store do not go together: {error}");
    Error::new(ErrorCode::Storage, message).with_source(error)
}

fn unknown(id: Id<id::CostCenter>) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no cost centre '{id}'")).with_field("id")
}
