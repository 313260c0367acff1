//! What holds for every price and every history.

use super::{BookedPart, PeriodState};
use crate::model::money::{Currency, Money, Quantity, Rounding};
use crate::model::price::{
    LineRounding, Matrix, MatrixCell, MissingCell, OnChange, Package, PackageRounding, Percentage, Place, Price,
    PriceModel, Terms, Tier, UnitConversion, UnitRounding,
};
use crate::pipeline::rating::{Cell, SpreadStretch, Stretch, Usage, book, deltas, rate_line, spread, spread_line};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn money() -> impl Strategy<Value = Money> {
    (0_i64..20_000, 0_u32..6)
        .prop_map(|(digits, scale)| Money::from_mantissa(i128::from(digits) * 10_i128.pow(18 - scale)))
}

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        4 => (-300_i64..3_000).prop_map(Quantity::from_units),
        2 => (-300_i128..3_000).prop_map(|digits| Quantity::from_mantissa(digits * 10_i128.pow(16) + 7)),
        1 => Just(Quantity::ZERO),
    ]
}

fn tiers() -> impl Strategy<Value = Vec<Tier>> {
    let tier = (1_i64..200, proptest::option::of(money()), money());
    proptest::collection::vec(tier, 1..5).prop_map(|tiers| {
        let (mut end, last) = (0, tiers.len() - 1);
        let tier = |(at, (size, flat, unit_price))| {
            end += size;
            let up_to = (at < last).then(|| Quantity::from_mantissa(i128::from(end) * 10_i128.pow(17)));
            Tier { up_to, unit_price: Some(unit_price), flat }
        };
        tiers.into_iter().enumerate().map(tier).collect()
    })
}

fn matrix() -> impl Strategy<Value = PriceModel> {
    let missing = prop_oneof![Just(MissingCell::Unknown), money().prop_map(MissingCell::UnitPrice)];
    (proptest::collection::vec(money(), 1..4), missing).prop_map(|(prices, missing)| {
        let cell = |(at, unit_price): (usize, Money)| MatrixCell { values: vec![at.to_string()], unit_price };
        let cells = prices.into_iter().enumerate().map(cell).collect();
        PriceModel::Matrix(Matrix::new(vec!["model".to_owned()], cells, missing).unwrap())
    })
}

fn model() -> impl Strategy<Value = PriceModel> {
    let package = (1_i64..50, money(), any::<bool>()).prop_map(|(size, price, up)| Package {
        size: Quantity::from_units(size),
        price,
        rounding: if up { PackageRounding::Up } else { PackageRounding::Down },
    });
    let percentage = (0_i64..5_000, proptest::option::of(money())).prop_map(|(percent, flat)| Percentage {
        percent: Quantity::from_mantissa(i128::from(percent) * 10_i128.pow(16)),
        flat,
    });
    prop_oneof![
        money().prop_map(PriceModel::PerUnit),
        money().prop_map(PriceModel::Flat),
        tiers().prop_map(PriceModel::Tiered),
        tiers().prop_map(PriceModel::Volume),
        package.prop_map(PriceModel::Package),
        percentage.prop_map(PriceModel::Percentage),
        matrix(),
    ]
}

fn rounding() -> impl Strategy<Value = LineRounding> {
    let modes =
        [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down, Rounding::Up, Rounding::Floor, Rounding::Ceiling];
    let decimals = (0_u32..19, proptest::sample::select(modes.to_vec()));
    prop_oneof![
        Just(LineRounding::Exact),
        Just(LineRounding::Currency),
        decimals.prop_map(|(decimals, mode)| LineRounding::Decimals { decimals, mode }),
    ]
}

