//! What budgets can be and cannot, which charges they cover, and which periods they have.

mod machines;
mod periods;
mod shares;
mod values;

use super::*;
use crate::model::id::Id;
use crate::model::time::Stamp;
use serde_json::{Map, Value, json};

fn at(text: &str) -> Stamp {
    text.parse().unwrap()
}

/// The fields of a budget of 100 dollars a month for everything, with others in their place.
fn fields(changes: Value) -> Map<String, Value> {
    let usual = json!({
        "name": "Spend", "scope": {"level": "platform"},
        "budget": {"amount": 100, "currency": "USD", "period": "monthly"},
        "thresholds": [{"percent": 75, "action": "alert"}, {"percent": 100, "action": "pause"}],
    });
    let (Value::Object(mut fields), Value::Object(changes)) = (usual, changes) else { panic!("objects") };
    fields.extend(changes);
    fields
}

fn made(changes: Value) -> crate::Result<Budget> {
    let form: BudgetCreate = serde_json::from_value(Value::Object(fields(changes))).unwrap();
    form.into_budget(Id::new(at("2025-01-15T10:30:00Z"), [7; 10]), at("2025-01-15T10:30:00Z"))
}

fn refused(changes: Value) -> String {
    let form = serde_json::from_value::<BudgetCreate>(Value::Object(fields(changes)));
    form.map(|form| form.into_budget(Id::new(at("2025-01-15T10:30:00Z"), [7; 10]), at("2025-01-15T10:30:00Z")))
        .map_or_else(|error| error.to_string(), |made| made.unwrap_err().to_string())
}
