//! Connections: accepting them, bounding them, ending them.
//!
//! Owns: sockets and time limits of connections. Refuses: what is said on them, and which one makes room (see `door`).
//! Invariant: after [`run`] returns no request is being answered any more, and it returns some seconds after the drain at most.

use super::door::{Door, Phase, Seat};
use super::files::connections_max;
use crate::limits::{CONNECTION_TIMEOUT, CONNECTIONS_MAX, DRAIN_TIMEOUT, HEAD_BYTES_MAX, HEAD_TIMEOUT};
use crate::log;
use axum::Router;
use axum::extract::Request;
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::future::Future;
use std::io::{Error, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// How long to wait after `accept` failed, which it does when the process has no file handles left: a connection that was
/// told to go has gone by then.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves until `shutdown` is ready, then answers what is in flight and returns.
///
/// The store is not closed: whoever made it does that afterwards.
pub async fn run(listener: TcpListener, app: Router, shutdown: impl Future<Output = ()>) {
    log::install();
    let graceful = GracefulShutdown::new();
    let connections = connections_max();
    if connections < CONNECTIONS_MAX {
        tracing::warn!(connections, remedy = "ulimit -n", "few files");
    }
    let door = Door::new(connections);
    let app = TowerToHyperService::new(app);
    let mut shutdown = pin!(shutdown);
    tokio::select! {
        biased;
        () = &mut shutdown => {}
        () = accept_all(&listener, &app, &door, &graceful) => {}
    }
    drop(listener);
    door.dismiss_strangers();
    if timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!(after_s = DRAIN_TIMEOUT.as_secs(), "connections cut");
        door.close().await;
    }
}

/// Accepts for ever.
async fn accept_all(
    listener: &TcpListener,
    app: &TowerToHyperService<Router>,
    door: &Arc<Door>,
    graceful: &GracefulShutdown,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let local = stream.local_addr().ok().map(|local| local.ip());
                if let Some(seat) = door.enter(peer.ip(), local).await {
                    tokio::spawn(serve(stream, app.clone(), seat, graceful.watcher()));
                }
            }
            // The client went away while it waited.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                door.count_failed_accept();
                tracing::error!(why = %error, "accept failed");
                door.make_room();
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

async fn serve(stream: TcpStream, app: TowerToHyperService<Router>, seat: Arc<Seat>, watcher: Watcher) {
    // Without it a small answer may wait 40 ms for the acknowledgement of the one before; a failure costs only that.
    let _ = stream.set_nodelay(true);
    let own = Arc::clone(&seat);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| answer(&app, Arc::clone(&own), request)),
        );
    let connection = watcher.watch(connection);
    tokio::select! {
        () = seat.told_to_go() => {}
        // Broken and overdue connections are the clients' business: they send again.
        _ = timeout(CONNECTION_TIMEOUT, connection) => {}
    }
}

/// One request, for whose time the connection is not idle.
fn answer(
    app: &TowerToHyperService<Router>,
    seat: Arc<Seat>,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    request.extensions_mut().insert(Arc::clone(&seat));
    let answer = app.call(request);
    async move {
        let mut response = answer.await?;
        seat.is_now(Phase::Idle);
        if !seat.is_known() {
            // Strangers ask once: what they keep open is nobody else's.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}
