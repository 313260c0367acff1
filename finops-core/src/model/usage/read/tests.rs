//! What is read from JSON, and what is refused by name.

use super::*;

fn now() -> Stamp {
    Stamp::parse("2024-01-15T12:00:00Z").unwrap()
}

fn one(json: &str) -> Result<UsageEvent, Rejected> {
    read_events(json, now()).unwrap().pop().unwrap()
}

fn refusal(json: &str) -> String {
    one(json).unwrap_err().rejection.to_string()
}

#[test]
fn our_form_is_read_with_every_digit() {
    let event = one(r#"{"id": "1", "source": "api", "time": "2024-01-01T02:00:00+02:00", "resource": "api_calls",
            "quantity": 0.456789012345678901, "tenant_id": "ten\u005f1", "workspace_id": "w", "rail": null,
            "user_id": "", "properties": {"a": 0.4567890123456789, "b": true, "c": null, "d": "x\ty", "e": 1e400}}"#)
    .unwrap();
    assert_eq!(event.time.to_string(), "2024-01-01T00:00:00Z");
    assert_eq!(event.quantity.unwrap().to_string(), "0.456789012345678901");
    assert_eq!((event.tenant_id.as_str(), event.workspace_id.as_deref()), ("ten_1", Some("w")));
    assert_eq!((event.rail, event.user_id), (None, None));
    let properties: Vec<_> = event.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(properties, [("a", "0.4567890123456789"), ("b", "true"), ("d", "x\ty"), ("e", "1e400")]);
}

