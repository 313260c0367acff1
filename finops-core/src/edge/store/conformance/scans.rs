//! Scans: every charge once, with the values that it was given, and no column that was not asked for.

use super::samples::{
    Row, all, between, charge, charges, deliver, delivery, everything, expected, in_order, rows, scope, stopped,
};
use super::{Case, holds, refused, same};
use crate::edge::store::{Replace, Scan, Store};
use crate::model::charge::{
    Charge, ChargeColumn, ChargeTable, Column, DecimalColumn, Scope, TextBuilder, TextColumn, TimeColumn,
};
use crate::model::time::{Interval, Stamp};
use crate::{ErrorCode, Result};

pub(super) const CASES: &[Case] = &[
    Case { name: "each value of each column comes back as it was", check: extremes },
    Case { name: "a column that was not asked for is absent", check: projection },
    Case { name: "an interval gives each of its charges once", check: intervals },
    Case { name: "columns that FOCUS does not know are kept, whichever tables have them", check: custom },
    Case { name: "a scan comes in the same order each time", check: order },
    Case { name: "a scan hands on the visitor's error and stops", check: visitor_stops },
    Case { name: "many charges come back complete", check: many },
];

/// As much as a `DECIMAL(38, 18)` holds.
const LARGEST: i128 = 10_i128.pow(38) - 1;

fn extremes(store: &dyn Store) -> Result<()> {
    let scope = Scope {
        billing_account_id: "аккаунт/№ 1 \"'%_\\ ..".to_owned(),
        start: Stamp::parse("1990-01-01T00:00:00Z")?,
        end: Stamp::parse("2199-12-31T23:59:59.999999Z")?,
    };
    let table = extreme_table(&scope)?;
    let mut session = store.begin_import()?;
    session.write(&scope, &table)?;
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let snapshot = store.snapshot()?;
    let mut wanted = rows(&table);
    wanted.sort();
    let found = all(store, &snapshot)?;
    same("rows", &found.len(), &wanted.len())?;
    for (found, wanted) in found.iter().zip(&wanted) {
        same("columns with a value", &names(found), &names(wanted))?;
        for ((name, found), (_, wanted)) in found.iter().zip(wanted) {
            holds(&format!("{name} comes back as it was"), found == wanted)?;
        }
    }
    same("the account", &snapshot.coverage.iter().map(|held| &held.scope).collect::<Vec<_>>(), &vec![&scope])
}

fn names(row: &Row) -> Vec<&String> {
    row.iter().map(|(name, _)| name).collect()
}

/// Every column with the values that are hard to keep, each row with another of them, and one row with none but
/// what every charge has.
fn extreme_table(scope: &Scope) -> Result<ChargeTable> {
    let long = "ё".repeat(1 << 19);
    let tags = r#"{"team": "Fluß 🚀", "spot": true, "a\"b": "x\ny", "n": 1.50}"#;
    let texts = [None, Some(""), Some(tags), Some("نص 文本 🧮\u{0}\u{1}"), Some(" a,\"b\";\r\n\t"), Some(&long)];
    let decimals = [None, Some(LARGEST), Some(-LARGEST), Some(0), Some(1), Some(-1)];
    let stamps = ["1990-01-01T00:00:00Z", "2199-12-31T23:59:59.999999Z", "1990-01-01T00:00:00.000001Z"];
    let [first, last, early] = [Stamp::parse(stamps[0])?, Stamp::parse(stamps[1])?, Stamp::parse(stamps[2])?];
    let times = [None, Some(last), Some(first), Some(early), None, Some(last)].map(|stamp| stamp.map(Stamp::micros));
    let count = texts.len();
    let mut table = ChargeTable::new(count);
    for column in ChargeColumn::ALL {
        let cells = match column {
            ChargeColumn::BillingAccountId => text(&vec![Some(scope.billing_account_id.as_str()); count]),
            ChargeColumn::BillingCurrency => text(&vec![Some("USD"); count]),
            ChargeColumn::BillingPeriodStart => time(&vec![Some(scope.start.micros()); count]),
            ChargeColumn::BillingPeriodEnd => time(&vec![Some(scope.end.micros()); count]),
            ChargeColumn::ChargePeriodStart | ChargeColumn::ChargePeriodEnd => {
                time(&times.map(|time| time.or(Some(first.micros()))))
            }
            other if other.kind().is_decimal() => decimal(&decimals),
            other if other.kind() == crate::model::charge::ColumnKind::Time => time(&times),
            _ => text(&texts),
        };
        table.set(*column, cells)?;
    }
    table.push_extra("x_Ours", text_column(&texts))?;
    Ok(table)
}

