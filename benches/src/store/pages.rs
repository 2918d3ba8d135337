//! What each page of the program asks before its first paint, of a collector without a socket.
//!
//! Owns: the questions of each page. Refuses: drawing: what a browser adds is not in the figure.
//! Invariant: every question is answered with a status of success, or the page has no figure.

use super::load::{BEGIN_UNIX_MS, DAY_MS, DAYS};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use nowait_collector::keys::Keys;
use nowait_collector::serve::{Config, app};
use nowait_collector::store::SqliteStore;
use nowait_report::Budgets;
use nowait_report::gaps::EXAMPLE_GAPS;
use nowait_report::life::EXAMPLE_LIFE;
use std::error::Error;
use std::sync::Arc;
use tower::ServiceExt as _;

const KEY: &str = "app-key-of-the-benchmark-0123456";
const TOKEN: &str = "read-token-of-the-benchmark-0123";

/// The day after the load.
const NOW_UNIX_MS: u64 = BEGIN_UNIX_MS + DAYS * DAY_MS;

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) name: &'static str,
    /// One after another, as the program asks them.
    questions: &'static [&'static str],
}

/// The pages, without a filter.
pub(super) const PAGES: [Page; 11] = [
    Page { name: "page Today", questions: &["/v1/releases", "/v1/sections?since=yesterday&until=today"] },
    Page { name: "page Waits", questions: &["/v1/releases", "/v1/sections"] },
    Page {
        name: "page Touchpoint",
        questions: &["/v1/releases", "/v1/touchpoint/sections?touchpoint=tap%3AConfirm.Pay"],
    },
    Page { name: "page Journeys", questions: &["/v1/report", "/v1/sections"] },
    Page {
        name: "page Journeys, one of them",
        questions: &["/v1/report", "/v1/journey/sections?journey=transfer"],
    },
    Page { name: "page Releases", questions: &["/v1/releases", "/v1/releases/sections"] },
    Page { name: "page Service report", questions: &["/v1/service/sections?month=2026-03"] },
    Page { name: "page Indicators", questions: &["/v1/indicators/sections"] },
    Page { name: "page Touchpoint map", questions: &["/v1/map/sections"] },
    Page { name: "page Gaps", questions: &["/v1/gaps/sections"] },
    Page {
        name: "page Session",
        // The second one of the load.
        questions: &["/v1/session/sections?session=9e3779b9-7f4a-7c15-0000-000000000001"],
    },
];

/// What the bank says of itself, which some pages are about.
pub(super) fn budgets() -> Result<Budgets, Box<dyn Error>> {
    Ok(Budgets::parse(&format!("{EXAMPLE_LIFE}\n{EXAMPLE_GAPS}"))?)
}

impl Page {
    /// Asks all of it.
    pub(super) fn ask(self, store: SqliteStore) -> Result<(), Box<dyn Error>> {
        let keys = format!(
            "[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n[[read_token]]\ntenant = 'bank'\ntoken = '{TOKEN}'\n"
        );
        let config = Config { clock: || NOW_UNIX_MS, ..Config::new(Keys::parse(&keys)?) };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let app = app(Arc::new(store), config);
            for question in self.questions {
                let request = Request::get(*question)
                    .header("host", "bank.example")
                    .header("authorization", format!("Bearer {TOKEN}"))
                    .body(Body::empty())?;
                let (head, body) = app.clone().oneshot(request).await?.into_parts();
                let body = body.collect().await?.to_bytes();
                if !head.status.is_success() {
                    let said = String::from_utf8_lossy(&body);
                    return Err(format!("{question}: {} {said}", head.status).into());
                }
            }
            Ok(())
        })
    }
}
