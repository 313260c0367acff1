//! Answers and errors as JSON text.

use finops_core::engine::{SpendCheck, SpendRefused};
use finops_core::model::money::Quantity;
use finops_core::model::time::Stamp;
use finops_core::{Answer, Error, ErrorCode, Listener};
use serde::Serialize;
use serde_json::Value;

/// An answer as JSON text. Exact decimals become text, or bare numbers with all their digits, of which
/// `JSON.parse` makes the nearest double. Integers are numbers: beyond 2^53 JavaScript keeps no longer every digit.
pub(crate) fn text(answer: &Answer, exact: bool) -> Result<String, Error> {
    let mut json = Json { out: Vec::new(), exact, first: true, open: Vec::new() };
    answer.tell(&mut json)?;
    String::from_utf8(json.out).map_err(|error| unwritten(&error))
}

fn unwritten(error: &dyn std::error::Error) -> Error {
    Error::new(ErrorCode::Storage, format!("the answer cannot be written as JSON: {error}"))
}

/// Writes what it is told.
struct Json {
    out: Vec<u8>,
    exact: bool,
    /// Whether nothing stands before what comes, to be separated from it.
    first: bool,
    /// What closes the lists and maps that are open.
    open: Vec<u8>,
}

impl Json {
    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        serde_json::to_writer(&mut self.out, value).map_err(|error| unwritten(&error))
    }

    fn begin(&mut self, opening: u8, closing: u8) {
        self.separate();
        self.out.push(opening);
        self.open.push(closing);
        self.first = true;
    }
}

impl Listener for Json {
    fn null(&mut self) -> Result<(), Error> {
        self.value(&())
    }

    fn bool(&mut self, value: bool) -> Result<(), Error> {
        self.value(&value)
    }

    fn integer(&mut self, value: i128) -> Result<(), Error> {
        self.value(&value)
    }

    fn float(&mut self, value: f64) -> Result<(), Error> {
        self.value(&value)
    }

    fn text(&mut self, value: &str) -> Result<(), Error> {
        self.value(value)
    }

    fn decimal(&mut self, value: Quantity) -> Result<(), Error> {
        if self.exact {
            return self.value(value.text().as_str());
        }
        self.separate();
        self.out.extend(value.text().as_str().as_bytes());
        Ok(())
    }

    fn time(&mut self, value: Stamp) -> Result<(), Error> {
        self.value(&value)
    }

    fn list(&mut self, _: Option<usize>) -> Result<(), Error> {
        self.begin(b'[', b']');
        Ok(())
    }

    fn map(&mut self) -> Result<(), Error> {
        self.begin(b'{', b'}');
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), Error> {
        self.value(name)?;
        self.out.push(b':');
        self.first = true;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.out.extend(self.open.pop());
        self.first = false;
        Ok(())
    }
}

/// An error on its way to JavaScript, which makes an instance of its own class of it.
pub(crate) fn failure(error: &Error) -> napi::Error {
    told(error, false)
}

/// The same with its decimals as text when `exact`, else as numbers.
pub(crate) fn told(error: &Error, exact: bool) -> napi::Error {
    let refused = SpendRefused::of(error).and_then(|refused| {
        let told = SpendCheck::refused(refused.reason, refused.refused_by.clone());
        serde_json::from_str::<Value>(&text(&Answer::from(told), exact).ok()?).ok()
    });
    // What was refused has a message, a reason and a budget, and nothing that lies underneath.
    let source = std::error::Error::source(error).filter(|_| refused.is_none()).map(ToString::to_string);
    let parts = serde_json::json!({
        "code": error.code().as_str(), "field": error.field(), "message": error.message(), "source": source,
        "refused": refused,
    });
    napi::Error::from_reason(parts.to_string())
}
