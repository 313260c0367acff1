//! A server that meters its requests: `cargo run --example metered_server`, then
//! `curl -H 'x-tenant: ten_001' localhost:3000/hello/you` and `curl localhost:3000/usage`: who called how
//! often.

use axum::Router;
use axum::extract::{MatchedPath, Path};
use axum::http::request::Parts;
use axum::routing::get;
use finops_core::Finops;
use finops_core::edge::tower::UsageLayer;
use finops_core::engine::{FullPolicy, RecorderOptions};
use finops_core::insight::UsageRequest;
use finops_core::model::id::SystemEntropy;
use finops_core::model::time::SystemClock;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

fn tenant(request: &Parts) -> Option<String> {
    request.headers.get("x-tenant").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn route(request: &Parts) -> Option<String> {
    request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned())
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!\n")
}

/// How often each tenant called, as far as it was flushed.
fn usage(finops: &Finops) -> String {
    match finops.get_usage(&UsageRequest::default()) {
        Ok(usage) => serde_json::to_string_pretty(&usage.items).unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let finops = Finops::open(":memory:")?;
    // No request waits for the disk: what there is no room for is dropped and counted.
    let mut options = RecorderOptions::default();
    options.policy = FullPolicy::Drop;
    let recorder = finops.recorder(options)?;
    let _flushing = recorder.start(Duration::from_millis(200))?;
    let layer =
        UsageLayer::new(Arc::new(recorder), Arc::new(SystemClock), Arc::new(SystemEntropy), tenant).route(route);
    let application = Router::new().route("/hello/{name}", get(hello)).layer(layer);
    let application = application.route("/usage", get(async move || usage(&finops)));
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
        axum::serve(listener, application).await?;
        Ok(())
    })
}
