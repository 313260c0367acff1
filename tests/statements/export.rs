//! Lines as FOCUS rows: read back, they add up to the run.

use super::world::{Amounts, Given, add, call, centers, engine, import, rules, without_zeros};
use finops_core::Finops;
use finops_core::model::money::Money;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns that FOCUS wants a value of in each row.
const MANDATORY: [&str; 15] = [
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
];
const COSTS: [(&str, &str); 4] = [
    ("BilledCost", "billed_cost"),
    ("EffectiveCost", "effective_cost"),
    ("ContractedCost", "contracted_cost"),
    ("ListCost", "list_cost"),
];

pub(crate) type Row = BTreeMap<String, String>;

fn parquet(path: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let cell = |(name, field): (&String, &Field)| match field {
        Field::Null => None,
        Field::Str(text) => Some((name.clone(), text.clone())),
        other => Some((name.clone(), other.to_string())),
    };
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().get_column_iter().filter_map(cell).collect()).collect()
}

fn csv(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut records = text.lines().map(cells);
    let header = records.next().unwrap();
    let row = |cells: Vec<String>| {
        assert_eq!(cells.len(), header.len());
        header.iter().cloned().zip(cells).filter(|(_, cell)| !cell.is_empty()).collect()
    };
    records.map(row).collect()
}

/// The cells of a record in which no line ends.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cells.last_mut().unwrap().extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

fn charges() -> Vec<Given> {
    let mut seed = 7_u32;
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let given = |_| Given {
        resource: next(5) as usize,
        month: 0,
        day: 1 + next(20),
        is_euro: next(4) == 0,
        costs: std::array::from_fn(|_| next(9_000_000).cast_signed() - 1_000_000),
        is_unknown: false,
    };
    (0..200).map(given).collect()
}

fn exported(finops: &Finops, folder: &Path, format: &str) -> Vec<Row> {
    exported_of(finops, folder, format, "2024-01")
}

pub(crate) fn exported_of(finops: &Finops, folder: &Path, format: &str, period: &str) -> Vec<Row> {
    let path = folder.join(format!("allocation.{format}"));
    let params = json!({"type": "allocation", "format": format, "period": period, "path": path.to_str().unwrap()});
    let written = call(finops, "export_report", params);
    let rows = if format == "csv" { csv(&path) } else { parquet(&path) };
    assert_eq!(written["rows"], json!(rows.len()));
    assert_eq!(written["bytes"], json!(std::fs::metadata(&path).unwrap().len()));
    rows
}

/// The sums of a cost by currency and centre.
pub(crate) fn sums(rows: &[Row], column: &str) -> Amounts {
    let mut amounts = Amounts::new();
    for row in rows {
        let cell = |name: &str| row.get(name).map_or(Value::Null, |cell| json!(cell));
        add(&mut amounts, &cell("BillingCurrency"), &cell("AllocatedResourceId"), &cell(column));
    }
    without_zeros(amounts)
}

fn run(finops: &Finops, field: &str) -> Amounts {
    let run = call(finops, "allocation.run", json!({"period": "2024-01"}));
    let mut amounts = Amounts::new();
    for item in run["items"].as_array().unwrap() {
        add(&mut amounts, &item["currency"], &item["cost_center_id"], &item[field]);
    }
    without_zeros(amounts)
}

#[test]
fn rows_add_up_to_the_run_in_each_cost() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:");
    let ids = centers(&finops);
    for rule in rules(&ids, 37, true) {
        call(&finops, "allocation.rules.create", rule);
    }
    import(&finops, folder.path(), 0, &charges());
    let open = exported(&finops, folder.path(), "parquet");
    assert_eq!(exported(&finops, folder.path(), "csv").len(), open.len());
    for (column, field) in COSTS {
        assert_eq!(sums(&open, column), run(&finops, field), "{column}");
        assert_eq!(sums(&exported(&finops, folder.path(), "csv"), column), run(&finops, field), "{column} in CSV");
    }
    let is_january = |row: &BTreeMap<String, String>| row["ChargePeriodStart"].starts_with("2024-01-01");
    assert!(open.iter().all(is_january), "the charge period of a line is its month");
    call(&finops, "allocation.close", json!({"period": "2024-01"}));
    import(&finops, folder.path(), 0, &charges()[..9]);
    for format in ["parquet", "csv"] {
        let closed = exported(&finops, folder.path(), format);
        for (column, _) in COSTS {
            assert_eq!(sums(&closed, column), sums(&open, column), "{column}: closed, it stays");
        }
    }
}

