//! How the numbers of a row become one key, and the key numbers again.

/// How many combinations an array may have a place for, over all threads.
const DENSE_COMBINATIONS: usize = 1 << 21;

/// What tells groups apart, in order: the dimensions, the bucket where rows differ in it, the currency.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A place for each combination; `sizes` says how many numbers each part has.
    Dense { sizes: Vec<usize>, combinations: usize },
    /// The numbers side by side; `bits` says how many each part takes.
    Hash { bits: Vec<u32> },
}

impl Shape {
    /// The shape for parts of these sizes; none when the numbers take more than 128 bits. `rows` is how many rows come
    /// before the groups are given on, `arrays` how many arrays there would be.
    pub(super) fn new(sizes: Vec<usize>, rows: u64, arrays: usize) -> Option<Self> {
        let combinations = sizes.iter().try_fold(1_usize, |product, size| product.checked_mul((*size).max(1)));
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        // An array of which most stays empty is slower to go through than a table.
        let worth = |combinations: &usize| *combinations <= 4096 || *combinations <= rows.saturating_mul(4);
        let fits = |combinations: &usize| combinations.saturating_mul(arrays.max(1)) <= DENSE_COMBINATIONS;
        if let Some(combinations) = combinations.filter(|combinations| fits(combinations) && worth(combinations)) {
            return Some(Self::Dense { sizes, combinations });
        }
        let bits: Vec<u32> = sizes.iter().map(|size| usize::BITS - size.saturating_sub(1).leading_zeros()).collect();
        (bits.iter().sum::<u32>() <= u128::BITS).then_some(Self::Hash { bits })
    }

    /// Adds the numbers of a key to `numbers`, all but the last, which is given.
    pub(super) fn split(&self, mut key: u128, numbers: &mut Vec<u32>) -> u32 {
        let first = numbers.len();
        match self {
            // What has an array has few combinations.
            Self::Dense { sizes, .. } => {
                let mut key = u64::try_from(key).unwrap_or(u64::MAX);
                for size in sizes.iter().rev() {
                    let size = u64::try_from((*size).max(1)).unwrap_or(1);
                    numbers.push(u32::try_from(key % size).unwrap_or(u32::MAX));
                    key /= size;
                }
            }
            Self::Hash { bits } => {
                for bits in bits.iter().rev() {
                    numbers.push(u32::try_from(key & ((1 << bits) - 1)).unwrap_or(u32::MAX));
                    key >>= bits;
                }
            }
        }
        if let Some(new) = numbers.get_mut(first..) {
            new.reverse();
        }
        numbers.pop().unwrap_or(0)
    }

    /// The key without its last part, which is the currency.
    pub(super) fn without_currency(&self, key: u128) -> u128 {
        match self {
            Self::Dense { sizes, .. } => {
                let size = sizes.last().copied().unwrap_or(1).max(1);
                key / u128::try_from(size).unwrap_or(1)
            }
            Self::Hash { bits } => key >> bits.last().copied().unwrap_or(0),
        }
    }

    /// A key from which the last part is missing, with any currency.
    pub(super) fn with_currency(&self, key: u128) -> u128 {
        match self {
            Self::Dense { sizes, .. } => key * u128::try_from(sizes.last().copied().unwrap_or(1).max(1)).unwrap_or(1),
            Self::Hash { bits } => key << bits.last().copied().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_numbers() {
        let dense = Shape::new(vec![3, 1, 5], 1000, 1).unwrap();
        let mut numbers = vec![7];
        assert_eq!((dense.split(2 * 5 + 4, &mut numbers), &numbers[..]), (4, &[7, 2, 0][..]));
        assert_eq!(dense.with_currency(dense.without_currency(14)), 10);
        let hash = Shape::new(vec![1 << 20, 1 << 20, 3], 1000, 1).unwrap();
        assert!(matches!(hash, Shape::Hash { .. }));
        let mut numbers = Vec::new();
        assert_eq!((hash.split((7 << 22) | (9 << 2) | 2, &mut numbers), &numbers[..]), (2, &[7, 9][..]));
        assert!(Shape::new(vec![1 << 40; 4], 1000, 1).is_none());
    }
}
