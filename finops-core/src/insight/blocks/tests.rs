//! Blocks of charges by chance: every section says the same as the charges.

use super::index::{BlockIndex, Data, Level, Measure, SectionIndex, What};
use super::pending::{Pending, UNKNOWN};
use super::{Amounts, Block, Layout, Mantissas};
use crate::model::charge::ChargeColumn;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const COLUMNS: [ChargeColumn; 5] = [
    ChargeColumn::ServiceName,
    ChargeColumn::RegionId,
    ChargeColumn::BillingCurrency,
    ChargeColumn::ResourceId,
    ChargeColumn::Tags,
];

/// A charge: its start, its codes in the order of [`COLUMNS`], its measures.
type Row = ((i32, i64), [u32; 5], [i128; 5]);

fn pending(rows: &[Row]) -> Pending {
    let mut pending = Pending { starts: rows.iter().map(|(start, _, _)| *start).collect(), ..Pending::default() };
    for (column, codes) in &mut pending.dimensions {
        if let Some(place) = COLUMNS.iter().position(|known| known == column) {
            *codes = rows.iter().map(|(_, codes, _)| codes[place]).collect();
        }
    }
    for ((_, amounts), place) in pending.measures.iter_mut().zip(0..) {
        *amounts = rows.iter().map(|(_, _, measures)| measures[place]).collect();
    }
    pending
}

fn blocks(rows: &[Row]) -> Vec<Block> {
    let mut blocks = Vec::new();
    pending(rows)
        .drain(|block| {
            blocks.push(block);
            Ok(())
        })
        .unwrap();
    blocks
}

/// A section, its columns, and what they hold.
struct Section<'b>(&'b SectionIndex, &'b [Data]);

impl Section<'_> {
    fn all(block: &Block) -> Vec<Section<'_>> {
        let mut columns = block.columns.as_slice();
        let sections = block.index.sections.iter().map(|section| {
            let (own, rest) = columns.split_at(section.chunks.len());
            columns = rest;
            Section(section, own)
        });
        sections.collect()
    }

    fn code(&self, what: What, row: usize) -> Option<u32> {
        match &self.1[self.0.find(what)?] {
            Data::Codes(codes) => Some(codes.get(row)),
            Data::Amounts(_) => None,
        }
    }

    fn amount(&self, measure: Measure, row: usize) -> i128 {
        // What is not there is zero everywhere.
        let Some(place) = self.0.find(What::Amount(measure)) else { return 0 };
        let Data::Amounts(Amounts { decimals, values, max_abs }) = &self.1[place] else { panic!("no amounts") };
        let amount = match values {
            Mantissas::Zero => 0,
            Mantissas::I64(values) => i128::from(values[row]),
            Mantissas::I128(values) => values[row],
        };
        let amount = amount * i128::from(Amounts::factor(*decimals));
        assert!(amount.unsigned_abs() <= *max_abs && self.0.chunks[place].max_abs == *max_abs);
        amount
    }
}

/// For each measure the sum and how many charges lack it; and how many charges.
type Total = ([(i128, u64); 5], u64);

fn add(total: &mut Total, measures: impl IntoIterator<Item = (i128, u64)>, charges: u64) {
    for (into, (sum, unknown)) in total.0.iter_mut().zip(measures) {
        (into.0, into.1) = (into.0 + sum, into.1 + unknown);
    }
    total.1 += charges;
}

fn code_of(index: &BlockIndex, section: &Section<'_>, column: ChargeColumn, row: usize) -> Option<u32> {
    let number = u16::try_from(column.index()).unwrap();
    index.constant(number).or_else(|| section.code(What::Dimension(number), row))
}

