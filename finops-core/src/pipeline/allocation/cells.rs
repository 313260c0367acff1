//! Charges, added up by everything that rules, centres and the answer tell apart.

use super::keys::index;
use super::scribe::Sums;
use crate::model::dimension::Dimension;
use crate::model::money::{Currency, Money};
use crate::{Error, Result};
use std::collections::HashSet;
use std::sync::Arc;

/// Charges added up by the values of some dimensions, by column. The order of cells is of no account, and neither is
/// whether charges of the same values are in one cell or in several.
///
/// ```
/// use finops_core::pipeline::allocation::Cells;
///
/// let mut cells = Cells::new(vec!["namespace".parse()?], vec![vec![None, Some("shop".into())]])?;
/// cells.push(&[1], "USD".parse()?, ["1".parse()?; 4], [0; 4])?;
/// assert_eq!(cells.len(), 1);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cells {
    dimensions: Vec<Dimension>,
    labels: Vec<Vec<Option<Arc<str>>>>,
    currencies: Vec<Currency>,
    /// The sum of the magnitudes of each cost, by currency.
    magnitudes: Vec<[u128; 4]>,
    pub(super) codes: Vec<u32>,
    pub(super) currency: Vec<u32>,
    pub(super) costs: Vec<[i128; 4]>,
    pub(super) unknown: Vec<[u64; 4]>,
}

impl Cells {
    /// No cells yet, of those dimensions; `labels` has for each of them the value that each code stands for, where
    /// `None` is "has no value". No value may stand twice.
    ///
    /// # Errors
    /// `invalid_argument` when a dimension or a value is there twice, or the two lists differ in length.
    pub fn new(dimensions: Vec<Dimension>, labels: Vec<Vec<Option<Arc<str>>>>) -> Result<Self> {
        if dimensions.len() != labels.len() {
            return Err(Error::invalid("labels", "must be one list for each dimension"));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = dimensions.iter().find(|dimension| !seen.insert(*dimension)) {
            return Err(Error::invalid("dimensions", format!("name '{twice}' twice")));
        }
        for (dimension, labels) in dimensions.iter().zip(&labels) {
            let mut seen = HashSet::with_capacity(labels.len());
            if !labels.iter().all(|label| seen.insert(label.as_deref())) {
                return Err(Error::invalid("labels", format!("of '{dimension}' have a value twice")));
            }
        }
        Ok(Self { dimensions, labels, ..Self::default() })
    }

    /// Adds a cell: a code for each dimension, the currency, the sums of the known costs in the order of
    /// [`CostView::ALL`](crate::model::charge::CostView::ALL), and how many charges lack each cost.
    ///
    /// # Errors
    /// `invalid_argument` for a code without a label; `overflow` when the magnitudes of all cells together pass half
    /// of what an amount can be, so that no order of adding them could.
    pub fn push(&mut self, codes: &[u32], currency: Currency, costs: [Money; 4], unknown: [u64; 4]) -> Result<()> {
        let known = |(code, labels): (&u32, &Vec<Option<Arc<str>>>)| {
            usize::try_from(*code).is_ok_and(|code| code < labels.len())
        };
        if codes.len() != self.labels.len() || !codes.iter().zip(&self.labels).all(known) {
            return Err(Error::invalid("codes", "must be one code for each dimension, each with a label"));
        }
        let place = self.place_of(currency);
        let costs = costs.map(Money::mantissa);
        if let Some(magnitudes) = self.magnitudes.get_mut(place) {
            let mut sums = *magnitudes;
            for (sum, cost) in sums.iter_mut().zip(&costs) {
                *sum = sum.saturating_add(cost.unsigned_abs());
                if *sum > i128::MAX.unsigned_abs() / 2 {
                    return Err(Error::overflow("the charges are too large together: allocate a shorter period"));
                }
            }
            *magnitudes = sums;
        }
        self.codes.extend(codes);
        self.currency.push(u32::try_from(place).unwrap_or(u32::MAX));
        self.costs.push(costs);
        self.unknown.push(unknown);
        Ok(())
    }

    fn place_of(&mut self, currency: Currency) -> usize {
        if let Some(place) = self.currencies.iter().position(|known| *known == currency) {
            return place;
        }
        self.currencies.push(currency);
        self.magnitudes.push([0; 4]);
        self.currencies.len() - 1
    }

    /// Makes room for that many more.
    pub fn reserve(&mut self, more: usize) {
        self.codes.reserve(more * self.labels.len());
        self.currency.reserve(more);
        self.costs.reserve(more);
        self.unknown.reserve(more);
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.currency.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.currency.is_empty()
    }

    /// The dimensions.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The currencies, in the order in which they came.
    pub fn currencies(&self) -> &[Currency] {
        &self.currencies
    }

    /// The values that the codes of a dimension stand for.
    pub(super) fn labels(&self, place: usize) -> &[Option<Arc<str>>] {
        self.labels.get(place).map(Vec::as_slice).unwrap_or_default()
    }

    /// The place of a dimension.
    ///
    /// # Errors
    /// `invalid_argument` when the cells do not tell it apart.
    pub(super) fn place(&self, dimension: &Dimension) -> Result<usize> {
        let place = self.dimensions.iter().position(|known| known == dimension);
        place.ok_or_else(|| Error::invalid("dimensions", format!("must have '{dimension}', which the rules look at")))
    }

    /// What all cells come to, by currency.
    pub(super) fn sums(&self) -> Sums {
        let mut sums = vec![([0_i128; 4], [0_u64; 4]); self.currencies.len()];
        for ((currency, costs), unknown) in self.currency.iter().zip(&self.costs).zip(&self.unknown) {
            if let Some((sums, counts)) = sums.get_mut(index(*currency)) {
                sums.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
                counts.iter_mut().zip(unknown).for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
            }
        }
        self.currencies.iter().copied().zip(sums).collect()
    }

    /// The codes of a cell.
    pub(super) fn codes_of(&self, cell: usize) -> &[u32] {
        let width = self.labels.len();
        self.codes.get(cell * width..(cell + 1) * width).unwrap_or_default()
    }
}
