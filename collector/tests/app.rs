//! Every way in which a request can end, without a socket.

mod house;

use axum::body::Body;
use axum::http::StatusCode;
use house::{House, NOW, TOKEN, frame, post};
use http_body_util::BodyExt;
use nowait_collector::store::{Intake, Pending, Store};
use nowait_report::text::{self, units};
use nowait_report::{Comparison, Detail, Report, Service, Timeline, Zone, section};
use nowait_wire::testing::session;
use nowait_wire::{Kind, Outcome, Receipt, ReceiptStatus, RemoteConfig};
use std::io::Write;
use tower::ServiceExt;

/// A frame with a right checksum around a body of so many zeros, which claims another length.
fn bomb(zeros: usize, claimed: u32) -> Vec<u8> {
    let mut frame = b"NWB\x01\x00".to_vec();
    frame.extend_from_slice(&[7; 16]);
    frame.extend_from_slice(&[0, 1]);
    let mut rest = claimed;
    while rest >= 0x80 {
        frame.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    frame.push(rest as u8);
    let mut deflater = flate2::write::DeflateEncoder::new(frame, flate2::Compression::best());
    deflater.write_all(&vec![0; zeros]).unwrap();
    let mut frame = deflater.finish().unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(&frame);
    frame.extend_from_slice(&crc.sum().to_le_bytes());
    frame
}

#[tokio::test]
async fn the_tables_of_the_api_are_those_of_the_terminal() {
    let house = House::new(|_| {});
    assert_eq!(house.post(frame(&session(1, 500))).await.status, StatusCode::OK);
    let report: Report = serde_json::from_slice(&house.get("/v1/report?os=android").await.body).unwrap();
    let json = house.get("/v1/sections?os=android").await.json();
    assert_eq!(json["sections_version"], 1);
    assert_eq!(json["scope"], serde_json::to_value(&report.scope).unwrap());
    let sections = nowait_report::sections(&report);
    assert!(sections.len() > 5);
    assert_eq!(json["sections"].as_array().unwrap().len(), sections.len());
    let shown = text::report(&report);
    for (section, of_api) in sections.iter().zip(json["sections"].as_array().unwrap()) {
        // Of the shares, the JSON of the report has lost the last bit.
        let read = |json: &serde_json::Value| {
            (json["key"].clone(), json["columns"].clone(), json["rows"][0]["cells"][0].clone())
        };
        assert_eq!(read(&serde_json::to_value(section).unwrap()), read(of_api));
        assert_eq!(of_api["rows"].as_array().unwrap().len(), section.rows.len(), "{}", section.key);
        assert!(shown.contains(text::section(section).trim_end()), "{}", section.key);
    }
    let compared = house.get("/v1/compare/sections?base=8.2.0&head=8.2.0").await.json();
    assert_eq!((&compared["base"], &compared["verdict"]["word"][0]), (&"8.2.0".into(), &"verdict".into()));
    assert_eq!(
        (&compared["sections"][0]["key"], &compared["sections"][0]["about"]),
        (&"compared".into(), &"releases".into())
    );
    let refused = house.get("/v1/sections?base=8.1.0&head=8.2.0").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

/// A month is the bank's, and its file is small enough for a mail.
#[tokio::test]
async fn a_month_of_service_stands_beside_the_one_before() {
    let house = House::new(|_| {});
    for seed in 0..20 {
        assert_eq!(house.post(frame(&session(seed, 200))).await.status, StatusCode::OK);
    }
    let service: Service = serde_json::from_slice(&house.get("/v1/service").await.body).unwrap();
    let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
    // There is no month before in here, so it is this one.
    assert_eq!(
        (service.month.as_str(), service.report.ledger.sessions),
        (&*month(NOW), report.ledger.sessions)
    );
    assert_eq!(service.before.ledger.sessions, 0);
    let named = house.get(&format!("/v1/service/sections?month={}", service.month)).await.json();
    let keys: Vec<&str> =
        named["sections"].as_array().unwrap().iter().map(|of| of["key"].as_str().unwrap()).collect();
    assert_eq!(keys[..2], ["service", "service_worst"]);
    assert_eq!(named["month"], service.month);
    let next = house.get("/v1/service/sections?month=2031-01").await.json();
    assert_eq!(next["sections"].as_array().unwrap().len(), 1, "nothing but that there were no sessions");
    let file = house.get("/v1/service/file").await;
    assert_eq!(
        file.headers["content-disposition"],
        format!("attachment; filename=\"nowait-{}.html\"", service.month)
    );
    assert!((5_000..500_000).contains(&file.body.len()), "{}", file.body.len());
    for section in section::of_service(&service) {
        assert!(text::service(&service).contains(text::section(&section).trim_end()), "{}", section.key);
    }
    for (path, said) in [
        ("/v1/service?month=2026-13", "write 2026-03"),
        ("/v1/service?month=March", "write 2026-03"),
        ("/v1/service?month=2026-03&since=7d", "leave since, until and hours out"),
        ("/v1/service?since=7d", "write month=2026-03"),
        ("/v1/report?month=2026-03", "ask /v1/service"),
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.text().contains(said), "{path}: {}", answer.text());
    }
}

fn month(unix_ms: u64) -> String {
    Zone::UTC.day(unix_ms)[..7].to_owned()
}

/// A number goes down to one wait of somebody: report, touchpoint, session, trace.
#[tokio::test]
async fn a_touchpoint_leads_to_its_sessions() {
    let house = House::new(|_| {});
    let batch = session(1, 500);
    assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
    let worst = &report.touchpoints[0];
    let words = format!("touchpoint={}:{}", worst.kind, worst.name);
    let detail: Detail =
        serde_json::from_slice(&house.get(&format!("/v1/touchpoint?{words}")).await.body).unwrap();
    assert_eq!(detail.touchpoint.figures.outcomes, worst.figures.outcomes);
    let sections = house.get(&format!("/v1/touchpoint/sections?{words}&os=android")).await.json();
    let keys: Vec<&str> =
        sections["sections"].as_array().unwrap().iter().map(|of| of["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["touchpoints", "outcomes", "distribution", "days", "begun", "hours", "longest"]);
    let of_terminal = text::detail(&detail);
    for section in section::of_detail(&detail) {
        assert!(of_terminal.contains(text::section(&section).trim_end()), "{}", section.key);
    }
    let id = &detail.longest[0].session;
    assert_eq!(*id, batch.id.session.to_string());
    let timeline: Timeline =
        serde_json::from_slice(&house.get(&format!("/v1/session?session={id}")).await.body).unwrap();
    assert!(timeline.events.iter().any(|event| event.name == worst.name && event.kind == worst.kind));
    assert!(timeline.events.is_sorted_by_key(|event| event.started_unix_ms));
    let install = batch.context.install.to_string();
    let all = [format!("/v1/session?session={id}"), format!("/v1/session/sections?session={id}")];
    for path in &all {
        assert!(!house.get(path).await.text().contains(&install), "{path}");
    }
    let trace = house.get(&format!("/v1/session/trace?session={id}")).await;
    assert_eq!(trace.headers["content-disposition"], format!("attachment; filename=\"{id}.perfetto-trace\""));
    assert!(trace.body.len() > 1_000);
    for (path, status, said) in [
        ("/v1/touchpoint", 400, "name the one that is meant"),
        ("/v1/touchpoint?touchpoint=Pay", 400, "write KIND:NAME"),
        ("/v1/touchpoint?touchpoint=journey:Pay", 400, "is no kind"),
        ("/v1/touchpoint?touchpoint=screen:Nowhere", 404, "the nearest"),
        ("/v1/report?touchpoint=action:Pay", 400, "ask /v1/touchpoint"),
        ("/v1/compare?base=1&head=2&session=1", 400, "ask /v1/session"),
        ("/v1/session?session=7", 400, "write its id"),
        ("/v1/session?session=00000000-0000-0000-0000-000000000001", 404, "there is no session"),
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.text().contains(said), "{path}: {}", answer.text());
    }
}

/// Of the page's program there is something to test only where it was built: tests in a browser do the rest (`make test-web`).
#[tokio::test]
async fn the_page_is_the_program_that_was_built_or_the_plain_one() {
    let house = House::new(|_| {});
    assert_eq!(house.post(frame(&session(1, 50))).await.status, StatusCode::OK);
    for (seed, version) in [(2, "8.10.0"), (3, "8.9.1")] {
        let mut batch = session(seed, 10);
        batch.context.app_version = version.into();
        assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    }
    let releases = house.get("/v1/releases").await.json();
    assert_eq!(releases, serde_json::json!({ "releases": ["8.2.0", "8.9.1", "8.10.0"], "pinned": null }));
    let (page, plain) = (house.get("/").await, house.get("/plain").await);
    assert_eq!((page.status, plain.status), (StatusCode::OK, StatusCode::OK));
    assert!(plain.text().contains("<h1>Where customers wait</h1>"));
    assert_eq!(house.get("/health").await.status, StatusCode::OK);
    assert_eq!(house.get("/assets/index.html").await.status, StatusCode::NOT_FOUND);
    let Some((_, script)) = page.text().split_once("<script type=\"module\" crossorigin src=\"") else {
        return assert!(page.text().contains("<h1>Where customers wait</h1>"));
    };
    let script = house.get(script.split('"').next().unwrap()).await;
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self';"));
    assert_eq!(page.headers["cache-control"], "no-cache");
}

#[tokio::test]
async fn what_a_client_did_not_scrub_is_counted() {
    let house = House::new(|_| {});
    let mut batch = session(1, 50);
    batch.names[6] = "4111 1111 1111 1111".into();
    assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    assert_eq!(house.get("/v1/status").await.json()["texts_redacted"], 1);
    assert!(!house.get("/v1/report").await.text().contains("4111"));
}

#[tokio::test]
async fn a_batch_is_stored_once_and_answered_for_twice() {
    let house = House::new(|_| {});
    let batch = session(1, 100);
    let first = house.post(frame(&batch)).await;
    assert_eq!((first.status, first.receipt().status), (StatusCode::OK, ReceiptStatus::Stored));
    assert_eq!(first.receipt().batch, batch.id.to_string());
    let second = house.post(frame(&batch)).await;
    assert_eq!((second.status, second.receipt().status), (StatusCode::OK, ReceiptStatus::Duplicate));
    let status = house.get("/v1/status").await.json();
    assert_eq!((&status["batches_stored"], &status["batches_duplicate"]), (&1.into(), &1.into()));
    assert_eq!(status["events_stored"], 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_batch_at_the_same_moment_is_stored_once() {
    let house = House::new(|_| {});
    for seed in 0..20 {
        let batch = frame(&session(seed, 30));
        let one = tokio::spawn(house.app.clone().oneshot(post(batch.clone())));
        let other = tokio::spawn(house.app.clone().oneshot(post(batch)));
        let mut statuses = Vec::new();
        for answer in [one.await.unwrap().unwrap(), other.await.unwrap().unwrap()] {
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            statuses.push(serde_json::from_slice::<Receipt>(&body).unwrap().status);
        }
        assert!(statuses.contains(&ReceiptStatus::Stored) && statuses.contains(&ReceiptStatus::Duplicate));
    }
    let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
    assert_eq!((report.ledger.delivered, report.ledger.balanced), (600, true));
}

#[tokio::test]
async fn devices_are_asked_with_every_word_that_a_batch_is_stored() {
    let asked = RemoteConfig { version: 7, enabled: true, sampled_per_mille: 250, flush_interval_s: 300 };
    let house = House::new(|config| config.remote = Some(asked));
    let batch = frame(&session(1, 10));
    for status in [ReceiptStatus::Stored, ReceiptStatus::Duplicate] {
        let receipt = house.post(batch.clone()).await.receipt();
        assert_eq!((receipt.status, receipt.config), (status, Some(asked)));
    }
    let rejected = house.post(b"{}".to_vec()).await;
    assert_eq!((rejected.receipt().status, rejected.receipt().config), (ReceiptStatus::Rejected, None));
    assert_eq!(house.get("/v1/status").await.json()["remote_config"]["version"], 7);
    let silent = House::new(|_| {});
    let json = silent.post(batch).await.json();
    assert!(json.get("config").is_none(), "an older device reads what it always read: {json}");
    assert!(silent.get("/v1/status").await.json()["remote_config"].is_null());
}

#[tokio::test]
async fn the_page_and_the_json_tell_of_both_lines_and_of_what_died() {
    let house = House::new(|_| {});
    let mut batch = session(1, 100);
    batch.ledger.facts.refused = [0, 41, 0, 0];
    let screens = batch.events.iter_mut().filter(|event| event.kind == Kind::Screen);
    screens.for_each(|screen| screen.outcome = Outcome::Died);
    assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
    let facts = &report.ledger.facts;
    assert_eq!((facts.sessions, facts.folded, facts.refused_total), (1, 3_700, 41));
    assert_eq!((report.ledger.balanced, report.screens[0].ready.count), (true, 0));
    let page = house.get("/plain").await;
    for wanted in ["<td>3,741</td><td>3,700</td><td>41</td>", "contended 41", ">died</th>"] {
        assert!(page.text().contains(wanted), "{wanted}");
    }
    let died = report.screens[0].outcomes.died;
    assert!(died > 0 && page.text().contains(&format!("<td>0</td><td>{died}</td></tr>")), "{died}");
}

#[tokio::test]
async fn a_wrong_key_is_no_word_about_the_batch() {
    let house = House::new(|_| {});
    for header in ["", "Bearer", "Bearer wrong-key-0123456789abcdefgh", &format!("Bearer {TOKEN}")] {
        let mut request = post(frame(&session(1, 10)));
        request.headers_mut().insert("authorization", header.parse().unwrap());
        let answer = house.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        assert!(answer.json()["reason"].as_str().unwrap().contains("app key"));
        assert!(!answer.text().contains("wrong-key"));
    }
    assert_eq!(house.get("/v1/status").await.json()["rejected"]["wrong_key"], 4);
}

#[tokio::test]
async fn what_is_no_batch_is_rejected_with_a_reason() {
    let house = House::new(|_| {});
    let good = frame(&session(1, 10));
    let mut flipped = good.clone();
    flipped[40] ^= 1;
    let cases = [
        (Vec::new(), StatusCode::BAD_REQUEST, "malformed"),
        (b"{}".to_vec(), StatusCode::BAD_REQUEST, "malformed"),
        (flipped, StatusCode::BAD_REQUEST, "malformed"),
        (good[..good.len() - 1].to_vec(), StatusCode::BAD_REQUEST, "malformed"),
        (vec![0; 256 * 1024 + 1], StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (bomb(100 << 20, 8 << 20), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    ];
    for (body, status, counter) in cases {
        let before = house.get("/v1/status").await.json()["rejected"][counter].as_u64().unwrap();
        let answer = house.post(body).await;
        assert_eq!(answer.status, status);
        assert_eq!((answer.receipt().status, answer.receipt().batch.as_str()), (ReceiptStatus::Rejected, ""));
        assert!(!answer.receipt().reason.is_empty() && answer.body.len() < 300);
        let after = house.get("/v1/status").await.json()["rejected"][counter].as_u64().unwrap();
        assert_eq!(after, before + 1, "{counter}");
    }
    assert!(house.store.tenants().unwrap().is_empty());
}

#[tokio::test]
async fn a_newer_device_is_asked_to_keep_its_batch() {
    let house = House::new(|_| {});
    let mut newer = frame(&session(1, 10));
    newer[3] = 9;
    let answer = house.post(newer).await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(answer.headers["retry-after"], "3600");
    assert!(answer.json()["status"].is_null(), "not the receipt that ends a batch");
    assert_eq!(house.get("/v1/status").await.json()["rejected"]["unsupported"], 1);
}

#[tokio::test]
async fn a_bomb_is_rejected_by_its_own_name() {
    let house = House::new(|_| {});
    let answer = house.post(bomb(100 << 20, 1000)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.receipt().batch, "07070707-0707-0707-0707-070707070707.0");
}

#[tokio::test]
async fn a_body_that_grows_beyond_the_limit_is_cut_off() {
    let house = House::new(|_| {});
    let mut request = post(Vec::new());
    *request.body_mut() = Body::new(Body::from(vec![0; 300 * 1024]).map_frame(|frame| frame));
    request.headers_mut().remove("content-length");
    assert_eq!(house.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn only_batches_are_taken() {
    let house = House::new(|_| {});
    for (name, value) in [("content-type", "application/json"), ("content-encoding", "gzip")] {
        let mut request = post(frame(&session(1, 10)));
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = house.send(request).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(answer.receipt().status, ReceiptStatus::Rejected);
    }
    assert_eq!(house.get("/v1/batches").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(house.get("/nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back_and_loses_nothing() {
    let house = House::new(|_| {});
    // A foreign transaction keeps the writer from committing, as a slow disk would.
    let disk = rusqlite::Connection::open(house.folder.path().join("nowait.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut accepted: Vec<Pending> = Vec::new();
    loop {
        let mut batch = session(1, 5);
        batch.id.first = accepted.len() as u64;
        let encoded = frame(&batch);
        match house.store.append(Intake::new("bank", encoded, batch, NOW, None)) {
            Ok(pending) => accepted.push(pending),
            Err(error) => break assert!(error.is_busy()),
        }
    }
    let answer = house.post(frame(&session(2, 5))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(house.get("/v1/status").await.json()["unanswered"]["busy"], 1);
    disk.execute_batch("ROLLBACK").unwrap();
    for pending in accepted {
        pending.await.unwrap();
    }
    assert_eq!(house.post(frame(&session(2, 5))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_closed_store_keeps_the_batch_on_the_device() {
    let house = House::new(|_| {});
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
    house.store.close();
    let answer = house.post(frame(&session(1, 10))).await;
    assert_eq!(
        (answer.status, &answer.headers["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"60".parse().unwrap())
    );
    for (address, status) in [
        ("/readyz", StatusCode::SERVICE_UNAVAILABLE),
        ("/healthz", StatusCode::SERVICE_UNAVAILABLE),
        ("/livez", StatusCode::OK),
    ] {
        assert_eq!(house.ask(address, &[]).await.status, status, "{address}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_counted() {
    let house = House::new(|config| config.clock = || panic!("a clock that fails"));
    let answer = house.post(frame(&session(1, 10))).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(house.get("/v1/report").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(house.get("/v1/status").await.json()["panics_caught"], 2);
}

#[tokio::test]
async fn the_page_and_the_json_say_the_same_and_run_nothing() {
    let house = House::new(|_| {});
    for (seed, version) in [(1, "8.1.0"), (2, "8.2.0"), (3, "8.1.0"), (4, "8.2.0")] {
        let mut batch = session(seed, 400);
        batch.context.app_version = version.into();
        assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    }
    let report: Report =
        serde_json::from_slice(&house.get("/v1/report?hours=24&os=android").await.body).unwrap();
    assert!(!report.touchpoints.is_empty() && report.ledger.balanced);
    let page = house.get("/plain?version=&os=android&hours=24&since=&until=&base=8.1.0&head=8.2.0").await;
    assert_eq!(page.status, StatusCode::OK);
    for touchpoint in &report.touchpoints {
        assert!(page.text().contains(&format!(">{}</td>", touchpoint.label)), "{}", touchpoint.label);
    }
    let cost = &report.cost;
    assert_eq!((cost.sessions, cost.start.count, cost.record.samples), (4, 4, 12));
    // The same value as the terminal writes it and as the page does.
    let per_session = units::bytes(cost.sealed.per_session.unwrap() as f64);
    assert_eq!(per_session, "2.23 kB");
    assert!(
        text::report(&report).contains(&format!("written to the disk                4    {per_session}"))
    );
    let row = format!("written to the disk</td><td>4</td><td>{per_session}</td>");
    assert!(page.text().contains(&row));
    let per_event = units::bytes(cost.received.per_event.unwrap());
    assert_eq!((cost.received.sessions, cost.received.events), (4, report.ledger.delivered));
    assert!(text::report(&report).contains(&format!("  {per_event}\n")));
    assert!(page.text().contains(&format!("<td>{per_event}</td>")), "{per_event}");
    assert!(page.text().contains("8.2.0 against 8.1.0") && !page.text().contains("<script"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'nonce-"), "{policy}");
    let compared = house.get("/v1/compare?base=8.1.0&head=8.2.0&min_effect=10").await;
    let comparison: Comparison = serde_json::from_slice(&compared.body).unwrap();
    assert_eq!((comparison.head.as_str(), comparison.options.effect_min), ("8.2.0", 0.1));
}

#[tokio::test]
async fn questions_that_cannot_be_followed_are_refused() {
    let house = House::new(|_| {});
    house.post(frame(&session(1, 100))).await;
    for (address, status) in [
        ("/v1/report?vresion=8", StatusCode::BAD_REQUEST),
        ("/v1/report?os=symbian", StatusCode::BAD_REQUEST),
        ("/v1/report?hours=-1", StatusCode::BAD_REQUEST),
        ("/v1/compare", StatusCode::BAD_REQUEST),
        ("/v1/compare?base=8.2.0", StatusCode::BAD_REQUEST),
        ("/v1/compare?base=8.1.0&head=8.2.0&version=8.2.0", StatusCode::BAD_REQUEST),
        ("/v1/report?base=8.1.0&head=8.2.0", StatusCode::BAD_REQUEST),
        ("/v1/compare?base=8.2.0&head=9.9.9", StatusCode::NOT_FOUND),
        ("/plain?base=8.2.0", StatusCode::BAD_REQUEST),
    ] {
        let answer = house.get(address).await;
        assert_eq!(answer.status, status, "{address}");
        assert!(!answer.json()["reason"].as_str().unwrap().is_empty());
    }
}
