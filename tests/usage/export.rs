//! Events as a Parquet file that other tools read.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, TimestampMicrosecondType};
use finops_core::Finops;
use finops_core::engine::UsageExport;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

#[test]
fn events_come_out_as_they_are_now() {
    let folder = tempfile::tempdir().unwrap();
    let finops = Finops::builder().now(now()).open(folder.path().join("store").to_str().unwrap()).unwrap();
    let mut detailed = event(3);
    detailed.properties.insert("route".to_owned(), "/v1".to_owned());
    detailed.user_id = Some("ann".to_owned());
    let mut corrected = event(4);
    corrected.quantity = Some("0.000000000000000001".parse().unwrap());
    finops.record_events(vec![event(1), event(2), detailed, event(4)]).unwrap();
    finops.void_event(event(2).key()).unwrap();
    finops.correct_event(corrected.clone()).unwrap();
    let path = folder.path().join("events.parquet");
    let exported = finops.usage_export(&UsageExport::new(path.to_str().unwrap())).unwrap();
    assert_eq!((exported.rows, exported.bytes), (3, std::fs::metadata(&path).unwrap().len()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let text = |name: &str, row| batch.column_by_name(name).unwrap().as_string::<i32>().value(row).to_owned();
    assert_eq!([0, 1, 2].map(|row| text("id", row)), ["id-1", "id-3", "id-4"]);
    assert_eq!([0, 1].map(|row| text("properties", row)), ["{}", "{\"route\":\"/v1\"}"]);
    assert_eq!(text("user_id", 1), "ann");
    let quantities = batch.column_by_name("quantity").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!((quantities.value_as_string(0).as_str(), quantities.value(2)), ("2.000000000000000000", 1));
    let times = batch.column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.value(0), event(1).time.micros());
}
