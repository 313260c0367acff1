//! Any bytes as a bill: imported or refused. What is imported adds up, and comes out and in again the same.
#![no_main]

use finops_core::{CostSummaryRequest, ErrorCode, ExportReport, Finops, ImportCharges};
use libfuzzer_sys::fuzz_target;
use std::error::Error;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = check(bytes) {
        panic!("{error}");
    }
});

fn check(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("bill"), bytes)?;
    let finops = Finops::open(":memory:")?;
    let receipt = match finops.import_charges(&ImportCharges::new(path("bill"))) {
        Ok(receipt) => receipt,
        Err(error) => {
            assert!(matches!(error.code(), ErrorCode::InvalidArgument | ErrorCode::Overflow), "{error}");
            return Ok(());
        }
    };
    assert_eq!(receipt.rows, receipt.charges + receipt.quarantined);
    assert_eq!(receipt.charges, receipt.totals.iter().map(|totals| totals.charges).sum::<u64>());
    let Some(total) = receipt.total_effective else { return Ok(()) };
    let mut request = CostSummaryRequest::default();
    request.group_by.0 = vec!["service".parse()?];
    for years in ["1990-01-01/2090-01-01", "2090-01-01/2190-01-01", "2190-01-01/2200-01-01"] {
        request.period = Some(years.parse()?);
        // A part may pass the range of an amount where the whole does not: credits make up for it.
        drop(finops.get_cost_summary(&request));
    }
    finops.export_report(&ExportReport::focus(path("out.parquet")))?;
    let again = Finops::open(":memory:")?.import_charges(&ImportCharges::new(path("out.parquet")))?;
    assert_eq!((again.charges, again.quarantined), (receipt.charges, 0));
    assert_eq!((again.total_effective, again.total_billed), (Some(total), receipt.total_billed));
    Ok(())
}
