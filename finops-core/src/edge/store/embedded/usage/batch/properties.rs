//! The properties of a batch's events: a column for each of the first keys, and a list of what has other keys.

use super::bytes::{Damage, Read, Unread, put_number, put_numbers};
use super::texts::{TextBuilder, Texts};
use crate::model::usage::UsageEvent;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// How many keys have a column of their own. Events of one kind share few keys; without a bound, events that share
/// none would make as many columns as there are events.
const KEYS: usize = 64;
/// How many properties stand in the list at most: an event has far fewer.
const MAX_LISTED: usize = 1 << 23;

pub(super) fn put_properties(out: &mut Vec<u8>, events: &[&UsageEvent]) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut columns: Vec<(&str, TextBuilder<'_>)> = Vec::new();
    let (mut rows, mut keys, mut values) = (Vec::new(), TextBuilder::default(), TextBuilder::default());
    for (row, event) in events.iter().enumerate() {
        for (key, value) in &event.properties {
            let place = *places.entry(key).or_insert_with(|| {
                if columns.len() < KEYS {
                    columns.push((key, TextBuilder::default()));
                    columns.len() - 1
                } else {
                    usize::MAX
                }
            });
            if let Some((_, column)) = columns.get_mut(place) {
                column.set(row, value);
            } else {
                rows.push(row as u64);
                keys.push(Some(key));
                values.push(Some(value));
            }
        }
    }
    let mut names = TextBuilder::default();
    for (key, _) in &columns {
        names.push(Some(key));
    }
    put_number(out, columns.len() as u64);
    names.write(columns.len(), out);
    for (_, column) in columns {
        column.write(events.len(), out);
    }
    put_number(out, rows.len() as u64);
    put_numbers(out, &rows);
    keys.write(rows.len(), out);
    values.write(rows.len(), out);
}

/// The properties of a batch as they are read.
#[derive(Debug)]
pub(super) struct Properties<'b> {
    columns: Vec<(&'b str, Texts<'b>)>,
    rows: Vec<u64>,
    keys: Texts<'b>,
    values: Texts<'b>,
    /// How many of the list were given.
    given: usize,
}

impl<'b> Properties<'b> {
    /// # Errors
    /// When the bytes are not those of that many events' properties.
    pub(super) fn read(unread: &mut Unread<'b>, rows: usize) -> Read<Self> {
        let count = unread.count(KEYS)?;
        let names = Texts::read(unread, count)?;
        let column = |place: usize| Ok((names.required(place)?, Texts::read(unread, rows)?));
        let columns = (0..count).map(column).collect::<Read<_>>()?;
        let listed = unread.count(MAX_LISTED)?;
        let listed_rows = unread.numbers(listed)?;
        if listed_rows.iter().any(|row| *row >= rows as u64) || !listed_rows.is_sorted() {
            return Err(Damage("a property belongs to no event"));
        }
        let (keys, values) = (Texts::read(unread, listed)?, Texts::read(unread, listed)?);
        Ok(Self { columns, rows: listed_rows, keys, values, given: 0 })
    }

    /// The properties of an event; events are asked for in their order.
    pub(super) fn of(&mut self, row: usize) -> Read<BTreeMap<String, String>> {
        let of_columns = self.columns.iter().filter_map(|(key, column)| Some((*key, column.get(row)?)));
        let mut properties: BTreeMap<String, String> =
            of_columns.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        while self.rows.get(self.given).is_some_and(|listed| *listed == row as u64) {
            let (key, value) = (self.keys.required(self.given)?, self.values.required(self.given)?);
            properties.insert(key.to_owned(), value.to_owned());
            self.given += 1;
        }
        Ok(properties)
    }

    /// How many bytes of text all events have in their properties.
    pub(super) fn expanded(&self) -> usize {
        let of_columns = self.columns.iter().map(|(key, column)| column.expanded_with(key.len()));
        of_columns.chain([self.keys.expanded(), self.values.expanded()]).fold(0, usize::saturating_add)
    }
}
