//! Any bytes as the hot file of a segment, or any change to the sound one: the answer stays the same.
#![no_main]

use finops_core::model::filter::Filter;
use finops_core::{CostSummaryRequest, Finops, ImportCharges};
use libfuzzer_sys::fuzz_target;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = check(bytes) {
        panic!("{error}");
    }
});

/// A store with one segment, as it is when nothing was done to its hot file.
struct Known {
    _folder: tempfile::TempDir,
    store: PathBuf,
    hot: PathBuf,
    sound: Vec<u8>,
    answers: Vec<String>,
}

static KNOWN: OnceLock<Known> = OnceLock::new();

fn check(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let known = match KNOWN.get() {
        Some(known) => known,
        None => {
            let made = make()?;
            KNOWN.get_or_init(|| made)
        }
    };
    std::fs::write(&known.hot, changed(&known.sound, bytes))?;
    // A reader builds nothing again, so that the folder stays as it is but for the hot file.
    assert_eq!(ask(&known.store)?, known.answers);
    Ok(())
}

/// The first byte says what is done: the others are the file, or where it is cut, or places with what they change by.
fn changed(sound: &[u8], bytes: &[u8]) -> Vec<u8> {
    let Some((kind, rest)) = bytes.split_first() else { return Vec::new() };
    if *kind == 0 {
        return rest.to_vec();
    }
    let mut file = sound.to_vec();
    for change in rest.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % file.len().max(1);
        match kind {
            1 => file.truncate(place),
            2 => file.insert(place.min(file.len()), change[2]),
            _ => file.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= change[2]),
        }
    }
    file
}

fn ask(store: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let finops = Finops::builder().read_only().open(&store.to_string_lossy())?;
    let mut request = CostSummaryRequest::default();
    let mut answers = Vec::new();
    // One service first, so that its records are read.
    request.filter = Filter::equals("service".parse()?, "service 3");
    request.period = Some("2024-01".parse()?);
    let summary = finops.get_cost_summary(&request)?;
    answers.push(format!("{:?} {:?}", summary.total_cost, summary.breakdown));
    request.filter = Filter::default();
    for (period, group_by) in [("2024-01", ""), ("2024-01", "service"), ("2024-01-02/2024-01-04", "resource_id")] {
        request.period = Some(period.parse()?);
        request.group_by.0 = if group_by.is_empty() { Vec::new() } else { vec![group_by.parse()?] };
        let summary = finops.get_cost_summary(&request)?;
        answers.push(format!("{:?} {:?}", summary.total_cost, summary.breakdown));
    }
    Ok(answers)
}

fn make() -> Result<Known, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("store");
    let mut bill = "BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,\
                    ChargePeriodStart,ChargePeriodEnd,ServiceName,ResourceId\n"
        .to_owned();
    for number in 0..60 {
        let (day, next) = (number % 5 + 1, number % 5 + 2);
        bill.push_str(&format!(
            "{number}.5,{}.25,USD,a,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,2024-01-0{day}T00:00:00Z,\
             2024-01-0{next}T00:00:00Z,service {},resource-{}\n",
            number % 3,
            number % 10,
            number % 4
        ));
    }
    let path = folder.path().join("bill.csv");
    std::fs::write(&path, bill)?;
    let finops = Finops::open(&store.to_string_lossy())?;
    finops.import_charges(&ImportCharges::new(path.to_string_lossy()))?;
    drop(finops);
    let mut files = std::fs::read_dir(store.join("charges/2024-01"))?.collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.path().extension().is_some_and(|extension| extension == "hot"));
    let hot = files.first().ok_or("no hot file")?.path();
    let (sound, answers) = (std::fs::read(&hot)?, ask(&store)?);
    Ok(Known { _folder: folder, store, hot, sound, answers })
}
