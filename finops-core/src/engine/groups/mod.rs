//! Resource groups, through the engine.

mod asked;
mod kept;

pub(super) use asked::{GROUP_CHANGES, GROUP_FIELDS, ResourceAdded, ResourceGroupKey, ResourceRemoved};
pub use asked::{ResourceGroupList, ResourceGroupSearch};
pub(super) use kept::KnownGroups;

use super::centers::still_needed;
use super::params::parse;
use super::{Deleted, Finops, Page};
use crate::insight::request::{DEFAULT_LIMIT, page};
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::group::{GroupedResource, ResourceGroup, ResourceGroupCreate, ResourceKey};
use crate::model::id::{self, Id};
use crate::{Error, ErrorCode, Result};
use asked::GroupDetails;
use kept::KeptGroup;
use serde_json::{Map, Value};

type GroupId = Id<id::ResourceGroup>;

/// The fields that only who is not narrowed may change: whose a group is decides who sees it.
const NOT_THE_OWNERS: [&str; 2] = ["owner_id", "organization_id"];

impl Finops {
    /// Makes a resource group and gives it back. Whoever makes it owns it, unless it is said who does.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::group::{GroupedResource, ResourceGroupCreate, ResourceType};
    /// use finops_core::model::principal::{Principal, Role};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut group = ResourceGroupCreate::new("Search");
    /// group.resources = Some(vec![GroupedResource::new(ResourceType::App, "app_1")]);
    /// let made = finops.as_principal(&Principal::new("usr_1", [Role::Operator]))?.resource_groups_create(group)?;
    /// assert_eq!(made.owner_id, "usr_1");
    /// assert_eq!(finops.resource_groups_get(made.id)?, made);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` with the field for what no group can be; `forbidden` on a narrowed handle for what would be
    /// another's; `conflict` beyond 10,000 groups or 1,000,000 resources in all of them, and on a handle for reading.
    pub fn resource_groups_create(&self, group: ResourceGroupCreate) -> Result<ResourceGroup> {
        self.permit("resource_groups.create")?;
        let _alone = self.groups.alone();
        let mut form = group;
        form.owner_id = self.owner_of_new(form.owner_id)?;
        form.organization_id = self.organization_of_new(form.organization_id)?;
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        let now = self.clock.now();
        let group = form.into_group(Id::new(now, random), now)?;
        let number = self.known_groups()?.number + 1;
        self.keep_group(number, group)
    }

    /// A resource group.
    ///
    /// # Errors
    /// `not_found`.
    pub fn resource_groups_get(&self, id: GroupId) -> Result<ResourceGroup> {
        self.permit("resource_groups.get")?;
        let groups = self.resource_groups()?;
        groups.get(id).filter(|group| self.has_group(group)).cloned().ok_or_else(|| unknown(id))
    }

