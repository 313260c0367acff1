//! Answers as text: aligned tables, and a chart of blocks.
//!
//! Sums are shown with all their digits; in tables amounts are rounded half to even to what the currency is paid in.

use super::Outcome;
use finops_core::insight::daily::DayCost;
use finops_core::insight::summary::{CostItem, DimensionValue};
use finops_core::model::money::{Currency, Money, Quantity, Rounding};
use finops_core::model::receipt::CurrencyTotals;
use finops_core::{CostSummary, DailyCosts, ImportReceipt};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// How many characters a full bar has.
const BAR_CHARS: usize = 40;
/// How many days a chart shows at most: the last ones.
const MAX_DAYS: usize = 92;
/// The metered resources that a table may show, with their titles.
const METERED: [(&str, &str); 3] =
    [("api_calls", "API calls"), ("ledger_transactions", "Ledger"), ("storage_gb", "Storage GB")];
const HALF_EVEN: Rounding = Rounding::HalfEven;

/// Writes a report.
pub(super) struct Printer<'w> {
    out: &'w mut dyn Write,
    took: Vec<(&'static str, Duration)>,
}

impl<'w> Printer<'w> {
    /// A printer to there.
    pub(super) fn new(out: &'w mut dyn Write) -> Self {
        Self { out, took: Vec::new() }
    }

    /// Remembers how long something took, for [`Printer::timings`].
    pub(super) fn took(&mut self, what: &'static str, duration: Duration) {
        self.took.push((what, duration));
    }

    /// A heading.
    pub(super) fn title(&mut self, text: &str) -> Outcome {
        Ok(writeln!(self.out, "\n{text}\n{}", "=".repeat(text.chars().count()))?)
    }

    /// A sentence.
    pub(super) fn note(&mut self, text: &str) -> Outcome {
        Ok(writeln!(self.out, "{text}")?)
    }

    /// What an import brought, and the sums with all digits.
    pub(super) fn receipt(&mut self, receipt: &ImportReceipt) -> Outcome {
        let ImportReceipt { rows, charges, quarantined, files, .. } = receipt;
        writeln!(self.out, "{rows} rows in {files} file(s), {charges} charges, {quarantined} set aside")?;
        let (version, periods) = (receipt.focus_version, listed(&receipt.billing_periods));
        writeln!(self.out, "FOCUS {version}, billing period(s) {periods}")?;
        if receipt.unchanged {
            writeln!(self.out, "The same files were here before: nothing changed")?;
        }
        if receipt.files_known > 0 {
            writeln!(self.out, "{} file(s) left out: their charges are here already", receipt.files_known)?;
        }
        for replaced in &receipt.replaced {
            let (account, period) = (&replaced.billing_account_id, &replaced.billing_period);
            let (before, after) = (replaced.charges_before, replaced.charges_after);
            writeln!(self.out, "replaced {account} {period}: {before} charges by {after}")?;
        }
        for warning in &receipt.warnings {
            let mended = if warning.repaired { ", mended" } else { "" };
            let example = warning.example.as_ref().map(|example| format!(", such as '{example}'")).unwrap_or_default();
            let (code, column, count) = (word(&format!("{:?}", warning.code)), &warning.column, warning.count);
            writeln!(self.out, "  {column}: {code} ({count} times{mended}{example})")?;
        }
        for row in receipt.quarantine.iter().take(5) {
            let column = row.column.as_deref().unwrap_or("the row");
            writeln!(self.out, "  row {} set aside: {column} {}", row.row, row.reason.as_str())?;
        }
        receipt.totals.iter().try_for_each(|totals| self.totals(totals))
    }

    fn totals(&mut self, totals: &CurrencyTotals) -> Outcome {
        writeln!(self.out, "\nSums in {}, all digits", totals.currency)?;
        let sums = [
            ("billed", Some(totals.billed), 0),
            ("effective", totals.effective, totals.effective_unknown),
            ("contracted", totals.contracted, totals.contracted_unknown),
            ("list", totals.list, totals.list_unknown),
        ];
        let rows = sums.map(|(name, sum, unknown)| {
            let unknown = if unknown == 0 { String::new() } else { format!("unknown in {unknown} charges") };
            vec![name.to_owned(), sum.map_or("unknown".to_owned(), |sum| sum.to_string()), unknown]
        });
        self.table(&["", "", ""], &[false, true, false], &rows)
    }

