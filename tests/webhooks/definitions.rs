//! Webhooks themselves: what may be made, and that nothing shows a secret.

use super::World;
use finops_core::edge::store::{Defined, Store};
use finops_core::model::webhook::{Sent, WebhookSecret};
use finops_core::{ErrorCode, Finops};
use finops_tests::support::{answer, call};
use serde_json::json;

#[test]
fn a_secret_is_shown_once_and_nowhere_else() {
    let world = World::new(|_, _| Sent::answered(200));
    let made = answer(&world.finops, "webhooks.create", json!({"url": "https://a.example/t0ken"}));
    let (id, first) = (&made["id"], made["secret"].as_str().unwrap());
    let again = answer(&world.finops, "webhooks.rotate", json!({"id": id}));
    let second = again["secret"].as_str().unwrap();
    assert_ne!(first, second);
    for secret in [first, second] {
        assert_eq!(WebhookSecret::parse(secret).unwrap().reveal(), secret);
    }
    answer(&world.finops, "webhooks.test", json!({"id": id}));
    world.run();
    let mut shown = vec![format!("{:?} {:?}", world.finops, world.sent.taken())];
    for (operation, params) in [
        ("webhooks.get", json!({"id": id})),
        ("webhooks.list", json!({})),
        ("webhooks.update", json!({"id": id, "description": "x"})),
        ("webhooks.deliveries", json!({})),
        ("events.list", json!({})),
        ("audit.list", json!({"limit": 1000})),
    ] {
        shown.push(answer(&world.finops, operation, params).to_string());
    }
    let wrong = format!("{first}x");
    for params in
        [json!({"id": id, "secret": wrong}), json!({"id": id, "secret": [first]}), json!({"id": id, "secret": first})]
    {
        let error = call(&world.finops, "webhooks.rotate", params);
        // The one before signs still, so that it is refused as well.
        if let Err(error) = error {
            shown.push(format!("{error} {error:?}"));
        }
    }
    let error = call(&world.finops, "webhooks.create", json!({"url": "https://a.example", "secret": wrong}));
    shown.push(format!("{:?}", error.unwrap_err()));
    let text = shown.join("\n");
    for secret in [first, second] {
        let bare = secret.strip_prefix("whsec_").unwrap();
        let at = text.find(bare).map(|at| &text[at.saturating_sub(200)..at]);
        assert_eq!(at, None, "a secret is shown");
    }
    assert!(!format!("{:?}", world.finops).contains("t0ken"), "nor a URL, which may hold a token");
}

#[test]
fn the_log_of_changes_tells_that_a_webhook_changed_and_no_more() {
    let world = World::new(|_, _| Sent::answered(200));
    let id = world.webhook(&[]);
    answer(&world.finops, "webhooks.rotate", json!({"id": id}));
    answer(&world.finops, "webhooks.delete", json!({"id": id}));
    let log = answer(&world.finops, "audit.list", json!({"kind": "webhook"}));
    let redacted = json!({"redacted": true});
    let entries: Vec<_> = log["items"].as_array().unwrap().iter().rev().collect();
    assert_eq!(entries.len(), 3);
    for (entry, action) in entries.iter().zip(["create", "update", "delete"]) {
        assert_eq!((&entry["action"], &entry["key"]), (&json!(action), &json!(id)));
        assert!(entry["before"].is_null() || entry["before"] == redacted, "{entry}");
        assert!(entry["after"].is_null() || entry["after"] == redacted, "{entry}");
    }
    assert_eq!(answer(&world.finops, "audit.verify", json!({}))["ok"], true);
    assert!(world.store.definitions(Defined::Webhook).unwrap().is_empty(), "nothing of a secret is left");
}

#[test]
fn what_is_out_of_reach_is_refused_when_it_is_made_and_when_it_is_changed() {
    let open = |options| Finops::open_with(":memory:", options).unwrap();
    let refused = |finops: &Finops, url: &str| {
        let error = call(finops, "webhooks.create", json!({"url": url})).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::InvalidArgument, Some("url")), "{url}");
        assert!(!error.message().contains(url), "{error}");
    };
    let strict = open(json!({}));
    let local = ["https://127.0.0.1/", "https://10.1.2.3", "https://[::ffff:192.168.0.1]", "https://localhost:8443"];
    for url in local {
        refused(&strict, url);
    }
    refused(&strict, "http://hooks.example.com");
    refused(&strict, "https://user:pass@hooks.example.com");
    let id = answer(&strict, "webhooks.create", json!({"url": "https://hooks.example.com"}))["id"].clone();
    let error =
        call(&strict, "webhooks.update", json!({"id": id, "url": "https://169.254.169.254/latest"})).unwrap_err();
    assert_eq!(error.field(), Some("url"));
    let open_world = open(json!({"webhook_allow_http": true, "webhook_allow_private": true}));
    for url in local.iter().chain(&["http://127.0.0.1:1"]) {
        answer(&open_world, "webhooks.create", json!({"url": url}));
    }
    for seconds in [0, 61, -1] {
        let error = Finops::open_with(":memory:", json!({"webhook_timeout_seconds": seconds})).unwrap_err();
        assert_eq!(error.field(), Some("webhook_timeout_seconds"));
    }
}
