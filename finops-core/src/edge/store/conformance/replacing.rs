//! Replacing a billing period, adding to one, and knowing a delivery again.

use super::samples::{all, charges, counted, counts, deliver, expected, scope};
use super::{Case, holds, same};
use crate::Result;
use crate::edge::store::{Replace, Store};
use crate::model::receipt::ImportReceipt;

pub(super) const CASES: &[Case] = &[
    Case { name: "a replacement touches its billing account and period only", check: only_its_own },
    Case { name: "a state reads as it was after a replacement", check: old_states },
    Case { name: "replacing nothing adds", check: append },
    Case { name: "a replacement takes the place of all that was added", check: replace_appended },
    Case { name: "a fingerprint is known while all of its import is current", check: known_again },
];

fn only_its_own(store: &dyn Store) -> Result<()> {
    let (january, february, other) = (scope("a", 1)?, scope("a", 2)?, scope("b", 1)?);
    let (first, second) = (charges(&january, &["1", "2"])?, charges(&january, &["30"])?);
    let (kept, foreign) = (charges(&february, &["4"])?, charges(&other, &["5"])?);
    let parts: [(&_, &[_]); 3] = [(&january, &first), (&february, &kept), (&other, &foreign)];
    deliver(store, 1, Replace::BillingPeriod, &parts)?;
    let receipt = deliver(store, 2, Replace::BillingPeriod, &[(&january, &second)])?;
    same("what was replaced", &replaced(&receipt), &vec!["a 2024-01 2 1".to_owned()])?;
    let after = store.snapshot()?;
    same("charges", &all(store, &after)?, &expected(&[&second, &kept, &foreign]))?;
    same("coverage", &counts(&after), &counted(&[(&january, 1), (&other, 1), (&february, 1)]))
}

fn replaced(receipt: &ImportReceipt) -> Vec<String> {
    let line = |replaced: &crate::model::receipt::Replaced| {
        let (account, period) = (&replaced.billing_account_id, &replaced.billing_period);
        format!("{account} {period} {} {}", replaced.charges_before, replaced.charges_after)
    };
    receipt.replaced.iter().map(line).collect()
}

fn old_states(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let versions = [charges(&january, &["1", "2"])?, charges(&january, &["3"])?, charges(&january, &["4", "5", "6"])?];
    let kept = charges(&february, &["7"])?;
    deliver(store, 9, Replace::BillingPeriod, &[(&february, &kept)])?;
    let mut states = Vec::new();
    for (number, version) in (1..).zip(&versions) {
        deliver(store, number, Replace::BillingPeriod, &[(&january, version)])?;
        states.push(store.snapshot()?);
    }
    for (state, version) in states.iter().zip(&versions) {
        same("charges of a state", &all(store, state)?, &expected(&[version, &kept]))?;
    }
    Ok(())
}

fn append(store: &dyn Store) -> Result<()> {
    let january = scope("a", 1)?;
    let (first, second) = (charges(&january, &["1", "2"])?, charges(&january, &["2", "3"])?);
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &first)])?;
    let before = store.snapshot()?;
    let receipt = deliver(store, 2, Replace::Nothing, &[(&january, &second)])?;
    holds("nothing was replaced", receipt.replaced.is_empty())?;
    let after = store.snapshot()?;
    same("coverage", &counts(&after), &counted(&[(&january, 4)]))?;
    same("charges, the equal ones too", &all(store, &after)?, &expected(&[&first, &second]))?;
    same("charges of the state before", &all(store, &before)?, &expected(&[&first]))
}

fn replace_appended(store: &dyn Store) -> Result<()> {
    let january = scope("a", 1)?;
    let last = charges(&january, &["9"])?;
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &charges(&january, &["1", "2"])?)])?;
    deliver(store, 2, Replace::Nothing, &[(&january, &charges(&january, &["3"])?)])?;
    let receipt = deliver(store, 3, Replace::BillingPeriod, &[(&january, &last)])?;
    same("what was replaced", &replaced(&receipt), &vec!["a 2024-01 3 1".to_owned()])?;
    same("charges", &all(store, &store.snapshot()?)?, &expected(&[&last]))
}

fn known_again(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let (one, two) = (charges(&january, &["1"])?, charges(&february, &["2"])?);
    let receipt = deliver(store, 1, Replace::BillingPeriod, &[(&january, &one), (&february, &two)])?;
    let found = store.find_import(&[1; 32])?;
    let found = found.map(|found| (found.import_id, found.snapshot));
    same("the receipt of the import", &found, &Some((receipt.import_id, receipt.snapshot)))?;
    holds("no other fingerprint is known", store.find_import(&[2; 32])?.is_none())?;
    deliver(store, 2, Replace::Nothing, &[(&january, &one)])?;
    holds("it is not all of the period beside what was added", store.find_import(&[1; 32])?.is_none())?;
    holds("its files are known all the same", store.find_file(&[1; 32])?.is_some())?;
    deliver(store, 3, Replace::BillingPeriod, &[(&february, &two)])?;
    holds("it is not known once a part of it was replaced", store.find_import(&[1; 32])?.is_none())?;
    holds("what was added is known", store.find_file(&[2; 32])?.is_some())?;
    holds("of the other only a part is current", store.find_file(&[1; 32])?.is_none())?;
    // The same files again, after others had taken their place.
    let again = super::samples::delivery(1, Replace::BillingPeriod)?;
    let mut session = store.begin_import()?;
    session.write(&january, &crate::model::charge::ChargeTable::from_charges(&one))?;
    let receipt = crate::model::receipt::ImportReceipt {
        import_id: crate::model::id::Id::new(again.imported_at, [77; 10]),
        ..again.receipt
    };
    session.commit(crate::edge::store::Delivery { receipt, ..again })?;
    let found = store.find_import(&[1; 32])?.map(|found| found.quarantined);
    same("it is known again when it came again", &found, &Some(1))
}
