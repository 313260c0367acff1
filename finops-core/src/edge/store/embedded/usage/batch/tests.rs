//! Whatever events there are come back as they were; whatever bytes there are make an error or events, never a panic.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-c]{1,2}",
        any::<String>(),
        any::<u128>().prop_map(|bits| {
            let hex = format!("{bits:032x}");
            [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
        }),
        "[0-9a-fA-F-]{36}",
    ]
}

fn quantity() -> impl Strategy<Value = Option<Quantity>> {
    let whole = (-5_i64..5).prop_map(|units| Some(Quantity::from_units(units)));
    let any = (any::<i128>(), 0_u32..128).prop_map(|(bits, shift)| Some(Quantity::from_mantissa(bits >> shift)));
    prop_oneof![Just(None), whole, any]
}

fn time() -> impl Strategy<Value = Stamp> {
    let near = 1_790_000_000_000_000_i64..1_790_000_100_000_000;
    let ends = prop_oneof![Just(-62_135_596_800_000_000_i64), Just(253_402_300_799_999_999)];
    prop_oneof![4 => near, 1 => ends].prop_map(|micros| Stamp::from_micros(micros).unwrap())
}

prop_compose! {
    fn event()(
        (id, source, resource, tenant) in (text(), text(), text(), text()),
        time in time(),
        quantity in quantity(),
        optional in prop::array::uniform3(prop::option::of(text())),
        properties in prop::collection::btree_map(text(), text(), 0..4),
    ) -> UsageEvent {
        let mut event = UsageEvent::new(id, time, resource, Quantity::ZERO, tenant);
        let [workspace, rail, user] = optional;
        (event.source, event.quantity, event.properties) = (source, quantity, properties);
        (event.workspace_id, event.rail, event.user_id) = (workspace, rail, user);
        event
    }
}

fn encode(events: &[UsageEvent]) -> Vec<u8> {
    Encoder::new().unwrap().encode(&events.iter().collect::<Vec<_>>()).unwrap()
}

proptest! {
    #[test]
    fn events_come_back(events in prop::collection::vec(event(), 0..40)) {
        prop_assert_eq!(decode(&encode(&events)).unwrap(), events);
    }

    #[test]
    fn damage_is_no_panic(events in prop::collection::vec(event(), 0..8), at: prop::sample::Index, byte: u8) {
        let mut batch = encode(&events);
        let at = at.index(batch.len());
        batch[at] ^= byte;
        drop(decode(&batch));
        drop(decode(&batch[..at]));
    }

    /// Past the compression, where damage would otherwise end.
    #[test]
    fn damaged_columns_are_no_panic(
        events in prop::collection::vec(event(), 0..8),
        changes: Vec<(prop::sample::Index, u8)>,
    ) {
        let (mut columns, mut packed) = (Vec::new(), Vec::new());
        put_columns(&mut columns, &mut packed, &events.iter().collect::<Vec<_>>());
        for (at, byte) in changes {
            let at = at.index(columns.len());
            columns[at] ^= byte;
        }
        let compressed = zstd::bulk::compress(&columns, 1).unwrap();
        let mut batch = vec![VERSION];
        put_number(&mut batch, columns.len() as u64);
        put_number(&mut batch, compressed.len() as u64);
        batch.extend(compressed);
        batch.extend(packed);
        drop(decode(&batch));
    }

    #[test]
    fn noise_is_no_panic(bytes: Vec<u8>) {
        drop(decode(&bytes));
    }
}

#[test]
fn more_keys_than_columns_come_back() {
    let event = |place: usize| {
        let mut event = UsageEvent::new(
            format!("id-{place}"),
            Stamp::from_micros(0).unwrap(),
            "call",
            Quantity::from_units(1),
            "t",
        );
        event.properties = (0..3).map(|key| (format!("key-{}", place * 2 + key), format!("{key}"))).collect();
        event
    };
    let events: Vec<_> = (0..200).map(event).collect();
    assert_eq!(decode(&encode(&events)).unwrap(), events);
    assert!(decode(&encode(&events)).unwrap()[199].properties == BTreeMap::clone(&events[199].properties));
}

#[test]
fn usual_events_are_small() {
    let event = |place: u64| {
        let id = format!("{:08x}-0000-4000-8000-{:012x}", place * 0x9e37, place);
        let time = Stamp::from_micros(1_790_000_000_000_000 + i64::try_from(place * 137).unwrap()).unwrap();
        UsageEvent::new(id, time, "api_calls", Quantity::from_units(1), format!("tenant-{}", place % 10_000))
    };
    let events: Vec<_> = (0..10_000).map(event).collect();
    let size = encode(&events).len();
    assert!(size < 24 * 10_000, "{size}");
}