fn price() -> impl Strategy<Value = Price> {
    let bounds = (proptest::option::of(money()), proptest::option::of(money()));
    let free = (0_i64..20, 0_i64..20, proptest::option::of((1_i64..30, 0_u32..3, 0..3)));
    (model(), rounding(), bounds, free, any::<bool>(), any::<bool>()).prop_map(
        |(model, rounding, (minimum, maximum), (included, discount, conversion), at_zero, carry)| {
            let usd = Currency::parse("USD").unwrap();
            let mut terms = Terms::new("calls", usd, "2024-01-01T00:00:00Z".parse().unwrap());
            (terms.minimum, terms.maximum) =
                (minimum.filter(|least| maximum.is_none_or(|most| *least <= most)), maximum);
            let matrix = matches!(model, PriceModel::Matrix(_));
            terms.conversion = conversion.map(|(by, decimals, mode)| {
                let rounding = match mode {
                    _ if matrix => UnitRounding::None,
                    0 => UnitRounding::Up,
                    1 => UnitRounding::Down,
                    _ => UnitRounding::None,
                };
                let decimals = if rounding == UnitRounding::None { 0 } else { decimals };
                UnitConversion { divide_by: Quantity::from_units(by), rounding, decimals }
            });
            if !matrix {
                terms.included = Quantity::from_units(included);
                terms.usage_discount = Quantity::from_units(discount);
            }
            terms.rounding = rounding;
            terms.first_tier_flat_at_zero = at_zero;
            terms.on_change = if carry { OnChange::Carry } else { OnChange::Restart };
            Price::new(terms, model).unwrap()
        },
    )
}

/// The price of each stretch, and its cells: day, key, quantity, place.
type Period = Vec<(Option<Price>, Vec<Cell<u8, u8>>)>;

fn period() -> impl Strategy<Value = Period> {
    let place = prop_oneof![(0_u32..4).prop_map(Place::Cell), Just(Place::Elsewhere)];
    let cell = (0_u8..10, 0_u8..5, quantity(), place);
    let cells = proptest::collection::vec(cell, 0..20);
    proptest::collection::vec((proptest::option::weighted(0.9, price()), cells), 1..4).prop_map(|stretches| {
        let make = |(number, (price, cells)): (u8, (Option<Price>, Vec<_>))| {
            // A stretch begins where the one before it ended, maybe on the same day.
            let cell = |(day, key, quantity, place)| Cell { day: number * 9 + day, key, quantity, place };
            (price, cells.into_iter().map(cell).collect())
        };
        (0..).zip(stretches).map(make).collect()
    })
}

fn rated(period: &Period, state: PeriodState) -> crate::pipeline::rating::Rated {
    let places: Vec<Vec<(Place, Quantity)>> =
        period.iter().map(|(_, cells)| cells.iter().map(|cell| (cell.place, cell.quantity)).collect()).collect();
    let pairs = period.iter().zip(&places);
    let line: Vec<Stretch<'_>> =
        pairs.map(|((price, _), places)| Stretch { price: price.as_ref(), usage: Usage::Places(places) }).collect();
    rate_line(&line, state).unwrap()
}

fn total(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::try_sum(amounts).unwrap()
}

