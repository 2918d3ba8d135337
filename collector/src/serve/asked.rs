//! A question that came over HTTP, until somebody has its answer.
//!
//! Owns: whose figures it is about, the thread that works on it, and what becomes of it if nobody waits any more. Refuses: what an
//! answer looks like (see `reads`) and figures (see `store`).
//! Invariant: a reader who came with a token sees that token's tenant and no other; and what is worked on is waited for, or
//! told to stop.

use super::access::Reader;
use super::counters::{Counters, Read};
use super::door::{Phase, Seat};
use super::{Shared, refusal, retry_later, sent};
use crate::ask::{Ask, Question};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::limits::{READ_TIMEOUT, RETRY_AFTER_BUSY_S};
use crate::priority;
use crate::store::{self, Query, Store};
use axum::extract::{Extension, Query as Words, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use nowait_report::{Budgets, Comparison, Daily, Detail, JourneyMap, Report, Service, Timeline};
use std::sync::Arc;

/// A question, and everything that its answer is made of.
pub(super) struct Asked {
    pub(super) shared: Arc<Shared>,
    pub(super) reader: Reader,
    pub(super) ask: Ask,
    /// By which everything in this answer is judged.
    budgets: Arc<Budgets>,
    cancel: Cancel,
}

/// The connection that a question came on; there is none without a socket.
pub(super) type Line = Option<Extension<Arc<Seat>>>;

/// An address whose questions are answered by this.
pub(super) fn asked(work: fn(&Asked) -> Result<Response, Error>) -> MethodRouter<Arc<Shared>> {
    get(move |State(shared), Extension(reader), line: Line, uri: Uri| async move {
        answer(shared, reader, line, &uri, work).await
    })
}

impl Asked {
    pub(super) fn store(&self) -> &dyn Store {
        self.shared.store.as_ref()
    }

    /// Refuses words that are of a touchpoint or a session, where all of them are meant.
    pub(super) fn refuse_stray(&self) -> Result<(), Error> {
        self.refuse_stray_beside("")
    }

    /// The same where one of them means something.
    fn refuse_stray_beside(&self, own: &str) -> Result<(), Error> {
        let stray = self
            .ask
            .said()
            .into_iter()
            .filter(|(name, _)| *name != own)
            .find(|(name, _)| matches!(*name, "touchpoint" | "session" | "month" | "journey" | "factor"));
        match stray {
            None => Ok(()),
            Some((name, _)) => Err(Error::input(match name {
                "month" => "month: ask /v1/service for one, or leave it out".to_owned(),
                "factor" => "factor: ask /v1/gaps with it, or leave it out".to_owned(),
                _ => format!("{name}: ask /v1/{name} for one, or leave it out"),
            })),
        }
    }

    /// The touchpoint that is asked for.
    pub(super) fn detail(&self) -> Result<Detail, Error> {
        let (tenant, question, query) = self.question()?;
        store::detail(self.store(), &tenant, &question, &query, self.budgets())
    }

    /// The month that is asked for.
    pub(super) fn service(&self) -> Result<Service, Error> {
        let (tenant, question, query) = self.question()?;
        store::service(self.store(), &tenant, &question, &query, self.budgets(), self.now_unix_ms())
    }

    /// The journey that is asked for.
    pub(super) fn journey(&self) -> Result<JourneyMap, Error> {
        let (tenant, question, query) = self.question()?;
        store::journey(self.store(), &tenant, &question, &query, self.budgets())
    }

    /// The session that is asked for.
    pub(super) fn timeline(&self) -> Result<Timeline, Error> {
        let (tenant, question, _) = self.question()?;
        store::timeline(self.store(), &tenant, &question)
    }

    /// The budgets of this collector, as they were when it was asked.
    pub(super) fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// The moment of the question, in milliseconds since 1970 UTC.
    pub(super) fn now_unix_ms(&self) -> u64 {
        (self.shared.config.clock)()
    }

    /// Whose figures are meant, and which, where all touchpoints are and nothing is compared.
    pub(super) fn of_no_comparison(&self) -> Result<(String, Query), Error> {
        self.of_no_comparison_beside("")
    }

    /// The same where this word means something, which is of no other question.
    pub(super) fn of_no_comparison_beside(&self, own: &str) -> Result<(String, Query), Error> {
        self.refuse_stray_beside(own)?;
        if self.ask.releases()?.is_some() {
            return Err(Error::input(
                "base and head: a report compares nothing; ask /v1/compare, or leave them out",
            ));
        }
        self.meant()
    }

    /// The report that is asked for.
    pub(super) fn report(&self) -> Result<Report, Error> {
        let (tenant, query) = self.of_no_comparison()?;
        store::report(self.store(), &tenant, &query, self.budgets())
    }

    /// The touchpoints of the report that is asked for, day by day.
    pub(super) fn daily(&self) -> Result<Daily, Error> {
        let (tenant, query) = self.of_no_comparison()?;
        store::daily(self.store(), &tenant, &query, self.budgets())
    }

    /// The comparison that is asked for.
    pub(super) fn comparison(&self) -> Result<Arc<Comparison>, Error> {
        self.refuse_stray()?;
        let (tenant, query) = self.meant()?;
        if query.filter.version.is_some() {
            return Err(Error::input("version: a comparison has two, base and head; leave it out"));
        }
        let releases = self.ask.releases()?.ok_or_else(|| {
            Error::input("name both releases, for example /v1/compare?base=8.1.0&head=8.2.0")
        })?;
        self.compared(&tenant, &query, releases)
    }

    /// A comparison; the same one as long as nothing was written.
    pub(super) fn compared(
        &self,
        tenant: &str,
        query: &Query,
        releases: (&str, &str),
    ) -> Result<Arc<Comparison>, Error> {
        let options = self.ask.options()?;
        self.shared.comparisons.compare(self.store(), tenant, query, releases, &self.budgets, options)
    }

    /// Whose figures are meant, and which.
    pub(super) fn meant(&self) -> Result<(String, Query), Error> {
        self.question().map(|(tenant, _, query)| (tenant, query))
    }

    /// The same, with what else was said.
    pub(super) fn question(&self) -> Result<(String, Question, Query), Error> {
        let question = self.ask.question(self.now_unix_ms(), self.store().zone())?;
        let query = question.query().unless(&self.cancel);
        Ok((self.reader.tenant_meant(self.store(), self.ask.tenant())?, question, query))
    }
}

/// A question whose answer somebody waits for; when this is dropped, nobody does.
struct Awaited<'a> {
    cancel: Cancel,
    counters: &'a Counters,
    ending: Read,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.cancel.cancel();
        if !std::thread::panicking() {
            self.counters.count_read(self.ending);
        }
    }
}

