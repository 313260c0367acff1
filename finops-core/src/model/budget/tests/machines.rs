//! Every step of the two machines that is drawn goes through, and every other is a conflict.

use super::*;
use crate::{Error, ErrorCode};

type Step<T> = fn(T) -> crate::Result<T>;

fn is_conflict(error: &Error) {
    assert_eq!((error.code(), error.field()), (ErrorCode::Conflict, Some("status")), "{error}");
}

#[test]
fn lifecycles_go_along_their_arrows_only() {
    use Lifecycle::{Active, Exhausted, Paused};
    let steps: [(Step<Lifecycle>, [Option<Lifecycle>; 3]); 4] = [
        (Lifecycle::pause, [Some(Paused), None, Some(Paused)]),
        (Lifecycle::resume, [None, Some(Active), None]),
        (Lifecycle::exhaust, [Some(Exhausted), None, None]),
        (Lifecycle::replenish, [None, None, Some(Active)]),
    ];
    for (step, wanted) in steps {
        for (from, wanted) in [Active, Paused, Exhausted].into_iter().zip(wanted) {
            match (step(from), wanted) {
                (Ok(to), Some(wanted)) => assert_eq!(to, wanted),
                (Err(error), None) => is_conflict(&error),
                (other, wanted) => panic!("{from:?}: {other:?} instead of {wanted:?}"),
            }
        }
    }
    let message = Paused.pause().unwrap_err().to_string();
    assert_eq!(message, "status: is 'paused': such a budget cannot be paused");
}

#[test]
fn health_worsens_to_what_is_worse_and_improves_to_what_is_better() {
    let all = [Health::OnTrack, Health::Warning, Health::Exceeded, Health::Critical];
    for (place, from) in all.into_iter().enumerate() {
        for (other, to) in all.into_iter().enumerate() {
            assert_eq!(from.worsen(to).ok(), (other > place).then_some(to));
            assert_eq!(from.improve(to).ok(), (other < place).then_some(to));
        }
        is_conflict(&from.worsen(from).unwrap_err());
        is_conflict(&from.improve(from).unwrap_err());
        assert_eq!(serde_json::to_value(from).unwrap(), from.as_str());
    }
}

#[test]
fn pausing_a_budget_is_said_in_two_fields() {
    let now = at("2025-02-01T14:22:00Z");
    let paused = made(json!({})).unwrap().pause(now).unwrap();
    assert_eq!((paused.status, paused.updated_at), (Lifecycle::Paused, now));
    let told = serde_json::to_value(&paused).unwrap();
    assert_eq!((&told["status"], &told["enabled"]), (&json!("paused"), &json!(false)));
    is_conflict(&paused.pause(now).unwrap_err());
    let resumed = paused.resume(now).unwrap();
    assert_eq!(serde_json::to_value(&resumed).unwrap()["enabled"], true);
    is_conflict(&resumed.resume(now).unwrap_err());
    assert_eq!(made(json!({"enabled": false})).unwrap().status, Lifecycle::Paused);
}
