//! The columns of a section that a question needs, as they are gone through.

use super::axis::{Axis, From};
use super::load::{Loader, Of, Rows};
use super::parts::{Part, constant_key};
use super::test::{Marks, Mask, Test};
use crate::Result;
use crate::insight::blocks::{Amounts, Codes, Data, Mantissas, Measure, What};
use std::ops::Range;
use std::sync::Arc;

/// A column of codes: loaded, or the same everywhere.
#[derive(Debug)]
pub(super) enum Held {
    One(Codes),
    Loaded(Arc<Data>),
}

impl Held {
    fn codes(&self) -> &Codes {
        match self {
            Self::One(codes) => codes,
            Self::Loaded(data) => match data.as_ref() {
                Data::Codes(codes) => codes,
                Data::Amounts(_) => &Codes::One(0),
            },
        }
    }
}

/// The sums of a measure.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) amounts: Option<Arc<Data>>,
    pub(super) unknown: Held,
}

impl Column {
    pub(super) fn amounts(&self) -> (&Mantissas, u8) {
        match self.amounts.as_deref() {
            Some(Data::Amounts(Amounts { values, decimals, .. })) => (values, *decimals),
            _ => (&Mantissas::Zero, 0),
        }
    }

    /// The largest magnitude of its mantissas.
    pub(super) fn largest(&self) -> u128 {
        match self.amounts.as_deref() {
            Some(Data::Amounts(amounts)) => {
                amounts.max_abs / u128::from(Amounts::factor(amounts.decimals).unsigned_abs())
            }
            _ => 0,
        }
    }

    pub(super) fn unknown(&self) -> &Codes {
        self.unknown.codes()
    }
}

/// A section with the columns that a question needs.
#[derive(Debug)]
pub(super) struct View {
    dimensions: Vec<(u16, Held)>,
    charges: Held,
    /// In the order of the question's views.
    pub(super) costs: Vec<Column>,
    /// What was consumed, where the question asks for what was metered.
    pub(super) quantity: Option<Column>,
    /// The key that all rows have, if it is the same for all.
    pub(super) key: Option<u128>,
    /// How many bytes were read from disk for it.
    pub(super) bytes_read: u64,
}

impl View {
    /// Loads what a question needs of a section: of all its rows, or of some, which are then the rows from 0 on.
    pub(super) fn load(of: &Of<'_>, rows: Rows<'_>, parts: &[Part<'_>]) -> Result<Self> {
        let shared = of.shared;
        let mut loader = Loader::new(of, rows);
        let dimensions = shared.prepared.columns.iter().map(|column| Ok((*column, loader.dimension(*column)?)));
        let dimensions = dimensions.collect::<Result<Vec<_>>>()?;
        let charges = loader.codes(What::Charges)?;
        let costs = shared.prepared.measures.iter().map(|measure| loader.column(*measure)).collect::<Result<_>>()?;
        let quantity = shared.prepared.metered.as_ref().map(|_| loader.column(Measure::Quantity)).transpose()?;
        let bytes_read = loader.bytes_read;
        let mut view = Self { dimensions, charges, costs, quantity, key: None, bytes_read };
        view.key = constant_key(parts, shared.plan, &view);
        Ok(view)
    }

    /// The codes of a column.
    pub(super) fn codes(&self, column: u16) -> &Codes {
        let found = self.dimensions.iter().find(|(known, _)| *known == column);
        found.map_or(&Codes::One(0), |(_, held)| held.codes())
    }

    /// How many charges each row stands for.
    pub(super) fn charges(&self) -> &Codes {
        self.charges.codes()
    }

    /// Which rows have a marked code.
    pub(super) fn marked(&self, column: u16, marks: &Marks, rows: Range<usize>) -> Mask {
        fn each<T: Copy + Into<u32>>(codes: &[T], marks: &Marks, rows: Range<usize>) -> Mask {
            let codes = codes.get(rows).unwrap_or_default();
            Mask::of(codes.iter().map(|code| marks.hold((*code).into())).collect())
        }
        match self.codes(column) {
            Codes::One(code) if marks.hold(*code) => Mask::All,
            Codes::One(_) => Mask::None,
            Codes::U8(codes) => each(codes, marks, rows),
            Codes::U16(codes) => each(codes, marks, rows),
            Codes::U32(codes) => each(codes, marks, rows),
            codes @ Codes::Bits(_) => Mask::of(rows.map(|row| marks.hold(codes.get(row))).collect()),
        }
    }
}

impl Axis {
    /// The number of each row.
    pub(super) fn numbers(&self, view: &View, rows: Range<usize>, out: &mut [u32]) {
        match &self.from {
            From::Column(column) => view.codes(*column).read(rows.start, out),
            From::Mapped(column, codes) => {
                view.codes(*column).read(rows.start, out);
                for number in out {
                    *number = usize::try_from(*number).ok().and_then(|code| codes.get(code)).copied().unwrap_or(0);
                }
            }
            From::Rules { rules, default } => {
                out.fill(*default);
                // The last rule first, so that the first one that holds has the last word.
                for (test, number) in rules.iter().rev() {
                    give(test, *number, view, rows.clone(), out);
                }
            }
        }
    }
}

fn give(test: &Test, number: u32, view: &View, rows: Range<usize>, out: &mut [u32]) {
    match test.mask(view, rows, None) {
        Mask::None => {}
        Mask::All => out.fill(number),
        Mask::Some(mask) => {
            for (out, holds) in out.iter_mut().zip(mask) {
                if holds {
                    *out = number;
                }
            }
        }
    }
}
