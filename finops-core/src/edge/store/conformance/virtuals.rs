//! Virtual dimensions: by name, all or nothing.

use super::samples::by;
use super::{Case, holds, refused, same};
use crate::edge::store::Store;
use crate::model::filter::Filter;
use crate::model::virtual_dimension::{Rule, VirtualDimension};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeSet;

pub(super) const CASES: &[Case] = &[
    Case { name: "a virtual dimension comes back as it was", check: round_trip },
    Case { name: "what must not be together leaves the virtual dimensions as they were", check: all_or_nothing },
];

fn product(name: &str, default: Option<&str>) -> Result<VirtualDimension> {
    let one = Filter::equals("tag:app.kubernetes.io/name".parse()?, "ё 'x'");
    let none = Filter::In("virtual:other".parse()?, vec![None, Some("y".into())]);
    let when = Filter::All(vec![Filter::Not(Box::new(Filter::All(vec![one]))), none]);
    let rules = vec![Rule { value: "Поиск 🚀".into(), when }];
    Ok(VirtualDimension { name: name.into(), rules, default: default.map(str::to_owned) })
}

/// Takes any, as long as names are distinct.
fn any(all: &[VirtualDimension]) -> Result<()> {
    let names: BTreeSet<&str> = all.iter().map(|dimension| dimension.name.as_str()).collect();
    same("how many names there are", &names.len(), &all.len())
}

fn round_trip(store: &dyn Store) -> Result<()> {
    same("at first", &store.virtual_dimensions()?, &Vec::new())?;
    let (a, b) = (product("a", None)?, product("B", Some("rest"))?);
    store.put_virtual_dimension(&a, &any, &by()?)?;
    store.put_virtual_dimension(&b, &any, &by()?)?;
    // Filters are written as JSON, whose objects know no order.
    let texts = |all: &[VirtualDimension]| all.iter().map(|one| serde_json::json!(one)).collect::<Vec<_>>();
    let wanted = texts(&[b.clone(), a.clone()]);
    same("in the order of names", &texts(&store.virtual_dimensions()?), &wanted)?;
    let a = product("a", Some("later"))?;
    store.put_virtual_dimension(&a, &any, &by()?)?;
    same("a later one", &texts(&store.virtual_dimensions()?), &texts(&[b, a]))?;
    holds("it is deleted", store.delete_virtual_dimension("a", &any, &by()?)?)?;
    holds("it is not deleted twice", !store.delete_virtual_dimension("a", &any, &by()?)?)?;
    same("what is left", &store.virtual_dimensions()?.len(), &1)
}

fn all_or_nothing(store: &dyn Store) -> Result<()> {
    let (a, b) = (product("a", None)?, product("b", None)?);
    store.put_virtual_dimension(&a, &any, &by()?)?;
    let before = store.virtual_dimensions()?;
    let refuse = |seen: usize| {
        move |all: &[VirtualDimension]| -> Result<()> {
            same("how many there would be", &all.len(), &seen)?;
            Err(Error::new(ErrorCode::Conflict, "not these"))
        }
    };
    refused("a second one", store.put_virtual_dimension(&b, &refuse(2), &by()?), ErrorCode::Conflict)?;
    let changed = product("a", Some("x"))?;
    refused("another in its place", store.put_virtual_dimension(&changed, &refuse(1), &by()?), ErrorCode::Conflict)?;
    refused("none", store.delete_virtual_dimension("a", &refuse(0), &by()?), ErrorCode::Conflict)?;
    same("after that", &store.virtual_dimensions()?, &before)
}
