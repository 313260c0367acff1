//! Charges that the engine itself makes, on their way into the store: of usage, and of what the gate settled.

use crate::Result;
use crate::edge::store::{Booking, Delivery, ImportSession, Replace, Store};
use crate::model::charge::{Charge, ChargeTable, Scope};
use crate::model::id::{Entropy, Id};
use crate::model::receipt::ImportReceipt;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::tally::Tally;
use std::collections::BTreeSet;

/// How many charges are written at a time.
const TABLE_ROWS: usize = 8192;

/// Charges of one billing account being written. Nothing of them can be seen before the commit.
pub(super) struct OwnCharges<'f> {
    store: &'f dyn Store,
    account: &'static str,
    session: Option<Box<dyn ImportSession + 'f>>,
    tally: Tally,
    periods: BTreeSet<String>,
    count: u64,
}

impl<'f> OwnCharges<'f> {
    pub(super) fn new(store: &'f dyn Store, account: &'static str) -> Self {
        Self { store, account, session: None, tally: Tally::default(), periods: BTreeSet::new(), count: 0 }
    }

    /// How many charges there are so far.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Adds charges of a billing period.
    pub(super) fn write(&mut self, charges: &[Charge], billed_in: Interval) -> Result<()> {
        if charges.is_empty() {
            return Ok(());
        }
        let scope =
            Scope { billing_account_id: self.account.to_owned(), start: billed_in.start(), end: billed_in.end() };
        for rows in charges.chunks(TABLE_ROWS) {
            let table = ChargeTable::from_charges(rows);
            self.tally.add(&table)?;
            if self.session.is_none() {
                self.session = Some(self.store.begin_booking()?);
            }
            if let Some(session) = &mut self.session {
                session.write(&scope, &table)?;
            }
            self.count += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        }
        self.periods.insert(scope.period_label());
        Ok(())
    }

    /// Makes all of it visible at once, with what is booked, and gives the number of the state. Without any charge it
    /// does nothing.
    pub(super) fn commit(self, booking: Option<Booking>, at: Stamp, entropy: &dyn Entropy) -> Result<u64> {
        let Some(session) = self.session else { return Ok(self.store.snapshot()?.id) };
        let mut random = [0; 10];
        entropy.fill(&mut random)?;
        let import_id = Id::new(at, random);
        let mut receipt = ImportReceipt::of_own(import_id, self.count, self.tally.totals()?);
        receipt.billing_periods = self.periods.into_iter().collect();
        let fingerprint = *blake3::hash(import_id.to_string().as_bytes()).as_bytes();
        let replace = Replace::Nothing;
        let delivery = Delivery { receipt, fingerprint, files: Vec::new(), replace, imported_at: at, booking };
        let snapshot = match session.commit(delivery) {
            Ok(receipt) => receipt.snapshot,
            // Where the disk failed late, only the store can tell whether it came to pass.
            Err(error) => self.store.receipt_of(import_id).ok().flatten().ok_or(error)?.snapshot,
        };
        // The charges are there whatever becomes of it, and the next commit tries again.
        let tidied = self.store.tidy(self.account, at).and_then(|()| self.store.snapshot());
        Ok(tidied.map_or(snapshot, |tidied| tidied.id))
    }
}
