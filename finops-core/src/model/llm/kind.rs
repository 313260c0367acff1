//! Kinds of tokens: how each is called by meters, events and price lists.

use crate::model::usage::{Aggregation, Meter};
use serde::{Deserialize, Serialize};

/// What kind of tokens a price or a count is for. Of one request each token is of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenKind {
    /// Sent to the model, and neither read from nor written to a cache, nor audio.
    Input,
    /// Sent, and read from a cache.
    CachedInput,
    /// Sent, and written to a cache for the usual time.
    CacheWrite,
    /// Sent, and written to a cache for an hour or longer.
    CacheWriteLong,
    /// Sent as audio.
    AudioInput,
    /// Answered, and neither reasoning nor audio.
    Output,
    /// Thought before the answer.
    Reasoning,
    /// Answered as audio.
    AudioOutput,
}

impl TokenKind {
    /// How many kinds there are.
    pub const COUNT: usize = 8;

    /// Every kind, input before output.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Input,
        Self::CachedInput,
        Self::CacheWrite,
        Self::CacheWriteLong,
        Self::AudioInput,
        Self::Output,
        Self::Reasoning,
        Self::AudioOutput,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CachedInput => "cached_input",
            Self::CacheWrite => "cache_write",
            Self::CacheWriteLong => "cache_write_long",
            Self::AudioInput => "audio_input",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::AudioOutput => "audio_output",
        }
    }

    /// The built-in meter that counts it.
    pub const fn meter_slug(self) -> &'static str {
        match self {
            Self::Input => "llm_input_tokens",
            Self::CachedInput => "llm_cached_tokens",
            Self::CacheWrite => "llm_cache_write_tokens",
            Self::CacheWriteLong => "llm_cache_write_long_tokens",
            Self::AudioInput => "llm_audio_input_tokens",
            Self::Output => "llm_output_tokens",
            Self::Reasoning => "llm_reasoning_tokens",
            Self::AudioOutput => "llm_audio_output_tokens",
        }
    }

    /// The property of an event that holds how many there are.
    pub const fn property(self) -> &'static str {
        match self {
            Self::Input => "input_tokens",
            Self::CachedInput => "cached_tokens",
            Self::CacheWrite => "cache_write_tokens",
            Self::CacheWriteLong => "cache_write_long_tokens",
            Self::AudioInput => "audio_input_tokens",
            Self::Output => "output_tokens",
            Self::Reasoning => "reasoning_tokens",
            Self::AudioOutput => "audio_output_tokens",
        }
    }

    /// Whose price it has where it has none of its own: what is not discounted is paid in full, never nothing.
    pub const fn priced_as(self) -> Option<Self> {
        match self {
            Self::Input | Self::Output => None,
            Self::CachedInput | Self::CacheWrite | Self::AudioInput => Some(Self::Input),
            Self::CacheWriteLong => Some(Self::CacheWrite),
            Self::Reasoning | Self::AudioOutput => Some(Self::Output),
        }
    }

    /// The built-in meter: the sum of its property over the events of `llm_tokens`, by model and context.
    pub fn meter(self) -> Meter {
        let mut meter = Meter::new(self.meter_slug(), Aggregation::Sum, "token");
        meter.event = Some(Self::RESOURCE.to_owned());
        meter.value_property = Some(self.property().to_owned());
        meter.group_by = Self::DIMENSIONS.map(str::to_owned).to_vec();
        meter
    }

    /// The resource of events that say what a request used.
    pub const RESOURCE: &'static str = "llm_tokens";

    /// What the numbers of its meters are told apart by: the model, and the tier that the request was in.
    pub const DIMENSIONS: [&'static str; 2] = ["model", "context"];
}

impl std::fmt::Display for TokenKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