    /// A breakdown, largest first.
    pub(super) fn summary(&mut self, title: &str, summary: &CostSummary) -> Outcome {
        let Some(currency) = summary.currency else { return self.note("No charges in these days") };
        let shown = u64::try_from(summary.breakdown.len()).unwrap_or(u64::MAX);
        let of = if summary.count > shown { format!(", {shown} of {}", summary.count) } else { String::new() };
        self.title(&format!("{title}{of} (effective cost, {currency}, rounded half-even)"))?;
        let shown = METERED.iter().filter_map(|(field, title)| {
            let place = CostItem::METERED_FIELDS.iter().position(|known| known == field)?;
            let known = |item: &CostItem| item.metered.get(place).copied().flatten().is_some();
            summary.breakdown.iter().any(known).then_some((place, *title))
        });
        let shown: Vec<(usize, &str)> = shown.collect();
        let dimensions = summary.breakdown.first().map_or(0, |item| item.dimensions.len());
        let mut header = vec![""; dimensions];
        header.extend(["Cost", "Share", "Charges"]);
        header.extend(shown.iter().map(|(_, title)| *title));
        let rows = summary.breakdown.iter().map(|item| item_cells(item, currency, &shown));
        let rows = rows.collect::<Outcome<Vec<_>>>()?;
        let right: Vec<bool> = (0..header.len()).map(|column| column >= dimensions).collect();
        self.table(&header, &right, &rows)?;
        match summary.total_cost {
            Some(total) => self.note(&format!("Total of all, all digits: {total} {currency}")),
            None => self.note("Total: unknown, no bill covers these days"),
        }
    }

    /// A line for each day.
    pub(super) fn daily(&mut self, daily: &DailyCosts) -> Outcome {
        let Some(currency) = daily.currency else { return self.note("No charges in these days") };
        self.title(&format!("By day (effective cost, {currency}, rounded half-even)"))?;
        let hidden = daily.days.len().saturating_sub(MAX_DAYS);
        if hidden > 0 {
            writeln!(self.out, "the last {MAX_DAYS} of {} days", daily.days.len())?;
        }
        let days = daily.days.get(hidden..).unwrap_or_default();
        let largest = days.iter().filter_map(|day| day.total).max().unwrap_or_default();
        let rows = days.iter().map(|day| day_cells(day, largest, currency)).collect::<Outcome<Vec<_>>>()?;
        self.table(&["", "", ""], &[false, true, false], &rows)?;
        let summary = daily.summary;
        if let (Some(total), Some(average)) = (summary.total_period, summary.daily_average) {
            let trend = summary.trend.map_or("unknown".to_owned(), |trend| word(&format!("{trend:?}")));
            writeln!(self.out, "Total, all digits: {total} {currency}")?;
            writeln!(self.out, "A day on average: {}, trend: {trend}", amount(average, currency)?)?;
        }
        if !daily.data_health.complete {
            let health = &daily.data_health;
            let (days, unknown) = (health.missing_days, health.unknown_costs);
            let rows = health.quarantined_rows.unwrap_or_default();
            writeln!(self.out, "Not complete: {days} days missing, {rows} rows set aside, {unknown} costs unknown")?;
        }
        Ok(())
    }

    /// How long everything took.
    pub(super) fn timings(&mut self) -> Outcome {
        self.title("Time")?;
        let rows: Vec<_> = self.took.iter().map(|(what, took)| vec![(*what).to_owned(), millis(*took)]).collect();
        self.table(&["", "ms"], &[false, true], &rows)
    }

    /// How to look at what was kept.
    pub(super) fn kept(&mut self, folder: &Path) -> Outcome {
        let file = folder.join("charges.parquet").display().to_string().replace('\'', "''");
        self.title(&format!("Kept in {}", folder.display()))?;
        writeln!(
            self.out,
            "store/ opens with Finops::open; charges.parquet is what export_report wrote of it. In DuckDB:"
        )?;
        let query = "SELECT ServiceName, sum(EffectiveCost) AS cost FROM";
        Ok(writeln!(self.out, "\n  duckdb -c \"{query} '{file}' GROUP BY ALL ORDER BY cost DESC\"")?)
    }

