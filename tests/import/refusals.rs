//! Files that cannot be imported: refused with what to do, and nothing has changed.

use super::{Bench, tables};
use finops_core::{Error, ErrorCode};
use finops_tests::support::{Bill, row};

/// Fails unless the file is refused as an argument on that field, and nothing was stored.
#[track_caller]
fn refused(bench: &Bench, path: &str, field: &str, says: &str) -> Error {
    let error = bench.try_import(path).expect_err(path);
    assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some(field)), "{path}: {error}");
    assert!(error.message().contains(says), "{path}: {error}");
    bench.is_empty();
    error
}

#[test]
fn what_is_not_there_or_empty() {
    let bench = Bench::new();
    refused(&bench, &bench.path("missing.csv"), "path", "no file is at");
    refused(&bench, &bench.path("*.csv"), "path", "no file is at");
    refused(&bench, "", "path", "no file is at");
    refused(&bench, &bench.path("a[b"), "path", "glob");
    std::fs::create_dir(bench.folder.path().join("empty")).unwrap();
    refused(&bench, &bench.path("empty"), "path", "no file is at");
    refused(&bench, &bench.put("empty.csv", ""), "path", "is empty");
    refused(&bench, &bench.put("blank.csv", "\n\n\n"), "path", "no header");
    refused(&bench, &bench.put("mark.csv", "\u{feff}"), "path", "no header");
    refused(&bench, &bench.put("header.csv", Bill::new([row(&[])]).csv().lines().next().unwrap()), "path", "no rows");
    tables::write(bench.folder.path(), "none.parquet", &Bill { rows: Vec::new(), ..Bill::new([row(&[])]) }, &[]);
    refused(&bench, &bench.path("none.parquet"), "path", "no rows");
}

#[test]
fn what_is_no_bill() {
    let bench = Bench::new();
    let error = refused(&bench, &bench.put("three.csv", "date,what,amount\n1,2,3\n"), "BilledCost", "it has 3 columns");
    for said in ["BillingAccountId", "date, what, amount", "mapping"] {
        assert!(error.message().contains(said), "{error}");
    }
    refused(&bench, &bench.put("twice.csv", "BilledCost,ListCost,BilledCost\n1,2,3\n"), "BilledCost", "twice");
    let lacking = Bill::new([row(&[])]).without(&["ChargePeriodEnd"]);
    refused(&bench, &bench.put("lacking.csv", lacking.csv()), "ChargePeriodEnd", "lacks ChargePeriodEnd");
    refused(&bench, &bench.put("latin1.csv", b"Bet\xe4ge,Konto\n1,2\n"), "path", "UTF-8");
    let noise: Vec<u8> = (0..9000_u32).map(|place| place.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    assert!(bench.try_import(&bench.put("noise.csv", noise)).is_err());
    for start in
        [&b"\x89PNG\r\n\x1a\n"[..], b"PK\x03\x04", b"%PDF-1.7\n", b"{\"a\": 1}\n", b"\0\0\0\0", b"\xff\xfeB\0i\0"]
    {
        assert!(bench.try_import(&bench.put("else.csv", start)).is_err());
    }
    bench.is_empty();
}

#[test]
fn parquet_that_is_cut_off() {
    let bench = Bench::new();
    let bill = Bill::new((0..50).map(|place| row(&[("ResourceId", &format!("r{place}"))])));
    let path = tables::write(bench.folder.path(), "whole.parquet", &bill, &[]);
    let bytes = std::fs::read(path).unwrap();
    for length in [4, 5, 8, 11, 12, 100, bytes.len() / 2, bytes.len() - 200, bytes.len() - 8, bytes.len() - 1] {
        refused(&bench, &bench.put("cut.parquet", &bytes[..length]), "path", "damaged or cut off");
    }
    // The end is there and the middle is not.
    let mut torn = bytes.clone();
    torn.drain(200..300);
    assert!(bench.try_import(&bench.put("torn.parquet", torn)).is_err());
    bench.is_empty();
    refused(&bench, &bench.put("twice.parquet", b"PAR1PAR1PAR1"), "path", "damaged or cut off");
}

#[test]
fn parquet_with_other_bytes_never_panics() {
    let bench = Bench::new();
    let bill = Bill::new((0..6).map(|place| row(&[("ResourceId", &format!("r{place}"))])));
    let path = tables::write(bench.folder.path(), "whole.parquet", &bill, &[]);
    let bytes = std::fs::read(path).unwrap();
    let mut refusals = 0;
    for place in (4..bytes.len()).step_by(bytes.len() / 150 + 1) {
        let mut other = bytes.clone();
        other[place] ^= 0xff;
        let bench = Bench::new();
        match bench.try_import(&bench.put("other.parquet", other)) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::InvalidArgument, "byte {place}: {error}");
                bench.is_empty();
                refusals += 1;
            }
        }
    }
    assert!(refusals > 20, "{refusals}");
}

#[test]
fn gzip_that_is_cut_off_or_damaged() {
    let bench = Bench::new();
    let bill = Bill::new((0..3000).map(|place| row(&[("ResourceId", &format!("resource-{}", place * 7919 % 3001))])));
    let path = bill.write(bench.folder.path(), "whole.csv.gz");
    let bytes = std::fs::read(path).unwrap();
    for length in [2, 5, 10, 30, bytes.len() / 2, bytes.len() - 9, bytes.len() - 4, bytes.len() - 1] {
        refused(&bench, &bench.put("cut.csv.gz", &bytes[..length]), "path", "");
    }
    let mut other = bytes.clone();
    let end = bytes.len() - 6;
    other[end] ^= 1;
    refused(&bench, &bench.put("checksum.csv.gz", other), "path", "");
}

#[test]
fn a_bad_file_among_good_ones_stops_all() {
    let bench = Bench::new();
    bench.put("a.csv", Bill::new([row(&[])]).csv());
    bench.put("b.csv", "x,y\n1,2\n");
    bench.put("c.csv", Bill::new([row(&[("BilledCost", "2")])]).csv());
    refused(&bench, &bench.path("*.csv"), "BilledCost", "lacks");
    // A folder with the same file under two names would count it twice.
    std::fs::copy(bench.path("a.csv"), bench.path("b.csv")).unwrap();
    refused(&bench, &bench.path("*.csv"), "path", "the same content");
}

#[test]
fn a_quote_that_is_never_closed_is_refused_wherever_it_stands() {
    let bench = Bench::new();
    let whole = Bill::new([row(&[("x_Note", "a")]), row(&[("x_Note", "b")])]).csv();
    // All that follows would be swallowed as the text of one cell, in the last column without a trace.
    for open in [format!("{whole}\"1,2,3\n4,5,6\n"), whole.replacen(",a", ",\"a", 1), whole.replacen(",b", ",\"b", 1)] {
        assert_ne!(open, whole);
        refused(&bench, &bench.put("bill.csv", open), "path", "never closed");
    }
}
