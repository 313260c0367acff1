//! Columns of text: each different text once, and for each row which it is. Ids, most of which differ, have a form of
//! their own: sixteen bytes where they are UUIDs as they are usually written.

use super::bytes::{Damage, Read, Unread, put_number, put_numbers};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;

/// A column that is being built.
#[derive(Debug, Default)]
pub(super) struct TextBuilder<'e> {
    hasher: hashbrown::DefaultHashBuilder,
    places: HashTable<u32>,
    texts: Vec<&'e str>,
    /// For each row 0 where there is none, else the place of its text from 1 on.
    codes: Vec<u32>,
}

impl<'e> TextBuilder<'e> {
    /// The text of the next row, if it has one.
    pub(super) fn push(&mut self, text: Option<&'e str>) {
        let code = text.map_or(0, |text| self.code(text));
        self.codes.push(code);
    }

    /// The text of a row that comes after all before it; those between have none.
    pub(super) fn set(&mut self, row: usize, text: &'e str) {
        self.codes.resize(row, 0);
        self.push(Some(text));
    }

    fn code(&mut self, text: &'e str) -> u32 {
        // Most rows are like the one before.
        if let Some(last) = self.codes.last().copied().filter(|last| self.text(*last) == Some(text)) {
            return last;
        }
        let texts = &self.texts;
        let at = |code: &u32| texts.get(usize::try_from(*code).ok()?.checked_sub(1)?).copied();
        let same = |code: &u32| at(code) == Some(text);
        let hash = |code: &u32| self.hasher.hash_one(at(code).unwrap_or_default());
        match self.places.entry(self.hasher.hash_one(text), same, hash) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(vacant) => {
                // A batch has far fewer events.
                let code = u32::try_from(texts.len() + 1).unwrap_or(u32::MAX);
                vacant.insert(code);
                self.texts.push(text);
                code
            }
        }
    }

    fn text(&self, code: u32) -> Option<&'e str> {
        self.texts.get(usize::try_from(code).ok()?.checked_sub(1)?).copied()
    }

    /// Writes the column with that many rows.
    pub(super) fn write(mut self, rows: usize, out: &mut Vec<u8>) {
        self.codes.resize(rows, 0);
        put_number(out, self.texts.len() as u64);
        put_texts(out, &self.texts);
        put_numbers(out, &self.codes.iter().map(|code| u64::from(*code)).collect::<Vec<_>>());
    }
}

/// Writes texts one after the other, behind their lengths.
fn put_texts(out: &mut Vec<u8>, texts: &[&str]) {
    put_numbers(out, &texts.iter().map(|text| text.len() as u64).collect::<Vec<_>>());
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

fn texts<'b>(unread: &mut Unread<'b>, count: usize) -> Read<Vec<&'b str>> {
    let lengths = unread.numbers(count)?;
    let text = |length: u64| {
        let bytes = unread.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        std::str::from_utf8(bytes).map_err(|_| Damage("a text is none"))
    };
    lengths.into_iter().map(text).collect()
}

/// A column as it is read: for each row its text, if it has one.
#[derive(Debug)]
pub(super) struct Texts<'b> {
    texts: Vec<&'b str>,
    codes: Vec<u64>,
}

impl<'b> Texts<'b> {
    /// # Errors
    /// When the bytes are not those of a column of that many rows.
    pub(super) fn read(unread: &mut Unread<'b>, rows: usize) -> Read<Self> {
        let count = unread.count(rows)?;
        let texts = texts(unread, count)?;
        let codes = unread.numbers(rows)?;
        if codes.iter().any(|code| *code > count as u64) {
            return Err(Damage("a row names a text that is not there"));
        }
        Ok(Self { texts, codes })
    }