fn text_column(values: &[Option<&str>]) -> TextColumn {
    let mut builder = TextBuilder::default();
    for value in values {
        builder.push(*value);
    }
    builder.take()
}

fn text(values: &[Option<&str>]) -> Column {
    Column::Text(text_column(values))
}

fn decimal(values: &[Option<i128>]) -> Column {
    let mantissas = values.iter().map(|value| value.unwrap_or_default()).collect();
    Column::Decimal(DecimalColumn { mantissas, valid: Some(values.iter().map(Option::is_some).collect()) })
}

fn time(values: &[Option<i64>]) -> Column {
    let micros = values.iter().map(|value| value.unwrap_or_default()).collect();
    Column::Time(TimeColumn { micros, valid: Some(values.iter().map(Option::is_some).collect()) })
}

fn projection(store: &dyn Store) -> Result<()> {
    let january = scope("a", 1)?;
    let mut table = ChargeTable::from_charges(&charges(&january, &["1", "2"])?);
    table.push_extra("x_Ours", text_column(&[Some("p"), None]))?;
    let mut session = store.begin_import()?;
    session.write(&january, &table)?;
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let snapshot = store.snapshot()?;
    let columns = vec![ChargeColumn::BilledCost, ChargeColumn::Tags, ChargeColumn::ChargePeriodStart];
    for custom in [false, true] {
        let scan = Scan { columns: columns.clone(), custom, charged: Interval::always(), estimated_only: false };
        let mut charges = 0;
        store.scan(&snapshot, &scan, &mut |table| {
            for column in ChargeColumn::ALL.iter().filter(|column| !columns.contains(column)) {
                holds(&format!("{} is absent", column.name()), table.column(*column).is_none())?;
            }
            charges += table.rows();
            let names: Vec<&str> = table.extra().iter().map(|(name, _)| name.as_str()).collect();
            same("custom columns", &names, &if custom { vec!["x_Ours"] } else { Vec::new() })
        })?;
        same("charges", &charges, &2)?;
    }
    // Rows are counted even when no column of theirs is read.
    let mut charges = 0;
    let none = Scan { columns: Vec::new(), custom: false, charged: Interval::always(), estimated_only: false };
    store.scan(&snapshot, &none, &mut |table| {
        charges += table.rows();
        Ok(())
    })?;
    same("charges without a column", &charges, &2)
}

fn intervals(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let mut early = charges(&january, &["1", "2", "3", "4"])?;
    // A billing period may hold charges of other months.
    early.push(charge(&february, 3, "5")?);
    for row in &mut early {
        (row.billing_period_start, row.billing_period_end) = (Some(january.start), Some(january.end));
    }
    let late = charges(&february, &["6", "7", "8"])?;
    deliver(store, 1, Replace::BillingPeriod, &[(&january, &early), (&february, &late)])?;
    let snapshot = store.snapshot()?;
    for (start, end) in [
        ("2024-01-01", "2024-02-01"),
        ("2024-01-02", "2024-01-03"),
        ("2024-02-03", "2024-02-04"),
        ("2024-01-04", "2024-02-02"),
        ("2024-02-04", "2024-03-01"),
        ("2023-01-01", "2023-02-01"),
        ("2023-01-01", "2025-01-01"),
    ] {
        let charged = between(start, end)?;
        let inside = |row: &&Charge| row.charge_period_start.is_some_and(|start| charged.contains(start));
        let wanted: Vec<Charge> = early.iter().chain(&late).filter(inside).cloned().collect();
        let mut found = in_order(store, &snapshot, &everything(charged))?;
        found.retain(|row| starts_within(row, charged));
        found.sort();
        same(&format!("charges of {charged}"), &found, &expected(&[&wanted]))?;
    }
    Ok(())
}

fn starts_within(row: &Row, charged: Interval) -> bool {
    let start = row.iter().find(|(name, _)| name == ChargeColumn::ChargePeriodStart.name());
    let micros = start.and_then(|(_, micros)| micros.parse().ok());
    micros.and_then(|micros| Stamp::from_micros(micros).ok()).is_some_and(|start| charged.contains(start))
}

