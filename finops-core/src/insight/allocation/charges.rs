//! What an allocation asks of the charges, and the cells that it is made of.

use crate::insight::question::Question;
use crate::insight::sums::{Labels, Sums};
use crate::model::charge::CostView;
use crate::model::dimension::Dimension;
use crate::model::money::Money;
use crate::model::time::Interval;
use crate::model::virtual_dimension::Virtuals;
use crate::pipeline::allocation::{Cells, Classed, Classes};
use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// How many classes a dimension is asked for by: with more of them its values themselves are as few.
const MAX_CLASSES: usize = 1000;

/// A label of cells; none stands for "has no value".
type Label = Option<Arc<str>>;

/// The charges of a window, told apart as far as rules, centres and lines look at them.
///
/// One question asks for all of it, in all four costs. Of a dimension that only filters look at it asks for classes,
/// by a virtual dimension of its own, whose name nobody can give to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charges {
    window: Interval,
    stretches: Vec<Interval>,
    classes: Classes,
}

impl Charges {
    /// The charges of a window in stretches that cover it, told apart by those classes.
    pub fn new(window: Interval, stretches: Vec<Interval>, classes: Classes) -> Self {
        Self { window, stretches, classes }
    }

    /// The stretches.
    pub fn stretches(&self) -> &[Interval] {
        &self.stretches
    }

