//! Small numbers of many rows, each in as few bits as the largest needs.

use std::ops::Range;

/// A number for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// All rows have the same.
    One(u32),
    /// 0 and 1, 64 rows in a word, the lowest bit first.
    Bits(Vec<u64>),
    /// Up to 255.
    U8(Vec<u8>),
    /// Up to 65,535.
    U16(Vec<u16>),
    /// Any.
    U32(Vec<u32>),
}

impl Codes {
    /// The numbers in their narrowest form.
    pub fn pack(values: &[u32]) -> Self {
        let most = values.iter().copied().max().unwrap_or(0);
        if values.iter().all(|value| *value == most) {
            return Self::One(most);
        }
        if most <= 1 {
            let word = |rows: &[u32]| rows.iter().rev().fold(0, |word, bit| word << 1 | u64::from(*bit));
            return Self::Bits(values.chunks(64).map(word).collect());
        }
        let narrow = |value: &u32| u16::try_from(*value).unwrap_or(u16::MAX);
        match most {
            ..=0xff => Self::U8(values.iter().map(|value| u8::try_from(*value).unwrap_or(u8::MAX)).collect()),
            0x100..=0xffff => Self::U16(values.iter().map(narrow).collect()),
            _ => Self::U32(values.to_vec()),
        }
    }

    /// The number of a row; 0 past the last.
    pub fn get(&self, row: usize) -> u32 {
        match self {
            Self::One(code) => *code,
            Self::Bits(words) => {
                words.get(row / 64).map_or(0, |word| u32::try_from(word >> (row % 64) & 1).unwrap_or(0))
            }
            Self::U8(codes) => codes.get(row).copied().map_or(0, u32::from),
            Self::U16(codes) => codes.get(row).copied().map_or(0, u32::from),
            Self::U32(codes) => codes.get(row).copied().unwrap_or(0),
        }
    }

    /// Writes the numbers of the rows from `start` on into `out`.
    pub fn read(&self, start: usize, out: &mut [u32]) {
        fn widen<T: Copy + Into<u32>>(codes: &[T], start: usize, out: &mut [u32]) {
            for (out, code) in out.iter_mut().zip(codes.get(start..).unwrap_or_default()) {
                *out = (*code).into();
            }
        }
        match self {
            Self::One(code) => out.fill(*code),
            Self::Bits(_) => out.iter_mut().zip(start..).for_each(|(out, row)| *out = self.get(row)),
            Self::U8(codes) => widen(codes, start, out),
            Self::U16(codes) => widen(codes, start, out),
            Self::U32(codes) => widen(codes, start, out),
        }
    }

    /// Some of the rows, as if there were no others.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        match self {
            Self::One(code) => Self::One(*code),
            Self::Bits(_) => Self::U8(rows.map(|row| u8::try_from(self.get(row)).unwrap_or(0)).collect()),
            Self::U8(codes) => Self::U8(codes.get(rows).unwrap_or_default().to_vec()),
            Self::U16(codes) => Self::U16(codes.get(rows).unwrap_or_default().to_vec()),
            Self::U32(codes) => Self::U32(codes.get(rows).unwrap_or_default().to_vec()),
        }
    }

    /// Where a number stands among rows whose numbers ascend.
    pub fn range_of(&self, code: u32, rows: Range<usize>) -> Range<usize> {
        fn within<T: Copy + Into<u32>>(codes: &[T], code: u32, rows: Range<usize>) -> Range<usize> {
            let (first, codes) = (rows.start, codes.get(rows).unwrap_or_default());
            let before = codes.partition_point(|found| (*found).into() < code);
            let from = codes.get(before..).unwrap_or_default();
            let start = first + before;
            start..start + from.partition_point(|found| (*found).into() <= code)
        }
        match self {
            Self::U8(codes) => within(codes, code, rows),
            Self::U16(codes) => within(codes, code, rows),
            Self::U32(codes) => within(codes, code, rows),
            Self::One(_) | Self::Bits(_) => {
                let first = |beyond: &dyn Fn(u32) -> bool| {
                    let (mut low, mut high) = (rows.start, rows.end);
                    while low < high {
                        let middle = low + (high - low) / 2;
                        if beyond(self.get(middle)) { high = middle } else { low = middle + 1 }
                    }
                    low
                };
                first(&|found| found >= code)..first(&|found| found > code)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_read_again(
            most in prop::sample::select(vec![0_u32, 1, 2, 255, 256, 65_535, 65_536, u32::MAX]),
            seeds in prop::collection::vec(any::<u32>(), 1..300),
            start in 0_usize..300,
        ) {
            let within = |seed: &u32| most.checked_add(1).map_or(*seed, |count| seed % count);
            let values: Vec<u32> = seeds.iter().map(within).collect();
            let codes = Codes::pack(&values);
            let start = start.min(values.len());
            let mut read = vec![7; values.len() - start];
            codes.read(start, &mut read);
            prop_assert_eq!(&read, &values[start..]);
            prop_assert!(values.iter().enumerate().all(|(row, value)| codes.get(row) == *value));
            let part = codes.part(start..values.len());
            prop_assert!(values[start..].iter().enumerate().all(|(row, value)| part.get(row) == *value));
        }

        #[test]
        fn a_code_is_found_among_sorted_rows(mut values in prop::collection::vec(0_u32..9, 1..80), code in 0_u32..10) {
            values.sort_unstable();
            let range = Codes::pack(&values).range_of(code, 0..values.len());
            prop_assert!(values.iter().enumerate().all(|(row, value)| range.contains(&row) == (*value == code)));
        }
    }

    #[test]
    fn the_width_is_the_narrowest() {
        assert_eq!(Codes::pack(&[5, 5]), Codes::One(5));
        assert!(matches!(Codes::pack(&[0, 1]), Codes::Bits(_)));
        assert!(matches!(Codes::pack(&[0, 255]), Codes::U8(_)));
        assert!(matches!(Codes::pack(&[0, 256]), Codes::U16(_)));
        assert!(matches!(Codes::pack(&[0, 65_536]), Codes::U32(_)));
    }
}
