//! The vectors of `tests/vectors/series/forecast.json`: a series, and the answer to the last byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

use finops_core::insight::forecast::{Calendar, Frequency, Level, Model, Series, forecast};
use finops_core::{Error, Result};
use serde_json::{Value, from_value, json};

const VECTORS: &str = include_str!("vectors/series/forecast.json");

/// The answer as text, or the error as `{"code", "field", "message"}`.
fn answer(request: &Value) -> String {
    match asked(request) {
        Ok(text) => text,
        Err(error) => {
            json!({"code": error.code().as_str(), "field": error.field(), "message": error.message()}).to_string()
        }
    }
}

fn asked(request: &Value) -> Result<String> {
    let values: Vec<Option<f64>> = from_value(request["values"].clone()).unwrap();
    let mut series = Series::new(values, from_value(request["season_length"].clone()).unwrap())?;
    if let Some(start) = request["start"].as_str() {
        let frequency: Frequency = request["frequency"].as_str().unwrap().parse()?;
        series = series.with_calendar(Calendar::new(start.parse().unwrap(), frequency));
    }
    if request["non_negative"] == true {
        series = series.non_negative();
    }
    let levels = Level::list(&from_value::<Vec<f64>>(request["levels"].clone()).unwrap())?;
    let model: Model = request["model"].as_str().unwrap().parse()?;
    let horizon = from_value(request["horizon"].clone()).unwrap();
    forecast(&series, horizon, &levels, model)
        .and_then(|answer| serde_json::to_string(&answer).map_err(|error| Error::invalid("answer", error.to_string())))
}

#[test]
fn every_answer_is_the_same_to_the_last_byte() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() >= 20, "only {} vectors", vectors.len());
    if let Some(path) = std::env::var_os("FORECAST_VECTORS") {
        // Writes what is answered now, for a look before it replaces what stands there.
        let now: Vec<Value> = vectors
            .iter()
            .map(|one| json!({"about": one["about"], "request": one["request"], "answer": answer(&one["request"])}))
            .collect();
        std::fs::write(path, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
        return;
    }
    for vector in &vectors {
        assert_eq!(answer(&vector["request"]), vector["answer"].as_str().unwrap(), "{}", vector["about"]);
    }
}
