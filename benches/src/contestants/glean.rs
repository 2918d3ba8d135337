//! Mozilla's telemetry SDK: a timing distribution.
//!
//! Owns: the process-wide Glean. Refuses: its network: pings go nowhere.
//! Invariant: its own worker is idle when a block begins.

use crate::harness::Contestant;
use glean::private::TimingDistributionMetric;
use glean::{
    ClientInfoMetrics, CommonMetricData, ConfigurationBuilder, Lifetime, TestGetValue as _, TimeUnit, net,
};
use std::error::Error;
use std::path::Path;

/// Answers every upload with success, without sending it.
#[derive(Debug)]
struct Nowhere;

impl net::PingUploader for Nowhere {
    fn upload(&self, _: net::CapablePingUploadRequest) -> net::UploadResult {
        net::UploadResult::http_status(200)
    }
}

/// Start and stop of a timer.
pub(super) struct Timing {
    metric: TimingDistributionMetric,
}

impl Timing {
    pub(super) fn new(folder: &Path) -> Result<Timing, Box<dyn Error>> {
        let folder = folder.join("glean");
        std::fs::create_dir(&folder)?;
        let config = ConfigurationBuilder::new(true, folder, "nowait-benches")
            .with_delay_ping_lifetime_io(true)
            .with_uploader(Nowhere)
            .build();
        let client = ClientInfoMetrics {
            app_build: "1".into(),
            app_display_version: "1".into(),
            ..ClientInfoMetrics::unknown()
        };
        glean::initialize(config, client);
        let meta = CommonMetricData {
            name: "confirm".into(),
            category: "pay".into(),
            send_in_pings: vec!["metrics".into()],
            lifetime: Lifetime::Ping,
            ..CommonMetricData::default()
        };
        Ok(Timing { metric: TimingDistributionMetric::new(meta, TimeUnit::Nanosecond) })
    }
}

impl Contestant for Timing {
    fn name(&self) -> &'static str {
        "Glean timing distribution"
    }
    fn crate_name(&self) -> &'static str {
        "glean"
    }
    fn leaves(&self) -> &'static str {
        "a count in a histogram, made by its own thread later"
    }
    fn clock_reads(&self) -> usize {
        2
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            self.metric.stop_and_accumulate(self.metric.start());
        }
    }
    fn settle(&self) {
        // Waits for its queue to empty.
        let _ = self.metric.test_get_value(None);
    }
    fn delivered(&self) -> Option<u64> {
        self.metric.test_get_value(None).map(|data| data.count.cast_unsigned())
    }
}
