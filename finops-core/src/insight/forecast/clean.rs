//! Values that cannot be meant: a refund, a purchase once a year, a day that failed. Models are fitted without them.

/// The values with what stands out replaced by what was to be expected, and which those are.
///
/// What is left of a robust decomposition is compared with its own spread; what lies further out than `limit` times the distance
/// of the quartiles beyond them is replaced (Tukey 1977). Never more than a share of values, and never the end of a shift.
pub(crate) fn cleaned(values: &[f64], season: usize, limit: f64) -> (Vec<f64>, Vec<bool>) {
    let n = values.len();
    let mut out = vec![false; n];
    if n < 12 {
        return (values.to_vec(), out);
    }
    let expected = expected(values, season);
    let rest: Vec<f64> = values.iter().zip(&expected).map(|(value, expected)| value - expected).collect();
    let mut sorted = rest.clone();
    sorted.sort_by(f64::total_cmp);
    let quartile = |share: f64| sorted[((n - 1) as f64 * share).round() as usize];
    let (low, high) = (quartile(0.25), quartile(0.75));
    let spread = high - low;
    let mean = values.iter().map(|v| v.abs()).sum::<f64>() / n as f64;
    if spread <= 1e-9 * mean {
        return (values.to_vec(), out);
    }
    for (out, rest) in out.iter_mut().zip(&rest) {
        *out = *rest < low - limit * spread || *rest > high + limit * spread;
    }
    let mut cleaned = values.to_vec();
    for at in 0..n {
        if out[at] {
            cleaned[at] = expected[at];
        }
    }
    (cleaned, out)
}

/// The level by a running median, and the season by medians of what differs from it.
fn expected(values: &[f64], season: usize) -> Vec<f64> {
    let n = values.len();
    let seasonal = super::season::is_seasonal(values, season);
    let stl = if seasonal { stlrs::Stl::params().robust(true).outer_loops(5).fit(values, season).ok() } else { None };
    if let Some(stl) = stl {
        return stl.seasonal().iter().zip(stl.trend()).map(|(a, b)| a + b).collect();
    }
    let half = 3;
    (0..n)
        .map(|at| {
            let start = at.saturating_sub(half).min(n.saturating_sub(2 * half + 1));
            let mut near: Vec<f64> = values[start..(start + 2 * half + 1).min(n)].to_vec();
            near.sort_by(f64::total_cmp);
            near[near.len() / 2]
        })
        .collect()
}