#[test]
fn rows_say_what_focus_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let finops = engine(":memory:");
    let ids = centers(&finops);
    let made = rules(&ids, 37, true).into_iter().map(|rule| call(&finops, "allocation.rules.create", rule)).collect();
    let made: Vec<Value> = made;
    import(&finops, folder.path(), 0, &charges());
    let rows = exported(&finops, folder.path(), "parquet");
    let mut ratios: BTreeMap<(String, String), Money> = BTreeMap::new();
    for row in &rows {
        for column in MANDATORY {
            assert!(row.contains_key(column), "{column} of {row:?}");
        }
        let kind = row["x_AllocationKind"].as_str();
        assert_eq!(row.contains_key("AllocatedMethodId"), kind == "shared" || kind == "idle", "{row:?}");
        let Some(details) = row.get("AllocatedMethodDetails") else { continue };
        // The digits are compared, not doubles.
        let ratio = details.split("\"AllocatedRatio\":").nth(1).unwrap();
        let ratio: Money = ratio.split([',', '}']).next().unwrap().parse().unwrap();
        let details: Value = serde_json::from_str(details).unwrap();
        assert_eq!(details["Elements"][0]["UsageUnit"], row["BillingCurrency"].as_str(), "{details}");
        if kind == "shared" {
            let pool = (row["AllocatedMethodId"].clone(), row["BillingCurrency"].clone());
            let sum = ratios.entry(pool).or_default();
            *sum = sum.checked_add(ratio).unwrap();
            continue;
        }
        assert_eq!(row["AllocatedMethodId"], made[1]["id"].as_str().unwrap());
        if let Some(pool) = details["x_PoolRuleId"].as_str() {
            // What ran in the shared pool caused it, and so it goes where that goes.
            assert_eq!(pool, made[0]["id"].as_str().unwrap());
        } else {
            let tags: Value = serde_json::from_str(&row["AllocatedTags"]).unwrap();
            assert!(["c0", "c1"].contains(&tags["cluster"].as_str().unwrap()), "{tags}");
        }
        if !row.contains_key("AllocatedResourceId") {
            assert!(details["x_CausedById"].is_string(), "kept apart, and traced: {details}");
        }
    }
    assert_eq!(ratios.len(), 2, "a pool in each currency");
    assert!(ratios.values().all(|sum| *sum == "1".parse().unwrap()), "{ratios:?}");
}

/// A bill of a shared cost of 4, of 1 and 2 of two tenants beside it, and of idle cost of 0.7.
const BILL: &str = "\
BilledCost,EffectiveCost,ContractedCost,ListCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
ChargePeriodStart,ChargePeriodEnd,ResourceId,x_TenantId,x_Cluster
1,1,1,1,a,USD,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,r0,one,c
2,2,2,2,a,USD,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,r1,two,c
4,4,4,4,a,USD,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,shared,,c
0.7,0.7,0.7,0.7,a,USD,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,idle,,c
";

