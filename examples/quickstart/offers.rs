//! What the invented clouds sell, and what the platform meters.

/// What the contract takes off the list price, as what is left of it.
pub(super) const CONTRACTED_PERCENT: i64 = 92;
/// What is left of the list price under the commitment.
pub(super) const COMMITTED_PERCENT: i64 = 60;

/// Who sends a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cloud {
    /// The cloud that most things run on, with two billing accounts.
    Meridian,
    /// The network at the edge.
    Edgeline,
    /// The platform itself, for what it meters.
    Platform,
}

impl Cloud {
    /// The name on the invoice.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Meridian => "Meridian Cloud",
            Self::Edgeline => "Edgeline",
            Self::Platform => "Platform",
        }
    }

    /// The billing account that a tenant's charges come with, and its name.
    pub(super) const fn account(self, tenant: usize) -> (&'static str, &'static str) {
        match self {
            Self::Meridian if tenant < 5 => ("meridian-1001", "Meridian production"),
            Self::Meridian => ("meridian-1002", "Meridian growth"),
            Self::Edgeline => ("edgeline-77", "Edgeline"),
            Self::Platform => ("platform", "Platform metering"),
        }
    }

    /// The ids and names of its two regions.
    pub(super) const fn regions(self) -> ((&'static str, &'static str), (&'static str, &'static str)) {
        match self {
            Self::Meridian => (("me-north-1", "Nordic"), ("me-west-2", "Atlantic")),
            Self::Edgeline | Self::Platform => (("global", "Global"), ("global", "Global")),
        }
    }
}

/// When something is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// Every day the same.
    Even,
    /// Less at weekends.
    Office,
}

/// A service at a price.
#[derive(Debug)]
pub(super) struct Offer {
    /// Who sells it.
    pub(super) cloud: Cloud,
    /// Its name.
    pub(super) service: &'static str,
    /// What FOCUS counts it as.
    pub(super) category: &'static str,
    /// The kind of its resources.
    pub(super) kind: &'static str,
    /// Its item on the price list.
    pub(super) sku: &'static str,
    /// The model, where it is one.
    pub(super) model: &'static str,
    /// The team that runs it.
    pub(super) team: &'static str,
    /// What the price is per.
    pub(super) unit: &'static str,
    /// Millionths of a dollar for a unit on the list, a multiple of 100.
    pub(super) price: i64,
    /// What the largest tenant uses a day, in units of 10^-4.
    pub(super) amount: i64,
    /// Over how many resources.
    pub(super) resources: i64,
    /// Whether there is a row for each hour, or for each day.
    pub(super) hourly: bool,
    /// Whether a commitment may cover it.
    pub(super) committable: bool,
    /// When it is used.
    pub(super) rhythm: Rhythm,
    /// How many times as much is used on the day of the spike.
    pub(super) spike: i64,
}

const BASE: Offer = Offer {
    cloud: Cloud::Meridian,
    service: "",
    category: "",
    kind: "",
    sku: "",
    model: "",
    team: "core",
    unit: "Hours",
    price: 0,
    amount: 0,
    resources: 3,
    hourly: false,
    committable: false,
    rhythm: Rhythm::Office,
    spike: 1,
};

/// Everything that is sold.
pub(super) const OFFERS: &[Offer] = &[
    Offer {
        service: "Elastic Compute",
        category: "Compute",
        kind: "Virtual Machine",
        sku: "MC-EC-4X",
        price: 384_000,
        amount: 2_880_000,
        resources: 4,
        hourly: true,
        committable: true,
        ..BASE
    },
    Offer {
        service: "Managed Postgres",
        category: "Databases",
        kind: "Database",
        sku: "MC-PG-8X",
        team: "data",
        price: 512_000,
        amount: 960_000,
        resources: 2,
        rhythm: Rhythm::Even,
        ..BASE
    },
    Offer {
        service: "Object Storage",
        category: "Storage",
        kind: "Bucket",
        sku: "MC-OS-STD",
        team: "data",
        unit: "GB-Months",
        price: 23_000,
        amount: 13_650_000,
        rhythm: Rhythm::Even,
        ..BASE
    },
    Offer {
        service: "LLM Inference",
        category: "AI and Machine Learning",
        kind: "Endpoint",
        sku: "MC-LLM-L",
        model: "corvid-large",
        team: "ai",
        unit: "1M Tokens",
        price: 3_000_000,
        amount: 320_000,
        spike: 9,
        ..BASE
    },
    Offer {
        service: "LLM Inference",
        category: "AI and Machine Learning",
        kind: "Endpoint",
        sku: "MC-LLM-S",
        model: "corvid-small",
        team: "ai",
        unit: "1M Tokens",
        price: 150_000,
        amount: 1_900_000,
        spike: 4,
        ..BASE
    },
    Offer {
        service: "Message Queue",
        category: "Integration",
        kind: "Queue",
        sku: "MC-MQ",
        unit: "1M Requests",
        price: 400_000,
        amount: 250_000,
        ..BASE
    },
    Offer {
        service: "Log Analytics",
        category: "Management and Governance",
        kind: "Log Group",
        sku: "MC-LOG",
        unit: "GB",
        price: 500_000,
        amount: 600_000,
        spike: 2,
        ..BASE
    },
    Offer {
        cloud: Cloud::Edgeline,
        service: "CDN",
        category: "Networking",
        kind: "Zone",
        sku: "EL-CDN",
        team: "edge",
        unit: "GB",
        price: 20_000,
        amount: 31_000_000,
        spike: 3,
        ..BASE
    },
    Offer {
        cloud: Cloud::Edgeline,
        service: "Edge Functions",
        category: "Compute",
        kind: "Function",
        sku: "EL-FN",
        team: "edge",
        unit: "1M Requests",
        price: 300_000,
        amount: 1_500_000,
        spike: 3,
        ..BASE
    },
    Offer {
        cloud: Cloud::Edgeline,
        service: "Web Firewall",
        category: "Security",
        kind: "Zone",
        sku: "EL-WAF",
        team: "edge",
        unit: "Zone-Days",
        price: 6_666_600,
        amount: 10_000,
        resources: 1,
        rhythm: Rhythm::Even,
        ..BASE
    },
];

/// What the platform meters: the resource, its unit, what the largest tenant uses a day in units of 10^-4, and when.
pub(super) const METERED: [(&str, &str, i64, Rhythm); 3] = [
    ("api_calls", "Requests", 12_000_000_000, Rhythm::Office),
    ("ledger_transactions", "Transactions", 850_000_000, Rhythm::Office),
    ("storage", "GB-Months", 13_650_000, Rhythm::Even),
];
