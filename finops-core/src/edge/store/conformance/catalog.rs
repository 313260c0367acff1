//! The catalogue: entries by kind and id.

use super::samples::by;
use super::{Case, holds, same};
use crate::Result;
use crate::edge::store::Store;
use crate::model::catalog::{Entry, Kind};

pub(super) const CASES: &[Case] = &[
    Case { name: "an entry of the catalogue comes back as it was", check: round_trip },
    Case { name: "an entry of the catalogue gives way to a later one", check: replace },
    Case { name: "kinds of the catalogue are apart", check: kinds },
    Case { name: "pages of the catalogue follow each other", check: pages },
    Case { name: "the catalogue and charges leave each other alone", check: apart },
];

fn round_trip(store: &dyn Store) -> Result<()> {
    let mut entry = Entry::new(Kind::Tenant, "ten/001 'ё' %_", "Альфа \"банк\" 🚀");
    same("an entry that is not there", &store.entry(entry.kind, &entry.id)?, &None)?;
    store.put_entry(&entry, &by()?)?;
    same("with a name only", &store.entry(entry.kind, &entry.id)?.as_ref(), &Some(&entry))?;
    entry.parent = Some("org_1".into());
    entry.owner = Some("usr_1".into());
    entry.team = Some("team_1".into());
    entry.tags = [("ключ".to_owned(), String::new()), ("b".to_owned(), "x\ny".to_owned())].into();
    entry.budget_usd = Some("99999999999999999999.999999999999999999".parse()?);
    store.put_entry(&entry, &by()?)?;
    same("with everything", &store.entry(entry.kind, &entry.id)?.as_ref(), &Some(&entry))?;
    holds("it is deleted", store.delete_entry(entry.kind, &entry.id, &by()?)?)?;
    same("after that", &store.entry(entry.kind, &entry.id)?, &None)?;
    holds("it is not deleted twice", !store.delete_entry(entry.kind, &entry.id, &by()?)?)
}

fn replace(store: &dyn Store) -> Result<()> {
    let mut first = Entry::new(Kind::Team, "t", "First");
    first.tags = [("a".to_owned(), "b".to_owned())].into();
    store.put_entry(&first, &by()?)?;
    let second = Entry::new(Kind::Team, "t", "Second");
    store.put_entry(&second, &by()?)?;
    same("all entries", &store.entries(None, 10, 0)?, &(1, vec![second]))
}

fn kinds(store: &dyn Store) -> Result<()> {
    for kind in Kind::ALL {
        store.put_entry(&Entry::new(*kind, "one", kind.as_str()), &by()?)?;
    }
    for kind in Kind::ALL {
        let name = store.entry(*kind, "one")?.map(|entry| entry.name);
        same("the entry of a kind", &name.as_deref(), &Some(kind.as_str()))?;
        same("entries of a kind", &store.entries(Some(*kind), 10, 0)?.0, &1)?;
    }
    holds("one is deleted", store.delete_entry(Kind::Team, "one", &by()?)?)?;
    holds("the others stay", store.entry(Kind::User, "one")?.is_some())?;
    let rest = u64::try_from(Kind::ALL.len()).unwrap_or(0).saturating_sub(1);
    same("how many are left", &store.entries(None, 1, 0)?.0, &rest)
}

fn pages(store: &dyn Store) -> Result<()> {
    let ids = ["b", "a", "B", "10", "9", "ä", "z", "aa"];
    for id in ids {
        store.put_entry(&Entry::new(Kind::User, id, id), &by()?)?;
        store.put_entry(&Entry::new(Kind::App, id, id), &by()?)?;
    }
    let ids_of = |page: Vec<Entry>| page.into_iter().map(|entry| (entry.kind.as_str(), entry.id)).collect::<Vec<_>>();
    let mut sorted = ids.map(str::to_owned);
    sorted.sort();
    let users: Vec<_> = sorted.iter().map(|id| ("user", id.clone())).collect();
    let every: Vec<_> = sorted.iter().map(|id| ("app", id.clone())).chain(users.clone()).collect();
    for (kind, wanted) in [(Some(Kind::User), users), (None, every)] {
        let total = u64::try_from(wanted.len()).unwrap_or(0);
        let (count, all) = store.entries(kind, 1000, 0)?;
        same("count", &count, &total)?;
        same("in the order of kind and id", &ids_of(all), &wanted)?;
        let mut together = Vec::new();
        for offset in (0..total).step_by(3) {
            let (count, page) = store.entries(kind, 3, offset)?;
            same("the count of a page is that of all", &count, &total)?;
            together.extend(ids_of(page));
        }
        same("pages put together", &together, &wanted)?;
        same("a page past the end", &store.entries(kind, 3, total)?, &(total, Vec::new()))?;
        same("a page far past the end", &store.entries(kind, u64::MAX, u64::MAX)?, &(total, Vec::new()))?;
    }
    Ok(())
}

fn apart(store: &dyn Store) -> Result<()> {
    use super::samples::{charges, deliver, scope};
    use crate::edge::store::Replace;

    let january = scope("a", 1)?;
    let entry = Entry::new(Kind::Tenant, "a", "A");
    let before = store.snapshot()?;
    store.put_entry(&entry, &by()?)?;
    same("the state of charges", &store.snapshot()?, &before)?;
    let session = store.begin_import()?;
    store.put_entry(&Entry::new(Kind::Tenant, "b", "While an import is under way"), &by()?)?;
    drop(session);
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &charges(&january, &["1"])?)])?;
    same("the entry", &store.entry(Kind::Tenant, "a")?, &Some(entry))?;
    same("entries", &store.entries(None, 10, 0)?.0, &2)
}
