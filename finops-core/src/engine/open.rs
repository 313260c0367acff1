//! Opening an engine: what it is made of, and what it may use of the machine.

use super::anomalies::Anomalies;
use super::budgets::{Budgets, LAG, Means};
use super::params::parse;
use super::webhooks::Telling;
use super::{Due, Finops, IN_MEMORY};
use crate::edge::notify::{self, Reach, Transport};
use crate::edge::store::{EmbeddedStore, Store, Tuning};
use crate::insight::anomaly::AnomalyDetector;
use crate::insight::forecast::Forecaster;
use crate::insight::question::MAX_GROUPS;
use crate::model::id::{Entropy, SystemEntropy};
use crate::model::money::{Currency, Quantity};

use crate::model::time::{Clock, FixedClock, Stamp, SystemClock};
use crate::pipeline::budget::SpendForecaster;
use crate::{Error, Result};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// More threads than this help no query.
const MAX_THREADS: i64 = 1024;
/// How long metered usage may wait at most before budgets see it: an hour.
const MAX_LAG_SECONDS: i64 = 3600;
/// Who makes changes, unless something else is said.
const HOST: &str = "host";
const MAX_ACTOR_BYTES: usize = 512;
const WEBHOOK_TIMEOUT_SECONDS: i64 = 15;
const MAX_WEBHOOK_TIMEOUT_SECONDS: i64 = 60;
const MODEL_TIMEOUT_SECONDS: i64 = 60;
const MAX_MODEL_TIMEOUT_SECONDS: i64 = 3600;

/// How to open an engine, as JSON knows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OpenOptions {
    now: Option<Stamp>,
    read_only: bool,
    actor: Option<String>,
    max_groups: Option<i64>,
    threads: Option<i64>,
    cache_bytes: Option<i64>,
    usage_memory_bytes: Option<i64>,
    currency: Option<Currency>,
    budget_lag_seconds: Option<Quantity>,
    webhook_allow_http: bool,
    webhook_allow_private: bool,
    webhook_timeout_seconds: Option<i64>,
    model_timeout_seconds: Option<i64>,
}

impl OpenOptions {
    fn actor(&self) -> Result<Arc<str>> {
        let Some(actor) = &self.actor else { return Ok(Arc::from(HOST)) };
        if actor.trim().is_empty() || actor.len() > MAX_ACTOR_BYTES {
            let message = format!("must have 1 to {MAX_ACTOR_BYTES} bytes and not be blank");
            return Err(Error::invalid("actor", message));
        }
        Ok(Arc::from(actor.as_str()))
    }

    fn max_groups(&self) -> Result<usize> {
        let Some(groups) = self.max_groups else { return Ok(MAX_GROUPS) };
        let wrong = || Error::invalid("max_groups", format!("must be 1 or more, got {groups}"));
        usize::try_from(groups).ok().filter(|groups| *groups > 0).ok_or_else(wrong)
    }

    fn currency(&self) -> Result<Currency> {
        self.currency.map_or_else(|| Currency::parse("USD"), Ok)
    }

    /// In microseconds.
    fn budget_lag(&self) -> Result<i64> {
        let Some(seconds) = self.budget_lag_seconds else { return Ok(LAG) };
        let wrong = || {
            let message = format!("must be 0 to {MAX_LAG_SECONDS} seconds, got {seconds}");
            Error::invalid("budget_lag_seconds", message)
        };
        if seconds.is_negative() || seconds > Quantity::from_units(MAX_LAG_SECONDS) {
            return Err(wrong());
        }
        // A quantity has 18 decimals, a microsecond 6.
        i64::try_from(seconds.mantissa() / 1_000_000_000_000).map_err(|_| wrong())
    }

    fn webhook_timeout(&self) -> Result<Duration> {
        let seconds = self.webhook_timeout_seconds.unwrap_or(WEBHOOK_TIMEOUT_SECONDS);
        timeout("webhook_timeout_seconds", seconds, MAX_WEBHOOK_TIMEOUT_SECONDS)
    }