/// The sums by day and by the codes of the columns that a section has.
fn check(block: &Block, rows: &[Row]) {
    let index = &block.index;
    for column in COLUMNS {
        let place = COLUMNS.iter().position(|known| *known == column).unwrap();
        let codes: BTreeSet<u32> = rows.iter().map(|(_, codes, _)| codes[place]).collect();
        let constant = codes.first().copied().filter(|_| codes.len() == 1);
        assert_eq!(index.constant(u16::try_from(column.index()).unwrap()), constant, "{column:?}");
    }
    assert_eq!(index.constant(u16::try_from(ChargeColumn::UserId.index()).unwrap()), Some(0), "nobody has it");
    let days: BTreeSet<i32> = rows.iter().map(|(start, _, _)| start.0).collect();
    assert!(index.days.iter().map(|day| &day.day).eq(&days));
    let measured = |measures: &[i128; 5]| measures.map(|amount| if amount == UNKNOWN { (0, 1) } else { (amount, 0) });
    for day in &index.days {
        let mut total = Total::default();
        let of_day: Vec<&Row> = rows.iter().filter(|(start, _, _)| start.0 == day.day).collect();
        for (_, _, measures) in &of_day {
            add(&mut total, measured(measures), 1);
        }
        let known = day.measures.map(|(sum, unknown)| (sum.unwrap(), unknown));
        assert_eq!((known, day.charges), total);
        let times: BTreeSet<i64> = of_day.iter().map(|(start, _, _)| start.1).collect();
        assert!(day.times.iter().map(|(time, _)| time).eq(&times));
    }
    for section in Section::all(block) {
        let Section(of, _) = section;
        // Over all days, a row says nothing of its day.
        let days: Vec<i32> = if of.over_days { vec![0] } else { index.days.iter().map(|day| day.day).collect() };
        let day_of = |day: i32| if of.over_days { 0 } else { day };
        assert_eq!(of.day_ends.len(), days.len());
        let kept: Vec<ChargeColumn> = COLUMNS
            .into_iter()
            .filter(|column| of.rows() > 0 && code_of(index, &section, *column, 0).is_some())
            .collect();
        let mut wanted: BTreeMap<(i32, Vec<u32>), Total> = BTreeMap::new();
        for (start, codes, measures) in rows {
            let key =
                kept.iter().map(|column| codes[COLUMNS.iter().position(|known| known == column).unwrap()]).collect();
            add(wanted.entry((day_of(start.0), key)).or_default(), measured(measures), 1);
        }
        let mut found: BTreeMap<(i32, Vec<u32>), Total> = BTreeMap::new();
        for (place, day) in days.into_iter().enumerate() {
            let mut last = 0;
            for row in of.rows_of(place) {
                let key = kept.iter().map(|column| code_of(index, &section, *column, row).unwrap()).collect();
                let unknown = |measure| u64::from(section.code(What::Unknown(measure), row).unwrap_or(0));
                let sums = Measure::ALL.map(|measure| (section.amount(measure, row), unknown(measure)));
                let charges = u64::from(section.code(What::Charges, row).unwrap());
                add(found.entry((day, key)).or_default(), sums, charges);
                if let Some(lead) = of.lead {
                    let code = section.code(What::Dimension(lead), row).unwrap();
                    assert!(last <= code, "the rows of a day ascend");
                    last = code;
                }
            }
        }
        assert_eq!(found, wanted, "{:?}", of.level);
        if of.level == Level::Charges {
            assert_eq!(usize::try_from(of.rows()).unwrap(), rows.len());
        } else {
            assert_eq!(usize::try_from(of.rows()).unwrap(), wanted.len(), "a combination stands once");
            assert!(2 * wanted.len() <= rows.len());
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let amount = prop_oneof![
        Just(UNKNOWN),
        (-500_i128..500).prop_map(|cents| cents * 10_i128.pow(16)),
        -10_i128.pow(34)..10_i128.pow(34)
    ];
    let time = prop_oneof![3 => Just(0_i64), 1 => 0..86_400_000_000_i64];
    // What a charge says follows from its kind, so that charges repeat, or from chance.
    let row = (0..4_i32, time, 0..6_u32, prop::array::uniform5(amount), prop::bool::weighted(0.05), any::<[u8; 5]>());
    let row = row.prop_map(|(day, time, kind, measures, odd, codes)| {
        let kind = [kind % 3 + 1, kind % 2, 1, kind * 300, kind + 1];
        (((day * day) - 3, time), if odd { codes.map(u32::from) } else { kind }, measures)
    });
    prop::collection::vec(row, 1..250)
}

/// Charges of ten kinds, by the first dimension, that come again and again; where they have resources, there is a cube.
fn repeated() -> impl Strategy<Value = Vec<Row>> {
    let amount = prop_oneof![
        Just(UNKNOWN),
        (-500_i128..500).prop_map(|cents| cents * 10_i128.pow(16)),
        -10_i128.pow(34)..10_i128.pow(34)
    ];
    let row = (0..3_i32, 0..10_u32, 0..5_u32, prop::array::uniform5(amount));
    (prop::collection::vec(row, 330..420), 1..3_i32, any::<bool>()).prop_map(|(rows, last, resources)| {
        let row = |(day, kind, resource, measures): (i32, u32, u32, [i128; 5])| {
            let region = u32::from(resource > 2);
            let resource = if resources { 70_000 + resource } else { 0 };
            ((day.min(last), 0), [kind * 9 + 1, region, 1, resource, 0], measures)
        };
        rows.into_iter().map(row).collect()
    })
}

/// What a row of a section or of its drill has in a column.
fn said(data: &Data, row: usize) -> i128 {
    match data {
        Data::Codes(codes) => codes.get(row).into(),
        Data::Amounts(Amounts { values: Mantissas::Zero, .. }) => 0,
        Data::Amounts(Amounts { values: Mantissas::I64(values), .. }) => values[row].into(),
        Data::Amounts(Amounts { values: Mantissas::I128(values), .. }) => values[row],
    }
}

/// The records of each value are the rows that have it, day by day and in their order; together they are all rows.
fn check_drill(section: &Section<'_>, records: &[u8]) {
    let Section(of, columns) = section;
    let (drill, layout) = (of.drill.as_ref().unwrap(), Layout::of(of).unwrap());
    assert_eq!(records.len(), layout.width * usize::try_from(of.rows()).unwrap());
    let lead = What::Dimension(of.lead.unwrap());
    let others: Vec<usize> = (0..of.chunks.len()).filter(|chunk| Some(*chunk) != of.find(lead)).collect();
    let mut rows = 0;
    for (code, _) in &drill.ends {
        let places = drill.records_of(*code);
        let bytes = &records[places.start * layout.width..places.end * layout.width];
        let found = layout.read(bytes, &others).unwrap();
        assert_eq!(found.day_ends.len(), of.day_ends.len());
        let mut record = 0;
        for (day, end) in found.day_ends.iter().enumerate() {
            let with_code = of.rows_of(day).filter(|row| section.code(lead, *row) == Some(*code));
            for row in with_code {
                for (chunk, data) in &found.columns {
                    assert_eq!(said(data, record), said(&columns[*chunk], row), "{:?}", of.chunks[*chunk]);
                }
                record += 1;
            }
            assert_eq!(record, *end, "day {day}");
        }
        assert_eq!((found.columns.len(), record), (others.len(), places.len()));
        rows += record;
        if let Some((first, two)) = bytes.split_at_checked(layout.width)
            && found.day_ends[0] == 1
            && !two.is_empty()
        {
            let turned = [two, first].concat();
            assert!(layout.read(&turned, &[]).is_none(), "a day that comes again");
        }
    }
    assert_eq!(rows, usize::try_from(of.rows()).unwrap());
    assert_eq!(drill.records_of(0), 0..0, "no kind has this code");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_drill_has_the_rows_of_each_value(rows in repeated()) {
        let block = &blocks(&rows)[0];
        check(block, &rows);
        let all = Section::all(block);
        let drilled: Vec<&Section<'_>> = all.iter().filter(|section| section.0.drill.is_some()).collect();
        prop_assert_eq!(block.records.len(), drilled.len());
        prop_assert!(!drilled.is_empty());
        let number = |column: ChargeColumn| u16::try_from(column.index()).unwrap();
        for Section(section, _) in all.iter().skip(1) {
            let by_kind = section.lead == Some(number(ChargeColumn::ServiceName));
            let resources = section.find(What::Dimension(number(ChargeColumn::ResourceId))).is_some();
            prop_assert_eq!(section.drill.is_some(), by_kind && !resources, "{:?}", section);
        }
        for (section, records) in drilled.into_iter().zip(&block.records) {
            check_drill(section, records);
        }
    }

    #[test]
    fn every_section_has_the_sums_of_the_charges(rows in rows()) {
        let blocks = blocks(&rows);
        prop_assert_eq!(blocks.len(), 1);
        check(&blocks[0], &rows);
    }
}

#[test]
fn charges_that_repeat_are_summed_at_each_level() {
    let kind = |number: u32| [number % 3, number % 2, 1, number % 24, number % 6];
    let rows: Vec<Row> = (0..600)
        .map(|number| ((i32::try_from(number / 200).unwrap(), 0), kind(number), [5, 4, 3, 2, UNKNOWN]))
        .collect();
    let blocks = blocks(&rows);
    check(&blocks[0], &rows);
    let levels: Vec<Level> = blocks[0].index.sections.iter().map(|section| section.level).collect();
    assert_eq!(levels[..3], [Level::Charges, Level::Days, Level::Cube], "and then {:?}", &levels[3..]);
    assert!(levels.len() > 3, "margins of the cube");
}

#[test]
fn nothing_makes_no_block_and_a_large_day_is_cut() {
    assert!(blocks(&[]).is_empty());
    let row = |day: i32| ((day, 7), [1, 0, 1, 0, 0], [1, 2, 3, 4, UNKNOWN]);
    let rows: Vec<Row> = std::iter::repeat_n(row(9), 300_000).chain([row(8), row(10)]).collect();
    let blocks = blocks(&rows);
    let days: Vec<Vec<(i32, u64)>> =
        blocks.iter().map(|block| block.index.days.iter().map(|day| (day.day, day.charges)).collect()).collect();
    assert_eq!(days, [vec![(8, 1), (9, 262_144)], vec![(9, 37_856), (10, 1)]]);
}
