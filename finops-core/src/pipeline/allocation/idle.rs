//! Idle cost: it goes first, over all cost with the same values, to centres, to pools and to what is nobody's.

use super::bases::{Base, HolderId};
use super::division::{finding, partial};
use super::finding::FindingCode;
use super::keys::Keys;
use super::line::LineKind;
use super::pools::{Received, Scene, whose};
use super::scribe::{Amount, Chunk, Head, Scribe, WHOLE, nth, split};
use super::share::Shares;
use super::table::Node;
use crate::Result;
use crate::model::allocation::{Idle, Rule, RuleSet};

/// Shares out the nodes of an idle pool; gives the lines of all that no other pool got, and what those got.
pub(super) fn share_idle(
    scene: Scene<'_>,
    (set, rule, idle): (&RuleSet, &Rule, Idle),
    nodes: &[Node],
    cuts: &Keys,
    base: &Base,
) -> Result<(Chunk, Vec<Received>)> {
    let mut scribe = Scribe::new(scene);
    let mut received: Vec<Received> = Vec::new();
    let decimals = rule.terms().decimals;
    for node in nodes {
        let (rows, costs) = (scene.table.rows_of(node), scene.table.costs_of(node));
        let Some(source) = cuts.values(node.cut) else { continue };
        let Some(head) = scene.head(node, LineKind::Idle, rule.id(), source) else { continue };
        let holders = base.group(node.currency, node.cut);
        for holder in holders.iter().filter(|holder| holder.cost < 0 || holder.is_partial) {
            let center = match holder.id {
                HolderId::Center(place) => set.centers().at(place),
                HolderId::Nobody | HolderId::Pool(_) => None,
            };
            if holder.is_partial {
                scribe.findings.push(partial(rule, center));
            }
            if holder.cost >= 0 {
                continue;
            }
            let whose = center.map_or_else(String::new, |center| format!(" of '{}'", center.name));
            let message = format!("some cost{whose} that idle cost goes by is below zero and counts as 0");
            scribe.findings.push(finding(rule, FindingCode::NegativeBase, center.map(|center| center.id), &message));
        }
        let Some(shares) = Shares::new(holders.iter().map(|holder| holder.cost.max(0)).collect())? else {
            // Nothing ran there: what is idle stays so.
            scribe.rows(&head, rows)?;
            continue;
        };
        scribe.unknown(&head, rows)?;
        let (parts, ratios) = (split(&shares, costs, decimals)?, shares.split(WHOLE, 18)?);
        for (at, holder) in holders.iter().enumerate() {
            let amount = Amount { costs: nth(&parts, at), ratio: ratios.get(at).copied() };
            let center = match holder.id {
                HolderId::Pool(node) => {
                    collect(&mut received, Received { rule: rule.id(), idle, node, costs: amount.costs });
                    continue;
                }
                HolderId::Center(place) => set.centers().at(place).map(|center| center.id),
                HolderId::Nobody => None,
            };
            let weight = crate::model::money::Quantity::from_mantissa(holder.cost.max(0));
            let head = Head { base: Some(weight), ..whose(&head, center, idle) };
            scribe.share(&head, amount, base.carriers(holder), decimals)?;
        }
    }
    received.sort_by_key(|got| got.node);
    let mut added: Vec<Received> = Vec::new();
    for got in received {
        collect(&mut added, got);
    }
    Ok((scribe.finish(), added))
}

/// Adds to what the same node got before, if that was the last one.
fn collect(received: &mut Vec<Received>, got: Received) {
    match received.last_mut().filter(|last| last.node == got.node) {
        Some(last) => last.costs.iter_mut().zip(got.costs).for_each(|(sum, cost)| *sum += cost),
        None => received.push(got),
    }
}
