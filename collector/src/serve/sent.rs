//! Answers on their way out.
//!
//! Owns: the memory of an answer until its client has read it, and how slowly he may. Refuses: what it says.
//! Invariant: an answer holds its place until all but its last piece is sent, so that there are never more answers in memory
//! than places; and a client who does not read loses his connection.

use super::door::Seat;
use super::shares::Share;
use crate::limits::{ANSWER_PIECE_BYTES, ANSWER_PIECE_TIMEOUT};
use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// The same answer, which holds `place` while it is sent on the connection of `seat`.
pub(super) async fn holding(response: Response, place: Share, seat: Option<Arc<Seat>>) -> Response {
    let (head, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => {
            let rest = body.to_bytes();
            Response::from_parts(head, Body::new(Sent { rest, seat, late: None, _place: place }))
        }
        Err(error) => Response::from_parts(head, Body::new(Body::from(error.to_string()))),
    }
}

struct Sent {
    rest: Bytes,
    seat: Option<Arc<Seat>>,
    /// Ends the connection unless the next piece is asked for in time.
    late: Option<AbortHandle>,
    _place: Share,
}

impl Sent {
    /// The time for the piece before is over, that for the next one begins.
    fn watch(&mut self) {
        self.forgive();
        self.late = self.seat.clone().map(|seat| {
            let time = sleep(ANSWER_PIECE_TIMEOUT);
            let late = async move {
                time.await;
                seat.go();
            };
            tokio::spawn(late).abort_handle()
        });
    }

    fn forgive(&mut self) {
        if let Some(late) = self.late.take() {
            late.abort();
        }
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let bytes = self.rest.len().min(ANSWER_PIECE_BYTES);
        let piece = self.rest.split_to(bytes);
        self.watch();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.forgive();
    }
}

#[cfg(test)]
mod tests {
    use super::super::door::Door;
    use super::super::shares::Shares;
    use super::*;
    use axum::response::IntoResponse;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::time::{Instant, advance};

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_read_ends_its_connection() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let seat = Door::new(1).enter(here, Some(here)).await.unwrap();
        let places = Shares::new(1, 1);
        let whole = vec![7; 2 * ANSWER_PIECE_BYTES + 1];
        let place = places.take("bank").unwrap();
        let mut body = holding(whole.into_response(), place, Some(Arc::clone(&seat))).await.into_body();
        assert_eq!(body.size_hint().exact(), Some(2 * ANSWER_PIECE_BYTES as u64 + 1));
        for bytes in [ANSWER_PIECE_BYTES, ANSWER_PIECE_BYTES] {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), bytes);
            advance(ANSWER_PIECE_TIMEOUT / 2).await;
        }
        assert!(places.take("bank").is_none() && !body.is_end_stream());
        let began = Instant::now();
        seat.told_to_go().await;
        assert!(began.elapsed() <= ANSWER_PIECE_TIMEOUT / 2 + std::time::Duration::from_millis(2));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 1);
        assert!(body.is_end_stream());
        drop(body);
        assert!(places.take("bank").is_some());
    }
}