    /// The virtual dimensions that it names, each as often as it does.
    pub fn virtuals(&self) -> impl Iterator<Item = &str> {
        self.classes.dimensions().filter_map(|dimension| match dimension {
            Dimension::Virtual(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The question, with the virtual dimensions that are defined.
    ///
    /// # Errors
    /// `invalid_argument` when one is named that is not defined.
    pub fn question(&self, defined: &Virtuals) -> Result<Question> {
        self.virtuals().try_for_each(|name| defined.get(name).map(drop))?;
        let mut question = Question::new(self.window, CostView::default());
        question.views = CostView::ALL.to_vec();
        question.buckets = (self.stretches.len() > 1).then(|| self.stretches.clone());
        question.dimensions.clone_from(&self.classes.whole);
        let mut virtuals: Vec<_> = defined.iter().cloned().collect();
        for classed in &self.classes.classed {
            if as_classes(classed) {
                let name = format!("class of {}", classed.dimension);
                virtuals.push(classed.as_virtual(name.clone()));
                question.dimensions.push(Dimension::Virtual(name));
            } else {
                question.dimensions.push(classed.dimension.clone());
            }
        }
        question.virtuals = Virtuals::new(virtuals)?;
        Ok(question)
    }

    /// The cells of each stretch, from the sums for the question.
    ///
    /// # Errors
    /// `overflow` when the amounts are too large together.
    pub fn cells(&self, sums: &Sums) -> Result<Vec<Cells>> {
        let whole = self.classes.whole.len();
        let classed = |place: usize| self.classes.classed.get(place.checked_sub(whole)?);
        let read = |(place, labels)| Values::read(sums, place, labels, classed(place));
        let values: Vec<Values> = sums.labels.iter().enumerate().map(read).collect();
        let dimensions: Vec<Dimension> = self.classes.dimensions().cloned().collect();
        let labels: Vec<Vec<Label>> = values.iter().map(|values| values.labels.clone()).collect();
        let mut counts = vec![0; self.stretches.len()];
        let stretch = |bucket: u32| usize::try_from(bucket).unwrap_or(usize::MAX);
        sums.heads
            .iter()
            .filter_map(|head| counts.get_mut(stretch(head.bucket)).map(|count| *count += 1))
            .for_each(drop);
        let made = counts.iter().map(|count| {
            let mut cells = Cells::new(dimensions.clone(), labels.clone())?;
            cells.reserve(*count);
            Ok(cells)
        });
        let mut made = made.collect::<Result<Vec<Cells>>>()?;
        let mut codes = Vec::with_capacity(values.len());
        for (group, head) in sums.heads.iter().enumerate() {
            codes.clear();
            codes.extend(sums.codes_of(group).iter().zip(&values).map(|(code, values)| values.code(*code)));
            let currency = usize::try_from(head.currency).ok().and_then(|place| sums.currencies.get(place)).copied();
            let currency = currency.ok_or_else(|| Error::invalid("BillingCurrency", "has no value in some charge"))?;
            let (mut costs, mut unknown) = ([Money::ZERO; 4], [0; 4]);
            for (cost, sum) in costs.iter_mut().zip(sums.costs_of(group)) {
                *cost = Money::from_mantissa(*sum);
            }
            for (unknown, lacking) in unknown.iter_mut().zip(sums.unknown_of(group)) {
                *unknown = *lacking;
            }
            if let Some(cells) = made.get_mut(stretch(head.bucket)) {
                cells.push(&codes, currency, costs, unknown)?;
            }
        }
        Ok(made)
    }

    /// Whether cells of these charges will do where others were asked for: they tell apart all that those tell apart.
    pub fn serve(&self, asked: &Self) -> bool {
        let there = |dimension: &Dimension| self.classes.whole.contains(dimension);
        (self.window, &self.stretches) == (asked.window, &asked.stretches)
            && asked.classes.whole.iter().all(there)
            && asked.classes.classed.iter().all(|classed| {
                let own = self.classes.classed.iter().find(|own| own.dimension == classed.dimension);
                there(&classed.dimension) || own.is_some_and(|own| is_finer(own, classed))
            })
    }
}

/// Whether a dimension is asked for by classes. Of a virtual one the values are few, and rules on rules take long.
fn as_classes(classed: &Classed) -> bool {
    classed.classes.len() <= MAX_CLASSES && classed.dimension.column().is_some()
}

/// Whether each class lies in one class of the other, and what is in none of its classes is in none of the other's.
fn is_finer(one: &Classed, other: &Classed) -> bool {
    let class_of: HashMap<&str, usize> = by_value(other).collect();
    let listed: usize = one.classes.iter().flatten().filter(|value| class_of.contains_key(value.as_str())).count();
    let in_one = |class: &Vec<String>| {
        let mut places = class.iter().map(|value| class_of.get(value.as_str()));
        let first = places.next();
        places.all(|place| Some(place) == first)
    };
    // A text that stands for all others must not be a value that the other one lists.
    listed == class_of.len() && !class_of.contains_key(one.other.as_str()) && one.classes.iter().all(in_one)
}

/// The values that classes list, with the places of their classes.
fn by_value(classed: &Classed) -> impl Iterator<Item = (&str, usize)> {
    let values = classed.classes.iter().enumerate();
    values.flat_map(|(place, values)| values.iter().map(move |value| (value.as_str(), place)))
}

/// The labels of a dimension, and which of them stands for each code of the sums.
struct Values {
    labels: Vec<Label>,
    by_code: Vec<u32>,
}

/// The number of no label.
const NONE: u32 = u32::MAX;

impl Values {
    fn read(sums: &Sums, place: usize, labels: &Labels, classed: Option<&Classed>) -> Self {
        let mut values = Self { labels: Vec::new(), by_code: vec![NONE; labels.len()] };
        let class_of: HashMap<&str, usize> = classed.into_iter().flat_map(by_value).collect();
        let mut known: HashMap<Label, u32> = HashMap::new();
        for code in sums.codes.iter().skip(place).step_by(sums.labels.len().max(1)) {
            let Some(number) = usize::try_from(*code).ok().and_then(|code| values.by_code.get_mut(code)) else {
                continue;
            };
            if *number != NONE {
                continue;
            }
            let label = label(labels.get(*code), classed, &class_of);
            let next = u32::try_from(values.labels.len()).unwrap_or(NONE);
            *number = *known.entry(label.clone()).or_insert(next);
            if *number == next {
                values.labels.push(label);
            }
        }
        values
    }

    fn code(&self, code: u32) -> u32 {
        usize::try_from(code).ok().and_then(|code| self.by_code.get(code)).copied().unwrap_or(NONE)
    }
}

/// The label of a value as the sums have it.
fn label(text: Option<&str>, classed: Option<&Classed>, class_of: &HashMap<&str, usize>) -> Label {
    match classed {
        None => text.map(Arc::from),
        Some(classed) if as_classes(classed) => classed.label(text),
        Some(classed) => text.map(|text| {
            let class = class_of.get(text).and_then(|place| classed.classes.get(*place));
            class.and_then(|values| values.first()).unwrap_or(&classed.other).as_str().into()
        }),
    }
}