    fn model_timeout(&self) -> Result<Duration> {
        let seconds = self.model_timeout_seconds.unwrap_or(MODEL_TIMEOUT_SECONDS);
        timeout("model_timeout_seconds", seconds, MAX_MODEL_TIMEOUT_SECONDS)
    }

    fn tuning(&self) -> Result<Tuning> {
        let mut tuning = Tuning::default();
        if let Some(threads) = self.threads {
            let wrong = || Error::invalid("threads", format!("must be 1 to {MAX_THREADS}, got {threads}"));
            let fits = (1..=MAX_THREADS).contains(&threads);
            tuning.threads = usize::try_from(threads).ok().filter(|_| fits).ok_or_else(wrong)?;
        }
        if let Some(bytes) = self.cache_bytes {
            let wrong = |_| Error::invalid("cache_bytes", format!("must be 0 or more, got {bytes}"));
            tuning.cache_bytes = u64::try_from(bytes).map_err(wrong)?;
        }
        if let Some(bytes) = self.usage_memory_bytes {
            let wrong = |_| Error::invalid("usage_memory_bytes", format!("must be 0 or more, got {bytes}"));
            tuning.usage_memory_bytes = u64::try_from(bytes).map_err(wrong)?;
        }
        Ok(tuning)
    }
}

fn timeout(field: &str, seconds: i64, most: i64) -> Result<Duration> {
    let fits = (1..=most).contains(&seconds);
    let fitting = u64::try_from(seconds).ok().filter(|_| fits).map(Duration::from_secs);
    fitting.ok_or_else(|| Error::invalid(field, format!("must be 1 to {most}, got {seconds}")))
}

/// What an engine is made of, where the defaults do not serve.
#[derive(Debug, Default)]
pub struct Builder {
    options: OpenOptions,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    store: Option<Arc<dyn Store>>,
    spend_forecaster: Option<Arc<dyn SpendForecaster>>,
    forecaster: Option<Arc<dyn Forecaster>>,
    transport: Option<Arc<dyn Transport>>,
    anomaly_detector: Option<Arc<dyn AnomalyDetector>>,
}

impl Builder {
    /// An engine to be put together of options in JSON, those of [`Finops::open_with`].
    ///
    /// # Errors
    /// `invalid_argument` for an option that does not exist or cannot be read.
    pub fn from_json(options: serde_json::Value) -> Result<Self> {
        Ok(Self { options: parse(options)?, ..Self::default() })
    }

    /// Fixes the clock; [`Finops::tick`] moves it.
    #[must_use]
    pub fn now(mut self, now: Stamp) -> Self {
        self.options.now = Some(now);
        self
    }

