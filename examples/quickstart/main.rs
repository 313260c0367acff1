//! The engine from a bill to its costs: `cargo run --release --example quickstart [FOCUS file or folder]`.
//!
//! Without a file it makes a month of bills of two invented clouds, the same in every run. With one, it imports that:
//! CSV, CSV.gz, Parquet, or a folder or glob of them.

mod generate;
mod offers;
mod print;

#[cfg(test)]
mod tests;

use finops_core::model::catalog::{Entry, Kind};
use finops_core::model::id::SeededEntropy;
use finops_core::model::money::{Currency, Quantity};
use finops_core::model::time::{Interval, Period, Stamp, Zone};
use finops_core::{CostSummary, CostSummaryRequest, DailyRequest, ExportReport, Finops, ImportCharges, ImportReceipt};
use print::Printer;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const USAGE: &str = "\
usage: quickstart [--keep DIR] [--currency CODE] [--rate CODE=NUMBER]... [PATH]

  PATH              a FOCUS bill: CSV, CSV.gz or Parquet, a folder or a glob of them; without it, a month is made up
  --keep DIR        keeps the store and an export of the charges there
  --currency CODE   for bills in several currencies: the currency of the tables
  --rate CODE=N     what one unit of another currency is worth in it
";
/// The seed of the made-up month.
const SEED: u64 = 20_240_901;
/// How many of the largest drivers are shown.
const DRIVERS: i64 = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = std::io::stdout().lock();
    match run(&arguments, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String], out: &mut dyn Write) -> Outcome {
    let options = Options::read(arguments)?;
    if options.help {
        return Ok(out.write_all(USAGE.as_bytes())?);
    }
    let scratch = tempfile::tempdir()?;
    let folder = options.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let mut printer = Printer::new(out);
    match &options.path {
        None => made_up(&folder, &mut printer)?,
        Some(path) => given(path, &folder, &options, &mut printer)?,
    }
    printer.timings()?;
    match options.keep {
        Some(folder) => printer.kept(&folder),
        None => Ok(()),
    }
}

/// The month that is made up.
fn made_up(folder: &Path, printer: &mut Printer<'_>) -> Outcome {
    let bill = timed(printer, "making the bills", || Ok(generate::bill(SEED)))?;
    let path = folder.join("bills.csv");
    std::fs::write(&path, &bill.text)?;
    printer.title(&format!("Bills of {}: {} rows, {} bytes of CSV", generate::PERIOD, bill.rows, bill.text.len()))?;

    let builder = Finops::builder().now(generate::NOW.parse()?).entropy(Arc::new(SeededEntropy::new(SEED)));
    let finops = builder.open(&text(&folder.join("store")))?;
    for (id, name, _) in generate::TENANTS {
        finops.catalog_upsert(Entry::new(Kind::Tenant, id, name))?;
    }
    let receipt = timed(printer, "importing", || Ok(finops.import_charges(&ImportCharges::new(text(&path)))?))?;
    printer.receipt(&receipt)?;

    let mut request = CostSummaryRequest::default();
    request.period = Some(generate::PERIOD.parse()?);
    report(&finops, printer, &request, &["tenant"], &receipt)?;
    export(&finops, folder, printer)
}

/// A bill that the caller has.
fn given(path: &str, folder: &Path, options: &Options, printer: &mut Printer<'_>) -> Outcome {
    let finops = Finops::open(&text(&folder.join("store")))?;
    let receipt = timed(printer, "importing", || Ok(finops.import_charges(&ImportCharges::new(path))?))?;
    printer.title(path)?;
    printer.receipt(&receipt)?;

    let mut request = CostSummaryRequest::default();
    request.period = period_of(&receipt)?;
    request.currency = options.currency;
    request.exchange_rates.0 = options.rates.iter().copied().collect();
    let missing = receipt.totals.iter().map(|totals| totals.currency).filter(|currency| {
        Some(*currency) != options.currency && !options.rates.iter().any(|(known, _)| known == currency)
    });
    if receipt.totals.len() > 1 && (options.currency.is_none() || missing.count() > 0) {
        printer
            .note("Charges in several currencies are not added up without being told how: name the currency of the")?;
        printer.note("answer and what the others are worth in it, such as --currency USD --rate EUR=1.08")?;
    } else {
        report(&finops, printer, &request, &["sub_account"], &receipt)?;
    }
    export(&finops, folder, printer)
}

