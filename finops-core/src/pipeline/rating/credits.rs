//! Credits as they are used up: which grant pays for what, what is left, and what none of them covered.
//!
//! Time only moves forward. At an instant, what expires goes first, then comes a reset, then grants that start, then
//! refills, then usage.

use crate::model::money::Quantity;
use crate::model::price::Grant;
use crate::model::time::Stamp;
use crate::{Error, Result};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// The grants of a tenant that count the same thing, and what is left of them.
///
/// An overage, which is what usage took beyond all grants, is taken from the next grant that starts or is refilled. A
/// refill brings a grant *to* its amount, once per recurrence, whatever other grants do.
///
/// ```
/// use finops_core::model::id::Id;
/// use finops_core::model::money::Quantity;
/// use finops_core::model::price::{Grant, GrantAmount};
/// use finops_core::pipeline::rating::Credits;
///
/// let start = "2024-01-01T00:00:00Z".parse()?;
/// let grant = |number: u8, priority| {
///     let amount = GrantAmount::Units { units: Quantity::from_units(100), meter: "calls".to_owned() };
///     let mut grant = Grant::new(Id::new(start, [number; 10]), "acme", amount, start);
///     grant.priority = priority;
///     grant
/// };
/// let grants = [grant(1, 1), grant(2, 2)];
/// let mut credits = Credits::new(&grants)?;
/// let burns = credits.burn("2024-01-02T00:00:00Z".parse()?, Quantity::from_units(120))?;
/// assert_eq!(burns.len(), 2);
/// let left: Vec<String> = credits.balances().map(|balance| balance.left.to_string()).collect();
/// assert_eq!(left, ["0", "80"]);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Credits<'g> {
    /// In the order in which they are used up.
    pots: Vec<Pot<'g>>,
    /// Where each grant, as it was given, stands in that order.
    given: Vec<usize>,
    /// The pots that hold something.
    full: BTreeSet<usize>,
    /// What is to come, the next first.
    coming: BinaryHeap<Reverse<(Stamp, Change, usize, i64)>>,
    overage: Quantity,
    now: Option<Stamp>,
}

#[derive(Debug, Clone)]
struct Pot<'g> {
    grant: &'g Grant,
    left: Quantity,
    active: bool,
}

/// What becomes of a grant at an instant; in this order where several coincide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Expires,
    Starts,
    Refills,
}

/// An amount that was taken from a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burn<'g> {
    /// From which.
    pub grant: &'g Grant,
    /// When.
    pub at: Stamp,
    /// How much.
    pub amount: Quantity,
}

/// What is left of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance<'g> {
    /// The grant.
    pub grant: &'g Grant,
    /// How much; 0 before it starts and once it has expired.
    pub left: Quantity,
}

impl<'g> Credits<'g> {
    /// Grants that have not started yet.
    ///
    /// # Errors
    /// `invalid_argument` when a grant is not in order, or they do not all count the same thing of the same tenant.
    pub fn new(grants: &'g [Grant]) -> Result<Self> {
        for grant in grants {
            grant.validate()?;
            let like = |first: &Grant| first.amount.is_like(&grant.amount) && first.tenant_id == grant.tenant_id;
            if !grants.first().is_some_and(like) {
                let message = "must be of one tenant and one currency or meter: use up others by themselves";
                return Err(Error::invalid("grants", message));
            }
        }
        let mut order: Vec<(usize, &Grant)> = grants.iter().enumerate().collect();
        order.sort_by_cached_key(|(_, grant)| grant.burn_order());
        let mut given = vec![0; grants.len()];
        let (mut pots, mut coming) = (Vec::with_capacity(grants.len()), Vec::new());
        for (rank, (place, grant)) in order.into_iter().enumerate() {
            if let Some(slot) = given.get_mut(place) {
                *slot = rank;
            }
            coming.push(Reverse((grant.effective_from, Change::Starts, rank, 0)));
            coming.extend(grant.expires_at.map(|at| Reverse((at, Change::Expires, rank, 0))));
            coming.extend(grant.refill(1).map(|at| Reverse((at, Change::Refills, rank, 1))));
            pots.push(Pot { grant, left: Quantity::ZERO, active: false });
        }
        let (full, coming) = (BTreeSet::new(), BinaryHeap::from(coming));
        Ok(Self { pots, given, full, coming, overage: Quantity::ZERO, now: None })
    }

    /// What none of the grants covered so far.
    pub const fn overage(&self) -> Quantity {
        self.overage
    }

