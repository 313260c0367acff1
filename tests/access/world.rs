//! Two tenants of two organizations, with everything that an engine keeps of either.

use finops_core::Finops;
use finops_core::model::principal::{Principal, Role, Scope};
use finops_tests::support::{Bill, answer, row};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What stands in an answer that tells of the other tenant: parts of its ids, of its names and of its amounts, and of
/// the sums that hold them. Answers are compared in lower case.
pub(crate) const MARKS: [&str; 7] = ["south", "zenith", "7654321", "7656545", "7656555", "81.81", "9191"];

/// What both tenants cost by their bills: 2224 and 7654321, and other bills 10.
pub(crate) const WHOLE: &str = "7656555";

/// The kinds of handles, in the order of the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handle {
    Full,
    PlatformAdmin,
    Tenant,
    OrgAdmin,
    Operator,
    Viewer,
    /// A viewer of no tenant and no organization.
    Own,
    /// Admins of the tenant, with these scopes.
    ReadScope,
    WriteScope,
    NoScope,
    NoRole,
}

impl Handle {
    pub(crate) const ALL: [Self; 11] = [
        Self::Full,
        Self::PlatformAdmin,
        Self::Tenant,
        Self::OrgAdmin,
        Self::Operator,
        Self::Viewer,
        Self::Own,
        Self::ReadScope,
        Self::WriteScope,
        Self::NoScope,
        Self::NoRole,
    ];

    /// The handle of that kind, of the tenant, the organization and the user of the north.
    pub(crate) fn of(self, finops: &Finops) -> Finops {
        let principal = |roles: &[Role], tenant: bool, scopes: Option<&[Scope]>| {
            let mut principal = Principal::new("usr_north", roles);
            principal.tenant_id = tenant.then(|| "ten_north".to_owned());
            principal.scopes = scopes.map(<[Scope]>::to_vec);
            principal
        };
        let principal = match self {
            Self::Full => return finops.clone(),
            Self::Tenant => return finops.as_tenant("ten_north").unwrap(),
            Self::PlatformAdmin => principal(&[Role::Admin], false, None),
            Self::OrgAdmin => {
                let mut admin = principal(&[Role::Admin], false, None);
                admin.organization_id = Some("org_north".into());
                admin
            }
            Self::Operator => principal(&[Role::Operator], true, None),
            Self::Viewer => principal(&[Role::Viewer], true, None),
            Self::Own => principal(&[Role::Viewer], false, None),
            Self::ReadScope => principal(&[Role::Admin], true, Some(&[Scope::Read])),
            Self::WriteScope => principal(&[Role::Admin], true, Some(&[Scope::Write])),
            Self::NoScope => principal(&[Role::Admin], true, Some(&[])),
            Self::NoRole => principal(&[], true, None),
        };
        finops.as_principal(&principal).unwrap()
    }
}

/// An engine on a folder, and the ids of what was made in it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) finops: Finops,
    pub(crate) price: String,
    pub(crate) grant: String,
    /// The cost centre of the user of the north, and that of the south.
    pub(crate) center: String,
    pub(crate) other_center: String,
    /// The budget of the north.
    pub(crate) budget: String,
    /// What is reserved of it, twice.
    pub(crate) reservations: [String; 2],
    /// The resource group of the user of the north, and that of the south.
    pub(crate) group: String,
    pub(crate) other_group: String,
    /// A rule by which both bear what is nobody's.
    pub(crate) rule: String,
    /// A webhook, which is no tenant's.
    pub(crate) webhook: String,
    /// An event that it is told of.
    pub(crate) event: String,
    /// The monitor of the tenant of the north.
    pub(crate) monitor: String,
}

