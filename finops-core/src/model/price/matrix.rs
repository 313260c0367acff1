//! Prices by the values of dimensions: region and instance type, model and tier.

use crate::model::money::Money;
use crate::{Error, Result};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// How many dimensions a matrix has at most.
const MAX_DIMENSIONS: usize = 8;
/// How many cells a matrix has at most.
const MAX_CELLS: usize = 100_000;
/// How many bytes a name or value has at most.
const MAX_BYTES: usize = 512;

/// What a unit costs by the values of dimensions.
///
/// ```
/// use finops_core::model::price::{Matrix, MatrixCell, MissingCell, Place};
///
/// let cell = |region: &str, price: &str| {
///     Ok::<_, finops_core::Error>(MatrixCell { values: vec![region.to_owned()], unit_price: price.parse()? })
/// };
/// let cells = vec![cell("eu", "0.12")?, cell("us", "0.10")?];
/// let matrix = Matrix::new(vec!["region".to_owned()], cells, MissingCell::Unknown)?;
/// assert_eq!(matrix.place(&["us"]), Place::Cell(1));
/// assert_eq!(matrix.unit_price(Place::Cell(1))?, Some("0.10".parse()?));
/// assert_eq!(matrix.unit_price(matrix.place(&["mars"]))?, None);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matrix {
    dimensions: Vec<String>,
    cells: Vec<MatrixCell>,
    missing: MissingCell,
    /// The places of the cells, by their values.
    index: HashMap<Vec<String>, u32>,
}

/// The index follows from the rest.
impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        (&self.dimensions, &self.cells, self.missing) == (&other.dimensions, &other.cells, other.missing)
    }
}

impl Eq for Matrix {}

/// The price of one combination of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixCell {
    /// A value for each dimension, in their order; empty for what has none.
    pub values: Vec<String>,
    /// What a unit costs.
    pub unit_price: Money,
}

/// What becomes of usage whose values no cell has. In JSON `"error"`, `"unknown"` or the price of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "MissingForm", into = "MissingForm")]
pub enum MissingCell {
    /// Rating fails.
    Error,
    /// Its cost is unknown, which is not zero.
    #[default]
    Unknown,
    /// A unit of it costs this.
    UnitPrice(Money),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "must be 'error', 'unknown' or the price of a unit")]
enum MissingForm {
    Word(MissingWord),
    UnitPrice(Money),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MissingWord {
    Error,
    Unknown,
}

impl From<MissingForm> for MissingCell {
    fn from(form: MissingForm) -> Self {
        match form {
            MissingForm::Word(MissingWord::Error) => Self::Error,
            MissingForm::Word(MissingWord::Unknown) => Self::Unknown,
            MissingForm::UnitPrice(price) => Self::UnitPrice(price),
        }
    }
}

impl From<MissingCell> for MissingForm {
    fn from(missing: MissingCell) -> Self {
        match missing {
            MissingCell::Error => Self::Word(MissingWord::Error),
            MissingCell::Unknown => Self::Word(MissingWord::Unknown),
            MissingCell::UnitPrice(price) => Self::UnitPrice(price),
        }
    }
}

/// Where usage falls in a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Place {
    /// The cell of that number.
    Cell(u32),
    /// No cell has its values; also for prices that are no matrix.
    #[default]
    Elsewhere,
}

impl Matrix {
    /// A matrix of these cells.
    ///
    /// # Errors
    /// `invalid_argument` with the field: no dimension or too many, a cell that does not fit them, two with the same
    /// values, a price below 0.
    pub fn new(dimensions: Vec<String>, cells: Vec<MatrixCell>, missing: MissingCell) -> Result<Self> {
        let wrong = |field: String, message: String| Err(Error::invalid(field, message));
        if dimensions.is_empty() || dimensions.len() > MAX_DIMENSIONS {
            let message = format!("must be 1 to {MAX_DIMENSIONS}, got {}", dimensions.len());
            return wrong("matrix.dimensions".into(), message);
        }
        for (at, dimension) in dimensions.iter().enumerate() {
            let again = dimensions.iter().take(at).any(|earlier| earlier == dimension);
            if dimension.is_empty() || dimension.len() > MAX_BYTES || again {
                let message = format!("must be a name of 1 to {MAX_BYTES} bytes that stands here once");
                return wrong(format!("matrix.dimensions[{at}]"), message);
            }
        }
        if cells.is_empty() || cells.len() > MAX_CELLS {
            return wrong("matrix.cells".into(), format!("must be 1 to {MAX_CELLS}, got {}", cells.len()));
        }
        if matches!(missing, MissingCell::UnitPrice(price) if price.is_negative()) {
            return wrong("matrix.missing".into(), "must be a price of 0 or more".into());
        }
        let mut index = HashMap::with_capacity(cells.len());
        for (place, cell) in (0_u32..).zip(&cells) {
            let field = |name: &str| format!("matrix.cells[{place}].{name}");
            if cell.values.len() != dimensions.len() {
                let message =
                    format!("must be {}, one for each dimension, got {}", dimensions.len(), cell.values.len());
                return wrong(field("values"), message);
            }
            if cell.values.iter().any(|value| value.len() > MAX_BYTES) {
                return wrong(field("values"), format!("must have at most {MAX_BYTES} bytes each"));
            }
            if cell.unit_price.is_negative() {
                return wrong(field("unit_price"), format!("must be 0 or more, got {}", cell.unit_price));
            }
            if let Some(first) = index.insert(cell.values.clone(), place) {
                return wrong(field("values"), format!("are those of cell {first} again: give one price for them"));
            }
        }
        Ok(Self { dimensions, cells, missing, index })
    }

    /// The names of the dimensions, in the order of the values.
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// The cells.
    pub fn cells(&self) -> &[MatrixCell] {
        &self.cells
    }

    /// What becomes of usage that no cell has.
    pub const fn missing(&self) -> MissingCell {
        self.missing
    }

    /// Where usage with these values falls, one for each dimension in their order.
    pub fn place(&self, values: &[&str]) -> Place {
        // Looked up once for a series of usage, so that the copies do not matter.
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        self.index.get(&values).map_or(Place::Elsewhere, |cell| Place::Cell(*cell))
    }

    /// What a unit costs there; none when that is unknown.
    ///
    /// # Errors
    /// `not_found` where the price wants an error for usage that no cell has.
    pub fn unit_price(&self, place: Place) -> Result<Option<Money>> {
        let cell = match place {
            Place::Cell(cell) => usize::try_from(cell).ok().and_then(|cell| self.cells.get(cell)),
            Place::Elsewhere => None,
        };
        match (cell, self.missing) {
            (Some(cell), _) => Ok(Some(cell.unit_price)),
            (None, MissingCell::UnitPrice(price)) => Ok(Some(price)),
            (None, MissingCell::Unknown) => Ok(None),
            (None, MissingCell::Error) => {
                let names = self.dimensions.join(", ");
                let message = format!("no cell of the matrix has these values of {names}: add one, or set 'missing'");
                Err(Error::new(crate::ErrorCode::NotFound, message).with_field("matrix.missing"))
            }
        }
    }
}
