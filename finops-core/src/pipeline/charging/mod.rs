//! From rated usage to charges: what changed since it was last booked becomes rows of its own.

mod booked;
mod charge;
mod line;
mod rated;
mod usage;

pub use booked::{Booked, BookedCell, CellKey, Entry};
pub use charge::{Line, SERVICE_PROVIDER, USAGE_ACCOUNT, charge_of};
pub use line::{Billing, DueLine};
pub use rated::{RatedLine, rate_used};
pub use usage::{UsageLine, Used};