/// What the shares of a pool say that they were weighed by, with the effective cost: those of the shared cost, and
/// those of idle cost that went through it.
fn weighed(shared: &dyn Fn(&[String]) -> Value) -> [Vec<(Value, String, String)>; 2] {
    let folder = tempfile::tempdir().unwrap();
    // Usage is taken in for so long only.
    let finops = Finops::builder().now("2024-02-03T00:00:00Z".parse().unwrap()).open(":memory:").unwrap();
    let ids = centers(&finops);
    let bill = folder.path().join("bill.csv");
    std::fs::write(&bill, BILL).unwrap();
    call(&finops, "import_charges", json!({"path": bill.to_str().unwrap()}));
    let meter = json!({"slug": "exports", "event": "exports", "aggregation": "sum", "unit": "export"});
    call(&finops, "meters.create", meter);
    for (at, tenant) in ["one", "two"].into_iter().enumerate() {
        call(&finops, "update_cost_center", json!({"id": ids[at], "filter": {"tenant": tenant}}));
        let event = json!({"id": tenant, "resource": "exports", "quantity": 3, "tenant_id": tenant,
            "time": "2024-01-05T00:00:00Z"});
        let recorded = call(&finops, "record_usage", json!({"events": [event]}));
        assert_eq!(recorded["accepted"], 1, "{recorded}");
    }
    for mut rule in rules(&ids, 37, false) {
        if rule["name"] == "shared" {
            rule.as_object_mut().unwrap().remove("decimals");
            rule.as_object_mut().unwrap().extend(shared(&ids).as_object().unwrap().clone());
        }
        call(&finops, "allocation.rules.create", rule);
    }
    let mut found = [Vec::new(), Vec::new()];
    for row in exported(&finops, folder.path(), "parquet") {
        let Some(details) = row.get("AllocatedMethodDetails") else { continue };
        let details: Value = serde_json::from_str(details).unwrap();
        let place = match row["x_AllocationKind"].as_str() {
            "shared" => 0,
            "idle" if details.get("x_PoolRuleId").is_some() => 1,
            _ => continue,
        };
        let element = &details["Elements"][0];
        found[place].push((
            element["UsageUnit"].clone(),
            element["UsageQuantity"].to_string(),
            row["EffectiveCost"].clone(),
        ));
    }
    found
}

#[test]
fn shares_say_in_what_they_were_weighed() {
    let units = |found: &[(Value, String, String)]| {
        assert_eq!(found.len(), 2, "{found:?}");
        found.iter().map(|(unit, quantity, _)| format!("{quantity} {}", unit.as_str().unwrap())).collect::<Vec<_>>()
    };
    let number = |text: &str| text.parse::<Money>().unwrap();
    let percents =
        |ids: &[String]| json!([{"cost_center": ids[0], "percent": 25}, {"cost_center": ids[1], "percent": 75}]);
    let weights = |ids: &[String]| {
        json!({"method": "weighted", "targets": [
            {"cost_center": ids[0], "weight": 1}, {"cost_center": ids[1], "weight": 3},
        ]})
    };
    let [shared, idle] = weighed(&weights);
    assert_eq!(units(&shared), ["1 Weight", "3 Weight"]);
    assert_eq!(units(&idle), ["1 Weight", "3 Weight"], "as the pool that it went through");
    let [shared, idle] = weighed(&|ids| json!({"method": "fixed", "targets": percents(ids)}));
    assert_eq!(units(&shared), ["25 Percent", "75 Percent"]);
    assert_eq!(units(&idle), ["25 Percent", "75 Percent"]);
    let [shared, idle] = weighed(&|ids| {
        json!({"method": "proportional", "base": {"meter": "exports"}, "targets": [
            {"cost_center": ids[0]}, {"cost_center": ids[1]},
        ]})
    });
    assert_eq!(units(&shared), ["3 export", "3 export"]);
    assert_eq!(units(&idle), ["3 export", "3 export"]);
    let [shared, idle] = weighed(&|ids| {
        let even = json!([{"cost_center": ids[0], "percent": 50}, {"cost_center": ids[1], "percent": 50}]);
        let tiers = json!([{"up_to": 2, "targets": even}, {"up_to": null, "targets": percents(ids)}]);
        json!({"method": "tiered", "currency": "USD", "tiers": tiers})
    });
    assert_eq!(units(&shared), ["1.5 USD", "2.5 USD"], "half of 2, and a quarter of the rest");
    assert_eq!(units(&idle), ["1.5 USD", "2.5 USD"]);
    assert!(shared.iter().all(|(_, quantity, cost)| number(quantity) == number(cost)), "{shared:?}");
}
