//! The events of a commit as one batch of columns, and back.
//!
//! ```text
//! version: 1 byte | length of the columns | columns, compressed | ids that are UUIDs, 16 bytes each
//! ```
//!
//! The columns are the events' count, the other ids, times as differences, texts by dictionary, quantities as
//! mantissas at the largest scale that all share, and properties by key: the first [`KEYS`] keys have a column each,
//! what has others stands in a list. The checksum of a batch is kept beside it, by who keeps the batch.

mod bytes;
mod properties;
mod texts;

pub(super) use bytes::{Damage, Read, Unread, put_number};

use crate::model::money::Quantity;
use crate::model::time::Stamp;
use crate::model::usage::UsageEvent;
use crate::{Error, ErrorCode, Result};
use bytes::{put_mantissas, put_numbers, unzigzag, zigzag};
use properties::{Properties, put_properties};
use texts::{TextBuilder, Texts, ids, put_ids};
use twox_hash::XxHash3_64;

/// The form that is written; others are refused by name.
const VERSION: u8 = 1;
/// How many events a batch has at most.
pub(super) const MAX_EVENTS: usize = 1 << 17;
/// How many bytes of text the events of a batch have at most, those of properties included.
pub(super) const MAX_TEXT: usize = 256 << 20;
/// How many bytes the columns of a batch have at most before they are compressed.
const MAX_COLUMNS: usize = 2 * MAX_TEXT;
/// The fastest level: what is in a batch is mostly dictionaries and small numbers already.
const LEVEL: i32 = 1;
/// The decimals of a quantity.
const SCALE: u32 = Quantity::SCALE;

/// What tells a batch that was damaged; it does not tell forgery.
pub(super) fn checksum(bytes: &[u8]) -> i64 {
    XxHash3_64::oneshot(bytes).cast_signed()
}

/// How many bytes of text an event has.
pub(super) fn text_bytes(event: &UsageEvent) -> usize {
    let optional = [&event.workspace_id, &event.rail, &event.user_id];
    let optional = optional.into_iter().flatten().map(String::len);
    let required = [&event.id, &event.source, &event.resource, &event.tenant_id].into_iter().map(String::len);
    let properties = event.properties.iter().map(|(key, value)| key.len() + value.len());
    required.chain(optional).chain(properties).sum()
}

/// Writes batches; keeps what the compressor needs from one to the next.
pub(super) struct Encoder {
    compressor: zstd::bulk::Compressor<'static>,
    columns: Vec<u8>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

impl Encoder {
    /// # Errors
    /// `storage` when the compressor cannot be set up.
    pub(super) fn new() -> Result<Self> {
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(uncompressed)?;
        Ok(Self { compressor, columns: Vec::new() })
    }

    /// The batch of these events: at most [`MAX_EVENTS`], with at most [`MAX_TEXT`] bytes of text.
    ///
    /// # Errors
    /// `storage` when they cannot be compressed.
    pub(super) fn encode(&mut self, events: &[&UsageEvent]) -> Result<Vec<u8>> {
        self.columns.clear();
        let mut packed = Vec::with_capacity(events.len() * 16);
        put_columns(&mut self.columns, &mut packed, events);
        let compressed = self.compressor.compress(&self.columns).map_err(uncompressed)?;
        let mut batch = Vec::with_capacity(compressed.len() + packed.len() + 16);
        batch.push(VERSION);
        put_number(&mut batch, self.columns.len() as u64);
        put_number(&mut batch, compressed.len() as u64);
        batch.extend_from_slice(&compressed);
        batch.extend_from_slice(&packed);
        Ok(batch)
    }
}

fn uncompressed(error: std::io::Error) -> Error {
    Error::new(ErrorCode::Storage, format!("the events cannot be compressed: {error}")).with_source(error)
}

fn put_columns(out: &mut Vec<u8>, packed: &mut Vec<u8>, events: &[&UsageEvent]) {
    put_number(out, events.len() as u64);
    put_ids(out, packed, events.iter().map(|event| event.id.as_str()));
    put_times(out, events);
    put_quantities(out, events);
    let columns: [fn(&UsageEvent) -> Option<&str>; 6] = [
        |event| Some(&event.source),
        |event| Some(&event.resource),
        |event| Some(&event.tenant_id),
        |event| event.workspace_id.as_deref(),
        |event| event.rail.as_deref(),
        |event| event.user_id.as_deref(),
    ];
    for column in columns {
        let mut texts = TextBuilder::default();
        for event in events {
            texts.push(column(event));
        }
        texts.write(events.len(), out);
    }
    put_properties(out, events);
}

/// Times, each as its difference from the one before.
fn put_times(out: &mut Vec<u8>, events: &[&UsageEvent]) {
    let mut before = 0;
    let step = |event: &&UsageEvent| {
        let step = event.time.micros() - before;
        before = event.time.micros();
        zigzag(step)
    };
    let mut steps: Vec<u64> = events.iter().map(step).collect();
    // The first step is from 1970 on, which would make all of them wide.
    let first = steps.first_mut().map_or(0, std::mem::take);
    put_number(out, first);
    put_numbers(out, &steps);
}

fn times(unread: &mut Unread<'_>, rows: usize) -> Read<Vec<Stamp>> {
    let mut time = unzigzag(unread.number()?);
    let steps = unread.numbers(rows)?;
    let stamp = |step: u64| {
        time = time.checked_add(unzigzag(step)).ok_or(WRONG_TIME)?;
        Stamp::from_micros(time).map_err(|_| WRONG_TIME)
    };
    steps.into_iter().map(stamp).collect()
}

const WRONG_TIME: Damage = Damage("a time is none");

/// Quantities: which rows have one, the zeros that all end in, and what is before them.
fn put_quantities(out: &mut Vec<u8>, events: &[&UsageEvent]) {
    let quantities: Vec<i128> = events.iter().filter_map(|event| Some(event.quantity?.mantissa())).collect();
    let all = quantities.len() == events.len();
    out.push(u8::from(all));
    if !all {
        let mut mask = vec![0_u8; events.len().div_ceil(8)];
        for (row, _) in events.iter().enumerate().filter(|(_, event)| event.quantity.is_some()) {
            mask.iter_mut().skip(row / 8).take(1).for_each(|byte| *byte |= 1 << (row % 8));
        }
        out.extend_from_slice(&mask);
    }
    let mut zeros = SCALE;
    let mut seen = None;
    for quantity in &quantities {
        if seen.replace(*quantity) != Some(*quantity) {
            while zeros > 0 && quantity % 10_i128.pow(zeros) != 0 {
                zeros -= 1;
            }
        }
    }
    let unit = 10_i128.pow(zeros);
    let mut last = (0, 0);
    let without_zeros = |quantity: &i128| {
        // Dividing 128 bits is what would take longest here, and many are alike.
        if last.0 != *quantity {
            last = (*quantity, quantity / unit);
        }
        last.1
    };
    put_number(out, u64::from(zeros));
    put_mantissas(out, &quantities.iter().map(without_zeros).collect::<Vec<_>>());
}

fn quantities(unread: &mut Unread<'_>, rows: usize) -> Read<Vec<Option<Quantity>>> {
    let all = unread.byte()? == 1;
    let mask = if all { &[] } else { unread.take(rows.div_ceil(8))? };
    let has = |row: usize| all || mask.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1);
    let count = (0..rows).filter(|row| has(*row)).count();
    let zeros = u32::try_from(unread.count(18)?).unwrap_or(SCALE);
    let unit = 10_i128.pow(zeros);
    let mut mantissas = unread.mantissas(count)?.into_iter();
    let quantity = |row: usize| {
        if !has(row) {
            return Ok(None);
        }
        let mantissa = mantissas.next().and_then(|mantissa| mantissa.checked_mul(unit));
        mantissa.map(|mantissa| Some(Quantity::from_mantissa(mantissa))).ok_or(Damage("a quantity is too large"))
    };
    (0..rows).map(quantity).collect()
}

