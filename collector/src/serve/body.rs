//! Reading a body.
//!
//! Owns: how long it may take, how fast it has to come, how large it may be. Refuses: what is in it.
//! Invariant: a body that stops growing is given up within two windows, whatever it claims to become.

use super::bodies::{Arriving, NoRoom};
use crate::limits::{BODY_BYTES_MAX, BODY_TIMEOUT, BODY_WINDOW, BODY_WINDOW_BYTES_MIN};
use axum::body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::{Instant, timeout_at};

/// Why there is no whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    TooLarge,
    /// The client went away, or spoke no HTTP.
    Incomplete,
    Late,
    TooSlow,
    NoRoom,
}

impl From<NoRoom> for Broken {
    fn from(why: NoRoom) -> Broken {
        match why {
            NoRoom::Full => Broken::NoRoom,
            NoRoom::Cut => Broken::TooSlow,
        }
    }
}

/// The whole body, as long as it keeps coming and is not too large.
pub(super) async fn read(body: Body, arriving: &Arriving) -> Result<Vec<u8>, Broken> {
    let deadline = Instant::now() + BODY_TIMEOUT;
    let (mut window_end, mut window_bytes) = (Instant::now() + BODY_WINDOW, 0);
    let mut body = Limited::new(body, BODY_BYTES_MAX);
    let mut whole = Vec::new();
    loop {
        let frame = tokio::select! {
            biased;
            () = arriving.cut() => return Err(Broken::TooSlow),
            frame = timeout_at(window_end.min(deadline), body.frame()) => frame,
        };
        match frame {
            Err(_) if Instant::now() >= deadline => return Err(Broken::Late),
            Err(_) if window_bytes < BODY_WINDOW_BYTES_MIN => return Err(Broken::TooSlow),
            Err(_) => (window_end, window_bytes) = (window_end + BODY_WINDOW, 0),
            Ok(None) => break,
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => return Err(Broken::TooLarge),
            Ok(Some(Err(_))) => return Err(Broken::Incomplete),
            Ok(Some(Ok(frame))) => {
                // Trailers are nothing to us.
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                arriving.hold(data.len())?;
                window_bytes += data.len();
                whole.extend_from_slice(&data);
            }
        }
    }
    arriving.is_whole_now();
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::super::bodies::Bodies;
    use super::*;
    use axum::body::Bytes;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};
    use std::time::Duration;
    use tokio::time::{Interval, interval};

    /// So many bytes every second, until the end comes, if it does.
    struct Drip {
        every: Interval,
        bytes: usize,
        pieces: usize,
        has_end: bool,
    }

    impl Drip {
        fn body(bytes: usize, pieces: usize, has_end: bool) -> Body {
            Body::new(Drip { every: interval(Duration::from_secs(1)), bytes, pieces, has_end })
        }
    }

    impl axum::body::HttpBody for Drip {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.every.poll_tick(cx));
            if self.pieces == 0 {
                return if self.has_end { Poll::Ready(None) } else { Poll::Pending };
            }
            self.pieces -= 1;
            Poll::Ready(Some(Ok(Frame::data(vec![7; self.bytes].into()))))
        }
    }

    async fn outcome(body: Body) -> (Result<usize, Broken>, u64) {
        let started = Instant::now();
        let read = read(body, &Bodies::new(1 << 20).begin("bank")).await;
        (read.map(|body| body.len()), started.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_to_keep_coming() {
        assert_eq!(outcome(Drip::body(10_000, 20, true)).await, (Ok(200_000), 20));
        assert_eq!(outcome(Drip::body(2_000, 2, true)).await, (Ok(4_000), 2));
        assert_eq!(outcome(Drip::body(1, 1, false)).await, (Err(Broken::TooSlow), 5));
        assert_eq!(outcome(Drip::body(100, usize::MAX, false)).await, (Err(Broken::TooSlow), 5));
        assert_eq!(outcome(Drip::body(200_000, 1, false)).await, (Err(Broken::TooSlow), 10));
        assert_eq!(outcome(Drip::body(2_000, usize::MAX, false)).await, (Err(Broken::Late), 30));
        assert_eq!(outcome(Drip::body(100_000, 3, true)).await.0, Err(Broken::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_has_to_give_way_ends() {
        let bodies = Bodies::new(1_000);
        let slow = bodies.begin("bank");
        let read_slow = tokio::spawn(async move { read(Drip::body(900, 1, false), &slow).await });
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(
            read(Body::from(vec![7; 500]), &bodies.begin("bank")).await.map(|body| body.len()),
            Ok(500)
        );
        assert_eq!(read_slow.await.unwrap(), Err(Broken::TooSlow));
    }
}
