//! The questions as the engine takes them, and of its answers what can be compared.

use super::given::{DIMENSIONS, Question, VIEWS};
use super::plain;
use finops_core::Finops;
use finops_tests::support::answer;
use serde_json::{Map, Value, json};

/// An engine with these files imported as one delivery.
pub(super) fn import(files: &[String]) -> Finops {
    import_into(":memory:", files)
}

/// The same in a store at that place.
pub(super) fn import_into(location: &str, files: &[String]) -> Finops {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.csv")), text).unwrap();
    }
    let finops = Finops::open_with(location, json!({"now": "2024-05-01T00:00:00Z"})).unwrap();
    answer(&finops, "import_charges", json!({"path": folder.path()}));
    finops
}

/// An engine that reads a store and has read nothing of it yet.
pub(super) fn just_opened(location: &str) -> Finops {
    Finops::open_with(location, json!({"now": "2024-05-01T00:00:00Z", "read_only": true})).unwrap()
}

fn request(question: &Question) -> Value {
    let (first, last) = question.days;
    let date = |day: u32| if day > 31 { "2024-04-01".to_owned() } else { format!("2024-03-{day:02}") };
    json!({
        "period": format!("{}/{}", date(first), date(last)),
        "group_by": question.group_by.iter().map(|dimension| DIMENSIONS[*dimension].0).collect::<Vec<_>>(),
        "filter": question.filter,
        "view": VIEWS[question.view].0,
        "currency": "USD",
        "exchange_rates": {"EUR": plain::text(question.rates[0]), "JPY": plain::text(question.rates[1])},
        "time_zone": question.zone,
    })
}

/// The fields of an answer that are compared.
fn only(answer: &Value, fields: &[&str]) -> Map<String, Value> {
    fields.iter().map(|field| ((*field).to_owned(), answer[*field].clone())).collect()
}

/// A summary: its window, its total, its items without shares and what is metered.
pub(super) fn summary(finops: &Finops, question: &Question, pages: bool) -> Value {
    let mut request = request(question);
    let whole = answer(finops, "get_cost_summary", request.clone());
    let mut items = whole["breakdown"].as_array().unwrap().clone();
    if pages {
        // The same in pages.
        let mut together = Vec::new();
        for offset in (0..items.len()).step_by(7) {
            request["limit"] = json!(7);
            request["offset"] = json!(offset);
            let page = answer(finops, "get_cost_summary", request.clone());
            assert_eq!((&page["total_cost"], &page["count"]), (&whole["total_cost"], &whole["count"]));
            together.extend(page["breakdown"].as_array().unwrap().clone());
        }
        assert_eq!(together, items);
    }
    let keys: Vec<&str> = question.group_by.iter().map(|dimension| DIMENSIONS[*dimension].0).collect();
    for item in &mut items {
        *item = only(item, &[&keys[..], &["cost", "charges"]].concat()).into();
    }
    let mut summary = only(&whole, &["window_start", "window_end", "total_cost", "count", "currency"]);
    summary.insert("unknown".into(), whole["data_health"]["unknown_costs"].clone());
    summary.insert("breakdown".into(), items.into());
    summary.into()
}

/// A summary by the virtual dimension `v`, whose values stand as those of `rail`.
pub(super) fn by_virtual(finops: &Finops, question: &Question) -> Value {
    let mut request = request(question);
    request["group_by"] = json!("virtual:v");
    let whole = answer(finops, "get_cost_summary", request);
    let item = |item: &Value| json!({"rail": item["virtual:v"], "cost": item["cost"], "charges": item["charges"]});
    let items: Vec<Value> = whole["breakdown"].as_array().unwrap().iter().map(item).collect();
    json!({"total_cost": whole["total_cost"], "breakdown": items})
}

/// Daily costs: the days, the groups, the sum and the average.
pub(super) fn daily(finops: &Finops, question: &Question) -> Value {
    let whole = answer(finops, "costs.daily", request(question));
    let mut daily = only(&whole, &["days", "groups", "currency"]);
    daily.insert("summary".into(), only(&whole["summary"], &["total_period", "daily_average"]).into());
    daily.into()
}

/// A breakdown over all its pages: the total, and items without shares. The sums of any further views are checked here.
pub(super) fn breakdown(finops: &Finops, question: &Question, granularity: Option<usize>) -> Value {
    let mut request = request(question);
    request["granularity"] = json!(granularity.map(|place| plain::GRANULARITIES[place].0));
    request["views"] = json!(VIEWS.map(|(view, _)| view));
    request["limit"] = json!(7);
    let (mut items, mut pages) = (Vec::new(), Vec::new());
    loop {
        request["offset"] = json!(items.len());
        let page = answer(finops, "costs.breakdown", request.clone());
        items.extend(page["items"].as_array().unwrap().clone());
        let done = page["items"].as_array().unwrap().len() < 7;
        pages.push(only(&page, &["total_cost", "count"]));
        if done {
            // However it is cut, each view adds up to its own total.
            for (view, _) in VIEWS.iter().filter(|_| !items.is_empty()) {
                let cost = |item: &Value| item[format!("{view}_cost")].as_str().map_or(0, plain::mantissa);
                let total = page[format!("total_{view}_cost")].as_str().map_or(0, plain::mantissa);
                assert_eq!(items.iter().map(cost).sum::<i128>(), total, "{view} {question:?}");
            }
            break;
        }
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let mut keys: Vec<&str> = question.group_by.iter().map(|dimension| DIMENSIONS[*dimension].0).collect();
    keys.extend(granularity.map(|_| "date"));
    keys.extend(["cost", "charges"]);
    let mut breakdown = pages.swap_remove(0);
    breakdown.insert("items".into(), items.iter().map(|item| Value::from(only(item, &keys))).collect());
    breakdown.into()
}