impl World {
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let finops = Finops::builder().now("2024-01-10T12:00:00Z".parse().unwrap());
        let finops = finops.open(store.to_str().unwrap()).unwrap();
        let mut world = Self {
            folder,
            finops,
            price: String::new(),
            grant: String::new(),
            center: String::new(),
            other_center: String::new(),
            budget: String::new(),
            reservations: Default::default(),
            group: String::new(),
            other_group: String::new(),
            rule: String::new(),
            webhook: String::new(),
            event: String::new(),
            monitor: String::new(),
        };
        world.bill("north", "1112", "acct-north");
        world.bill("north", "1112", "acct-north-2");
        world.bill("south", "7654321", "acct-south");
        world.bill("nobody", "10", "acct-nobody");
        world.catalog();
        world.center = world.owned_center("north", "Aurora");
        world.other_center = world.owned_center("south", "Zenith");
        world.budget = world.owned_budget("north", "Aurora");
        world.owned_budget("south", "Zenith");
        world.group = world.owned_group("north", "Aurora");
        world.other_group = world.owned_group("south", "Zenith");
        world.rule = world.shared();
        (world.webhook, world.event) = world.told();
        world.monitor = world.watched("north", "Aurora");
        world.watched("south", "Zenith");
        world.usage();
        world.models();
        // January is closed, so that there are statements; usage of February has no price that is new.
        world.finops.tick(Some("2024-02-02T12:00:00Z".parse().unwrap())).unwrap();
        world.reservations = [(); 2].map(|()| world.reserved());
        world
    }

    /// Charges of somebody, one of them set aside.
    fn bill(&self, who: &str, cost: &str, account: &str) {
        let id = |what: &str| if who == "nobody" { String::new() } else { format!("{what}_{who}") };
        let tags = if who == "nobody" { "{}".to_owned() } else { format!("{{\"team\": \"team-{who}\"}}") };
        let (service, workspace) = (format!("service {who}"), id("ws"));
        let (tenant, organization, user, center) = (id("ten"), id("org"), id("usr"), id("cc"));
        let cells = [
            ("BilledCost", cost),
            ("EffectiveCost", cost),
            ("ContractedCost", cost),
            ("ListCost", cost),
            ("BillingAccountId", account),
            ("BillingAccountName", who),
            ("ServiceName", &service),
            ("Tags", &tags),
            ("x_TenantId", &tenant),
            ("x_OrganizationId", &organization),
            ("x_UserId", &user),
            ("x_WorkspaceId", &workspace),
            ("x_CostCenterId", &center),
            ("x_note", who),
        ];
        let mut wrong = row(&cells);
        wrong.insert("BillingCurrency".into(), String::new());
        // Costs nothing, and says that the days until then are there.
        let mut late = row(&cells);
        for column in ["BilledCost", "EffectiveCost", "ContractedCost", "ListCost"] {
            late.insert(column.into(), "0".into());
        }
        late.insert("ChargePeriodStart".into(), "2024-01-25T00:00:00Z".into());
        late.insert("ChargePeriodEnd".into(), "2024-01-26T00:00:00Z".into());
        let wrong = (who == "south").then_some(wrong);
        let rows: Vec<_> = [row(&cells), late].into_iter().chain(wrong).collect();
        let file = Bill::new(rows).write(self.folder.path(), &format!("{account}.csv"));
        answer(&self.finops, "import_charges", json!({"path": file.to_str().unwrap()}));
    }

    fn catalog(&self) {
        for (who, name) in [("north", "Aurora"), ("south", "Zenith")] {
            let kinds = [
                ("tenant", "ten"),
                ("organization", "org"),
                ("user", "usr"),
                ("workspace", "ws"),
                ("cost_center", "cc"),
            ];
            for (kind, short) in kinds {
                let owner = (kind == "workspace").then(|| format!("usr_{who}"));
                let (id, name) = (format!("{short}_{who}"), format!("{name} {kind}"));
                let entry = json!({"kind": kind, "id": id, "name": name, "owner": owner});
                answer(&self.finops, "catalog.upsert", entry);
            }
        }
        let rule = |who: &str| json!({"value": format!("line-{who}"), "when": {"tenant": format!("ten_{who}")}});
        let rules = json!([rule("south"), rule("north")]);
        answer(&self.finops, "virtual_dimensions.set", json!({"name": "line", "rules": rules}));
    }

    fn owned_center(&self, who: &str, name: &str) -> String {
        let center = json!({"name": format!("{name} Operations"), "type": "tenant", "tenant": format!("ten_{who}"),
            "owner_id": format!("usr_{who}"), "budget_monthly": if who == "south" { 9191 } else { 12 }});
        text(&answer(&self.finops, "create_cost_center", center)["id"])
    }

    fn owned_budget(&self, who: &str, name: &str) -> String {
        let budget = json!({"name": format!("{name} spend"), "organization_id": format!("org_{who}"),
            "scope": {"level": "tenant", "id": format!("ten_{who}")},
            "budget": {"amount": if who == "south" { 9191 } else { 5000 }, "currency": "USD", "period": "monthly"},
            "thresholds": [{"percent": 100, "action": "pause"}]});
        text(&answer(&self.finops, "budgets.create", budget)["budget_id"])
    }

    fn watched(&self, who: &str, name: &str) -> String {
        let tenant = self.finops.as_tenant(format!("ten_{who}")).unwrap();
        text(&answer(&tenant, "anomaly_monitors.create", json!({"name": format!("{name} costs")}))["id"])
    }

    fn reserved(&self) -> String {
        let spend = json!({"amount": 1, "tenant_id": "ten_north", "organization_id": "org_north"});
        text(&answer(&self.finops, "budgets.reserve", spend)["reservation_id"])
    }

    /// A group of a resource of its own and of one that stands in both.
    fn owned_group(&self, who: &str, name: &str) -> String {
        let resource = |id: String| json!({"resource_type": "app", "resource_id": id, "resource_name": name});
        let group = json!({"name": format!("{name} apps"), "owner_id": format!("usr_{who}"),
            "organization_id": format!("org_{who}"),
            "resources": [resource("app_shared".into()), resource(format!("app_{who}"))]});
        text(&answer(&self.finops, "resource_groups.create", group)["id"])
    }

    /// A webhook that was given up an event.
    fn told(&self) -> (String, String) {
        let made = answer(&self.finops, "webhooks.create", json!({"url": "https://zenith.example/9191"}));
        let id = text(&made["id"]);
        let event = answer(&self.finops, "webhooks.test", json!({"id": id}));
        answer(&self.finops, "webhooks.update", json!({"id": id, "enabled": false}));
        answer(&self.finops, "webhooks.deliver", json!({}));
        answer(&self.finops, "webhooks.update", json!({"id": id, "enabled": true}));
        (id, text(&event["event_id"]))
    }

    fn shared(&self) -> String {
        let targets = json!([{"cost_center": self.center}, {"cost_center": self.other_center}]);
        let rule = json!({"name": "Zenith shares", "source": {"service": "service nobody"}, "method": "proportional",
            "targets": targets, "effective_from": "2024-01-01T00:00:00Z"});
        text(&answer(&self.finops, "allocation.rules.create", rule)["id"])
    }

    fn usage(&mut self) {
        let finops = &self.finops;
        let from = "2024-01-01T00:00:00Z";
        for (slug, event) in [("exports_south", "export_south"), ("exports_north", "export_north")] {
            answer(
                finops,
                "meters.create",
                json!({"slug": slug, "aggregation": "sum", "event": event, "unit": "export"}),
            );
        }
        let price = json!({"meter": "api_calls", "model": "per_unit", "unit_price": "0.5", "currency": "USD",
            "effective_from": from});
        self.price = text(&answer(finops, "prices.create", price.clone())["id"]);
        let mut own = price;
        own["scope"] = json!({"tenant_id": "ten_south"});
        own["unit_price"] = json!("81.81");
        answer(finops, "prices.create", own);
        for (who, units) in [("north", "5"), ("south", "9191")] {
            let amount = json!({"units": units, "meter": "api_calls"});
            let grant = json!({"tenant_id": format!("ten_{who}"), "amount": amount, "effective_from": from});
            self.grant = text(&answer(finops, "grants.create", grant)["id"]);
        }
        for (who, quantity) in [("north", 21), ("south", 99_191)] {
            let event = |id: &str, resource: &str, time: &str| {
                json!({"id": format!("{id}-{who}"), "resource": resource, "quantity": quantity, "time": time,
                    "tenant_id": format!("ten_{who}"), "user_id": format!("usr_{who}"),
                    "workspace_id": format!("ws_{who}")})
            };
            let export = format!("export_{who}");
            let (early, late) = ("2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z");
            let events =
                [event("one", "api_calls", early), event("two", "api_calls", late), event("three", &export, early)];
            assert_eq!(answer(finops, "record_usage", json!({ "events": events }))["accepted"], 3, "{who}");
        }
    }

    fn models(&self) {
        let list = r#"{"model-a": {"input_cost_per_token": 0.01, "output_cost_per_token": 0.01, "mode": "chat"}}"#;
        std::fs::write(self.path("models.json"), list).unwrap();
        let aliases = json!({"model-of-south": "model-a"});
        let request =
            json!({"path": self.path("models.json"), "effective_from": "2024-01-01T00:00:00Z", "aliases": aliases});
        answer(&self.finops, "llm.load_prices", request);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The marks that a text holds.
pub(crate) fn told(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    MARKS.into_iter().filter(|mark| text.contains(mark)).collect()
}
