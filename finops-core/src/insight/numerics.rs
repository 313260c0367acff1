//! What the standard library takes from the system's mathematics, in Rust instead: the last bit of a logarithm differs
//! between glibc, musl, macOS and Windows, and answers are the same bytes everywhere.

/// `e` to the power of `x`.
pub(super) fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// The natural logarithm.
pub(super) fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `x` to the power of `y`.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// The cosine of an angle in radians.
pub(super) fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The angle in radians that has this cosine.
pub(super) fn acos(x: f64) -> f64 {
    libm::acos(x)
}

/// The longest side of a right triangle with these others.
pub(super) fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

/// The complementary error function: what of a normal distribution with a variance of one half lies farther than `x`
/// from its middle, to both sides.
pub(super) fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_same_everywhere() {
        let got = [exp(0.3), ln(0.3), pow(0.3, 0.7), cos(0.3), acos(0.3), hypot(0.3, 0.7)].map(f64::to_bits);
        let [exp, ln, pow] = [0x3ff5_9905_8c8c_1a96, 0xbff3_4378_fcbd_a721, 0x3fdb_8d80_9c61_5f41];
        let [cos, acos, hypot] = [0x3fee_921d_d42f_09ba, 0x3ff4_41f5_ecbe_ef59, 0x3fe8_5ed7_614b_038c];
        assert_eq!(got, [exp, ln, pow, cos, acos, hypot], "{got:x?}");
    }

    #[test]
    fn borders_are_those_of_the_standard() {
        assert!(ln(0.0).is_infinite() && ln(-1.0).is_nan() && exp(-800.0).abs() < 1e-300 && exp(800.0).is_infinite());
        assert!((pow(0.0, 0.0) - 1.0).abs() < 1e-300 && acos(1.0).abs() < 1e-300);
    }
}
