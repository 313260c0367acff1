//! Columns to bytes and back. Numbers lie in files as they lie in memory, the lowest byte first.

use crate::insight::blocks::{Amounts, Chunk, Codes, Coding, Data, Mantissas, SectionIndex};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use twox_hash::XxHash3_64;

/// The checksum of a chunk and of the directory: it tells damage, not forgery.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The bytes of a column.
pub(super) fn bytes_of(data: &Data) -> &[u8] {
    match data {
        Data::Codes(Codes::One(_)) | Data::Amounts(Amounts { values: Mantissas::Zero, .. }) => &[],
        Data::Codes(Codes::Bits(words)) => cast_slice(words),
        Data::Codes(Codes::U8(codes)) => codes,
        Data::Codes(Codes::U16(codes)) => cast_slice(codes),
        Data::Codes(Codes::U32(codes)) => cast_slice(codes),
        Data::Amounts(Amounts { values: Mantissas::I64(values), .. }) => cast_slice(values),
        Data::Amounts(Amounts { values: Mantissas::I128(values), .. }) => cast_slice(values),
    }
}

/// How many bytes a chunk of that many rows must have.
pub(super) fn expected(coding: Coding, rows: u32) -> u64 {
    let rows = u64::from(rows);
    match coding {
        Coding::One(_) | Coding::Zero => 0,
        Coding::Bits => rows.div_ceil(64) * 8,
        Coding::U8 => rows,
        Coding::U16 => rows * 2,
        Coding::U32 => rows * 4,
        Coding::I64(_) => rows * 8,
        Coding::I128(_) => rows * 16,
    }
}

/// Whether a chunk has the size that its section asks for.
pub(super) fn is_sound(chunk: &Chunk, section: &SectionIndex) -> bool {
    let decimals = match chunk.coding {
        Coding::I64(decimals) | Coding::I128(decimals) => decimals,
        _ => 0,
    };
    chunk.bytes == expected(chunk.coding, section.rows()) && decimals <= 18
}

/// Reads a column; `fill` writes the chunk's bytes and says whether it could. None when it could not, or the checksum
/// differs.
pub(super) fn read(chunk: &Chunk, fill: impl FnOnce(&mut [u8]) -> bool) -> Option<Data> {
    fn numbers<T: Pod>(chunk: &Chunk, fill: impl FnOnce(&mut [u8]) -> bool) -> Option<Vec<T>> {
        let length = usize::try_from(chunk.bytes).ok()? / size_of::<T>();
        let mut numbers: Vec<T> = vec![T::zeroed(); length];
        let bytes: &mut [u8] = cast_slice_mut(&mut numbers);
        (fill(bytes) && checksum(bytes) == chunk.checksum).then_some(numbers)
    }
    let amounts = |decimals, values| Data::Amounts(Amounts { decimals, values, max_abs: chunk.max_abs });
    Some(match chunk.coding {
        Coding::One(code) => Data::Codes(Codes::One(code)),
        Coding::Bits => Data::Codes(Codes::Bits(numbers(chunk, fill)?)),
        Coding::U8 => Data::Codes(Codes::U8(numbers(chunk, fill)?)),
        Coding::U16 => Data::Codes(Codes::U16(numbers(chunk, fill)?)),
        Coding::U32 => Data::Codes(Codes::U32(numbers(chunk, fill)?)),
        Coding::Zero => amounts(0, Mantissas::Zero),
        Coding::I64(decimals) => amounts(decimals, Mantissas::I64(numbers(chunk, fill)?)),
        Coding::I128(decimals) => amounts(decimals, Mantissas::I128(numbers(chunk, fill)?)),
    })
}
