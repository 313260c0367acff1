//! That the made-up month is what it claims to be, and that the program says so.

use super::{generate, run};
use std::collections::BTreeMap;

/// The sums of the cost columns, in 10^-10, read from the text without the engine.
fn sums(text: &str) -> BTreeMap<String, i128> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut sums = BTreeMap::new();
    for line in lines {
        let cells = cells(line);
        assert_eq!(cells.len(), header.len(), "{line}");
        for (column, cell) in header.iter().zip(&cells).filter(|(column, _)| column.ends_with("Cost")) {
            *sums.entry((*column).to_owned()).or_insert(0) += mantissa(cell);
        }
    }
    sums
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

fn mantissa(cell: &str) -> i128 {
    let (whole, decimals) = cell.split_once('.').unwrap_or((cell, ""));
    format!("{whole}{decimals:0<10}").parse().unwrap()
}

fn plain(mantissa: i128) -> String {
    assert!(mantissa > 0);
    let text = format!("{}.{:010}", mantissa / 10_000_000_000, mantissa % 10_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// FNV-1a of 64 bits.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn output(arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let mut out = Vec::new();
    run(&arguments, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_month_is_the_same_bytes_every_time() {
    let bill = generate::bill(super::SEED);
    assert_eq!(hash(bill.text.as_bytes()), HASH, "the generator changed: if that was meant, so does this number");
    assert_eq!(bill.rows, u64::try_from(bill.text.lines().count() - 1).unwrap());
    assert!((20_000..50_000).contains(&bill.rows), "{}", bill.rows);
    assert_ne!(bill.text, generate::bill(super::SEED + 1).text);
}

#[test]
fn the_costs_of_the_month_hang_together() {
    let sums = sums(&generate::bill(super::SEED).text);
    let sum = |column: &str| sums[column];
    // What is paid ahead for the commitment is used or left over within the month.
    assert_eq!(sum("BilledCost"), sum("EffectiveCost"));
    assert!(sum("ListCost") > sum("ContractedCost"));
}

#[test]
fn the_engine_finds_the_sums_that_a_plain_reading_finds() {
    let sums = sums(&generate::bill(super::SEED).text);
    let printed = output(&[]);
    for (name, column) in [
        ("billed", "BilledCost"),
        ("effective", "EffectiveCost"),
        ("contracted", "ContractedCost"),
        ("list", "ListCost"),
    ] {
        let line = printed.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some(plain(sums[column]).as_str()), "{line}");
    }
    let total = format!(": {} USD", plain(sums["EffectiveCost"]));
    assert_eq!(printed.matches(&total).count(), 3, "the summary, the days and the drivers have the same total");
    for (_, name, _) in generate::TENANTS {
        assert!(printed.contains(name), "{name}");
    }
}

#[test]
fn a_file_and_its_export_give_the_same_sums() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept").display().to_string();
    let first = output(&["--keep", &kept]);
    assert!(first.contains("duckdb -c"));
    let bill = output(&[&format!("{kept}/bills.csv")]);
    let export = output(&[&format!("{kept}/charges.parquet")]);
    let figures = |text: &str| {
        let wanted = ["billed ", "effective ", "contracted ", "list ", "2024-09-18 ", "Total"];
        let line = |line: &&str| wanted.iter().any(|start| line.starts_with(start));
        text.lines().filter(line).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(figures(&first), figures(&bill));
    assert_eq!(figures(&first), figures(&export));
}

#[test]
fn a_wrong_path_is_an_error() {
    for arguments in
        [vec!["/no/such/bill.csv"], vec!["--keep"], vec!["--such"], vec!["one", "two"], vec!["--rate", "EUR"]]
    {
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        assert!(run(&arguments, &mut Vec::new()).is_err(), "{arguments:?}");
    }
}

#[test]
fn several_currencies_need_rates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bill.csv");
    let header = "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
        ChargePeriodStart,ChargePeriodEnd,ServiceName,SubAccountId";
    let row = |cost: &str, account: &str, currency: &str| {
        let period = "2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-03T00:00:00Z";
        format!("{cost},{cost},{account},{currency},{period},Queue,sub-{account}")
    };
    std::fs::write(&path, [header.to_owned(), row("10", "a", "USD"), row("100", "b", "EUR")].join("\n")).unwrap();
    let path = path.display().to_string();
    assert!(output(&[&path]).contains("--rate EUR=1.08"));
    let told = output(&["--currency", "USD", "--rate", "EUR=1.25", &path]);
    assert!(told.contains("Total of all, all digits: 135 USD"), "{told}");
}

/// Of the month as it is.
const HASH: u64 = 17_283_744_528_072_562_512;
