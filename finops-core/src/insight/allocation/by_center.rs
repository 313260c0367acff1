//! What each centre bears.

use super::totals::{cost_of, known};
use crate::Result;
use crate::model::allocation::{CenterId, Centers};
use crate::model::charge::CostView;
use crate::model::money::{Currency, Money};
use crate::pipeline::allocation::{Line, LineKind};
use hashbrown::HashMap;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What a centre bears in a currency, or what nobody does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CenterCost {
    /// The centre; none for what nobody bears.
    pub cost_center_id: Option<CenterId>,
    /// What it is called.
    pub cost_center_name: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// The sum of what is known of the four that follow; of each none when the cost of all its charges is unknown.
    pub cost: Option<Money>,
    /// Its own charges.
    pub direct: Option<Money>,
    /// Its shares of pools.
    pub shared: Option<Money>,
    /// Its idle cost; where nobody bears it, what is kept apart.
    pub idle: Option<Money>,
    /// What no rule and no centre holds, and what a rule could not share out.
    pub unallocated: Option<Money>,
}

/// What lines come to by currency and centre.
#[derive(Debug, Default)]
pub(super) struct ByCenter(BTreeMap<(Currency, Option<CenterId>), Borne>);

#[derive(Debug, Default)]
struct Borne {
    /// In the order of [`KINDS`].
    kinds: [Money; 4],
    /// How many charges lack the cost, by the same kinds.
    unknown: [u64; 4],
}

/// The kinds of lines.
pub(super) const KINDS: [LineKind; 4] = [LineKind::Direct, LineKind::Shared, LineKind::Idle, LineKind::Unallocated];

/// What one line, or several of a centre and kind together, come to in a view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) currency: Currency,
    pub(super) center: Option<CenterId>,
    pub(super) kind: LineKind,
    pub(super) cost: Money,
    pub(super) unknown: u64,
}

impl Piece {
    /// A line by itself.
    pub(super) fn of(line: &Line, view: CostView) -> Self {
        Self::sum(line, &line.costs, &line.unknown, view)
    }

    /// Lines of one centre and kind, of which that is one, and what they come to.
    pub(super) fn sum(line: &Line, costs: &[Money; 4], unknown: &[u64; 4], view: CostView) -> Self {
        let Line { currency, center, kind, .. } = *line;
        let unknown = unknown.get(view.place()).copied().unwrap_or(0);
        Self { currency, center, kind, cost: cost_of(costs, view), unknown }
    }
}

impl ByCenter {
    pub(super) fn of(pieces: impl IntoIterator<Item = Piece>) -> Result<Self> {
        let mut all: HashMap<(Currency, Option<CenterId>), Borne> = HashMap::new();
        for piece in pieces {
            let borne = all.entry((piece.currency, piece.center)).or_default();
            for ((sum, unknown), kind) in borne.kinds.iter_mut().zip(&mut borne.unknown).zip(KINDS) {
                if kind == piece.kind {
                    *sum = sum.checked_add(piece.cost)?;
                    *unknown += piece.unknown;
                }
            }
        }
        Ok(Self(all.into_iter().collect()))
    }

    /// What is borne in a currency by a centre.
    pub(super) fn cost(&self, currency: Currency, center: Option<CenterId>) -> Result<Money> {
        self.0.get(&(currency, center)).map_or(Ok(Money::ZERO), Borne::cost)
    }

    /// Who bears something, by currency.
    pub(super) fn keys(&self) -> impl Iterator<Item = (Currency, Option<CenterId>)> {
        self.0.keys().copied()
    }

    /// By currency, the largest first; what nobody bears comes last.
    pub(super) fn costs(&self, centers: &Centers) -> Result<Vec<CenterCost>> {
        let cost = |((currency, center), borne): (&(Currency, Option<CenterId>), &Borne)| {
            let mut kinds = borne.kinds.into_iter().zip(borne.unknown).map(|(sum, unknown)| known(sum, unknown));
            let [direct, shared, idle, unallocated] = std::array::from_fn(|_| kinds.next().flatten());
            Ok(CenterCost {
                cost_center_id: *center,
                cost_center_name: name_of(centers, *center),
                currency: *currency,
                cost: known(borne.cost()?, borne.unknown.iter().sum()),
                direct,
                shared,
                idle,
                unallocated,
            })
        };
        let mut costs = self.0.iter().map(cost).collect::<Result<Vec<_>>>()?;
        let nobody = |cost: &CenterCost| cost.cost_center_id.is_none();
        let place = |cost: &CenterCost| cost.cost_center_id.and_then(|center| centers.place(center));
        costs.sort_by_key(|cost| (cost.currency, nobody(cost), Reverse(cost.cost), place(cost)));
        Ok(costs)
    }
}

impl Borne {
    fn cost(&self) -> Result<Money> {
        Money::try_sum(self.kinds)
    }
}

/// What a centre is called.
pub(super) fn name_of(centers: &Centers, center: Option<CenterId>) -> Option<String> {
    center.and_then(|center| centers.get(center)).map(|center| center.name.clone())
}
