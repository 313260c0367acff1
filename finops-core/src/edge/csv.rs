//! Charges as CSV that any tool reads: the names of FOCUS, decimals with all their digits, times in UTC, nothing where
//! nothing is known.

use crate::model::charge::{ChargeColumn, ChargeTable, Column, TextColumn};
use crate::model::money::Money;
use crate::model::time::Stamp;
use crate::{Error, ErrorCode, Result};
use std::io::{self, Write};

/// A file of charges being written.
pub(super) struct CsvWriter<W: Write> {
    file: W,
    custom: Vec<String>,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    /// A writer for tables that have no other custom columns than those.
    pub(super) fn new(file: W, custom: &[String]) -> Result<Self> {
        let mut writer = Self { file, custom: custom.to_vec(), line: String::new() };
        let names = ChargeColumn::ALL.iter().map(|column| column.name()).chain(custom.iter().map(String::as_str));
        for (place, name) in names.enumerate() {
            writer.separate(place);
            quote(&mut writer.line, name);
        }
        writer.end_line()?;
        Ok(writer)
    }

    pub(super) fn write(&mut self, table: &ChargeTable) -> Result<()> {
        let columns: Vec<Option<&Column>> = ChargeColumn::ALL.iter().map(|column| table.column(*column)).collect();
        let named = |name: &String| table.extra().iter().find(|(other, _)| other == name).map(|(_, cells)| cells);
        let custom: Vec<Option<&TextColumn>> = self.custom.iter().map(named).collect();
        for row in 0..table.rows() {
            for (place, column) in columns.iter().enumerate() {
                self.separate(place);
                if let Some(column) = column {
                    cell(&mut self.line, column, row)?;
                }
            }
            for (place, cells) in custom.iter().enumerate() {
                self.separate(columns.len() + place);
                if let Some(text) = cells.and_then(|cells| cells.get(row)) {
                    quote(&mut self.line, text);
                }
            }
            self.end_line()?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> W {
        self.file
    }

    fn separate(&mut self, place: usize) {
        if place > 0 {
            self.line.push(',');
        }
    }

    fn end_line(&mut self) -> Result<()> {
        self.line.push('\n');
        self.file.write_all(self.line.as_bytes()).map_err(unwritable)?;
        self.line.clear();
        Ok(())
    }
}

fn cell(line: &mut String, column: &Column, row: usize) -> Result<()> {
    match column {
        Column::Text(cells) => {
            if let Some(text) = cells.get(row) {
                quote(line, text);
            }
        }
        Column::Decimal(cells) => {
            if let Some(mantissa) = cells.get(row) {
                line.push_str(&Money::from_mantissa(mantissa).to_string());
            }
        }
        Column::Time(cells) => {
            if let Some(micros) = cells.get(row) {
                line.push_str(&Stamp::from_micros(micros)?.to_string());
            }
        }
    }
    Ok(())
}

/// Adds a text, in quotes where it needs them.
fn quote(line: &mut String, text: &str) {
    if text.is_empty() || text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}

fn unwritable(error: io::Error) -> Error {
    let message = format!("the file cannot be written: {error}. Is the disk full?");
    Error::new(ErrorCode::Storage, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::charge::Charge;

    #[test]
    fn cells_are_written_as_they_are() {
        let text = |text: &str| Some(text.to_owned());
        let charge = Charge {
            billed_cost: Some("-0.000000000000000001".parse().unwrap()),
            billing_period_start: Some("2024-01-01T00:00:00Z".parse().unwrap()),
            charge_description: text("a \"b\",\nc"),
            service_name: text("plain"),
            ..Charge::default()
        };
        let mut table = ChargeTable::from_charges(&[charge, Charge::default()]);
        table.push_extra("x_Kind", TextColumn::constant(Some("direct"), 2)).unwrap();
        let mut writer = CsvWriter::new(Vec::new(), &["x_Kind".to_owned(), "x_None".to_owned()]).unwrap();
        writer.write(&table).unwrap();
        let written = String::from_utf8(writer.finish()).unwrap();
        let (header, rows) = written.split_once('\n').unwrap();
        assert_eq!(header.split(',').count(), ChargeColumn::COUNT + 2);
        assert!(header.ends_with(",x_Kind,x_None"));
        assert!(rows.contains(",-0.000000000000000001,"), "{rows}");
        assert!(rows.contains(",2024-01-01T00:00:00Z,"), "{rows}");
        assert!(rows.contains("\"a \"\"b\"\",\nc\""), "{rows}");
        assert!(rows.ends_with(&format!("{}direct,\n", ",".repeat(ChargeColumn::COUNT))), "nothing is known of it");
    }
}
