//! Operations on resource groups.

use super::{operator, viewer};
use crate::engine::Answer;
use crate::engine::calling::Operation;
use crate::engine::groups::{
    GROUP_CHANGES, GROUP_FIELDS, ResourceAdded, ResourceGroupKey, ResourceGroupList, ResourceGroupSearch,
    ResourceRemoved,
};
use crate::engine::params::parse;
use crate::model::access::Reach;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "resource_groups.create",
        access: operator(Reach::Owned),
        fields: GROUP_FIELDS,
        call: |finops, params, _| finops.resource_groups_create(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "resource_groups.get",
        access: viewer(Reach::Owned),
        fields: ResourceGroupKey::FIELDS,
        call: |finops, params, _| finops.resource_groups_get(parse::<ResourceGroupKey>(params)?.id).map(Answer::from),
    },
    Operation {
        name: "resource_groups.list",
        access: viewer(Reach::Owned),
        fields: ResourceGroupList::FIELDS,
        call: |finops, params, _| finops.resource_groups_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "resource_groups.update",
        access: operator(Reach::Owned),
        fields: GROUP_CHANGES,
        call: |finops, mut params, _| {
            let id = params.as_object_mut().and_then(|fields| fields.remove("id")).unwrap_or_default();
            let ResourceGroupKey { id } = parse(serde_json::json!({ "id": id }))?;
            finops.resource_groups_update(id, params).map(Answer::from)
        },
    },
    Operation {
        name: "resource_groups.delete",
        access: operator(Reach::Owned),
        fields: ResourceGroupKey::FIELDS,
        call: |finops, params, _| {
            finops.resource_groups_delete(parse::<ResourceGroupKey>(params)?.id).map(Answer::from)
        },
    },
    Operation {
        name: "resource_groups.add_resource",
        access: operator(Reach::Owned),
        fields: ResourceAdded::FIELDS,
        call: |finops, params, _| {
            let (id, resource) = parse::<ResourceAdded>(params)?.into_parts();
            finops.resource_groups_add_resource(id, resource).map(Answer::from)
        },
    },
    Operation {
        name: "resource_groups.remove_resource",
        access: operator(Reach::Owned),
        fields: ResourceRemoved::FIELDS,
        call: |finops, params, _| {
            let (id, resource) = parse::<ResourceRemoved>(params)?.into_parts();
            finops.resource_groups_remove_resource(id, &resource).map(Answer::from)
        },
    },
    Operation {
        name: "resource_groups.find_by_resource",
        access: viewer(Reach::Owned),
        fields: ResourceGroupSearch::FIELDS,
        call: |finops, params, _| finops.resource_groups_find_by_resource(&parse(params)?).map(Answer::from),
    },
];
