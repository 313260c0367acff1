//! Bills as tests need them: FOCUS rows of which only what matters is named.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The cells of a row by the name of their column.
pub type Row = BTreeMap<String, String>;

/// What stands in a row where nothing else is said. It deviates from FOCUS in nothing.
const USUAL: [(&str, &str); 16] = [
    ("BilledCost", "1"),
    ("BillingAccountId", "acct-1"),
    ("BillingCurrency", "USD"),
    ("BillingPeriodEnd", "2024-02-01T00:00:00Z"),
    ("BillingPeriodStart", "2024-01-01T00:00:00Z"),
    ("ChargeCategory", "Usage"),
    ("ChargePeriodEnd", "2024-01-03T00:00:00Z"),
    ("ChargePeriodStart", "2024-01-02T00:00:00Z"),
    ("ContractedCost", "1"),
    ("EffectiveCost", "1"),
    ("InvoiceIssuerName", "AWS"),
    ("ListCost", "1"),
    ("ServiceCategory", "Integration"),
    ("ServiceName", "Queue"),
    ("ServiceProviderName", "AWS"),
    ("Tags", "{}"),
];

/// A row with these cells, and the usual ones besides.
pub fn row(cells: &[(&str, &str)]) -> Row {
    let usual = USUAL.iter().chain(cells);
    usual.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A bill: its columns and its rows. A row without a cell has none there.
#[derive(Debug, Clone, Default)]
pub struct Bill {
    /// The names of the columns, in order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Bill {
    /// A bill with every column that some row has, by name.
    pub fn new(rows: impl IntoIterator<Item = Row>) -> Self {
        let rows: Vec<Row> = rows.into_iter().collect();
        let mut columns: Vec<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
        columns.sort();
        columns.dedup();
        Self { columns, rows }
    }

    /// Rows that name the same cells each.
    pub fn of<const N: usize>(names: [&str; N], rows: &[[&str; N]]) -> Self {
        Self::new(rows.iter().map(|values| row(&names.into_iter().zip(values.iter().copied()).collect::<Vec<_>>())))
    }

    /// Takes columns out.
    #[must_use]
    pub fn without(mut self, columns: &[&str]) -> Self {
        self.columns.retain(|column| !columns.contains(&column.as_str()));
        self
    }

    /// Gives a column another name.
    #[must_use]
    pub fn renamed(mut self, old: &str, new: &str) -> Self {
        for column in &mut self.columns {
            if column == old {
                new.clone_into(column);
            }
        }
        for row in &mut self.rows {
            if let Some(value) = row.remove(old) {
                row.insert(new.to_owned(), value);
            }
        }
        self
    }

    /// The bill as CSV with that between cells and that at the end of lines.
    pub fn separated(&self, delimiter: char, newline: &str) -> String {
        let quoted = |cell: &str| {
            if cell.contains([delimiter, '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.to_owned()
            }
        };
        let line = |cells: Vec<String>| cells.join(&delimiter.to_string()) + newline;
        let mut text = line(self.columns.iter().map(|column| quoted(column)).collect());
        for row in &self.rows {
            let cell = |column: &String| quoted(row.get(column).map_or("", String::as_str));
            text.push_str(&line(self.columns.iter().map(cell).collect()));
        }
        text
    }

    /// The bill as CSV.
    pub fn csv(&self) -> String {
        self.separated(',', "\n")
    }

    /// Writes the bill as CSV, gzipped when the name ends so.
    pub fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        if name.to_lowercase().ends_with(".gz") {
            let file = std::fs::File::create(&path).unwrap();
            let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            gzip.write_all(self.csv().as_bytes()).unwrap();
            gzip.finish().unwrap();
        } else {
            std::fs::write(&path, self.csv()).unwrap();
        }
        path
    }
}
