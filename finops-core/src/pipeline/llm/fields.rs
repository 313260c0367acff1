//! What the fields of a model in LiteLLM's format are taken for.

use crate::model::llm::TokenKind;

/// What a field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The price of a kind of token, in a tier above that many tokens or in none.
    Price { kind: TokenKind, above: Option<u64> },
    /// Another name of some providers for the price of cached input.
    CacheHit,
    /// A list of ranges with prices of their own.
    Ranges,
    /// Something else about cost: batches, priorities, images, seconds.
    Extra,
    /// Nothing about cost.
    Other,
}

/// What a field of a model says, by its name.
pub(super) fn field(name: &str) -> Field {
    match name {
        "input_cost_per_token_cache_hit" => return Field::CacheHit,
        "tiered_pricing" => return Field::Ranges,
        _ => {}
    }
    if let Some(kind) = kind(name) {
        return Field::Price { kind, above: None };
    }
    let tier = name.rsplit_once("_above_").and_then(|(base, end)| Some((kind(base)?, tokens(end)?)));
    if let Some((kind, above)) = tier {
        return Field::Price { kind, above: Some(above) };
    }
    let about_cost = ["cost", "pricing", "multiplier"].iter().any(|word| name.contains(word));
    if about_cost { Field::Extra } else { Field::Other }
}

fn kind(name: &str) -> Option<TokenKind> {
    Some(match name {
        "input_cost_per_token" => TokenKind::Input,
        "cache_read_input_token_cost" => TokenKind::CachedInput,
        "cache_creation_input_token_cost" => TokenKind::CacheWrite,
        "cache_creation_input_token_cost_above_1hr" => TokenKind::CacheWriteLong,
        "input_cost_per_audio_token" => TokenKind::AudioInput,
        "output_cost_per_token" => TokenKind::Output,
        "output_cost_per_reasoning_token" => TokenKind::Reasoning,
        "output_cost_per_audio_token" => TokenKind::AudioOutput,
        _ => return None,
    })
}

/// `200k_tokens`, `1m_tokens`, `1500_tokens`.
fn tokens(text: &str) -> Option<u64> {
    let number = text.strip_suffix("_tokens")?;
    let (digits, unit) = match number.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => number.strip_suffix('m').map_or((number, 1), |digits| (digits, 1_000_000)),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse::<u64>().ok()?.checked_mul(unit)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_say_kind_and_tier() {
        let price = |kind, above| Field::Price { kind, above };
        for (name, wanted) in [
            ("input_cost_per_token", price(TokenKind::Input, None)),
            ("input_cost_per_token_above_200k_tokens", price(TokenKind::Input, Some(200_000))),
            ("output_cost_per_token_above_1m_tokens", price(TokenKind::Output, Some(1_000_000))),
            ("output_cost_per_token_above_1500_tokens", price(TokenKind::Output, Some(1_500))),
            ("cache_creation_input_token_cost_above_1hr", price(TokenKind::CacheWriteLong, None)),
            (
                "cache_creation_input_token_cost_above_1hr_above_200k_tokens",
                price(TokenKind::CacheWriteLong, Some(200_000)),
            ),
            ("input_cost_per_token_cache_hit", Field::CacheHit),
            ("tiered_pricing", Field::Ranges),
            ("input_cost_per_token_above_200k_tokens_batches", Field::Extra),
            ("input_cost_per_token_above_k_tokens", Field::Extra),
            ("input_cost_per_token_above_99999999999999999999k_tokens", Field::Extra),
            ("cache_creation_input_token_cost_above_12hr", Field::Extra),
            ("output_cost_per_image", Field::Extra),
            ("off_peak_pricing", Field::Extra),
            ("max_input_tokens", Field::Other),
            ("litellm_provider", Field::Other),
        ] {
            assert_eq!(field(name), wanted, "{name}");
        }
    }
}
