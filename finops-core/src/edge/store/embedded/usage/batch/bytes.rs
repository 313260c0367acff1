//! Numbers to bytes and back: the few forms that batches and pages are made of. Reading never goes past the end and
//! never takes more memory than what is read accounts for.

/// What a reader found that no writer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in super::super) struct Damage(pub(in super::super) &'static str);

/// What reading gives.
pub(in super::super) type Read<T> = Result<T, Damage>;

const SHORT: Damage = Damage("it ends too early");

/// Writes a number in seven bits a byte, the lowest first.
pub(in super::super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f).to_le_bytes().first().copied().unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.extend_from_slice(number.to_le_bytes().get(..1).unwrap_or(&[]));
}

/// How many bytes hold every number up to that one: 0, 1, 2, 4 or 8.
fn width_of(largest: u64) -> usize {
    match 64 - largest.leading_zeros() {
        0 => 0,
        1..=8 => 1,
        9..=16 => 2,
        17..=32 => 4,
        _ => 8,
    }
}

/// Writes numbers above the smallest of them, each in the fewest bytes that all fit.
pub(in super::super) fn put_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    let base = numbers.iter().min().copied().unwrap_or(0);
    let largest = numbers.iter().max().copied().unwrap_or(0) - base;
    let width = width_of(largest);
    put_number(out, base);
    put_number(out, width as u64);
    out.reserve(numbers.len() * width);
    for number in numbers {
        out.extend_from_slice(first(&(number - base).to_le_bytes(), width));
    }
}

fn first(bytes: &[u8], width: usize) -> &[u8] {
    bytes.get(..width).unwrap_or(bytes)
}

/// Writes mantissas with their sign, each in the fewest bytes that all fit.
pub(in super::super) fn put_mantissas(out: &mut Vec<u8>, mantissas: &[i128]) {
    // Folding the sign into the lowest bits tells how many bits the widest needs.
    let bits = mantissas.iter().fold(0, |bits, mantissa| bits | (mantissa ^ (mantissa >> 127)).unsigned_abs());
    let width = match 128 - bits.leading_zeros() {
        0..=7 => 1,
        8..=15 => 2,
        16..=31 => 4,
        32..=63 => 8,
        _ => 16,
    };
    out.push(width);
    let width = usize::from(width);
    for mantissa in mantissas {
        out.extend_from_slice(first(&mantissa.to_le_bytes(), width));
    }
}

/// A number that is signed, so that small ones of either sign are small.
pub(in super::super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// The other way.
pub(in super::super) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Unread<'b>(pub(in super::super) &'b [u8]);

impl<'b> Unread<'b> {
    /// The next bytes.
    pub(in super::super) fn take(&mut self, count: usize) -> Read<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next byte.
    pub(in super::super) fn byte(&mut self) -> Read<u8> {
        self.take(1)?.first().copied().ok_or(SHORT)
    }

    /// The next number of [`put_number`].
    pub(in super::super) fn number(&mut self) -> Read<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damage("a number is too large"))
    }

    /// The next number, which counts things that take memory: at most `most`.
    pub(in super::super) fn count(&mut self, most: usize) -> Read<usize> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > most { Err(Damage("it counts more than there can be")) } else { Ok(count) }
    }

    /// That many numbers of [`put_numbers`]. The caller bounds the count.
    pub(in super::super) fn numbers(&mut self, count: usize) -> Read<Vec<u64>> {
        let base = self.number()?;
        let width = self.count(8)?;
        if width == 0 {
            return Ok(vec![base; count]);
        }
        if !matches!(width, 1 | 2 | 4 | 8) {
            return Err(Damage("numbers have a width that is none"));
        }
        let bytes = self.take(count.checked_mul(width).ok_or(SHORT)?)?;
        let number = |bytes: &[u8]| base.checked_add(little(bytes)).ok_or(Damage("a number is too large"));
        bytes.chunks_exact(width).map(number).collect()
    }

    /// That many mantissas of [`put_mantissas`].
    pub(in super::super) fn mantissas(&mut self, count: usize) -> Read<Vec<i128>> {
        let width = usize::from(self.byte()?);
        if !matches!(width, 1 | 2 | 4 | 8 | 16) {
            return Err(Damage("mantissas have a width that is none"));
        }
        let bytes = self.take(count.checked_mul(width).ok_or(SHORT)?)?;
        Ok(bytes.chunks_exact(width).map(signed).collect())
    }

    /// That nothing is left.
    pub(in super::super) fn end(self) -> Read<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Damage("something follows its end")) }
    }
}

/// Up to eight bytes as a number, the lowest first.
fn little(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(whole)
}

/// Up to sixteen bytes as a number with a sign.
fn signed(bytes: &[u8]) -> i128 {
    let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut whole = [sign; 16];
    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    i128::from_le_bytes(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<u64>(), 0..50), shift in 0_u32..64) {
            let numbers: Vec<u64> = numbers.iter().map(|number| number >> shift).collect();
            let mut out = Vec::new();
            put_numbers(&mut out, &numbers);
            let mut unread = Unread(&out);
            prop_assert_eq!(unread.numbers(numbers.len()).unwrap(), numbers);
            unread.end().unwrap();
        }

        #[test]
        fn mantissas_come_back(numbers in prop::collection::vec(any::<i128>(), 0..50), shift in 0_u32..128) {
            let numbers: Vec<i128> = numbers.iter().map(|number| number >> shift).collect();
            let mut out = Vec::new();
            put_mantissas(&mut out, &numbers);
            prop_assert_eq!(Unread(&out).mantissas(numbers.len()).unwrap(), numbers);
        }

        #[test]
        fn signs_fold_and_unfold(number in any::<i64>()) {
            prop_assert_eq!(unzigzag(zigzag(number)), number);
        }
    }

    #[test]
    fn edges_come_back() {
        for mantissa in [0, -1, 127, -128, 128, i128::from(i64::MIN), i128::MAX, i128::MIN] {
            let mut out = Vec::new();
            put_mantissas(&mut out, &[mantissa]);
            assert_eq!(Unread(&out).mantissas(1).unwrap(), [mantissa]);
        }
        for number in [0, 127, 128, u64::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, number);
            assert_eq!(Unread(&out).number().unwrap(), number);
        }
        assert!(Unread(&[0xff; 10]).number().is_err());
        assert!(Unread(&[0x80]).number().is_err());
    }
}