#[test]
fn a_time_is_now_unless_it_is_given_and_text_may_be_a_number() {
    let event = one(r#"{"id": "1", "resource": "api_calls", "quantity": "100", "tenant_id": "t"}"#).unwrap();
    assert_eq!((event.time, event.quantity), (now(), Some(Quantity::from_units(100))));
}

#[test]
fn each_wrong_event_is_rejected_by_itself() {
    let good = r#"{"id": "1", "resource": "api_calls", "quantity": 1, "tenant_id": "t"}"#;
    let json = format!(r#"[{good}, {{"id": "2", "quantity": []}}, 7, {{"quantity": {{}}, "id": "4"}}, {good}]"#);
    let events = read_events(&json, now()).unwrap();
    let wrong: Vec<_> = events.iter().filter_map(|event| event.as_ref().err()).collect();
    assert_eq!(events.len() - wrong.len(), 2);
    let ids: Vec<_> = wrong.iter().map(|wrong| (wrong.index, wrong.id.as_deref())).collect();
    assert_eq!(ids, [(1, Some("2")), (2, None), (3, Some("4"))]);
    let json = serde_json::to_value(wrong[0]).unwrap();
    assert_eq!((&json["index"], &json["id"], &json["code"]), (&1.into(), &"2".into(), &"invalid".into()));
}

#[test]
fn what_is_wrong_is_named() {
    let event = |more: &str| format!(r#"{{"id": "1", "resource": "api_calls", "tenant_id": "t", {more}}}"#);
    for (json, message) in [
        (event(r#""colour": 1"#), "colour: is no field of an event"),
        (event(r#""subject": "x""#), "subject: belongs to CloudEvents"),
        (event(r#""data_base64": "x""#), "data_base64: belongs to CloudEvents"),
        (event(r#""id": "2""#), "id: stands twice"),
        (event(r#""rail": 5"#), "rail: invalid type: integer `5`, expected text"),
        (event(r#""time": "soon""#), "time: 'soon' is not an RFC 3339 time"),
        (event(r#""time": "2024-01-01T00:00:00""#), "time: '2024-01-01T00:00:00' has no time zone"),
        (event(r#""properties": {"a": [1]}"#), "properties.a: must be text, a number"),
        (event(r#""properties": {"a": 1, "a": 2}"#), "properties.a: stands twice"),
        (event(r#""properties": 5"#), "properties: invalid type: integer `5`, expected an object"),
        (event(r#""quantity": true"#), "quantity: must be a number"),
        (event(r#""quantity": 1, "quantity": 1"#), "quantity: stands twice"),
        (event(r#""quantity": "1,5""#), "quantity: '1,5' is not a Quantity"),
        (event(r#""quantity": 1e-19"#), "quantity: '1e-19' has more than 18 decimals"),
        (event(r#""quantity": 1e999999999999"#), "quantity: '1e999999999999' does not fit"),
        (r#"{"resource": "api_calls", "tenant_id": "t"}"#.to_owned(), "id: is missing"),
        (r#"{"id": "1", "tenant_id": "t"}"#.to_owned(), "resource: is missing"),
        (r#"{"id": "1", "resource": "r", "tenant_id": ""}"#.to_owned(), "tenant_id: is missing"),
        ("5".to_owned(), "event: invalid type: integer `5`, expected an object with id"),
    ] {
        let refusal = refusal(&json);
        assert!(refusal.starts_with(message), "{json}: {refusal}");
    }
}

#[test]
fn m24_what_is_no_number_is_refused_and_text_that_is_one_is_read() {
    for value in ["\"NaN\"", "\"Inf\"", "\"+Inf\"", "\"-Inf\"", "\"not a number\"", "\"\""] {
        let json = format!(r#"{{"id": "1", "resource": "r", "tenant_id": "t", "quantity": {value}}}"#);
        assert!(refusal(&json).starts_with("quantity: "), "{json}");
    }
}

#[test]
fn text_that_is_no_json_refuses_the_call() {
    for json in ["", "{", "[{}", r#"[{"id": "1"},]"#, "{} {}", "nul"] {
        assert_eq!(read_events(json, now()).unwrap_err().field(), Some("events"), "{json}");
    }
    assert_eq!(read_events("[]", now()).unwrap().len(), 0);
    let many = format!("[{}1]", "1,".repeat(MAX_EVENTS));
    assert!(read_events(&many, now()).unwrap_err().message().contains("at most 100000 events"));
}

const CLOUD: &str = r#""specversion": "1.0", "id": "1", "source": "/gateway", "type": "api_calls""#;

#[test]
fn cloud_events_are_read_one_or_many() {
    let json = format!(
        r#"{{{CLOUD}, "time": "2024-01-01T00:00:00Z", "subject": "ten_1", "traceparent": "00-ab", "sampled": true,
            "datacontenttype": "application/json; charset=utf-8", "dataschema": "https://example.com/1",
            "data": {{"quantity": "2.5", "workspace_id": "w", "user_id": "u", "route": "/a", "status": 200,
                      "properties": {{"rail": "x"}}}}}}"#
    );
    let event = one(&json).unwrap();
    assert_eq!(
        (event.source.as_str(), event.resource.as_str(), event.tenant_id.as_str()),
        ("/gateway", "api_calls", "ten_1")
    );
    assert_eq!(event.quantity.unwrap().to_string(), "2.5");
    assert_eq!((event.workspace_id.as_deref(), event.user_id.as_deref()), (Some("w"), Some("u")));
    let names: Vec<_> = event.properties.into_iter().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(names, [pair("rail", "x"), pair("route", "/a"), pair("status", "200")]);
    let batch = read_events(&format!("[{json}, {json}]"), now()).unwrap();
    assert_eq!(batch.iter().filter(|event| event.is_ok()).count(), 2);
}

#[test]
fn the_tenant_of_a_cloud_event_is_in_its_data_or_its_attributes() {
    let tenant = |more: &str| one(&format!("{{{CLOUD}, {more}}}")).unwrap().tenant_id;
    assert_eq!(tenant(r#""subject": "s", "tenantid": "t", "data": {"tenant_id": "d", "value": 1}"#), "d");
    assert_eq!(tenant(r#""subject": "s", "tenantid": "t""#), "t");
    assert_eq!(tenant(r#""subject": "s", "data": null"#), "s");
    assert_eq!(refusal(&format!("{{{CLOUD}}}")), "subject: is missing: name the tenant there, or as data.tenant_id");
}

#[test]
fn cloud_events_that_cannot_be_read_are_refused_by_name() {
    let cloud = |more: &str| format!(r#"{{{CLOUD}, "subject": "s", {more}}}"#);
    for (json, message) in [
        (r#"{"specversion": "0.3", "id": "1"}"#.to_owned(), "specversion: must be '1.0', got '0.3'"),
        (r#"{"specversion": "1.0", "id": "1", "type": "t", "subject": "s"}"#.to_owned(), "source: is missing"),
        (cloud(r#""data_base64": "AA==""#), "data_base64: cannot be read"),
        (cloud(r#""datacontenttype": "text/xml""#), "datacontenttype: must be JSON"),
        (cloud(r#""data": "text""#), "data: invalid type: string \"text\", expected an object"),
        (cloud(r#""data": {"value": 1, "quantity": 1}"#), "data.quantity: says what data.value says"),
        (cloud(r#""data": {"list": []}"#), "data.list: must be text"),
        (cloud(r#""data": {"user_id": 5}"#), "data.user_id: must be text"),
        (cloud(r#""data": {"quantity": "NaN"}"#), "data.quantity: 'NaN' is not a Quantity"),
        (cloud(r#""tenant_id": "t""#), "tenant_id: is no attribute of CloudEvents"),
    ] {
        let refusal = refusal(&json);
        assert!(refusal.starts_with(message), "{json}: {refusal}");
    }
}