fn custom(store: &dyn Store) -> Result<()> {
    let (january, february) = (scope("a", 1)?, scope("a", 2)?);
    let shapes: [(&Scope, &[&str]); 6] = [
        (&january, &["x_b"]),
        (&january, &["x_a", "x_b"]),
        (&january, &[]),
        (&january, &["x_b", "x_a"]),
        (&january, &["x_Ж \"q\"", "x_b"]),
        (&february, &["x_c"]),
    ];
    let mut wanted = Vec::new();
    let mut session = store.begin_import()?;
    for (number, (scope, names)) in (1..).zip(shapes) {
        let mut table = ChargeTable::from_charges(&[charge(scope, number, "1")?, charge(scope, number, "2")?]);
        for name in names {
            table.push_extra(*name, text_column(&[Some(&format!("{name} {number}")), None]))?;
        }
        session.write(scope, &table)?;
        wanted.extend(rows(&table));
    }
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let snapshot = store.snapshot()?;
    wanted.sort();
    same("charges", &all(store, &snapshot)?, &wanted)?;
    let names = |charged| store.custom_columns(&snapshot, charged);
    same("names", &names(Interval::always())?, &["x_a", "x_b", "x_c", "x_Ж \"q\""].map(str::to_owned).to_vec())?;
    same("names in February", &names(between("2024-02-01", "2024-03-01")?)?, &vec!["x_c".to_owned()])
}

fn order(store: &dyn Store) -> Result<()> {
    for (number, account) in [(1, "b"), (2, "a"), (3, "c")] {
        let (january, february) = (scope(account, 1)?, scope(account, 2)?);
        let rows = [charges(&january, &["1", "2"])?, charges(&february, &["3"])?];
        deliver(store, number, Replace::BillingPeriod, &[(&february, &rows[1]), (&january, &rows[0])])?;
    }
    let snapshot = store.snapshot()?;
    let scan = everything(Interval::always());
    let first = in_order(store, &snapshot, &scan)?;
    same("charges", &first.len(), &9)?;
    let january = scope("a", 1)?;
    deliver(store, 9, Replace::BillingPeriod, &[(&january, &charges(&january, &["5"])?)])?;
    same("the second time", &in_order(store, &snapshot, &scan)?, &first)
}

fn visitor_stops(store: &dyn Store) -> Result<()> {
    for month in 1..4 {
        let scope = scope("a", month)?;
        deliver(
            store,
            u8::try_from(month).unwrap_or(0),
            Replace::BillingPeriod,
            &[(&scope, &charges(&scope, &["1"])?)],
        )?;
    }
    let mut visits = 0;
    let outcome = store.scan(&store.snapshot()?, &everything(Interval::always()), &mut |_| {
        visits += 1;
        Err(stopped())
    });
    refused("the visitor's error", outcome, ErrorCode::Cancelled)?;
    same("visits", &visits, &1)
}

fn many(store: &dyn Store) -> Result<()> {
    const TABLES: u32 = 25;
    const ROWS: i128 = 4_000;
    let january = scope("a", 1)?;
    let mut session = store.begin_import()?;
    for number in 0..TABLES {
        let mut rows = vec![charge(&january, number + 1, "1")?; usize::try_from(ROWS).unwrap_or(0)];
        for (place, row) in (0..).zip(&mut rows) {
            let cost = i128::from(number) * ROWS + place;
            row.billed_cost = Some(crate::model::money::Money::from_mantissa(cost));
            row.resource_id = Some(format!("r-{cost}"));
        }
        session.write(&january, &ChargeTable::from_charges(&rows))?;
    }
    session.commit(delivery(1, Replace::BillingPeriod)?)?;
    let mut found = Vec::new();
    let columns = vec![ChargeColumn::BilledCost, ChargeColumn::ResourceId];
    let scan = Scan { columns, custom: false, charged: Interval::always(), estimated_only: false };
    store.scan(&store.snapshot()?, &scan, &mut |table| {
        let costs = table.decimal(ChargeColumn::BilledCost);
        let ids = table.text(ChargeColumn::ResourceId);
        for row in 0..table.rows() {
            let cost = costs.and_then(|costs| costs.get(row)).unwrap_or(-1);
            holds(
                "cost and resource stand in one row",
                ids.and_then(|ids| ids.get(row)) == Some(&format!("r-{cost}")),
            )?;
            found.push(cost);
        }
        Ok(())
    })?;
    found.sort_unstable();
    holds("each charge once", found.iter().copied().eq(0..i128::from(TABLES) * ROWS))
}