    /// What is left of each grant, in the order in which they were given.
    pub fn balances(&self) -> impl Iterator<Item = Balance<'g>> {
        let pots = self.given.iter().filter_map(|rank| self.pots.get(*rank));
        pots.map(|pot| Balance { grant: pot.grant, left: pot.left })
    }

    /// What is left of all grants together.
    pub fn left(&self) -> Result<Quantity> {
        Quantity::try_sum(self.full.iter().filter_map(|rank| self.pots.get(*rank)).map(|pot| pot.left))
    }

    /// Goes on to that instant: grants start, are refilled and expire. What pays for an overage is given back.
    ///
    /// # Errors
    /// `invalid_argument` when the instant lies before one that was reached already.
    pub fn advance(&mut self, to: Stamp) -> Result<Vec<Burn<'g>>> {
        self.reach(to)?;
        self.pass(to, Change::Refills)
    }

    /// Uses up an amount at that instant, and gives what each grant paid of it. What none pays is an overage.
    ///
    /// Of an overage that was there before, the burns hold what became payable meanwhile. The amount counts in units of
    /// the currency or the meter of the grants.
    ///
    /// # Errors
    /// `invalid_argument` when the amount is below 0, or the instant lies before one that was reached already.
    pub fn burn(&mut self, at: Stamp, amount: Quantity) -> Result<Vec<Burn<'g>>> {
        if amount.is_negative() {
            return Err(Error::invalid("amount", format!("must be 0 or more, got {amount}: give a grant instead")));
        }
        let mut burns = self.advance(at)?;
        self.overage = self.overage.checked_add(amount)?;
        self.pay(at, &mut burns)?;
        Ok(burns)
    }

    /// A period ends: what is left of grants with a rollover is cut to it, and the overage is forgotten.
    ///
    /// Grants that say so preserve the overage: it is taken from what was rolled over of them, and what they do not
    /// cover stays. What starts or is refilled at that very instant belongs to the new period, and comes after.
    ///
    /// # Errors
    /// As [`burn`](Self::burn).
    pub fn reset(&mut self, at: Stamp) -> Result<Vec<Burn<'g>>> {
        self.reach(at)?;
        let mut burns = self.pass(at, Change::Expires)?;
        let mut preserved = false;
        for (rank, pot) in self.pots.iter_mut().enumerate().filter(|(_, pot)| pot.active) {
            preserved |= pot.grant.preserve_overage;
            if let Some(rollover) = pot.grant.rollover {
                pot.left = rollover.apply(pot.left);
            }
            if pot.left.is_zero() {
                self.full.remove(&rank)
            } else {
                self.full.insert(rank)
            };
        }
        if !preserved {
            self.overage = Quantity::ZERO;
        }
        let ready: Vec<usize> = self.full.iter().copied().collect();
        for rank in ready {
            if self.overage.is_zero() {
                break;
            }
            if self.pots.get(rank).is_some_and(|pot| pot.grant.preserve_overage) {
                self.take(rank, at, &mut burns)?;
            }
        }
        Ok(burns)
    }

    fn reach(&mut self, at: Stamp) -> Result<()> {
        if let Some(now) = self.now.filter(|now| at < *now) {
            return Err(Error::invalid(
                "at",
                format!("must not lie before {now}, which was reached already; got {at}"),
            ));
        }
        self.now = Some(at);
        Ok(())
    }

    /// Lets everything happen before that instant, and at it what is not later than `last`.
    fn pass(&mut self, to: Stamp, last: Change) -> Result<Vec<Burn<'g>>> {
        let mut burns = Vec::new();
        while let Some(Reverse((at, change, ..))) = self.coming.peek()
            && (*at, *change) <= (to, last)
        {
            let at = *at;
            // All that coincides comes first: the grant that pays must not depend on which of them was read first.
            while let Some(Reverse((then, change, rank, n))) = self.coming.peek().copied()
                && then == at
                && (then, change) <= (to, last)
            {
                self.coming.pop();
                self.happen(change, rank, n);
            }
            self.pay(at, &mut burns)?;
        }
        Ok(burns)
    }

    fn happen(&mut self, change: Change, rank: usize, n: i64) {
        let Some(pot) = self.pots.get_mut(rank) else {
            return;
        };
        (pot.active, pot.left) = match change {
            Change::Expires => (false, Quantity::ZERO),
            Change::Starts | Change::Refills => (true, pot.grant.amount.size()),
        };
        if change == Change::Refills {
            self.coming.extend(pot.grant.refill(n + 1).map(|at| Reverse((at, Change::Refills, rank, n + 1))));
        }
        if pot.left.is_zero() {
            self.full.remove(&rank)
        } else {
            self.full.insert(rank)
        };
    }

    /// Takes the overage from the grants, in their order, as far as they hold.
    fn pay(&mut self, at: Stamp, burns: &mut Vec<Burn<'g>>) -> Result<()> {
        while !self.overage.is_zero()
            && let Some(rank) = self.full.first().copied()
        {
            self.take(rank, at, burns)?;
        }
        Ok(())
    }

    fn take(&mut self, rank: usize, at: Stamp, burns: &mut Vec<Burn<'g>>) -> Result<()> {
        if let Some(pot) = self.pots.get_mut(rank) {
            let amount = pot.left.min(self.overage);
            pot.left = pot.left.checked_sub(amount)?;
            self.overage = self.overage.checked_sub(amount)?;
            burns.push(Burn { grant: pot.grant, at, amount });
            if !pot.left.is_zero() {
                return Ok(());
            }
        }
        self.full.remove(&rank);
        Ok(())
    }
}