/// The events of a batch.
///
/// # Errors
/// When the bytes are not what [`Encoder::encode`] gave. No input makes it take much more memory than the limits above.
pub(super) fn decode(batch: &[u8]) -> Read<Vec<UsageEvent>> {
    let mut unread = Unread(batch);
    if unread.byte()? != VERSION {
        return Err(Damage("it has a form that this version does not know: update the package"));
    }
    let length = unread.count(MAX_COLUMNS)?;
    let compressed = unread.count(MAX_COLUMNS)?;
    let compressed = unread.take(compressed)?;
    let columns = decompress(compressed, length)?;
    let (mut columns, mut packed) = (Unread(&columns), unread);
    let rows = columns.count(MAX_EVENTS)?;
    let ids = ids(&mut columns, &mut packed, rows)?;
    let (times, quantities) = (times(&mut columns, rows)?, quantities(&mut columns, rows)?);
    let mut column = || Texts::read(&mut columns, rows);
    let texts = [column()?, column()?, column()?, column()?, column()?, column()?];
    let properties = Properties::read(&mut columns, rows)?;
    columns.end()?;
    let expanded = texts.iter().map(Texts::expanded).fold(properties.expanded(), usize::saturating_add);
    if expanded > MAX_TEXT {
        return Err(Damage("its texts are larger than those of a batch may be"));
    }
    put_together(ids, &times, &quantities, &texts, properties)
}

fn put_together(
    ids: Vec<String>,
    times: &[Stamp],
    quantities: &[Option<Quantity>],
    texts: &[Texts<'_>; 6],
    mut properties: Properties<'_>,
) -> Read<Vec<UsageEvent>> {
    let [source, resource, tenant, workspace, rail, user] = texts;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let event = |(row, ((id, time), quantity)): (usize, ((String, &Stamp), &Option<Quantity>))| {
        Ok(UsageEvent {
            id,
            source: source.required(row)?.to_owned(),
            time: *time,
            resource: resource.required(row)?.to_owned(),
            quantity: *quantity,
            tenant_id: tenant.required(row)?.to_owned(),
            workspace_id: owned(workspace.get(row)),
            rail: owned(rail.get(row)),
            user_id: owned(user.get(row)),
            properties: properties.of(row)?,
        })
    };
    ids.into_iter().zip(times).zip(quantities).enumerate().map(event).collect()
}

/// At most `length` bytes, which is what the batch says that it has.
pub(super) fn decompress(compressed: &[u8], length: usize) -> Read<Vec<u8>> {
    // The frame says its size as well; a batch that lies about it takes no memory.
    let says = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten();
    if says != u64::try_from(length).ok() {
        return Err(Damage("it is compressed to another size than it says"));
    }
    zstd::bulk::decompress(compressed, length).map_err(|_| Damage("it cannot be decompressed"))
}

#[cfg(test)]
mod tests;
