//! What the meters of tokens cost: the lists of models as versions of prices.

use super::Finops;
use super::models::Lists;
use super::prices::Kept;
use crate::model::id::{self, Id};
use crate::model::llm::{Policy, TokenKind};
use crate::model::money::Currency;
use crate::model::price::{Price, PriceModel, Terms};
use crate::model::time::Stamp;
use crate::pipeline::llm::matrix::{MatrixCells, matrices};
use crate::{Error, ErrorCode, Result};

/// A version to keep, and whether it takes the price back.
pub(super) type Version = (Price, bool);

/// The matrices of an instant.
type Matrices = (Stamp, Vec<MatrixCells>);

impl Finops {
    /// The versions of prices after which charges are what the lists say, when a list was loaded for an instant.
    ///
    /// A version takes the place of all that held from its own instant on. So every later list is written again after
    /// it, and also earlier ones where a new alias gave them another name.
    pub(super) fn token_prices(&self, before: &Lists, after: &Lists, from: Stamp) -> Result<Vec<Version>> {
        let mut instants = after.catalog.instants();
        if let Err(place) = instants.binary_search(&from) {
            instants.insert(place, from);
        }
        if before.catalog.aliases() == after.catalog.aliases() {
            instants.retain(|at| *at >= from);
        }
        let mut wanted: Vec<Matrices> = Vec::with_capacity(instants.len());
        for at in instants {
            let cells = matrices(&after.catalog, at, None, &Policy::Unknown)?;
            // Prices that somebody changed by hand stay where the list has nothing new to say.
            let earlier = at < from && wanted.is_empty();
            if !(earlier && matrices(&before.catalog, at, None, &Policy::Unknown)? == cells) {
                wanted.push((at, cells));
            }
        }
        let (versions, book) = (self.price_versions()?, self.price_book()?);
        let mut further = Vec::new();
        for meter in TokenKind::ALL.map(TokenKind::meter_slug) {
            let of_meter = |terms: &Terms| terms.meter == meter && terms.scope.is_none();
            let latest = versions.iter().map(|Kept { price, .. }| price.terms()).rfind(|terms| of_meter(terms));
            let (id, revision) = if let Some(Terms { id: Some(id), revision, .. }) = latest {
                (*id, *revision)
            } else {
                let mut random = [0; 10];
                self.entropy.fill(&mut random)?;
                (Id::new(self.clock.now(), random), 0)
            };
            let held = book.prices().iter().filter(|price| of_meter(price.terms()) && price.terms().id == Some(id));
            let mut chain = Chain { id, revision, held: held.cloned().collect(), further: Vec::new() };
            for (at, cells) in &wanted {
                match cells.iter().find(|cells| cells.meter == meter) {
                    Some(cells) => chain.begin(cells)?,
                    None => chain.end(*at)?,
                }
            }
            further.extend(chain.further);
        }
        for (price, _) in further.iter().filter(|(_, deleted)| !deleted) {
            self.refuse_second(price)?;
        }
        Ok(further)
    }

    /// Refuses another currency than the prices of the meters of tokens are in: a line has one.
    pub(super) fn refuse_currency(&self, currency: Currency) -> Result<()> {
        let book = self.price_book()?;
        let slugs = TokenKind::ALL.map(TokenKind::meter_slug);
        let mut terms = book.prices().iter().map(Price::terms);
        let other = terms
            .find(|terms| terms.scope.is_none() && terms.currency != currency && slugs.contains(&terms.meter.as_str()));
        other.map_or(Ok(()), |terms| {
            let message = format!(
                "must be {}, which the prices of '{}' are in: convert the list, or delete those prices first where \
                 nothing is charged yet",
                terms.currency, terms.meter
            );
            Err(Error::new(ErrorCode::MixedCurrencies, message).with_field("currency"))
        })
    }
}

/// The versions of a price, as they are added to.
struct Chain {
    id: Id<id::Price>,
    revision: u32,
    /// Those that hold, each until the next.
    held: Vec<Price>,
    further: Vec<Version>,
}

impl Chain {
    /// Has these cells hold from their instant on, unless they do.
    fn begin(&mut self, cells: &MatrixCells) -> Result<()> {
        let model = PriceModel::Matrix(cells.clone().into_matrix()?);
        let terms = Terms::new(cells.meter, cells.currency, cells.effective_from);
        let holds = |price: &Price| {
            let held = price.terms();
            (held.effective_from, held.currency) == (terms.effective_from, terms.currency) && *price.model() == model
        };
        if self.held.iter().any(holds) { Ok(()) } else { self.push(terms, model) }
    }

    /// Has nothing hold from an instant on: no model has a price for such tokens any more.
    fn end(&mut self, at: Stamp) -> Result<()> {
        if !self.held.iter().any(|price| price.terms().holds_at(at)) {
            return Ok(());
        }
        let before = self.held.iter().filter(|price| price.terms().effective_from < at);
        if let Some(last) = before.max_by_key(|price| price.terms().effective_from) {
            let (mut terms, model) = (last.terms().clone(), last.model().clone());
            terms.effective_to = Some(terms.effective_to.map_or(at, |end| end.min(at)));
            return self.push(terms, model);
        }
        let first = self.held.first().map(|price| (price.terms().clone(), price.model().clone()));
        if let Some((terms, model)) = first {
            self.push(terms, model)?;
            if let Some((_, deleted)) = self.further.last_mut() {
                *deleted = true;
            }
            self.held.clear();
        }
        Ok(())
    }

    fn push(&mut self, mut terms: Terms, model: PriceModel) -> Result<()> {
        self.revision += 1;
        (terms.id, terms.revision) = (Some(self.id), self.revision);
        let from = terms.effective_from;
        let price = Price::new(terms, model)?;
        self.held = std::mem::take(&mut self.held).into_iter().filter_map(|held| held.until(from)).collect();
        self.held.push(price.clone());
        self.further.push((price, false));
        Ok(())
    }
}
