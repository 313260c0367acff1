//! The sums of a delivery, by currency.

use crate::Result;
use crate::model::charge::{ChargeColumn, ChargeTable, CostView};
use crate::model::money::{Currency, ExactSum, Rounding};
use crate::model::receipt::CurrencyTotals;
use std::collections::BTreeMap;

/// Adds up what an import brings.
#[derive(Debug, Default)]
pub struct Tally {
    currencies: BTreeMap<Currency, Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    charges: u64,
    costs: [(ExactSum, u64); CostView::ALL.len()],
}

impl Tally {
    /// Adds the charges of a table.
    ///
    /// # Errors
    /// `invalid_argument` for a row whose currency is none, which the intake does not let through.
    pub fn add(&mut self, table: &ChargeTable) -> Result<()> {
        let Some(cells) = table.text(ChargeColumn::BillingCurrency) else { return Ok(()) };
        let currencies = cells.dictionary.iter().map(Currency::parse).collect::<Vec<_>>();
        let costs = CostView::ALL.map(|view| table.decimal(view.column()));
        for (row, &code) in cells.codes.iter().enumerate() {
            let index = usize::try_from(code).unwrap_or(usize::MAX);
            let Some(currency) = currencies.get(index) else { continue };
            let currency = currency
                .as_ref()
                .map_err(|error| crate::Error::invalid(ChargeColumn::BillingCurrency.name(), error.message()))?;
            let sums = self.currencies.entry(*currency).or_default();
            sums.charges += 1;
            for ((sum, unknown), cells) in sums.costs.iter_mut().zip(costs) {
                match cells.and_then(|cells| cells.get(row)) {
                    Some(mantissa) => sum.add(crate::model::money::Money::from_mantissa(mantissa)),
                    None => *unknown += 1,
                }
            }
        }
        Ok(())
    }

    /// The sums, in the order of the currencies' codes.
    ///
    /// # Errors
    /// `overflow` when a sum does not fit.
    pub fn totals(&self) -> Result<Vec<CurrencyTotals>> {
        let totals = self.currencies.iter().map(|(currency, sums)| {
            let [billed, effective, contracted, list] = &sums.costs;
            let money = |(sum, _): &(ExactSum, u64)| sum.to_money(Rounding::HalfEven);
            let known = |cost: &(ExactSum, u64)| money(cost).map(|sum| (cost.1 < sums.charges).then_some(sum));
            Ok(CurrencyTotals {
                currency: *currency,
                charges: sums.charges,
                billed: money(billed)?,
                effective: known(effective)?,
                contracted: known(contracted)?,
                list: known(list)?,
                effective_unknown: effective.1,
                contracted_unknown: contracted.1,
                list_unknown: list.1,
            })
        });
        totals.collect()
    }
}
