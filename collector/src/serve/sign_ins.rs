//! Browsers that are signed in.
//!
//! Owns: what a cookie stands for and for how long, how many there are, and the cookie's form. Refuses: tokens and forms (see
//! `login`).
//! Invariant: a cookie holds nothing but random bits, whose comparison takes the same time wherever the first difference is; and
//! no cookie stands for anything after its time, a sign-out or the end of the process.

use super::access::{Reader, is_called_by_local_names};
use crate::keys::Role;
use crate::limits::{SIGN_IN_IDLE_MAX, SIGN_IN_LIFE_MAX, SIGN_INS_PER_TENANT_MAX};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use uuid::Uuid;

/// The cookie where the browser came by TLS: the prefix makes it keep the cookie from plain HTTP and from names beside ours.
const SECURE_NAME: &str = "__Host-nowait";

/// The cookie on this machine, where there is no TLS.
const LOCAL_NAME: &str = "nowait";

/// What both have: no script sees it, and no page of another site makes a browser send it.
const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Strict";

/// Length of the half of a cookie that finds the sign-in, in bytes; the other half proves it.
const HALF_BYTES: usize = 32;

/// All of them; a cookie is found by its first half.
#[derive(Debug, Default)]
pub(super) struct SignIns {
    open: Mutex<HashMap<Uuid, SignIn>>,
}

#[derive(Debug)]
struct SignIn {
    proof: Uuid,
    tenant: String,
    role: Role,
    since: Instant,
    used: Instant,
}

impl SignIn {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) >= SIGN_IN_IDLE_MAX
            || now.saturating_duration_since(self.since) >= SIGN_IN_LIFE_MAX
    }
}

impl SignIns {
    /// A new one; its id. If the tenant has too many, the one that was not used for longest ends.
    pub(super) fn begin(&self, tenant: &str, role: Role) -> String {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, sign_in| !sign_in.is_over(now));
        let own = || open.iter().filter(|(_, sign_in)| sign_in.tenant == tenant);
        if own().count() >= SIGN_INS_PER_TENANT_MAX {
            let oldest = own().min_by_key(|(_, sign_in)| sign_in.used).map(|(key, _)| *key);
            oldest.and_then(|key| open.remove(&key));
        }
        let (key, proof) = (Uuid::new_v4(), Uuid::new_v4());
        open.insert(key, SignIn { proof, tenant: tenant.to_owned(), role, since: now, used: now });
        format!("{}{}", key.simple(), proof.simple())
    }

    /// Who has signed in with this id, which is in use from now on again.
    pub(super) fn reader(&self, id: &str) -> Option<Reader> {
        let (key, proof) = halves(id)?;
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let sign_in = open.get_mut(&key)?;
        if sign_in.is_over(now) {
            open.remove(&key);
            return None;
        }
        if !bool::from(sign_in.proof.as_bytes().ct_eq(proof.as_bytes())) {
            return None;
        }
        sign_in.used = now;
        Some(Reader::Tenant { name: sign_in.tenant.clone(), role: sign_in.role, is_signed_in: true })
    }

    /// Ends the one with this id, if it stands for somebody.
    pub(super) fn end(&self, id: &str) {
        if let (Some(_), Some((key, _))) = (self.reader(id), halves(id)) {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
    }
}

fn halves(id: &str) -> Option<(Uuid, Uuid)> {
    let (key, proof) = id.split_at_checked(HALF_BYTES)?;
    Some((Uuid::try_parse(key).ok()?, Uuid::try_parse(proof).ok()?))
}

/// The id that a request's cookie holds. The one without prefix, which a name beside ours could set, counts on this machine only.
pub(super) fn id(request: &Request) -> Option<&str> {
    let headers = request.headers();
    cookie(headers, SECURE_NAME)
        .or_else(|| cookie(headers, LOCAL_NAME).filter(|_| is_called_by_local_names(request)))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

/// The cookie of a sign-in. It has no age of its own: the browser forgets it when it is closed, and we earlier.
pub(super) fn set_cookie(id: &str, is_secure: bool) -> Option<HeaderValue> {
    let text = if is_secure {
        format!("{SECURE_NAME}={id}; {ATTRIBUTES}; Secure")
    } else {
        format!("{LOCAL_NAME}={id}; {ATTRIBUTES}")
    };
    HeaderValue::from_str(&text).ok()
}

/// What makes a browser forget either cookie.
pub(super) fn clear_cookies() -> [HeaderValue; 2] {
    [
        HeaderValue::from_static("__Host-nowait=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"),
        HeaderValue::from_static("nowait=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_ends_when_it_is_idle_and_when_it_is_old() {
        let all = SignIns::default();
        let (idle, used) = (all.begin("bank", Role::Viewer), all.begin("bank", Role::Admin));
        let step = SIGN_IN_IDLE_MAX - Duration::from_secs(1);
        let mut lived = Duration::ZERO;
        while lived + step < SIGN_IN_LIFE_MAX {
            advance(step).await;
            lived += step;
            let reader = all.reader(&used).unwrap();
            assert_eq!((reader.name(), reader.role()), ("bank", Role::Admin));
        }
        assert!(all.reader(&idle).is_none());
        advance(SIGN_IN_LIFE_MAX - lived).await;
        assert!(all.reader(&used).is_none(), "however much it was used");
        all.begin("bank", Role::Viewer);
        assert_eq!(all.open.lock().unwrap().len(), 1, "nothing is kept of what is over");
    }

    #[tokio::test(start_paused = true)]
    async fn both_halves_of_an_id_have_to_be_right() {
        let all = SignIns::default();
        let (one, other) = (all.begin("bank", Role::Viewer), all.begin("shop", Role::Viewer));
        assert!(one.len() == 64 && one != other);
        let mixed = format!("{}{}", &one[..HALF_BYTES], &other[HALF_BYTES..]);
        for wrong in ["", "x", &mixed, &one[..63], &format!("{one}0"), "é".repeat(32).as_str()] {
            assert!(all.reader(wrong).is_none(), "{wrong}");
            all.end(wrong);
        }
        assert!(all.reader(&one).is_some(), "who knows half of it cannot end it");
        all.end(&one);
        assert!(all.reader(&one).is_none() && all.reader(&other).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_has_so_many_and_the_longest_unused_makes_room() {
        let all = SignIns::default();
        let other = all.begin("shop", Role::Viewer);
        let mut own = Vec::new();
        for _ in 0..SIGN_INS_PER_TENANT_MAX {
            own.push(all.begin("bank", Role::Viewer));
            advance(Duration::from_millis(1)).await;
        }
        assert!(all.reader(&own[0]).is_some(), "it is used again");
        let last = all.begin("bank", Role::Viewer);
        assert!(all.reader(&own[1]).is_none());
        for id in [&own[0], &own[2], &last, &other] {
            assert!(all.reader(id).is_some());
        }
    }
}
