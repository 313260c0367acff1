//! Operations on names, and on the dimensions that rules make.

use super::{admin, viewer};
use crate::engine::calling::Operation;
use crate::engine::catalog::ENTRY_FIELDS;
use crate::engine::params::parse;
use crate::engine::virtuals::{VIRTUAL_FIELDS, VirtualKey, VirtualList};
use crate::engine::{Answer, CatalogKey, CatalogList};
use crate::model::access::Reach;
use crate::model::catalog::Entry;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "virtual_dimensions.set",
        access: admin(Reach::Platform),
        fields: VIRTUAL_FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_set(parse(params)?).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.get",
        access: viewer(Reach::Platform),
        fields: VirtualKey::FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_get(&parse::<VirtualKey>(params)?.name).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.list",
        access: viewer(Reach::Platform),
        fields: VirtualList::FIELDS,
        call: |finops, params, _| finops.virtual_dimensions_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "virtual_dimensions.delete",
        access: admin(Reach::Platform),
        fields: VirtualKey::FIELDS,
        call: |finops, params, _| {
            finops.virtual_dimensions_delete(&parse::<VirtualKey>(params)?.name).map(Answer::from)
        },
    },
    Operation {
        name: "catalog.upsert",
        access: admin(Reach::Platform),
        fields: ENTRY_FIELDS,
        call: |finops, params, _| finops.catalog_upsert(parse::<Entry>(params)?).map(Answer::from),
    },
    Operation {
        name: "catalog.get",
        access: viewer(Reach::Owned),
        fields: CatalogKey::FIELDS,
        call: |finops, params, _| {
            let key: CatalogKey = parse(params)?;
            finops.catalog_get(key.kind, &key.id).map(Answer::from)
        },
    },
    Operation {
        name: "catalog.list",
        access: viewer(Reach::Owned),
        fields: CatalogList::FIELDS,
        call: |finops, params, _| finops.catalog_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "catalog.delete",
        access: admin(Reach::Platform),
        fields: CatalogKey::FIELDS,
        call: |finops, params, _| {
            let key: CatalogKey = parse(params)?;
            finops.catalog_delete(key.kind, &key.id).map(Answer::from)
        },
    },
];