proptest! {
    #[test]
    fn parts_add_up_and_bounds_hold(period in period(), last: bool) {
        let state = if last { PeriodState::Final } else { PeriodState::Open };
        let rated = rated(&period, state);
        prop_assert_eq!(total(rated.parts.iter().map(|part| part.amount)), rated.amount, "{}", rated.path());
        if let ([(Some(price), _)], PeriodState::Open) = (period.as_slice(), state) {
            prop_assert!(price.terms().maximum.is_none_or(|maximum| rated.amount <= maximum));
        }
        let last_price = period.iter().filter_map(|(price, _)| price.as_ref()).next_back();
        let minimum = last_price.and_then(|price| price.terms().minimum);
        prop_assert!(!last || minimum.is_none_or(|minimum| rated.amount >= minimum));
    }

    /// Whatever is booked, in whatever steps, with whatever prices: booked and rated meet.
    #[test]
    fn booked_and_rated_meet(history in proptest::collection::vec(period(), 1..6)) {
        let mut booked: Vec<BookedPart> = Vec::new();
        for period in &history {
            let rated = rated(period, PeriodState::Open);
            let found = deltas(&booked, &rated).unwrap();
            prop_assert!(found.iter().all(|delta| !delta.amount.is_zero()));
            let before = total(booked.iter().map(|part| part.amount));
            let after = before.checked_add(total(found.iter().map(|delta| delta.amount))).unwrap();
            prop_assert_eq!(after, rated.amount);
            booked = book(&booked, &found).unwrap();
            prop_assert!(deltas(&booked, &rated).unwrap().is_empty());
        }
    }

    #[test]
    fn cells_add_up_by_any_grouping(period in period(), last: bool, groups in proptest::collection::vec(0_u8..4, 60)) {
        let state = if last { PeriodState::Final } else { PeriodState::Open };
        let stretches: Vec<SpreadStretch<'_, u8, u8>> = (0..).zip(&period).map(|(number, (price, cells))| {
            SpreadStretch { price: price.as_ref(), from: number * 9, cells }
        }).collect();
        let spread = spread_line(&stretches, 99, state).unwrap();
        let whole = rated(&period, state);
        prop_assert_eq!(&spread.line, &whole);
        let mut sums: BTreeMap<u8, Vec<Money>> = BTreeMap::new();
        for (cost, group) in spread.cells.iter().zip(&groups) {
            sums.entry(*group).or_default().extend(*cost);
        }
        let cells = total(sums.into_values().map(total));
        prop_assert_eq!(cells.checked_add(total(spread.fees.iter().map(|fee| fee.amount))).unwrap(), whole.amount);
        let unknown = period.iter().flat_map(|(_, cells)| cells).zip(&spread.cells).filter(|(_, cost)| cost.is_none());
        prop_assert_eq!(Quantity::try_sum(unknown.map(|(cell, _)| cell.quantity)).unwrap(), whole.unpriced);
    }

    /// What a day costs does not depend on what comes after it.
    #[test]
    fn a_past_day_keeps_its_cost(price in price(), period in period(), today in 0_u8..10) {
        let cells: Vec<Cell<u8, u8>> = period.into_iter().flat_map(|(_, cells)| cells).collect();
        let past: Vec<Cell<u8, u8>> = cells.iter().filter(|cell| cell.day <= today).copied().collect();
        let whole = spread(&price, &cells, 0, 99, PeriodState::Open).unwrap();
        let known = cells.iter().zip(&whole.cells).filter(|(cell, _)| cell.day <= today).map(|(_, cost)| *cost);
        let then = spread(&price, &past, 0, 99, PeriodState::Open).unwrap();
        prop_assert_eq!(then.cells, known.collect::<Vec<_>>());
    }

    #[test]
    fn a_line_is_the_same_however_its_cells_are_cut(period in period(), halves: bool) {
        let merged: Period = period.iter().map(|(price, cells)| {
            let mut sums: BTreeMap<Place, Quantity> = BTreeMap::new();
            for cell in cells {
                let sum = sums.entry(cell.place).or_default();
                *sum = sum.checked_add(cell.quantity).unwrap();
            }
            let cell = |(place, quantity)| Cell { day: 0, key: 0, quantity, place };
            let mut cells: Vec<Cell<u8, u8>> = sums.into_iter().map(cell).collect();
            if halves {
                let taken_back = |cell: Cell<u8, u8>| Cell { quantity: cell.quantity.checked_neg().unwrap(), ..cell };
                cells.extend(cells.clone().into_iter().map(taken_back));
                cells.extend(cells[..cells.len() / 2].to_vec());
            }
            (price.clone(), cells)
        }).collect();
        // Conversion of a matrix's cells rounds the 18th decimal of each.
        let plain = |(price, _): &(Option<Price>, _)| price.as_ref().is_none_or(|price: &Price| {
            price.terms().conversion.is_none() || !matches!(price.model(), PriceModel::Matrix(_))
        });
        prop_assume!(period.iter().all(plain));
        prop_assert_eq!(rated(&merged, PeriodState::Open).amount, rated(&period, PeriodState::Open).amount);
    }

    #[test]
    fn json_comes_back(price in price()) {
        let json = serde_json::to_value(&price).unwrap();
        prop_assert_eq!(Price::from_json(&json).unwrap(), price.clone());
        prop_assert_eq!(serde_json::from_value::<Price>(json).unwrap(), price);
    }
}
