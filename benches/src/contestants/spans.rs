//! The span libraries: begin and end of a named span, with as little behind it as is still honest.
//!
//! Owns: one provider or subscriber each. Refuses: exporting: what a span costs later is not timed.
//! Invariant: every span is really recorded: queues are large enough for a block and emptied between blocks.

use crate::harness::{BLOCK_OPS, Contestant};
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use std::error::Error;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The name that every span bears.
const NAME: &str = "Pay.Confirm";

/// The name of the root that local spans need.
const ROOT_NAME: &str = "block";

/// The name of fastrace's spans that are roots themselves: told apart, as both kinds reach one reporter.
const ALONE_NAME: &str = "Pay.Confirm.alone";

static FASTRACE_LOCAL: AtomicU64 = AtomicU64::new(0);
static FASTRACE_ROOT: AtomicU64 = AtomicU64::new(0);
static OPEN_TELEMETRY: AtomicU64 = AtomicU64::new(0);

/// Counts spans and forgets them.
#[derive(Debug)]
struct Count;

impl Reporter for Count {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        let named = |name: &str| spans.iter().filter(|span| span.name == name).count() as u64;
        FASTRACE_LOCAL.fetch_add(named(NAME), Ordering::Relaxed);
        FASTRACE_ROOT.fetch_add(named(ALONE_NAME), Ordering::Relaxed);
    }
}

impl SpanExporter for Count {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        OPEN_TELEMETRY.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// A child span of a root that lasts a whole block: the cheapest thing fastrace has.
pub(super) struct FastraceLocal;

impl Contestant for FastraceLocal {
    fn name(&self) -> &'static str {
        "fastrace local span"
    }
    fn crate_name(&self) -> &'static str {
        "fastrace"
    }
    fn leaves(&self) -> &'static str {
        "a span in the thread's memory until its root ends; its clock is the cycle counter"
    }
    fn clock_reads(&self) -> usize {
        2
    }
    fn run(&self, _thread: usize, ops: usize) {
        let root = fastrace::Span::root(ROOT_NAME, SpanContext::random());
        let _guard = root.set_local_parent();
        for _ in 0..ops {
            drop(black_box(LocalSpan::enter_with_local_parent(NAME)));
        }
    }
    fn settle(&self) {
        fastrace::flush();
    }
    fn delivered(&self) -> Option<u64> {
        Some(FASTRACE_LOCAL.load(Ordering::Relaxed))
    }
}

/// A trace of its own for every span, as a wait is that no request handler surrounds.
pub(super) struct FastraceRoot;

impl FastraceRoot {
    pub(super) fn new() -> FastraceRoot {
        fastrace::set_reporter(Count, Config::default());
        FastraceRoot
    }
}

impl Contestant for FastraceRoot {
    fn name(&self) -> &'static str {
        "fastrace root span"
    }
    fn crate_name(&self) -> &'static str {
        "fastrace"
    }
    fn leaves(&self) -> &'static str {
        "a span in memory"
    }
    fn clock_reads(&self) -> usize {
        2
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            drop(black_box(fastrace::Span::root(ALONE_NAME, SpanContext::random())));
        }
    }
    fn settle(&self) {
        fastrace::flush();
    }
    fn delivered(&self) -> Option<u64> {
        Some(FASTRACE_ROOT.load(Ordering::Relaxed))
    }
}

/// The least honest layer: notes the begin of a span and adds its duration to a sum.
struct Sum;

/// The sum, so that the durations are used.
static SUM_NS: AtomicU64 = AtomicU64::new(0);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Sum {
    fn on_new_span(&self, _: &tracing::span::Attributes<'_>, id: &tracing::Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Instant::now());
        }
    }
    fn on_close(&self, id: tracing::Id, context: Context<'_, S>) {
        let begin = context.span(&id).and_then(|span| span.extensions().get::<Instant>().copied());
        if let Some(begin) = begin {
            SUM_NS.fetch_add(begin.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
    }
}

/// A span of `tracing` in the usual registry.
pub(super) struct Tracing;

impl Tracing {
    pub(super) fn new() -> Result<Tracing, Box<dyn Error>> {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Sum))?;
        Ok(Tracing)
    }
}

impl Contestant for Tracing {
    fn name(&self) -> &'static str {
        "tracing span"
    }
    fn crate_name(&self) -> &'static str {
        "tracing-subscriber"
    }
    fn leaves(&self) -> &'static str {
        "its duration in a sum, no event"
    }
    fn clock_reads(&self) -> usize {
        2
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            drop(black_box(tracing::info_span!(NAME).entered()));
        }
    }
}

/// A span of the OpenTelemetry SDK with its batch processor.
pub(super) struct OpenTelemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl OpenTelemetry {
    pub(super) fn new() -> OpenTelemetry {
        let config = BatchConfigBuilder::default().with_max_queue_size(4 * BLOCK_OPS).build();
        let processor = BatchSpanProcessor::builder(Count).with_batch_config(config).build();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        OpenTelemetry { tracer: provider.tracer("bench"), provider }
    }
}

impl Contestant for OpenTelemetry {
    fn name(&self) -> &'static str {
        "OpenTelemetry span"
    }
    fn crate_name(&self) -> &'static str {
        "opentelemetry_sdk"
    }
    fn leaves(&self) -> &'static str {
        "a span in memory"
    }
    fn clock_reads(&self) -> usize {
        2
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            self.tracer.start(NAME).end();
        }
    }
    fn settle(&self) {
        self.provider.force_flush().expect("an exporter that does nothing does not fail");
    }
    fn delivered(&self) -> Option<u64> {
        Some(OPEN_TELEMETRY.load(Ordering::Relaxed))
    }
}
