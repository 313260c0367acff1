//! A server that meters its requests: `cargo run --example metered_server`, then
//! `curl -H 'x-tenant: ten_001' localhost:3000/hello/you`. The events are printed.

use axum::Router;
use axum::extract::{MatchedPath, Path};
use axum::http::request::Parts;
use axum::routing::get;
use finops_core::edge::tower::{UsageLayer, UsageSink};
use finops_core::model::id::SystemEntropy;
use finops_core::model::time::SystemClock;
use finops_core::model::usage::UsageEvent;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

/// Where events go: here to the terminal, in a service to the engine.
struct Shown;

impl UsageSink for Shown {
    fn record(&self, event: UsageEvent) {
        let UsageEvent { tenant_id, resource, properties, .. } = event;
        // A closed terminal is no reason to fail a request.
        let _ = writeln!(std::io::stdout(), "{tenant_id} {resource} {properties:?}");
    }
}

fn tenant(request: &Parts) -> Option<String> {
    request.headers.get("x-tenant").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn route(request: &Parts) -> Option<String> {
    request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned())
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!\n")
}

fn main() -> Result<(), Box<dyn Error>> {
    let usage = UsageLayer::new(Arc::new(Shown), Arc::new(SystemClock), Arc::new(SystemEntropy), tenant).route(route);
    let application = Router::new().route("/hello/{name}", get(hello)).layer(usage);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
        axum::serve(listener, application).await?;
        Ok(())
    })
}
