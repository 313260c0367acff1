//! Sending over HTTP to a server of this machine.

use super::receiver::Receiver;
use finops_core::Finops;
use finops_core::verify_webhook;
use finops_tests::support::answer;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

/// It waits long for an answer, since this machine may be slow.
fn open(options: &Value) -> Finops {
    let mut all = json!({"webhook_allow_http": true, "webhook_allow_private": true, "webhook_timeout_seconds": 60});
    all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    Finops::open_with(":memory:", all).unwrap()
}

/// Sends a test event there, and gives the secret and the delivery that comes of it.
fn sent_to(finops: &Finops, url: &str) -> (String, Value) {
    let made = answer(finops, "webhooks.create", json!({"url": url}));
    let event = answer(finops, "webhooks.test", json!({"id": made["id"]}));
    answer(finops, "webhooks.deliver", json!({}));
    let found = answer(finops, "webhooks.deliveries", json!({"event_id": event["event_id"]}));
    assert!(!found["items"][0]["log"].to_string().contains("t0ken"), "the log tells no URL: {found}");
    (made["secret"].as_str().unwrap().to_owned(), found["items"][0].clone())
}

/// Why an attempt failed.
fn error(delivery: &Value) -> &str {
    assert_eq!(delivery["state"], "waiting", "{delivery}");
    delivery["log"][0]["error"].as_str().unwrap_or_default()
}

#[test]
fn what_arrives_is_what_was_signed() {
    let (finops, receiver) = (open(&json!({})), Receiver::answering("200 OK"));
    let (secret, delivery) = sent_to(&finops, &receiver.url());
    assert_eq!(delivery["state"], "delivered");
    let came = receiver.received().pop().unwrap();
    assert_eq!(came.line, "POST /hooks?t=t0ken HTTP/1.1");
    assert_eq!(came.header("content-type"), Some("application/json"));
    assert!(came.header("user-agent").unwrap().starts_with("finops/"));
    assert_eq!(came.header("webhook-id"), delivery["event_id"].as_str());
    let now = answer(&finops, "tick", json!({}))["now"].as_str().unwrap().parse().unwrap();
    verify_webhook(&[secret], came.headers(), &came.body, now).unwrap();
    let body: Value = serde_json::from_slice(&came.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["webhook_id"]), (&json!("finops.webhook.test"), &delivery["webhook_id"]));
}

#[test]
fn a_redirect_is_not_followed() {
    let (finops, other) = (open(&json!({})), Receiver::answering("200 OK"));
    let location = other.url();
    let receiver = Receiver::new(move |_, stream| {
        let _ = write!(stream, "HTTP/1.1 307 Temporary\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    });
    let (_, delivery) = sent_to(&finops, &receiver.url());
    assert_eq!((&delivery["state"], &delivery["log"][0]["status"]), (&json!("waiting"), &json!(307)));
    assert_eq!((receiver.received().len(), other.received().len()), (1, 0));
}

#[test]
fn what_is_not_public_is_not_connected_to_however_it_is_written() {
    // Forms of addresses that only a parser of URLs understands.
    for host in ["0x7f.1", "2130706433", "127.1"] {
        let (finops, receiver) = (open(&json!({"webhook_allow_private": false})), Receiver::answering("200 OK"));
        let (_, delivery) = sent_to(&finops, &format!("http://{host}:{}/t0ken", receiver.port));
        assert!(error(&delivery).contains("not public"), "{host}: {delivery}");
        assert_eq!(receiver.received().len(), 0, "{host}");
    }
}

#[test]
fn what_was_allowed_when_it_was_made_may_be_forbidden_since() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::answering("200 OK"));
    let location = folder.path().to_str().unwrap();
    let options = json!({"webhook_allow_http": true, "webhook_allow_private": true});
    let finops = Finops::open_with(location, options).unwrap();
    let made = answer(&finops, "webhooks.create", json!({"url": receiver.url()}));
    answer(&finops, "webhooks.test", json!({"id": made["id"]}));
    drop(finops);
    let finops = Finops::open(location).unwrap();
    assert_eq!(answer(&finops, "webhooks.deliver", json!({}))["waiting"], 1);
    assert_eq!(receiver.received().len(), 0);
}

#[test]
fn who_takes_too_long_is_given_up() {
    let finops = open(&json!({"webhook_timeout_seconds": 1}));
    let (given_up, waits) = mpsc::channel::<()>();
    let waits = Mutex::new(waits);
    // Should nobody give it up, it ends by itself, and the error is another one.
    let silent = Receiver::new(move |_, _| {
        let _ = waits.lock().unwrap().recv_timeout(Duration::from_mins(1));
    });
    let (_, delivery) = sent_to(&finops, &silent.url());
    drop(given_up);
    assert_eq!(error(&delivery), "no answer within 1 seconds");
    // A drop at a time keeps no connection alive either.
    let dripping = Receiver::new(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nx-drops: ");
        for _ in 0..600 {
            if stream.write_all(b"x").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let (_, delivery) = sent_to(&finops, &dripping.url());
    assert_eq!(error(&delivery), "no answer within 1 seconds");
}

#[test]
fn an_answer_without_end_is_not_read() {
    let finops = open(&json!({}));
    let endless = Receiver::new(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
        while stream.write_all(&chunk).is_ok() {}
    });
    let (_, delivery) = sent_to(&finops, &endless.url());
    assert_eq!(delivery["state"], "delivered");
    let headers = Receiver::new(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\n");
        for number in 0.. {
            if write!(stream, "x-{number}: {}\r\n", "y".repeat(1_000)).is_err() {
                return;
            }
        }
    });
    let (_, delivery) = sent_to(&finops, &headers.url());
    assert!(!error(&delivery).is_empty(), "headers without end are an error");
}

#[test]
fn nobody_there_and_no_encryption_there_say_so() {
    let finops = open(&json!({}));
    let plain = Receiver::answering("200 OK");
    // A connection has a port at which nobody listens, and which nobody else is given.
    let held = TcpStream::connect(("127.0.0.1", plain.port)).unwrap();
    let closed = held.local_addr().unwrap().port();
    let (_, delivery) = sent_to(&finops, &format!("http://127.0.0.1:{closed}/t0ken"));
    assert!(error(&delivery).starts_with("cannot connect: "), "{delivery}");
    drop(held);
    let (_, delivery) = sent_to(&finops, &format!("https://127.0.0.1:{}/t0ken", plain.port));
    assert!(!error(&delivery).is_empty(), "{delivery}");
    let (_, delivery) = sent_to(&finops, "https://nobody.invalid/t0ken");
    assert!(error(&delivery).contains("cannot be resolved"), "{delivery}");
}

#[test]
fn a_host_that_is_asynchronous_may_call_it() {
    let (finops, receiver) = (open(&json!({})), Receiver::answering("200 OK"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // A runtime within a runtime would panic.
    let (_, delivery) = runtime.block_on(async { sent_to(&finops, &receiver.url()) });
    assert_eq!(delivery["state"], "delivered");
}

#[test]
fn retry_after_is_read_from_the_answer() {
    let finops = open(&json!({}));
    let busy = Receiver::answering("503 Busy\r\nretry-after: 7200");
    let (_, delivery) = sent_to(&finops, &busy.url());
    let next: finops_core::model::time::Stamp = delivery["next_attempt_at"].as_str().unwrap().parse().unwrap();
    let at: finops_core::model::time::Stamp = delivery["log"][0]["at"].as_str().unwrap().parse().unwrap();
    let seconds = (next.micros() - at.micros()) / 1_000_000;
    assert!((7_200..=7_920).contains(&seconds), "{seconds}");
}