    /// Opens for reading, while another process may write.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.options.read_only = true;
        self
    }

    /// Whom the log of changes names for what is done through this handle, such as the id of a user: 1 to 512 bytes,
    /// not blank; by default `host`. What is done through a handle of [`Finops::as_principal`] names that user.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::engine::AuditList;
    /// use finops_core::model::catalog::{Entry, Kind};
    ///
    /// let finops = Finops::builder().actor("u_1").open(":memory:")?;
    /// finops.catalog_upsert(Entry::new(Kind::Team, "t1", "Search"))?;
    /// assert_eq!(finops.audit_list(&AuditList::default())?.items[0].actor, "u_1");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.options.actor = Some(actor.into());
        self
    }

    /// How many groups an answer may be made of, at least 1; by default five million. A query that makes more fails
    /// before it takes the memory for them. Currencies and dates that are told apart make groups of their own.
    ///
    /// ```
    /// use finops_core::Finops;
    ///
    /// let finops = Finops::builder().max_groups(10_000).threads(2).cache_bytes(64 << 20).open(":memory:")?;
    /// assert!(Finops::builder().threads(0).open(":memory:").is_err());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    #[must_use]
    pub fn max_groups(mut self, groups: usize) -> Self {
        self.options.max_groups = Some(i64::try_from(groups).unwrap_or(i64::MAX));
        self
    }

    /// How many threads a query may use, 1 to 1024; by default as many as the system says can work at once. A store
    /// that is given by [`Builder::store`] has its own.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = Some(i64::try_from(threads).unwrap_or(i64::MAX));
        self
    }

    /// How many bytes of what queries read stay in memory for the next ones; by default 1 GiB. A store that is given by
    /// [`Builder::store`] has its own.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.options.cache_bytes = Some(i64::try_from(bytes).unwrap_or(i64::MAX));
        self
    }

    /// How many bytes of memory may be taken by what knows usage again and by what was counted of it; by default
    /// 256 MiB.
    #[must_use]
    pub fn usage_memory_bytes(mut self, bytes: u64) -> Self {
        self.options.usage_memory_bytes = Some(i64::try_from(bytes).unwrap_or(i64::MAX));
        self
    }

    /// The currency that usage without a price stands in, by default USD.
    #[must_use]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.options.currency = Some(currency);
        self
    }

    /// How long metered usage may wait before budgets count it, 0 to 3600 seconds; by default 1. Until then it is
    /// neither in what the gate goes by nor told of; `tick` and the status of a budget look at once. With 0 every call
    /// does, which has each event rated by itself.
    ///
    /// ```
    /// use finops_core::Finops;
    ///
    /// let finops = Finops::builder().budget_lag_seconds("0.25".parse()?).open(":memory:")?;
    /// assert!(Finops::builder().budget_lag_seconds("-1".parse()?).open(":memory:").is_err());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    #[must_use]
    pub const fn budget_lag_seconds(mut self, seconds: Quantity) -> Self {
        self.options.budget_lag_seconds = Some(seconds);
        self
    }

    /// Who tells what budgets will have spent at the end of their periods; by default at the rate so far.
    #[must_use]
    pub fn spend_forecaster(mut self, forecaster: Arc<dyn SpendForecaster>) -> Self {
        self.spend_forecaster = Some(forecaster);
        self
    }

    /// A model of the host's own: forecasts of cost go by it where they ask for the model `custom`, or for its name.
    ///
    /// ```
    /// use finops_core::insight::forecast::{Forecaster, Level, Model, Series, SeriesForecast};
    /// use finops_core::{Finops, Result};
    /// use std::sync::Arc;
    ///
    /// #[derive(Debug)]
    /// struct Mine;
    ///
    /// impl Forecaster for Mine {
    ///     fn name(&self) -> &str {
    ///         "mine"
    ///     }
    ///
    ///     fn forecast(&self, series: &Series, horizon: usize, levels: &[Level]) -> Result<SeriesForecast> {
    ///         Model::Drift.forecast(series, horizon, levels)
    ///     }
    /// }
    ///
    /// let finops = Finops::builder().forecaster(Arc::new(Mine)).open(":memory:")?;
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    #[must_use]
    pub fn forecaster(mut self, forecaster: Arc<dyn Forecaster>) -> Self {
        self.forecaster = Some(forecaster);
        self
    }

    /// Who tells which days cost other than expected; by default
    /// [`RobustBaseline`](crate::insight::anomaly::RobustBaseline).
    #[must_use]
    pub fn anomaly_detector(mut self, detector: Arc<dyn AnomalyDetector>) -> Self {
        self.anomaly_detector = Some(detector);
        self
    }

    /// What webhooks may reach: by default public addresses over `https`.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::edge::notify::Reach;
    /// use finops_core::model::webhook::{WebhookCreate, WebhookUrl};
    ///
    /// let local = WebhookCreate::new(WebhookUrl::parse("http://127.0.0.1:8080/finops")?);
    /// assert!(Finops::open(":memory:")?.webhooks_create(local.clone()).is_err());
    /// let finops = Finops::builder().webhook_reach(Reach { http: true, private: true }).open(":memory:")?;
    /// assert!(finops.webhooks_create(local)?.webhook.enabled);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    #[must_use]
    pub fn webhook_reach(mut self, reach: Reach) -> Self {
        (self.options.webhook_allow_http, self.options.webhook_allow_private) = (reach.http, reach.private);
        self
    }

    /// How many seconds a receiver may take to answer, 1 to 60; by default 15. Finding the address of its name is not
    /// part of that: the system has limits of its own.
    #[must_use]
    pub fn webhook_timeout_seconds(mut self, seconds: u32) -> Self {
        self.options.webhook_timeout_seconds = Some(seconds.into());
        self
    }

    /// How many seconds a model or a detector of the host may take for a series where the engine waits for it beside
    /// its own thread, as it does for JavaScript: 1 to 3600, by default 60. What is called as a function of Rust or
    /// Python takes as long as it takes.
    #[must_use]
    pub fn model_timeout_seconds(mut self, seconds: u32) -> Self {
        self.options.model_timeout_seconds = Some(seconds.into());
        self
    }

    /// The same as it was given, or 60 seconds, for whoever waits.
    ///
    /// ```
    /// let builder = finops_core::Finops::builder().model_timeout_seconds(5);
    /// assert_eq!(builder.model_timeout()?.as_secs(), 5);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` when it is out of range.
    pub fn model_timeout(&self) -> Result<Duration> {
        self.options.model_timeout()
    }

    /// Sends webhooks through that, which then decides by itself what a name of a host may stand for.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes the time from there.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Takes the randomness of ids from there.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Keeps everything in that store; the location is then not looked at.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Opens the engine on a folder, which is made when it is not there, or on `:memory:`.
    ///
    /// # Errors
    /// `invalid_argument` for an option that is out of range; `conflict` when another process has the folder open for
    /// writing; `not_found` when there is nothing to read; `storage` when the folder cannot be used.
    pub fn open(self, location: &str) -> Result<Finops> {
        let (max_groups, tuning) = (self.options.max_groups()?, self.options.tuning()?);
        let (currency, actor) = (self.options.currency()?, self.options.actor()?);
        let lag = self.options.budget_lag()?;
        self.options.model_timeout()?;
        let telling = self.telling()?;
        let store = match self.store {
            Some(store) => store,
            None => Arc::new(open_store(location, self.options.read_only)?.tuned(tuning)),
        };
        let fixed = self.options.now.map(|now| Arc::new(FixedClock::new(now)));
        let clock = match (&fixed, self.clock) {
            (Some(fixed), _) => Arc::<FixedClock>::clone(fixed),
            (None, Some(clock)) => clock,
            (None, None) => Arc::new(SystemClock),
        };
        let entropy = self.entropy.unwrap_or_else(|| Arc::new(SystemEntropy));
        let mark = store.usage().and_then(crate::edge::store::usage::UsageStore::usage_mark);
        let settling = Arc::new(Due::new(!self.options.read_only && mark.is_ok_and(|mark| mark.events > 0)));
        let means = Means { store: Arc::clone(&store), clock: Arc::clone(&clock), entropy: Arc::clone(&entropy) };
        let budgets = Arc::new(Budgets::new(means, lag, self.options.read_only, self.spend_forecaster));
        Ok(Finops {
            store,
            clock,
            fixed,
            entropy,
            actor,
            max_groups,
            currency,
            settling,
            models: Arc::default(),
            prices: Arc::default(),
            grants: Arc::default(),
            access: None,
            centers: Arc::default(),
            allocating: Arc::default(),
            budgets,
            telling,
            groups: Arc::default(),
            anomalies: Arc::new(Anomalies::new(self.anomaly_detector)),
            own_forecaster: self.forecaster,
        })
    }

    fn telling(&self) -> Result<Arc<Telling>> {
        let reach = Reach { http: self.options.webhook_allow_http, private: self.options.webhook_allow_private };
        let timeout = self.options.webhook_timeout()?;
        let transport = self.transport.clone().or_else(|| notify::transport(reach, timeout));
        Ok(Arc::new(Telling::new(reach, transport)))
    }
}

fn open_store(location: &str, read_only: bool) -> Result<EmbeddedStore> {
    let wrong = |message: &str| Err(Error::invalid("location", message));
    match location {
        "" => wrong("is empty: give a folder, or ':memory:'"),
        IN_MEMORY if read_only => wrong("':memory:' starts empty, so there is nothing to read: leave out read_only"),
        IN_MEMORY => EmbeddedStore::in_memory(),
        location if location.contains("://") => {
            wrong("is a URL, and this version keeps its state in a folder or in ':memory:'")
        }
        folder if read_only => EmbeddedStore::open_read_only(Path::new(folder)),
        folder => EmbeddedStore::open(Path::new(folder)),
    }
}
