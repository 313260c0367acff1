//! The answers that allocations are told by.

use super::{Allocated, Asked};
use crate::edge::store::Snapshot;
use crate::engine::{Finops, Observer, Progress};
use crate::insight::allocation::{
    AllocatedQuestion, AllocationCoverage, AllocationCoverageQuery, AllocationCoverageRequest, AllocationRun,
    AllocationRunQuery, AllocationRunRequest, AllocationWhatIf, AllocationWhatIfQuery, AllocationWhatIfRequest,
};
use crate::insight::health::Held;
use crate::insight::question::Question;
use crate::insight::sums::Sums;
use crate::model::allocation::RuleSet;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::history::AsOf;
use crate::model::progress::watch;
use crate::model::virtual_dimension::Virtuals;
use crate::{Error, ErrorCode, Result};
use std::sync::Arc;

impl Finops {
    /// Who bears what a period cost: each centre's own charges, its shares of pools and of idle cost, and what nobody
    /// bears. What comes out is what came in, to the last digit, in every currency and each of the four costs.
    ///
    /// Charges are read once; what is kept of them for the next allocation takes up to about 300 MB.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::insight::AllocationRunRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = AllocationRunRequest::default();
    /// request.period = Some("2024-01".parse()?);
    /// request.group_by.0 = vec!["service".parse()?];
    /// let run = finops.allocation_run(&request)?;
    /// assert_eq!((run.total_in, run.items.len()), (None, 0), "nothing was imported");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered, for too many groups, and where usage cannot tell what
    /// a rule goes by; `conflict` when two rules of the same order hold the same charge, or a rule whose fallback is
    /// `error` cannot share out; `overflow`; `storage`.
    pub fn allocation_run(&self, request: &AllocationRunRequest) -> Result<AllocationRun> {
        self.allocation_run_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::allocation_run`].
    pub fn allocation_run_observed(
        &self,
        request: &AllocationRunRequest,
        observer: &dyn Observer,
    ) -> Result<AllocationRun> {
        self.permit("allocation.run")?;
        let query = AllocationRunQuery::new(request, self.clock.now())?;
        self.check_carried(query.carry(), &request.filter)?;
        let scene = Scene::new(self, request.as_of, observer)?;
        let asked = Asked { window: query.interval(), view: request.view, carry: query.carry() };
        let allocated = scene.allocate(&[&scene.rules], &asked)?.pop().unwrap_or_default();
        let estimated = scene.estimated(&asked)?;
        query.finish(&allocated, &scene.rules, scene.held(&estimated), &|dimension, value| {
            self.name_of(dimension, value)
        })
    }

    /// Who would pay more and who less by other rules. Nothing is changed.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::insight::AllocationWhatIfRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = AllocationWhatIfRequest::default();
    /// request.rules = Some(vec![]);
    /// assert!(finops.allocation_what_if(&request)?.items.is_empty());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::allocation_rules_create`] for the rules, on field `rules`; else as [`Finops::allocation_run`].
    pub fn allocation_what_if(&self, request: &AllocationWhatIfRequest) -> Result<AllocationWhatIf> {
        self.allocation_what_if_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::allocation_what_if`].
    pub fn allocation_what_if_observed(
        &self,
        request: &AllocationWhatIfRequest,
        observer: &dyn Observer,
    ) -> Result<AllocationWhatIf> {
        self.permit("allocation.what_if")?;
        let query = AllocationWhatIfQuery::new(request, self.clock.now())?;
        let others = self.other_rules(request.rules.clone().unwrap_or_default())?;
        let scene = Scene::new(self, request.as_of, observer)?;
        let asked = Asked { window: query.interval(), view: request.view, carry: &[] };
        let mut runs = scene.allocate(&[&scene.rules, &others], &asked)?;
        let (after, before) = (runs.pop().unwrap_or_default(), runs.pop().unwrap_or_default());
        let estimated = scene.estimated(&asked)?;
        query.finish(&before, &after, &scene.rules, scene.held(&estimated))
    }

    /// How much of the cost somebody bears, and the largest pieces that nobody does.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::insight::AllocationCoverageRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// assert!(finops.allocation_coverage(&AllocationCoverageRequest::default())?.unattributed.is_empty());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::allocation_run`].
    pub fn allocation_coverage(&self, request: &AllocationCoverageRequest) -> Result<AllocationCoverage> {
        self.allocation_coverage_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::allocation_run`].
    pub fn allocation_coverage_observed(
        &self,
        request: &AllocationCoverageRequest,
        observer: &dyn Observer,
    ) -> Result<AllocationCoverage> {
        self.permit("allocation.coverage")?;
        let query = AllocationCoverageQuery::new(request, self.clock.now())?;
        self.check_carried(query.carry(), &request.filter)?;
        let scene = Scene::new(self, request.as_of, observer)?;
        let asked = Asked { window: query.interval(), view: request.view, carry: query.carry() };
        let allocated = scene.allocate(&[&scene.rules], &asked)?.pop().unwrap_or_default();
        let estimated = scene.estimated(&asked)?;
        query.finish(&allocated, scene.held(&estimated), &|dimension, value| self.name_of(dimension, value))
    }

    /// Checks that the virtual dimensions are there that lines are to carry.
    fn check_carried(&self, carry: &[Dimension], filter: &Filter) -> Result<()> {
        let mut filtered = Vec::new();
        filter.dimensions(&mut filtered);
        let mut defined = None;
        for dimension in carry {
            let Dimension::Virtual(name) = dimension else { continue };
            let virtuals = match &mut defined {
                Some(virtuals) => virtuals,
                none => none.insert(Virtuals::new(self.store.virtual_dimensions()?)?),
            };
            let field = if filtered.contains(&dimension) { "filter" } else { "group_by" };
            virtuals.get(name).map_err(|error| error.with_field(field))?;
        }
        Ok(())
    }

    /// The sums that a question about what centres bear asks for.
    pub(in crate::engine) fn allocated_sums(
        &self,
        snapshot: &Snapshot,
        question: &Question,
        observer: &dyn Observer,
    ) -> Result<Sums> {
        let allocating = AllocatedQuestion::new(question)?;
        let view = question.views.first().copied().unwrap_or_default();
        let asked = Asked { window: question.interval, view, carry: allocating.carry() };
        let rules = self.allocation_rules()?;
        let allocated = self.allocate_by(&[&rules], snapshot, &asked, observer);
        // What a run fails at names rules and centres, which are not for everybody to know.
        let hidden = |error: Error| if self.is_narrowed() { withheld(error.code()) } else { error };
        allocating.sums(&allocated.map_err(hidden)?.pop().unwrap_or_default())
    }
}

/// That an allocation failed, for those who may not know of what.
fn withheld(code: ErrorCode) -> Error {
    Error::new(code, "the cost cannot be allocated as it is: ask who keeps the rules of allocation").with_field("view")
}

/// The state of the store and the rules that an answer is about.
struct Scene<'f> {
    finops: &'f Finops,
    observer: &'f dyn Observer,
    rules: Arc<RuleSet>,
    snapshot: Snapshot,
}

impl<'f> Scene<'f> {
    fn new(finops: &'f Finops, as_of: Option<AsOf>, observer: &'f dyn Observer) -> Result<Self> {
        watch(observer, &Progress::default())?;
        Ok(Self { finops, observer, rules: finops.allocation_rules()?, snapshot: finops.state(as_of)? })
    }

    fn allocate(&self, sets: &[&RuleSet], asked: &Asked<'_>) -> Result<Vec<Allocated>> {
        self.finops.allocate_by(sets, &self.snapshot, asked, self.observer)
    }

    /// The sums of the charges that may still be restated.
    fn estimated(&self, asked: &Asked<'_>) -> Result<Sums> {
        let question = Question::new(asked.window, asked.view).estimated();
        self.finops.store.aggregate(&self.snapshot, &question, self.observer)
    }

    fn held<'s>(&'s self, estimated: &'s Sums) -> Held<'s> {
        let Snapshot { id, imports, .. } = &self.snapshot;
        Held {
            snapshot: *id,
            reach: self.snapshot.reach(),
            imports,
            estimated: Some(estimated),
            is_narrowed: self.finops.is_narrowed(),
        }
    }
}
