//! From rated usage to charges: what changed since it was last booked becomes rows of its own.

mod booked;
mod burning;
mod charge;
mod credit;
mod line;
mod rated;
mod spend;
mod usage;

pub use booked::{Booked, BookedCell, CellKey, Entry, Version};
pub use burning::{Pieces, burn_period};
pub use charge::{Line, SERVICE_PROVIDER, USAGE_ACCOUNT, charge_of};
pub use credit::{credit_of, credited};
pub use line::{Billing, DueLine, granted_until};
pub use rated::{RatedLine, rate_used};
pub use spend::{GATE_ACCOUNT, SPEND_STEP, SPEND_VALUES, SettledSpend};
pub use usage::{UsageLine, Used};