    /// Columns as wide as their widest cell; those marked are set to the right. An empty header is left out.
    fn table(&mut self, header: &[&str], right: &[bool], rows: &[Vec<String>]) -> Outcome {
        let header: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
        let titled = header.iter().any(|title| !title.is_empty());
        let lines: Vec<&Vec<String>> = titled.then_some(&header).into_iter().chain(rows).collect();
        let width = |column: usize| lines.iter().filter_map(|line| Some(line.get(column)?.chars().count())).max();
        let widths: Vec<usize> = (0..header.len()).map(|column| width(column).unwrap_or(0)).collect();
        for line in lines {
            let padded = line.iter().zip(&widths).zip(right).map(|((cell, &width), right)| match right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
            writeln!(self.out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

fn item_cells(item: &CostItem, currency: Currency, metered: &[(usize, &str)]) -> Outcome<Vec<String>> {
    let mut cells: Vec<String> = item.dimensions.iter().map(label).collect();
    cells.push(item.cost.map_or(Ok("unknown".to_owned()), |cost| amount(cost, currency))?);
    let percent = |share: Quantity| share.checked_mul(Quantity::from_units(100), HALF_EVEN)?.round(1, HALF_EVEN);
    cells.push(match item.share {
        Some(share) => format!("{} %", padded(&percent(share)?.to_string(), 1)),
        None => String::new(),
    });
    cells.push(grouped(&item.charges.to_string()));
    for (place, _) in metered {
        let quantity = item.metered.get(*place).copied().flatten();
        cells.push(match quantity {
            Some(quantity) => grouped(&quantity.round(0, HALF_EVEN)?.to_string()),
            None => String::new(),
        });
    }
    Ok(cells)
}

/// The name where there is one, else the value.
fn label(value: &DimensionValue) -> String {
    match (&value.name, &value.value) {
        (Some(name), _) => name.to_string(),
        (None, Some(value)) => value.to_string(),
        (None, None) => format!("(no {})", value.dimension.to_string().replace('_', " ")),
    }
}

fn day_cells(day: &DayCost, largest: Money, currency: Currency) -> Outcome<Vec<String>> {
    let date = day.date.to_string().chars().take(10).collect();
    Ok(match day.total {
        None => vec![date, "no bill".to_owned(), String::new()],
        Some(total) => vec![date, amount(total, currency)?, bar(total, largest)],
    })
}

/// A bar in eighths of a character.
fn bar(value: Money, largest: Money) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value.mantissa() <= 0 {
        return String::new();
    }
    let step = (largest.mantissa() / i128::try_from(BAR_CHARS * 8).unwrap_or(1)).max(1);
    let eighths = usize::try_from(value.mantissa() / step).unwrap_or(0).min(BAR_CHARS * 8);
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS.get(eighths % 8).copied().unwrap_or_default())
}

/// An amount as its currency is paid, rounded half to even.
fn amount(amount: Money, currency: Currency) -> Outcome<String> {
    let rounded = amount.round(currency.minor_units(), HALF_EVEN)?;
    let decimals = usize::try_from(currency.minor_units()).unwrap_or(0);
    Ok(grouped(&padded(&rounded.to_string(), decimals)))
}

/// The number with that many decimals at least.
fn padded(text: &str, decimals: usize) -> String {
    match text.split_once('.') {
        _ if decimals == 0 => text.to_owned(),
        Some((whole, rest)) => format!("{whole}.{rest:0<decimals$}"),
        None => format!("{text}.{:0<decimals$}", ""),
    }
}

/// The number with a comma before each three whole digits.
fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_once('.').map_or((text, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

fn millis(duration: Duration) -> String {
    format!("{}.{}", duration.as_millis(), duration.as_micros() / 100 % 10)
}

/// `LiteralNull` as `literal null`.
fn word(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push(' ');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

/// The first and the last few of many.
fn listed(items: &[String]) -> String {
    match items {
        [first, .., last] if items.len() > 4 => format!("{first} to {last} ({} in all)", items.len()),
        few => few.join(", "),
    }
}
