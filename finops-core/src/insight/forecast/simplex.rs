//! The downhill simplex of Nelder and Mead (1965), for functions of few parameters.

/// How a search goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search {
    /// How often the function is tried at most.
    pub(crate) evaluations: usize,
    /// The search ends when the worst corner is no further from the best than this share.
    pub(crate) tolerance: f64,
}

/// The point with the least value found, and that value. `steps` is how far the first corners lie from the start.
/// What is not finite counts as infinite.
pub(crate) fn minimum(
    search: Search,
    start: &[f64],
    steps: &[f64],
    mut function: impl FnMut(&[f64]) -> f64,
) -> (Vec<f64>, f64) {
    let mut tries = 0;
    let mut value = |point: &[f64]| {
        tries += 1;
        let value = function(point);
        (if value.is_finite() { value } else { f64::INFINITY }, tries)
    };
    let mut corners: Vec<(f64, Vec<f64>)> = vec![(value(start).0, start.to_vec())];
    for (axis, step) in steps.iter().enumerate() {
        let mut corner = start.to_vec();
        corner[axis] += step;
        corners.push((value(&corner).0, corner));
    }
    let last = corners.len() - 1;
    loop {
        corners.sort_by(|left, right| left.0.total_cmp(&right.0));
        let (best, worst) = (corners[0].0, corners[last].0);
        if worst - best <= search.tolerance * (best.abs() + 1e-12) || last == 0 {
            break;
        }
        let centre = centre(&corners[..last]);
        let along = |by: f64, corners: &[(f64, Vec<f64>)]| -> Vec<f64> {
            centre.iter().zip(&corners[last].1).map(|(middle, worst)| middle + by * (middle - worst)).collect()
        };
        let point = along(1.0, &corners);
        let (reflected, tries) = value(&point);
        if tries >= search.evaluations {
            break;
        }
        if reflected < best {
            let further = along(2.0, &corners);
            let (expanded, _) = value(&further);
            corners[last] = if expanded < reflected { (expanded, further) } else { (reflected, point) };
        } else if reflected < corners[last - 1].0 {
            corners[last] = (reflected, point);
        } else {
            let nearer = along(if reflected < worst { 0.5 } else { -0.5 }, &corners);
            let (contracted, _) = value(&nearer);
            if contracted < worst.min(reflected) {
                corners[last] = (contracted, nearer);
            } else {
                shrink(&mut corners, |point| value(point).0);
            }
        }
    }
    let best = corners.swap_remove(0);
    (best.1, best.0)
}

fn centre(corners: &[(f64, Vec<f64>)]) -> Vec<f64> {
    let count = corners.len() as f64;
    let axes = corners.first().map_or(0, |corner| corner.1.len());
    (0..axes).map(|axis| corners.iter().map(|corner| corner.1[axis]).sum::<f64>() / count).collect()
}

fn shrink(corners: &mut [(f64, Vec<f64>)], mut value: impl FnMut(&[f64]) -> f64) {
    let Some((best, rest)) = corners.split_first_mut() else { return };
    for corner in rest {
        for (axis, place) in corner.1.iter_mut().enumerate() {
            *place = f64::midpoint(best.1[axis], *place);
        }
        corner.0 = value(&corner.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_is_found() {
        let rosenbrock = |p: &[f64]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let search = Search { evaluations: 2_000, tolerance: 1e-12 };
        let (point, value) = minimum(search, &[-1.2, 1.0], &[0.5, 0.5], rosenbrock);
        assert!((point[0] - 1.0).abs() < 1e-3 && (point[1] - 1.0).abs() < 1e-3, "{point:?}");
        assert!(value < 1e-6);
    }

    #[test]
    fn what_is_not_finite_is_avoided() {
        let search = Search { evaluations: 200, tolerance: 1e-9 };
        let (point, value) = minimum(search, &[1.0], &[0.5], |p| if p[0] < 0.5 { f64::NAN } else { p[0] });
        assert!(value.is_finite() && (point[0] - 0.5).abs() < 1e-3, "{point:?}");
    }

    #[test]
    fn few_tries_are_few() {
        let mut count = 0;
        let search = Search { evaluations: 20, tolerance: 0.0 };
        minimum(search, &[5.0, 5.0, 5.0], &[1.0; 3], |p| {
            count += 1;
            p.iter().map(|x| x * x).sum()
        });
        assert!(count <= 26, "{count}");
    }
}