    /// The text of a row.
    pub(super) fn get(&self, row: usize) -> Option<&'b str> {
        let code = usize::try_from(*self.codes.get(row)?).ok()?;
        self.texts.get(code.checked_sub(1)?).copied()
    }

    /// The text of a row that must have one.
    pub(super) fn required(&self, row: usize) -> Read<&'b str> {
        self.get(row).ok_or(Damage("a row lacks what every event has"))
    }

    /// How many bytes all rows take together.
    pub(super) fn expanded(&self) -> usize {
        self.expanded_with(0)
    }

    /// The same, with so many bytes more for each row that has a text.
    pub(super) fn expanded_with(&self, more: usize) -> usize {
        let length = |row| self.get(row).map_or(0, |text| text.len().saturating_add(more));
        (0..self.codes.len()).map(length).fold(0, usize::saturating_add)
    }
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The value of each lower-case hexadecimal digit; 255 for what is none.
const VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing, reason = "worked out when it is compiled, where a wrong place does not compile")]
const fn values() -> [u8; 256] {
    let mut values = [255; 256];
    let mut digit = 0_u8;
    while digit < 16 {
        let place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        values[place as usize] = digit;
        digit += 1;
    }
    values
}

/// The sixteen bytes of a UUID as it is usually written, in lower case.
pub(super) fn packed(id: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = id.as_bytes().try_into().ok()?;
    let (mut bytes, mut at, mut wrong) = ([0; 16], 0, 0);
    for byte in &mut bytes {
        if HYPHENS.contains(&at) {
            wrong |= u8::from(text.get(at) != Some(&b'-'));
            at += 1;
        }
        let value =
            |place: usize| text.get(place).map_or(255, |byte| VALUES.get(usize::from(*byte)).copied().unwrap_or(255));
        let (high, low) = (value(at), value(at + 1));
        wrong |= (high | low) & 0x80;
        *byte = high << 4 | low & 15;
        at += 2;
    }
    (wrong == 0).then_some(bytes)
}

/// The text of a UUID.
fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let digit = |value: u8| char::from(DIGITS.get(usize::from(value)).copied().unwrap_or(b'0'));
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// Ids to bytes: those that are UUIDs go to `packed_out`, which does not get smaller by compression.
pub(super) fn put_ids<'e>(out: &mut Vec<u8>, packed_out: &mut Vec<u8>, ids: impl ExactSizeIterator<Item = &'e str>) {
    let mut mask = vec![0_u8; ids.len().div_ceil(8)];
    let mut others = Vec::new();
    for (row, id) in ids.enumerate() {
        if let Some(bytes) = packed(id) {
            packed_out.extend_from_slice(&bytes);
            continue;
        }
        if let Some(byte) = mask.get_mut(row / 8) {
            *byte |= 1 << (row % 8);
        }
        others.push(id);
    }
    put_number(out, others.len() as u64);
    if !others.is_empty() {
        out.extend_from_slice(&mask);
        put_texts(out, &others);
    }
}

/// The ids of that many rows.
pub(super) fn ids(unread: &mut Unread<'_>, packed: &mut Unread<'_>, rows: usize) -> Read<Vec<String>> {
    let count = unread.count(rows)?;
    let (mask, others): (&[u8], _) =
        if count == 0 { (&[], Vec::new()) } else { (unread.take(rows.div_ceil(8))?, texts(unread, count)?) };
    let mut others = others.into_iter();
    let id = |row: usize| {
        let other = mask.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1);
        if other {
            return others.next().map(str::to_owned).ok_or(Damage("an id is missing"));
        }
        packed.take(16).map(unpacked)
    };
    let ids = (0..rows).map(id).collect::<Read<_>>()?;
    packed.end()?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_prints_back_is_packed() {
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert_eq!(unpacked(&packed(uuid).unwrap()), uuid);
        for other in [
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "0f8fad5bd9cb469fa16570867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950g",
            "0f8fad5b-d9cb-469f-a165+70867728950e",
            "0f8fad5b-d9cb-469f-a165-7086772895",
            "",
        ] {
            assert_eq!(packed(other), None, "{other}");
        }
    }
}
