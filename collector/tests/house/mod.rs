//! A collector without a socket, and those who ask it.
#![allow(dead_code, missing_docs, unreachable_pub)]

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use nowait_collector::keys::Keys;
use nowait_collector::serve::{Config, app};
use nowait_collector::store::{SqliteStore, Store as _};
use nowait_report::Budgets;
use nowait_wire::{Batch, CONTENT_TYPE, Receipt};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

pub const KEY: &str = "app-key-0123456789abcdefghij";
pub const TOKEN: &str = "read-token-0123456789abcdefg";
pub const OTHER_TOKEN: &str = "other-token-0123456789abcdef";

/// An hour after the sessions of `nowait_wire::testing` were sealed.
pub const NOW: u64 = 1_772_700_000_000 + 3_600_000;

pub struct House {
    pub app: Router,
    pub store: Arc<SqliteStore>,
    pub folder: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn receipt(&self) -> Receipt {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl House {
    /// One that was told these budgets.
    pub fn judging_by(toml: &str) -> House {
        let house = House::new(|_| {});
        house.store.set_budgets(Budgets::parse(toml).unwrap()).unwrap();
        house
    }

    pub fn new(change: impl FnOnce(&mut Config)) -> House {
        let text = format!(
            "[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n\
             [[read_token]]\ntenant = 'bank'\ntoken = '{TOKEN}'\nrole = 'admin'\n\
             [[read_token]]\ntenant = 'shop'\ntoken = '{OTHER_TOKEN}'\n"
        );
        let mut config = Config { clock: || NOW, ..Config::new(Keys::parse(&text).unwrap()) };
        change(&mut config);
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path()).unwrap());
        House { app: app(Arc::<SqliteStore>::clone(&store), config), store, folder }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub async fn post(&self, frame: Vec<u8>) -> Answer {
        self.send(post(frame)).await
    }

    /// As the tenant `bank` reads.
    pub async fn get(&self, address: &str) -> Answer {
        self.ask(address, &[("host", "bank.example"), ("authorization", &format!("Bearer {TOKEN}"))]).await
    }

    /// What the tenant `bank` would delete, or deletes.
    pub async fn delete(&self, wanted: &Value) -> Answer {
        let request = Request::post("/v1/deletions")
            .header("host", "bank.example")
            .header("authorization", format!("Bearer {TOKEN}"));
        self.send(request.body(Body::from(wanted.to_string())).unwrap()).await
    }

    pub async fn ask(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers
            .iter()
            .fold(Request::get(address), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

pub fn post(frame: Vec<u8>) -> Request<Body> {
    Request::post("/v1/batches")
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", CONTENT_TYPE)
        .body(Body::from(frame))
        .unwrap()
}

pub fn frame(batch: &Batch) -> Vec<u8> {
    nowait_wire::encode(batch).unwrap()
}
