//! A rule as its JSON form: what was read is written the same, with what was left out filled in.

use super::{BaseForm, BaseWord, Form, MeterForm, Name, TargetForm, TierForm, Values};
use crate::model::allocation::method::{Base, ByValue, Direct, FixedAmount, Method, Share, Tier};
use crate::model::allocation::{CenterId, Rule};

impl TargetForm {
    const fn of(cost_center: CenterId) -> Self {
        Self { cost_center, value: None, weight: None, percent: None, amount: None }
    }
}

fn percents(targets: Vec<Share>) -> Vec<TargetForm> {
    let target = |share: Share| TargetForm { percent: Some(share.share), ..TargetForm::of(share.cost_center) };
    targets.into_iter().map(target).collect()
}

fn valued(target: ByValue) -> TargetForm {
    let mut values = target.values;
    let value = match (values.pop(), values.is_empty()) {
        (Some(value), true) => Values::One(value),
        (last, _) => {
            values.extend(last);
            Values::Several(values)
        }
    };
    TargetForm { value: Some(value), ..TargetForm::of(target.cost_center) }
}

impl From<Rule> for Form {
    fn from(rule: Rule) -> Self {
        let (terms, method) = rule.into_parts();
        let mut form = Self {
            id: terms.id,
            name: terms.name,
            source: terms.source,
            method: Name::Direct,
            by: None,
            targets: None,
            base: None,
            within: None,
            capacity: None,
            tiers: None,
            fallback: method.fallback(),
            idle: None,
            order: terms.order,
            effective_from: terms.effective_from,
            effective_to: terms.effective_to,
            currency: None,
            decimals: terms.decimals,
        };
        let bare = |centers: Vec<CenterId>| centers.into_iter().map(TargetForm::of).collect::<Vec<_>>();
        match method {
            Method::Direct(Direct::To(center)) => form.targets = Some(bare(vec![center])),
            Method::Direct(Direct::By { by, targets, .. }) => {
                form.by = Some(by);
                form.targets = (!targets.is_empty()).then(|| targets.into_iter().map(valued).collect());
            }
            Method::Even(targets) => (form.method, form.targets) = (Name::Even, Some(bare(targets))),
            Method::Weighted { targets, .. } => {
                let weighted =
                    |share: Share| TargetForm { weight: Some(share.share), ..TargetForm::of(share.cost_center) };
                (form.method, form.targets) = (Name::Weighted, Some(targets.into_iter().map(weighted).collect()));
            }
            Method::Fixed(targets) => (form.method, form.targets) = (Name::Fixed, Some(percents(targets))),
            Method::FixedAmount { targets, currency, .. } => {
                let amount =
                    |fixed: FixedAmount| TargetForm { amount: Some(fixed.amount), ..TargetForm::of(fixed.cost_center) };
                (form.method, form.currency) = (Name::FixedAmount, Some(currency));
                form.targets = Some(targets.into_iter().map(amount).collect());
            }
            Method::Tiered { tiers, currency, .. } => {
                let tier = |tier: Tier| TierForm { up_to: tier.up_to, targets: percents(tier.targets) };
                (form.method, form.currency) = (Name::Tiered, Some(currency));
                form.tiers = Some(tiers.into_iter().map(tier).collect());
            }
            Method::Proportional { base, targets, .. } => {
                (form.method, form.targets) = (Name::Proportional, targets.map(bare));
                form.based(base);
            }
            Method::Idle { within, idle } => {
                (form.method, form.idle) = (Name::Idle, Some(idle));
                form.within = (!within.is_empty()).then_some(within);
            }
        }
        form
    }
}

impl Form {
    fn based(&mut self, base: Base) {
        match base {
            Base::DirectCost { within } => {
                self.base = Some(BaseForm::Word(BaseWord::DirectCost));
                self.within = (!within.is_empty()).then_some(within);
            }
            Base::Meter { meter, capacity } => {
                self.base = Some(BaseForm::Meter(MeterForm { meter }));
                self.capacity = capacity.map(|capacity| capacity.quantity);
                self.idle = capacity.map(|capacity| capacity.idle);
            }
        }
    }
}
