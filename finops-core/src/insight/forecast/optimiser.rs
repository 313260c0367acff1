//! The search for the parameters of a model: the simplex of Nelder and Mead (1965) within the unit cube.
//!
//! A model maps the cube to its parameters, so that what is not admissible cannot be reached. The search is bounded in
//! evaluations and has no randomness.

/// When a search ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// The most steps, each of one or two evaluations.
    pub steps: usize,
    /// The spread of losses in the simplex at which nothing more is to be won.
    pub tolerance: f64,
}

/// A point of the unit cube and its loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vertex<const N: usize> {
    /// Each coordinate is in 0..=1.
    pub at: [f64; N],
    /// What is to be small; infinite where a point is not admissible.
    pub loss: f64,
}

/// The least loss found from `start`, with a first simplex of the size `size` (0..=0.5).
pub(crate) fn minimise<const N: usize>(
    start: [f64; N],
    size: f64,
    effort: Effort,
    mut loss: impl FnMut(&[f64; N]) -> f64,
) -> Vertex<N> {
    let mut vertex = |at: [f64; N]| {
        let found = loss(&at);
        Vertex { at, loss: if found.is_nan() { f64::INFINITY } else { found } }
    };
    let mut best = vertex(start);
    let mut rest: [Vertex<N>; N] = std::array::from_fn(|axis| vertex(beside(start, axis, size)));
    for _ in 0..effort.steps {
        sort(&mut best, &mut rest);
        let Some((worst, better)) = rest.split_last_mut() else { break };
        if worst.loss - best.loss <= effort.tolerance {
            break;
        }
        let centre = centre(&best, better);
        let second = better.last().map_or(best.loss, |vertex| vertex.loss);
        let mirrored = vertex(along(&centre, &worst.at, -1.0));
        let next = if mirrored.loss < best.loss {
            let further = vertex(along(&centre, &worst.at, -2.0));
            if further.loss < mirrored.loss { further } else { mirrored }
        } else if mirrored.loss < second {
            mirrored
        } else if mirrored.loss < worst.loss {
            let nearer = vertex(along(&centre, &worst.at, -0.5));
            if nearer.loss < mirrored.loss { nearer } else { mirrored }
        } else {
            vertex(along(&centre, &worst.at, 0.5))
        };
        if next.loss < worst.loss {
            *worst = next;
        } else {
            for other in &mut rest {
                *other = vertex(along(&best.at, &other.at, 0.5));
            }
        }
    }
    sort(&mut best, &mut rest);
    best
}

/// `start` moved along one axis, to the side where there is room.
fn beside<const N: usize>(start: [f64; N], axis: usize, size: f64) -> [f64; N] {
    let mut at = start;
    if let Some(coordinate) = at.get_mut(axis) {
        *coordinate += if *coordinate + size <= 1.0 { size } else { -size };
    }
    at
}

/// The least first, the largest last; equal ones stay in their order.
fn sort<const N: usize>(best: &mut Vertex<N>, rest: &mut [Vertex<N>; N]) {
    rest.sort_by(|one, other| one.loss.total_cmp(&other.loss));
    if let Some(least) = rest.first_mut().filter(|least| least.loss < best.loss) {
        std::mem::swap(best, least);
        rest.sort_by(|one, other| one.loss.total_cmp(&other.loss));
    }
}

/// The middle of all vertices but the worst.
fn centre<const N: usize>(best: &Vertex<N>, better: &[Vertex<N>]) -> [f64; N] {
    let mut sum = best.at;
    let mut count = 1.0;
    for vertex in better {
        sum.iter_mut().zip(vertex.at).for_each(|(sum, at)| *sum += at);
        count += 1.0;
    }
    sum.map(|sum| sum / count)
}

/// From `from` towards `to`, `share` of the way; kept within the cube.
fn along<const N: usize>(from: &[f64; N], to: &[f64; N], share: f64) -> [f64; N] {
    let mut at = *from;
    at.iter_mut().zip(to).for_each(|(at, to)| *at = (*at + share * (to - *at)).clamp(0.0, 1.0));
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORT: Effort = Effort { steps: 400, tolerance: 1e-14 };

    #[test]
    fn a_valley_is_followed_to_its_lowest_point() {
        let found = minimise([0.9, 0.9, 0.1], 0.2, EFFORT, |[x, y, z]| {
            (x - 0.3).powi(2) + 10.0 * (y - x * x).powi(2) + (z - 0.5).powi(2)
        });
        for (at, expected) in found.at.iter().zip([0.3, 0.09, 0.5]) {
            assert!((at - expected).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn the_cube_is_not_left() {
        let found = minimise([0.5, 0.5], 0.3, EFFORT, |[x, y]| {
            assert!((0.0..=1.0).contains(x) && (0.0..=1.0).contains(y));
            (x - 2.0).powi(2) + (y + 3.0).powi(2)
        });
        assert!(found.at[0] > 1.0 - 1e-6 && found.at[1] < 1e-6, "{found:?}");
    }

    #[test]
    fn a_loss_without_value_is_the_largest() {
        let found = minimise([0.5], 0.1, EFFORT, |[x]| if *x > 0.6 { f64::NAN } else { -x });
        assert!(found.loss.is_finite() && found.at[0] <= 0.6 && found.at[0] > 0.59, "{found:?}");
    }
}