/// Reads the question and answers it on a thread that may wait for the disk.
async fn answer(
    shared: Arc<Shared>,
    reader: Reader,
    line: Line,
    uri: &Uri,
    work: fn(&Asked) -> Result<Response, Error>,
) -> Response {
    let cancel = Cancel::default();
    let mut awaited = Awaited { cancel: cancel.clone(), counters: &shared.counters, ending: Read::Abandoned };
    let ask = match Words::<Ask>::try_from_uri(uri) {
        Ok(Words(ask)) => ask,
        Err(error) => {
            awaited.ending = Read::Refused;
            return refusal(StatusCode::BAD_REQUEST, &error.body_text());
        }
    };
    let seat = line.map(|Extension(seat)| seat);
    if let Some(seat) = &seat {
        seat.is_now(Phase::Work);
    }
    let done = tokio::time::timeout(READ_TIMEOUT, async {
        let place = shared.desk.enter(reader.name()).await?;
        let asked =
            Asked { shared: Arc::clone(&shared), reader, ask, budgets: shared.store.budgets(), cancel };
        // The place goes with the work: who hangs up and comes again waits for what he asked before to stop.
        let task = tokio::task::spawn_blocking(move || {
            // The thread keeps that; what it does otherwise is to wait for the word of a probe.
            priority::give_way();
            Ok::<_, Error>((work(&asked)?, place.done()))
        });
        Some(task.await)
    });
    let (ending, response) = match done.await {
        Ok(Some(Ok(Ok((response, place))))) => (Read::Answered, sent::holding(response, place, seat).await),
        Ok(Some(Ok(Err(error)))) => refused(&error),
        Ok(Some(Err(failed))) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Ok(Some(Err(_))) => (Read::Failed, later("the collector is shutting down")),
        Ok(None) => (Read::Busy, later("too many reports are being made: ask again later")),
        Err(_) => (Read::Late, later("the report took too long: ask for less, or again later")),
    };
    awaited.ending = ending;
    response
}

fn later(reason: &str) -> Response {
    retry_later(reason, RETRY_AFTER_BUSY_S)
}

fn refused(error: &Error) -> (Read, Response) {
    let response = super::refused(error);
    let read = if response.status().is_server_error() { Read::Failed } else { Read::Refused };
    (read, response)
}
