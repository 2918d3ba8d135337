//! What Prometheus reads (`GET /metrics`), as OpenMetrics 1.0.
//!
//! Owns: the names, labels and units of the metrics, and how many of them there are. Refuses: counting (see `counters`) and figures (see
//! `store`); a graph of them is the reader's.
//! Invariant: what a tenant sends adds no more than [`TOUCHPOINTS_MAX`] series of each metric, and counters of the process are there whatever
//! the store says.

use super::asked::Asked;
use super::{arrivals, refusal};
use crate::error::Error;
use crate::keys::Role;
use crate::store;
use crate::time::DAY_MS;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use nowait_report::report::Touchpoint;
use nowait_report::{Arrivals, Report};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;

/// Where it is.
pub(super) const PATH: &str = "/metrics";

/// The format, as the specification names it.
const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Touchpoints whose figures are told, those with the most lost time first: ten series of each are what Prometheus keeps for a server
/// anyway.
const TOUCHPOINTS_MAX: usize = 50;

/// The span of the figures, up to now. A graph moves with it.
const SPAN_MS: u64 = DAY_MS;

/// Labels and a value.
type Series<N> = (Vec<(&'static str, String)>, N);

/// One metric with all of its series.
#[derive(Debug)]
struct Metric<N> {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    series: Vec<Series<N>>,
}

/// What is told.
#[derive(Debug)]
struct Told {
    counters: Vec<Metric<u64>>,
    gauges: Vec<Metric<f64>>,
}

/// What the collector counts of itself, and the latest day of the tenant.
pub(super) fn metrics(asked: &Asked) -> Result<Response, Error> {
    if asked.reader.role() == Role::Viewer {
        let reason = "some of these numbers are of all tenants together: they need a read token whose role is metrics or admin";
        return Ok(refusal(StatusCode::FORBIDDEN, reason));
    }
    let mut told = of_process(asked);
    // Without data there is nothing to tell of it, and of a collector that nobody has sent to yet the rest is of use.
    match latest_day(asked) {
        Ok((tenant, report, arrivals)) => told.add_day(&tenant, &report, &arrivals),
        Err(error) if error.is_no_data() => {}
        Err(error) => return Err(error),
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(told));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| Error::store("the metrics could not be written"))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

fn latest_day(asked: &Asked) -> Result<(String, Report, Arrivals), Error> {
    // Which refuses filters and spans.
    let arrivals = arrivals::of(asked)?;
    let (tenant, query) = asked.meant()?;
    let day = query.from(asked.now_unix_ms().saturating_sub(SPAN_MS));
    let report = store::report(asked.store(), &tenant, &day, asked.budgets())?;
    Ok((tenant, report, arrivals))
}

fn of_process(asked: &Asked) -> Told {
    let counters = &asked.shared.counters;
    let status = counters.status(asked.shared.config.remote, None);
    let counter = |name, help, series| Metric { name, help, unit: None, series };
    let by_outcome = |counts: Vec<(&'static str, u64)>| {
        counts.into_iter().map(|(word, n)| (vec![("outcome", word.to_owned())], n)).collect()
    };
    let alone = |n: u64| vec![(Vec::new(), n)];
    let counters = vec![
        counter(
            "nowait_batches",
            "Requests to store a batch, by how they ended since the collector started",
            by_outcome(counters.batches()),
        ),
        counter("nowait_events_stored", "Events of stored batches", alone(status.events_stored)),
        counter("nowait_stored_bytes", "Bytes of stored batches as they came", alone(status.bytes_stored)),
        counter(
            "nowait_texts_redacted",
            "Texts of stored batches that looked personal: the device should have replaced them",
            alone(status.texts_redacted),
        ),
        counter(
            "nowait_panics_caught",
            "Requests that ended in a defect of the collector",
            alone(status.panics_caught),
        ),
        counter(
            "nowait_reads",
            "Questions to the page and the read API, by how they ended",
            by_outcome(counters.reads()),
        ),
        counter("nowait_logins", "Attempts to sign in, by how they ended", by_outcome(counters.logins())),
    ];
    let mut told = Told { counters, gauges: Vec::new() };
    let version = (vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0);
    told.gauge("nowait_build_info", "The version that runs", None, vec![version]);
    told
}

impl Told {
    fn add_day(&mut self, tenant: &str, report: &Report, arrivals: &Arrivals) {
        let of_tenant = || vec![("tenant", tenant.to_owned())];
        if let Some(latest) = arrivals.latest_unix_ms {
            self.gauge(
                "nowait_latest_batch_timestamp",
                "When the latest batch came, in seconds since 1970 UTC",
                Some(Unit::Seconds),
                vec![(of_tenant(), latest as f64 / 1e3)],
            );
        }
        let reporting = arrivals.spans.iter().filter_map(|of| {
            let labels = [of_tenant(), vec![("span", of.span.as_str().to_owned())]].concat();
            Some((labels, of.installs? as f64))
        });
        self.gauge("nowait_installs", "Installs that told of themselves", None, reporting.collect());
        self.gauge(
            "nowait_events_missing",
            "Events of the last 24 hours that devices told of in their ledgers and that have not arrived, or not yet",
            None,
            vec![(of_tenant(), report.ledger.missing as f64)],
        );
        let abnormal = report.exits.groups.iter().map(|group| {
            let labels = vec![
                ("tenant", tenant.to_owned()),
                ("reason", group.reason.as_str().to_owned()),
                ("last", group.last_crumb.clone()),
            ];
            (labels, group.count as f64)
        });
        self.gauge(
            "nowait_exits",
            "Ends of the app in the last 24 hours, by their reason and what was told last",
            None,
            abnormal.take(TOUCHPOINTS_MAX).collect(),
        );
        self.add_touchpoints(tenant, &report.touchpoints);
    }

    fn add_touchpoints(&mut self, tenant: &str, touchpoints: &[Touchpoint]) {
        let told: Vec<&Touchpoint> = touchpoints.iter().take(TOUCHPOINTS_MAX).collect();
        let of = |touchpoint: &Touchpoint| {
            vec![
                ("tenant", tenant.to_owned()),
                ("kind", touchpoint.kind.as_str().to_owned()),
                ("touchpoint", touchpoint.name.clone()),
            ]
        };
        let each = |value: fn(&Touchpoint) -> Option<f64>| -> Vec<Series<f64>> {
            told.iter().filter_map(|touchpoint| Some((of(touchpoint), value(touchpoint)?))).collect()
        };
        self.gauge(
            "nowait_waits",
            "Waits of the last 24 hours that ended",
            None,
            each(|of| Some(of.figures.outcomes.ended() as f64)),
        );
        self.gauge(
            "nowait_lost",
            "Customer time beyond the target in the last 24 hours",
            Some(Unit::Seconds),
            each(|of| Some(of.figures.lost_ns as f64 / 1e9)),
        );
        self.gauge(
            "nowait_within_budget",
            "Waits of the last 24 hours that were done within their target, of those that ended",
            Some(Unit::Ratios),
            each(|of| of.figures.within_budget_share),
        );
        self.gauge(
            "nowait_target",
            "The target of a touchpoint",
            Some(Unit::Seconds),
            each(|of| Some(of.target_ns as f64 / 1e9)),
        );
        let quantiles = told.iter().flat_map(|touchpoint| {
            let latency = &touchpoint.figures.latency;
            let told = [("0.5", latency.p50_ns), ("0.75", latency.p75_ns), ("0.95", latency.p95_ns)];
            told.into_iter().filter_map(|(quantile, ns)| {
                Some(([of(touchpoint), vec![("quantile", quantile.to_owned())]].concat(), ns? as f64 / 1e9))
            })
        });
        let quantiles = quantiles.collect();
        self.gauge(
            "nowait_wait",
            "How long waits of the last 24 hours took, by quantile; left out where too few support one",
            Some(Unit::Seconds),
            quantiles,
        );
    }

    fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        unit: Option<Unit>,
        series: Vec<Series<f64>>,
    ) {
        self.gauges.push(Metric { name, help, unit, series });
    }
}

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        for metric in &self.counters {
            write(&mut encoder, metric, MetricType::Counter, |n| ConstCounter::new(*n))?;
        }
        for metric in self.gauges.iter().filter(|metric| !metric.series.is_empty()) {
            write(&mut encoder, metric, MetricType::Gauge, |value| ConstGauge::new(*value))?;
        }
        Ok(())
    }
}

fn write<N, M: EncodeMetric>(
    encoder: &mut DescriptorEncoder,
    Metric { name, help, unit, series }: &Metric<N>,
    of: MetricType,
    value: impl Fn(&N) -> M,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), of)?;
    for (labels, of) in series {
        value(of).encode(metric.encode_family(labels)?)?;
    }
    Ok(())
}
