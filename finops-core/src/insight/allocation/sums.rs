//! Lines as sums: an allocation in place of charges, for the answers that are made of sums.

use super::totals::cost_of;
use super::{Allocated, CENTER, carried};
use crate::Result;
use crate::insight::question::Question;
use crate::insight::request::GroupBy;
use crate::insight::sums::{Head, Labels, Sums};
use crate::model::charge::TextBuilder;
use crate::model::dimension::Dimension;
use crate::model::money::{Currency, Money};
use crate::pipeline::allocation::Line;
use hashbrown::HashMap;

/// A question whose charges are to be those that centres bear: dimension `cost_center` is who bears them.
#[derive(Debug)]
pub struct AllocatedQuestion<'q> {
    question: &'q Question,
    carry: Vec<Dimension>,
}

impl<'q> AllocatedQuestion<'q> {
    /// # Errors
    /// `invalid_argument` for dimensions that cannot be.
    pub fn new(question: &'q Question) -> Result<Self> {
        let others = question.dimensions.iter().filter(|dimension| **dimension != CENTER).cloned().collect();
        Ok(Self { question, carry: carried(&GroupBy(others), &question.filter)? })
    }

    /// The dimensions that lines have to carry.
    pub fn carry(&self) -> &[Dimension] {
        &self.carry
    }

    /// The sums of lines. What stands as the number of charges is the number of lines, with that of charges whose cost
    /// is unknown.
    ///
    /// # Errors
    /// `invalid_argument` for too many groups; `overflow`.
    pub fn sums(&self, allocated: &Allocated) -> Result<Sums> {
        let mut texts: Vec<TextBuilder> = Vec::new();
        texts.resize_with(self.question.dimensions.len(), TextBuilder::default);
        let mut groups: HashMap<(Currency, Vec<u32>), Group> = HashMap::new();
        let centers = |line: &Line| line.center.map(|center| center.to_string());
        for (_, allocation) in allocated {
            for line in allocation.borne(&self.question.filter)? {
                let code = |(dimension, texts): (&Dimension, &mut TextBuilder)| {
                    if *dimension == CENTER {
                        return centers(line).map_or(0, |center| texts.intern(&center) + 1);
                    }
                    let at = self.carry.iter().position(|carried| carried == dimension);
                    let value = at.and_then(|at| line.value(dimension, at));
                    value.map_or(0, |value| texts.intern(value) + 1)
                };
                let codes: Vec<u32> = self.question.dimensions.iter().zip(&mut texts).map(code).collect();
                groups.entry((line.currency, codes)).or_default().add(line, self.question)?;
            }
        }
        let labels = texts.into_iter().map(|mut texts| Labels::new(texts.take().dictionary)).collect();
        let mut sums = Sums::new(labels, self.question.views.len());
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for ((currency, codes), group) in groups {
            let known = sums.currencies.iter().position(|known| *known == currency);
            let currency_place = known.unwrap_or_else(|| {
                sums.currencies.push(currency);
                sums.currencies.len() - 1
            });
            let currency = u32::try_from(currency_place).unwrap_or(u32::MAX);
            sums.heads.push(Head { currency, bucket: 0, charges: group.charges });
            sums.codes.extend(codes);
            sums.costs.extend(group.costs.iter().map(|cost| cost.mantissa()));
            sums.unknown.extend(group.unknown);
        }
        sums.refuse_beyond(self.question.max_groups)?;
        Ok(sums)
    }
}

#[derive(Default)]
struct Group {
    charges: u64,
    costs: Vec<Money>,
    unknown: Vec<u64>,
}

impl Group {
    fn add(&mut self, line: &Line, question: &Question) -> Result<()> {
        self.costs.resize(question.views.len(), Money::ZERO);
        self.unknown.resize(question.views.len(), 0);
        let mut lacking = 0;
        for ((sum, unknown), view) in self.costs.iter_mut().zip(&mut self.unknown).zip(&question.views) {
            *sum = sum.checked_add(cost_of(&line.costs, *view))?;
            let more = line.unknown.get(view.place()).copied().unwrap_or(0);
            *unknown += more;
            lacking = more.max(lacking);
        }
        // A line of nothing but charges whose cost is unknown is no amount.
        let amounts = u64::from(line.unknown == [0; 4] || line.costs.iter().any(|cost| !cost.is_zero()));
        self.charges += lacking + amounts;
        Ok(())
    }
}
