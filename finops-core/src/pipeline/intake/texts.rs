//! Text, words, currencies and JSON of a bill, mended once per distinct value.

use super::issues::Issues;
use crate::model::charge::{ColumnKind, Dictionary, TextColumn};
use crate::model::money::Currency;
use crate::model::receipt::{QuarantineReason, Remark};
use std::sync::Arc;

/// What becomes of a distinct value.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    Keep,
    KeepWith(Remark),
    Null,
    NullWith(Remark),
    Replace(String, Remark),
    Refuse(QuarantineReason),
}

/// Text with what is to be said of it.
pub(super) fn clean(cells: &TextColumn, kind: ColumnKind, essential: bool) -> (TextColumn, Issues) {
    let verdicts: Vec<_> = cells.dictionary.iter().map(|value| judge(value, kind, essential)).collect();
    if verdicts.iter().all(|verdict| *verdict == Verdict::Keep) {
        return (cells.clone(), Issues::default());
    }
    apply(cells, &verdicts)
}

fn apply(cells: &TextColumn, verdicts: &[Verdict]) -> (TextColumn, Issues) {
    let mut dictionary = Dictionary::default();
    let code = |(value, verdict): (&str, &Verdict)| match verdict {
        Verdict::Keep | Verdict::KeepWith(_) => dictionary.push(value),
        Verdict::Replace(value, _) => dictionary.push(value),
        Verdict::Null | Verdict::NullWith(_) | Verdict::Refuse(_) => TextColumn::NULL,
    };
    let codes: Vec<u32> = cells.dictionary.iter().zip(verdicts).map(code).collect();
    let mut issues = Issues::default();
    let recode = |(row, &code): (usize, &u32)| {
        let Some(index) = usize::try_from(code).ok().filter(|index| *index < codes.len()) else {
            return TextColumn::NULL;
        };
        match verdicts.get(index) {
            Some(Verdict::KeepWith(remark) | Verdict::NullWith(remark) | Verdict::Replace(_, remark)) => {
                issues.note(*remark, row);
            }
            Some(Verdict::Refuse(reason)) => issues.refuse(row, *reason),
            _ => {}
        }
        codes.get(index).copied().unwrap_or(TextColumn::NULL)
    };
    let codes = cells.codes.iter().enumerate().map(recode).collect();
    (TextColumn { dictionary: Arc::new(dictionary), codes }, issues)
}

fn judge(value: &str, kind: ColumnKind, essential: bool) -> Verdict {
    match value {
        "" => return Verdict::Null,
        "NULL" | "null" => return Verdict::NullWith(Remark::LiteralNull),
        _ => {}
    }
    match kind {
        ColumnKind::Currency => judge_currency(value, essential),
        ColumnKind::Word(words) if !words.contains(&value) => Verdict::KeepWith(Remark::UnexpectedValue),
        ColumnKind::Json if !is_json_object(value) => Verdict::KeepWith(Remark::InvalidJson),
        _ => Verdict::Keep,
    }
}

/// The billing currency must be a real one; prices may also be stated in tokens and other virtual ones.
fn judge_currency(value: &str, essential: bool) -> Verdict {
    if Currency::parse(value).is_ok() {
        return Verdict::Keep;
    }
    let upper = value.trim().to_ascii_uppercase();
    match (Currency::parse(&upper), essential) {
        (Ok(_), _) => Verdict::Replace(upper, Remark::CurrencyCase),
        (Err(_), true) => Verdict::Refuse(QuarantineReason::UnreadableValue),
        (Err(_), false) => Verdict::Keep,
    }
}

fn is_json_object(value: &str) -> bool {
    value.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[&str]) -> TextColumn {
        let mut builder = crate::model::charge::TextBuilder::default();
        for value in values {
            builder.push(Some(value));
        }
        builder.take()
    }

    #[test]
    fn the_text_null_and_the_empty_cell_are_no_values() {
        let (cleaned, issues) = clean(&column(&["a", "NULL", "", "NULL"]), ColumnKind::Text, false);
        let cells: Vec<_> = (0..4).map(|row| cleaned.get(row)).collect();
        assert_eq!(cells, [Some("a"), None, None, None]);
        assert_eq!(issues.remarks.len(), 1);
        assert_eq!((issues.remarks[0].count, issues.remarks[0].first_row), (2, 1));
    }

    #[test]
    fn a_currency_is_put_right_or_refused() {
        let (cleaned, issues) = clean(&column(&["USD", "usd", "EURO"]), ColumnKind::Currency, true);
        assert_eq!(cleaned.get(1), Some("USD"));
        assert_eq!(issues.refused, [(2, QuarantineReason::UnreadableValue)]);
    }

    #[test]
    fn prices_may_be_in_tokens() {
        let (cleaned, issues) = clean(&column(&["TOKENS"]), ColumnKind::Currency, false);
        assert_eq!(cleaned.get(0), Some("TOKENS"));
        assert!(issues.refused.is_empty());
    }
}
