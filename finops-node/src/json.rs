//! Answers and errors as JSON text.

use finops_core::{Document, Error, ErrorCode};

/// A document as JSON text. Exact decimals become text, or bare numbers with all their digits, of which
/// `JSON.parse` makes the nearest double. Integers are numbers: beyond 2^53 JavaScript keeps no longer every digit.
pub(crate) fn text(document: &Document, exact: bool) -> Result<String, Error> {
    let mut out = String::new();
    write(document, exact, &mut out)
        .map_err(|error| Error::new(ErrorCode::Storage, format!("the answer cannot be written as JSON: {error}")))?;
    Ok(out)
}

fn write(document: &Document, exact: bool, out: &mut String) -> serde_json::Result<()> {
    match document {
        Document::Decimal(digits) if !exact => out.push_str(digits),
        Document::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                separate(place, out);
                write(item, exact, out)?;
            }
            out.push(']');
        }
        Document::Map(fields) => {
            out.push('{');
            for (place, (name, value)) in fields.iter().enumerate() {
                separate(place, out);
                out.push_str(&serde_json::to_string(name)?);
                out.push(':');
                write(value, exact, out)?;
            }
            out.push('}');
        }
        other => out.push_str(&serde_json::to_string(other)?),
    }
    Ok(())
}

fn separate(place: usize, out: &mut String) {
    if place > 0 {
        out.push(',');
    }
}

/// An error on its way to JavaScript, which makes an instance of its own class of it.
pub(crate) fn failure(error: &Error) -> napi::Error {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let parts = serde_json::json!({
        "code": error.code().as_str(), "field": error.field(), "message": error.message(), "source": source,
    });
    napi::Error::from_reason(parts.to_string())
}
