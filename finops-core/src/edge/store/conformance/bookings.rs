//! Definitions, and what is booked: together with the charges that it makes, or not at all.

use super::samples::{by, charge, delivery, scope};
use super::{Case, holds, refused, same};
use crate::edge::store::AllocationClosing;
use crate::edge::store::{Booking, ClosedPeriods, Correction, Defined, LineKey, Replace, Settled, Statement, Store};
use crate::model::charge::ChargeTable;
use crate::model::money::Currency;
use crate::model::time::Stamp;
use crate::{ErrorCode, Result};

pub(super) const CASES: &[Case] = &[
    Case { name: "definitions come back by kind and by change", check: definitions },
    Case { name: "what is booked appears with its charges", check: together },
    Case { name: "what makes no charge is booked alone", check: alone },
    Case { name: "an allocation is closed once, with all of its lines", check: allocations },
];

fn allocations(store: &dyn Store) -> Result<()> {
    let closing = |month: &str, lines: &[&str]| -> Result<AllocationClosing> {
        Ok(AllocationClosing {
            period_start: Stamp::parse(&format!("2024-{month}-01T00:00:00Z"))?,
            closed_at: Stamp::parse("2024-07-01T12:00:00.000001Z")?,
            body: format!("{{\"ё\": \"{month}\"}}"),
            lines: lines.iter().map(|part| (*part).to_owned()).collect(),
        })
    };
    let (may, march) = (closing("05", &["[1]", "[2, \"ё\"]"])?, closing("03", &[])?);
    let by = by()?;
    let (first, second) = (store.close_allocation(&may, &by)?, store.close_allocation(&march, &by)?);
    holds("those that come later have higher numbers", 0 < first && first < second)?;
    refused("twice", store.close_allocation(&closing("05", &["[3]"])?, &by), ErrorCode::Conflict)?;
    let read = |after| -> Result<Vec<(u64, Stamp, Stamp, String)>> {
        let found = store.closed_allocations(after)?;
        Ok(found.into_iter().map(|one| (one.number, one.period_start, one.closed_at, one.body)).collect())
    };
    let known =
        |number, closing: &AllocationClosing| (number, closing.period_start, closing.closed_at, closing.body.clone());
    same("all", &read(0)?, &vec![known(first, &may), known(second, &march)])?;
    same("since the first", &read(first)?, &vec![known(second, &march)])?;
    let lines = |number| (0..3).map(|part| store.allocation_lines(number, part)).collect::<Result<Vec<_>>>();
    same("lines", &lines(first)?, &vec![Some("[1]".to_owned()), Some("[2, \"ё\"]".to_owned()), None])?;
    same("no lines", &lines(second)?, &vec![None, None, None])
}

fn definitions(store: &dyn Store) -> Result<()> {
    let by = by()?;
    let put = |kind, key: &str, body: &str| store.put_definitions(kind, &[(key.to_owned(), body.to_owned())], &by);
    let first = put(Defined::Price, "b", "1")?;
    let second = put(Defined::Price, "a", "2")?;
    put(Defined::Grant, "a", "3")?;
    let third = put(Defined::Price, "b", "{\"ё\": 4}")?;
    holds("changes have higher and higher numbers", first < second && second < third)?;
    let read = |after| -> Result<Vec<(String, String, u64)>> {
        let found = store.definitions_since(Defined::Price, after)?;
        Ok(found.into_iter().map(|one| (one.key, one.body, one.change)).collect())
    };
    let (a, b) = (("a".to_owned(), "2".to_owned(), second), ("b".to_owned(), "{\"ё\": 4}".to_owned(), third));
    same("all", &read(0)?, &vec![a, b.clone()])?;
    same("since the second", &read(second)?, &vec![b])?;
    same("since the last", &read(third)?, &Vec::new())?;
    holds("it is deleted", store.delete_definition(Defined::Price, "b", &by)?)?;
    holds("it is not deleted twice", !store.delete_definition(Defined::Price, "b", &by)?)?;
    same("of another kind", &store.definitions(Defined::Grant)?.len(), &1)
}

fn booking() -> Result<Booking> {
    let period_start = Stamp::parse("2024-01-01T00:00:00Z")?;
    let line = |meter: &str| LineKey { period_start, tenant_id: "ё".to_owned(), meter: meter.to_owned() };
    let correction = Correction {
        billed_in: Stamp::parse("2024-02-01T00:00:00Z")?,
        line: line("calls"),
        quantity: "-0.000000000000000001".parse()?,
        amount: Some("99999999999999999999.5".parse()?),
        currency: Currency::parse("JPY")?,
    };
    Ok(Booking {
        lines: vec![(line("calls"), vec![1, 0, 255]), (line("bytes"), Vec::new())],
        settled: Settled { events: 7, changes: 2, definitions: 3, until: -5 },
        corrections: vec![correction],
        closed: Some(ClosedPeriods {
            by: by()?,
            statements: vec![Statement {
                tenant_id: "ё".to_owned(),
                period_start,
                closed_at: Stamp::parse("2024-02-03T04:05:06Z")?,
                body: "{}".to_owned(),
            }],
        }),
    })
}

/// Everything that a booking says is there.
fn is_there(store: &dyn Store, booking: &Booking) -> Result<()> {
    let keys: Vec<LineKey> = booking.lines.iter().map(|(key, _)| key.clone()).collect();
    let unknown = keys.first().map(|key| LineKey { meter: "unknown".to_owned(), ..key.clone() });
    let wanted: Vec<_> = booking.lines.iter().map(|(_, booked)| Some(booked.clone())).chain([None]).collect();
    let asked: Vec<LineKey> = keys.iter().cloned().chain(unknown).collect();
    same("lines", &store.booked(&asked)?, &wanted)?;
    same("how far it is settled", &store.settled()?, &booking.settled)?;
    for correction in &booking.corrections {
        let found = store.corrections(correction.billed_in, &correction.line.tenant_id)?;
        same("corrections", &found, &booking.corrections)?;
        same("of somebody else", &store.corrections(correction.billed_in, "x")?, &Vec::new())?;
    }
    let closed = booking.closed.as_ref().map(|closed| closed.statements.clone()).unwrap_or_default();
    same("statements", &store.statements(None, None)?, &closed)?;
    same("statements of somebody else", &store.statements(None, Some("x"))?, &Vec::new())
}

fn together(store: &dyn Store) -> Result<()> {
    let (january, booking) = (scope("acct-1", 1)?, booking()?);
    let table = ChargeTable::from_charges(&[charge(&january, 2, "1")?]);
    {
        let mut session = store.begin_import()?;
        session.write(&january, &table)?;
    }
    same("an import that was dropped", &store.settled()?, &Settled::default())?;
    let mut session = store.begin_import()?;
    session.write(&january, &table)?;
    session
        .commit(crate::edge::store::Delivery { booking: Some(booking.clone()), ..delivery(1, Replace::Nothing)? })?;
    same("the state", &store.snapshot()?.id, &1)?;
    is_there(store, &booking)
}

fn alone(store: &dyn Store) -> Result<()> {
    let mut booking = booking()?;
    store.book(&booking)?;
    is_there(store, &booking)?;
    same("no state was made", &store.snapshot()?.id, &0)?;
    let closed = booking.closed.take();
    let corrections = std::mem::take(&mut booking.corrections);
    for (_, booked) in &mut booking.lines {
        booked.push(9);
    }
    booking.settled.events = 8;
    store.book(&booking)?;
    (booking.closed, booking.corrections) = (closed, corrections);
    is_there(store, &booking)
}