    /// A page of resource groups, in the order of their making.
    ///
    /// ```
    /// use finops_core::engine::ResourceGroupList;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let search = ResourceGroupList { search: Some("models".into()), ..ResourceGroupList::default() };
    /// assert_eq!(finops.resource_groups_list(&search)?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn resource_groups_list(&self, request: &ResourceGroupList) -> Result<Page<ResourceGroup>> {
        self.permit("resource_groups.list")?;
        let groups = self.resource_groups()?;
        self.page_of_groups(groups.iter().filter(|group| request.wants(group)), request.limit, request.offset)
    }

    /// A page of the groups that a resource is in, in the order of their making.
    ///
    /// ```
    /// use finops_core::engine::ResourceGroupSearch;
    /// use finops_core::model::group::ResourceType;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let search = ResourceGroupSearch::new(ResourceType::App, "app_1");
    /// assert!(finops.resource_groups_find_by_resource(&search)?.items.is_empty());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a limit outside 1 to 1000 or a negative offset.
    pub fn resource_groups_find_by_resource(&self, request: &ResourceGroupSearch) -> Result<Page<ResourceGroup>> {
        self.permit("resource_groups.find_by_resource")?;
        let resource = ResourceKey::new(request.resource_type, request.resource_id.as_str());
        let groups = self.resource_groups()?;
        self.page_of_groups(groups.with(&resource), request.limit, request.offset)
    }

    /// Changes what a group says of itself: the given fields take the place of what it says, null takes back what it
    /// says. What is in it changes by [`Finops::resource_groups_add_resource`].
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::group::ResourceGroupCreate;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut group = ResourceGroupCreate::new("Search");
    /// group.owner_id = Some("usr_1".into());
    /// let made = finops.resource_groups_create(group)?;
    /// let changed = finops.resource_groups_update(made.id, json!({"name": "Find", "status": "archived"}))?;
    /// assert_eq!((changed.name.as_str(), changed.owner_id.as_str()), ("Find", "usr_1"));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `forbidden` where an owner gives a group away; else as [`Finops::resource_groups_create`].
    pub fn resource_groups_update(&self, id: GroupId, changes: Value) -> Result<ResourceGroup> {
        self.permit("resource_groups.update")?;
        let Value::Object(changes) = changes else {
            return Err(Error::new(ErrorCode::InvalidArgument, "a change is an object such as {\"name\": \"Search\"}"));
        };
        self.change_group(id, |group| {
            if self.is_narrowed() {
                refuse_giving_away(&changes)?;
            }
            let details: GroupDetails = parse(Value::Object(merged(group, changes)?))?;
            details.of(group)
        })
    }

    /// Puts a resource behind those that are in a group, and gives the group back. In a group a resource stands once.
    ///
    /// ```
    /// use finops_core::{ErrorCode, Finops};
    /// use finops_core::model::group::{GroupedResource, ResourceGroupCreate, ResourceType};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut group = ResourceGroupCreate::new("Search");
    /// group.owner_id = Some("usr_1".into());
    /// let id = finops.resource_groups_create(group)?.id;
    /// let app = GroupedResource::new(ResourceType::App, "app_1");
    /// assert_eq!(finops.resource_groups_add_resource(id, app.clone())?.resources, [app.clone()]);
    /// let twice = finops.resource_groups_add_resource(id, app).unwrap_err();
    /// assert_eq!((twice.code(), twice.field()), (ErrorCode::Conflict, Some("resource_id")));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `invalid_argument` with the field for what is blank or too long; `conflict` for a resource that is
    /// in the group, beyond 10,000 of a group or 1,000,000 of all, and on a handle for reading.
    pub fn resource_groups_add_resource(&self, id: GroupId, resource: GroupedResource) -> Result<ResourceGroup> {
        self.permit("resource_groups.add_resource")?;
        self.change_group(id, |group| {
            let mut changed = group.clone();
            changed.add(resource)?;
            Ok(changed)
        })
    }

    /// Takes a resource out of a group, and gives the group back.
    ///
    /// # Errors
    /// `not_found`, with the field, for the group and for a resource that is not in it; `conflict` on a handle for
    /// reading.
    pub fn resource_groups_remove_resource(&self, id: GroupId, resource: &ResourceKey) -> Result<ResourceGroup> {
        self.permit("resource_groups.remove_resource")?;
        self.change_group(id, |group| {
            let mut changed = group.clone();
            changed.remove(resource)?;
            Ok(changed)
        })
    }

    /// Removes a group. The resources that were in it stay what they are, and charges that carry its id keep it.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::model::center::CostCenterCreate;
    /// use finops_core::model::group::ResourceGroupCreate;
    /// use serde_json::json;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut group = ResourceGroupCreate::new("Search");
    /// group.owner_id = Some("usr_1".into());
    /// let id = finops.resource_groups_create(group)?.id;
    /// let center = json!({"name": "Find", "type": "custom", "dimensions": {"resource_group": id}});
    /// finops.create_cost_center(serde_json::from_value(center).unwrap())?;
    /// let refused = finops.resource_groups_delete(id).unwrap_err();
    /// assert!(refused.message().contains("the cost centre 'Find'"), "{refused}");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `conflict` while something refers to it, which is named where the handle sees everything, and on a
    /// handle for reading.
    pub fn resource_groups_delete(&self, id: GroupId) -> Result<Deleted> {
        self.permit("resource_groups.delete")?;
        let _alone = self.groups.alone();
        let (number, group) = self.own_group(id)?;
        let referring = self.referring_to_group(id)?;
        if !referring.is_empty() {
            let hidden = || Error::new(ErrorCode::Conflict, "is needed by what others made: ask who administers it");
            let refused = if self.is_narrowed() { hidden() } else { still_needed(&referring) };
            return Err(refused.with_field("id"));
        }
        self.write_group(&KeptGroup { number, group: group.as_ref().clone(), deleted: true })?;
        Ok(Deleted { deleted: true })
    }

    /// What goes by the id of that group, each as a sentence names it.
    fn referring_to_group(&self, id: GroupId) -> Result<Vec<String>> {
        let (dimension, id) = (Dimension::BuiltIn(BuiltIn::ResourceGroup), id.to_string());
        let mut referring = self.centers_naming(&dimension, &id)?;
        referring.extend(self.rules_with_source(&dimension, &id)?);
        referring.extend(self.virtuals_naming(&dimension, &id)?);
        referring.extend(self.budgets_with(&dimension, &id)?);
        Ok(referring)
    }

    fn page_of_groups<'g>(
        &self,
        groups: impl Iterator<Item = &'g ResourceGroup>,
        limit: Option<i64>,
        offset: Option<i64>,
    ) -> Result<Page<ResourceGroup>> {
        let (limit, offset) = page(limit, offset)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let found: Vec<&ResourceGroup> = groups.filter(|group| self.has_group(group)).collect();
        let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (count, limit_size, offset_size) = (size(found.len()), size(limit), size(offset));
        let items = found.into_iter().skip(offset).take(limit).cloned().collect();
        Ok(Page { count, limit: limit_size, offset: offset_size, items })
    }

    /// Writes what becomes of a group.
    fn change_group(
        &self,
        id: GroupId,
        change: impl FnOnce(&ResourceGroup) -> Result<ResourceGroup>,
    ) -> Result<ResourceGroup> {
        let _alone = self.groups.alone();
        let (number, before) = self.own_group(id)?;
        let mut group = change(&before)?;
        group.updated_at = self.clock.now();
        self.keep_group(number, group)
    }
}

fn refuse_giving_away(changes: &Map<String, Value>) -> Result<()> {
    let Some(field) = NOT_THE_OWNERS.into_iter().find(|field| changes.contains_key(*field)) else { return Ok(()) };
    let message = "is changed by who administers the platform: leave it out, or make another group";
    Err(Error::new(ErrorCode::Forbidden, message).with_field(field))
}

/// What a group says of itself, as a caller would give it, with the changes in their places.
fn merged(before: &ResourceGroup, changes: Map<String, Value>) -> Result<Map<String, Value>> {
    if changes.contains_key("resources") {
        let message = "is not changed at once: call `resource_groups.add_resource` and `remove_resource`";
        return Err(Error::invalid("resources", message));
    }
    let Ok(Value::Object(mut form)) = serde_json::to_value(before) else {
        return Err(Error::new(ErrorCode::Storage, format!("{} cannot be written down", before.id)));
    };
    form.retain(|field, _| field != "id" && GROUP_CHANGES.contains(&field.as_str()));
    form.extend(changes);
    form.retain(|_, value| !value.is_null());
    Ok(form)
}

fn unknown(id: GroupId) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no resource group '{id}'")).with_field("id")
}
