//! The checks, one subject per file, and what they share.

mod bounds;
mod files;
mod formats;
mod parquet;
mod quarantine;
mod refusals;
mod repairs;
mod replacing;
mod round_trip;
mod tables;

use finops_core::{Error, Finops, ImportCharges, ImportReceipt};
use finops_tests::support::{Bill, answer};
use serde_json::{Value, json};

/// An engine and a folder to put bills into.
struct Bench {
    finops: Finops,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let finops = Finops::open_with(":memory:", json!({"now": "2024-02-15T12:00:00Z"})).unwrap();
        Self { finops, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and gives its path.
    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self.path(name)
    }

    fn try_import(&self, path: &str) -> Result<ImportReceipt, Error> {
        self.finops.import_charges(&ImportCharges::new(path))
    }

    #[track_caller]
    fn import(&self, path: &str) -> ImportReceipt {
        self.try_import(path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Imports a bill as CSV.
    #[track_caller]
    fn take(&self, bill: &Bill) -> ImportReceipt {
        self.import(&self.put("bill.csv", bill.csv()))
    }

    /// An import with more in the request than the path.
    fn call(&self, mut params: Value) -> Result<Value, Error> {
        params["path"] = self.path(params["path"].as_str().unwrap()).into();
        finops_tests::support::call(&self.finops, "import_charges", params)
    }

    /// What January 2024 cost by a dimension: its values with their costs, largest first.
    fn by(&self, dimension: &str) -> Vec<(Option<String>, Option<String>)> {
        let request = json!({"period": "2024-01", "group_by": dimension});
        let summary = answer(&self.finops, "get_cost_summary", request);
        let key = match dimension {
            "tenant" | "team" => format!("{dimension}_id"),
            other => other.to_owned(),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let items = summary["breakdown"].as_array().unwrap();
        items.iter().map(|item| (text(&item[&key]), text(&item["cost"]))).collect()
    }

    /// What January 2024 cost.
    fn total(&self) -> Option<String> {
        let summary = answer(&self.finops, "get_cost_summary", json!({"period": "2024-01"}));
        summary["total_cost"].as_str().map(str::to_owned)
    }

    /// Fails unless the store is as it was: nothing came in.
    #[track_caller]
    fn is_empty(&self) {
        let summary = answer(&self.finops, "get_cost_summary", json!({"period": "2000-01-01/2100-01-01"}));
        assert_eq!((&summary["snapshot"], &summary["total_cost"]), (&json!(0), &Value::Null));
    }
}

/// The pairs of [`Bench::by`] as they are written in a test.
fn pairs(pairs: &[(&str, &str)]) -> Vec<(Option<String>, Option<String>)> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
    pairs.iter().map(|(value, cost)| (some(value), some(cost))).collect()
}

/// What an import added up to, and what it came from, as JSON; without ids, files and remarks.
fn totals(receipt: &ImportReceipt) -> Value {
    let receipt = serde_json::to_value(receipt).unwrap();
    let fields = ["rows", "charges", "quarantined", "billing_periods", "currency", "totals"];
    fields.iter().map(|field| ((*field).to_owned(), receipt[*field].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// The remarks of an import: code, column, how many, first row.
fn remarks(receipt: &ImportReceipt) -> Vec<(String, String, u64, u64)> {
    let receipt = serde_json::to_value(receipt).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    // A remark on a column as a whole has no row.
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let line =
        |line: &Value| (text(&line["code"]), text(&line["column"]), number(&line["count"]), number(&line["first_row"]));
    receipt["warnings"].as_array().unwrap().iter().map(line).collect()
}

/// The remarks as they are written in a test.
fn remarked(remarks: &[(&str, &str, u64, u64)]) -> Vec<(String, String, u64, u64)> {
    remarks.iter().map(|(code, column, count, row)| ((*code).into(), (*column).into(), *count, *row)).collect()
}

/// The rows set aside: number, column, reason, value, `-` for none.
fn set_aside(receipt: &ImportReceipt) -> Vec<(u64, String, String, String)> {
    let receipt = serde_json::to_value(receipt).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |line: &Value| {
        (line["row"].as_u64().unwrap(), text(&line["column"]), text(&line["reason"]), text(&line["value"]))
    };
    receipt["quarantine"].as_array().unwrap().iter().map(line).collect()
}
