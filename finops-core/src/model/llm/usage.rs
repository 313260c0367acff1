//! How many tokens a request used, as totals that hold each other, and as parts that do not.

use super::TokenKind;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What a request used. Totals hold their parts: what is read from a cache is part of the input.
///
/// ```
/// use finops_core::model::llm::{TokenKind, TokenUsage};
///
/// let usage = TokenUsage { cached_input: 900, reasoning: 20, ..TokenUsage::new(1_000, 50) };
/// let (parts, adjusted) = usage.parts()?;
/// assert_eq!((parts.of(TokenKind::Input), parts.of(TokenKind::CachedInput)), (100, 900));
/// assert_eq!((parts.of(TokenKind::Output), parts.of(TokenKind::Reasoning)), (30, 20));
/// assert!(adjusted.is_empty());
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenUsage {
    /// All that was sent to the model, cached or not. It is what decides the tier.
    pub input: u64,
    /// Of the input, what was read from a cache.
    pub cached_input: u64,
    /// Of the input, what was written to a cache for the usual time.
    pub cache_write: u64,
    /// Of the input, what was written to a cache for an hour or longer.
    pub cache_write_long: u64,
    /// Of the input, audio that is not cached.
    pub audio_input: u64,
    /// All that the model answered, with what it thought.
    pub output: u64,
    /// Of the output, what the model thought before it answered.
    pub reasoning: u64,
    /// Of the output, audio.
    pub audio_output: u64,
}

/// A part that was reported as more than its total had left, and was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Adjustment {
    /// The part.
    pub kind: TokenKind,
    /// As reported.
    pub reported: u64,
    /// As counted.
    pub counted: u64,
}

impl std::fmt::Display for Adjustment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, reported, counted } = self;
        write!(f, "{reported} {kind} tokens are more than the total has left: {counted} are counted")
    }
}

impl TokenUsage {
    /// No request uses more of a kind: 10^12.
    pub const MAX_TOKENS: u64 = 1_000_000_000_000;

    /// Plain input and output.
    pub fn new(input: u64, output: u64) -> Self {
        Self { input, output, ..Self::default() }
    }

    /// Takes the totals apart, so that each token is of one kind. A part that is more than what is left of its total
    /// is cut to that and named: never negative, and never more in all than the total.
    ///
    /// # Errors
    /// `invalid_argument` naming a count above [`MAX_TOKENS`](Self::MAX_TOKENS).
    pub fn parts(&self) -> Result<(TokenParts, Vec<Adjustment>)> {
        for (field, count) in [("input", self.input), ("output", self.output)] {
            if count > Self::MAX_TOKENS {
                let message = format!("must be at most {} tokens, got {count}", Self::MAX_TOKENS);
                return Err(Error::invalid(field, message));
            }
        }
        let mut parts = TokenParts::default();
        let mut adjusted = Vec::new();
        let mut take = |left: &mut u64, kind: TokenKind, reported: u64| {
            let counted = reported.min(*left);
            *left -= counted;
            parts.set(kind, counted);
            if counted < reported {
                adjusted.push(Adjustment { kind, reported, counted });
            }
        };
        let mut input = self.input;
        take(&mut input, TokenKind::CachedInput, self.cached_input);
        take(&mut input, TokenKind::CacheWrite, self.cache_write);
        take(&mut input, TokenKind::CacheWriteLong, self.cache_write_long);
        take(&mut input, TokenKind::AudioInput, self.audio_input);
        let mut output = self.output;
        take(&mut output, TokenKind::Reasoning, self.reasoning);
        take(&mut output, TokenKind::AudioOutput, self.audio_output);
        parts.set(TokenKind::Input, input);
        parts.set(TokenKind::Output, output);
        Ok((parts, adjusted))
    }
}

/// What a request used, each token of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenParts([u64; TokenKind::COUNT]);

impl TokenParts {
    /// How many tokens of a kind.
    pub fn of(&self, kind: TokenKind) -> u64 {
        TokenKind::ALL.iter().zip(self.0).find_map(|(other, count)| (*other == kind).then_some(count)).unwrap_or(0)
    }

    /// Sets how many tokens of a kind there are.
    pub fn set(&mut self, kind: TokenKind, count: u64) {
        for (other, slot) in TokenKind::ALL.iter().zip(&mut self.0) {
            if *other == kind {
                *slot = count;
            }
        }
    }

    /// The kinds that there are any of.
    pub fn counted(&self) -> impl Iterator<Item = (TokenKind, u64)> + '_ {
        TokenKind::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// All that was sent, cached or not: what decides the tier.
    pub fn input(&self) -> u64 {
        use TokenKind::{AudioInput, CacheWrite, CacheWriteLong, CachedInput, Input};
        let kinds = [Input, CachedInput, CacheWrite, CacheWriteLong, AudioInput];
        kinds.into_iter().fold(0, |sum, kind| sum.saturating_add(self.of(kind)))
    }
}