/// The tables: by who causes the costs, by day, and by what they are paid for.
fn report(
    finops: &Finops,
    printer: &mut Printer<'_>,
    request: &CostSummaryRequest,
    by: &[&str],
    receipt: &ImportReceipt,
) -> Outcome {
    let grouped = |dimensions: &[&str], limit| -> Outcome<CostSummaryRequest> {
        let mut request = request.clone();
        request.group_by.0 = dimensions.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
        request.limit = limit;
        Ok(request)
    };
    let by_cause = grouped(by, Some(20))?;
    let summary = timed(printer, "summary", || Ok(finops.get_cost_summary(&by_cause)?))?;
    printer.summary(&format!("By {}", by.join(" and ").replace('_', " ")), &summary)?;
    outside(printer, receipt, &summary)?;

    let mut days = DailyRequest::default();
    days.period.clone_from(&request.period);
    days.currency = request.currency;
    days.exchange_rates = request.exchange_rates.clone();
    let daily = timed(printer, "daily costs", || Ok(finops.costs_daily(&days)?))?;
    printer.daily(&daily)?;

    let by_service = grouped(&["provider", "service"], Some(DRIVERS))?;
    let drivers = timed(printer, "largest drivers", || Ok(finops.get_cost_summary(&by_service)?))?;
    printer.summary("Largest drivers", &drivers)
}

/// Says so when a bill holds charges for other times than its billing periods.
fn outside(printer: &mut Printer<'_>, receipt: &ImportReceipt, summary: &CostSummary) -> Outcome {
    let (Some(all), Some(shown)) = (receipt.total_effective, summary.total_cost) else { return Ok(()) };
    let rest = all.checked_sub(shown)?;
    if rest.is_zero() {
        return Ok(());
    }
    printer.note(&format!("Of the effective cost, {rest} is charged for times outside of the billing periods"))
}

/// The billing periods of a bill as one.
fn period_of(receipt: &ImportReceipt) -> Outcome<Option<Period>> {
    if let [only] = receipt.billing_periods.as_slice() {
        return Ok(Some(only.parse()?));
    }
    let intervals = receipt.billing_periods.iter().map(|label| label.parse::<Period>()?.interval(Zone::UTC));
    let intervals = intervals.collect::<Result<Vec<Interval>, _>>()?;
    let start: Option<Stamp> = intervals.iter().map(Interval::start).min();
    let end: Option<Stamp> = intervals.iter().map(Interval::end).max();
    Ok(start.zip(end).map(|(start, end)| format!("{start}/{end}").parse()).transpose()?)
}

/// The charges as one Parquet file, for other tools.
fn export(finops: &Finops, folder: &Path, printer: &mut Printer<'_>) -> Outcome {
    let request = ExportReport::focus(text(&folder.join("charges.parquet")));
    timed(printer, "exporting to Parquet", || Ok(finops.export_report(&request)?))?;
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "durations are measured here, no costs are dated")]
fn timed<T>(printer: &mut Printer<'_>, what: &'static str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let result = work()?;
    printer.took(what, start.elapsed());
    Ok(result)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What the command line says.
#[derive(Debug, Default)]
struct Options {
    help: bool,
    path: Option<String>,
    keep: Option<PathBuf>,
    currency: Option<Currency>,
    rates: Vec<(Currency, Quantity)>,
}

impl Options {
    fn read(arguments: &[String]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
            match argument.as_str() {
                "-h" | "--help" => options.help = true,
                "--keep" => options.keep = Some(value()?.into()),
                "--currency" => options.currency = Some(value()?.parse()?),
                "--rate" => {
                    let text = value()?;
                    let (currency, rate) =
                        text.split_once('=').ok_or_else(|| format!("'{text}' is not CODE=NUMBER"))?;
                    options.rates.push((currency.parse()?, rate.parse()?));
                }
                unknown if unknown.starts_with("--") => {
                    return Err(format!("unknown option {unknown}\n\n{USAGE}").into());
                }
                path if options.path.is_none() => options.path = Some(path.to_owned()),
                _ => return Err(format!("takes one path\n\n{USAGE}").into()),
            }
        }
        Ok(options)
    }
}
