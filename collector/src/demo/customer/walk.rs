//! Where customers go: the journeys of a bank's app, stop by stop.
//!
//! Owns: the order of screens and what happens at each. Refuses: how a screen is shown (see `app`).
//! Invariant: every journey that begins ends: done, failed or given up, unless the process dies.

use super::app::{Answer, App, End};
use crate::demo::bank::{
    ACCOUNTS, BILLS, CARDS, CONFIRM, Endpoint, HOME, LOGIN, PAYEES, QR_PAY, RECEIPT, SLOW_VERSION, TRANSFER,
};
use nowait_core::Travel;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is particular to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extra {
    Nothing,
    /// The customer signs the payment, and the app measures the whole of it as an action.
    Sign,
    /// The camera opens; release 8.2.0 does it on the main thread.
    Camera,
    /// A button without effect, at which some customers rage.
    DeadButton,
}

#[derive(Debug)]
struct Stop {
    step: &'static str,
    target: &'static str,
    screen: &'static str,
    endpoints: &'static [&'static Endpoint],
    extra: Extra,
}

#[derive(Debug)]
struct Journey {
    name: &'static str,
    /// How many customers want this, relative to the others.
    share: f64,
    stops: &'static [Stop],
}

const fn stop(
    step: &'static str,
    target: &'static str,
    screen: &'static str,
    endpoints: &'static [&'static Endpoint],
    extra: Extra,
) -> Stop {
    Stop { step, target, screen, endpoints, extra }
}

const SIGN_IN: Journey = Journey {
    name: "login",
    share: 0.0,
    stops: &[
        stop("credentials", "Login.Submit", "Login.Check", &[&LOGIN], Extra::Nothing),
        stop("home", "Login.Continue", "Home", &[&HOME], Extra::Nothing),
    ],
};

const JOURNEYS: [Journey; 5] = [
    Journey {
        name: "transfer",
        share: 0.6,
        stops: &[
            stop("form", "Home.Transfer", "Transfer", &[&TRANSFER], Extra::Nothing),
            stop("payee", "Transfer.Payee", "Payees", &[&PAYEES], Extra::Nothing),
            stop("confirm", "Pay.Confirm", "Confirm", &[&CONFIRM], Extra::Sign),
            stop("receipt", "Confirm.Receipt", "Receipt", &[&RECEIPT], Extra::Nothing),
        ],
    },
    Journey {
        name: "qr_pay",
        share: 0.2,
        stops: &[
            stop("scan", "Home.QrPay", "QrScan", &[], Extra::Camera),
            stop("pay", "QrScan.Pay", "QrReceipt", &[&QR_PAY], Extra::Nothing),
        ],
    },
    Journey {
        name: "bills",
        share: 0.1,
        stops: &[
            stop("list", "Home.Bills", "Bills", &[&BILLS], Extra::Nothing),
            stop("account", "Bills.Account", "Accounts", &[&ACCOUNTS], Extra::Nothing),
        ],
    },
    Journey {
        name: "cards",
        share: 0.05,
        stops: &[stop("cards", "Home.Cards", "Cards", &[&CARDS], Extra::DeadButton)],
    },
    Journey {
        name: "accounts",
        share: 0.05,
        stops: &[stop("accounts", "Home.Accounts", "Accounts", &[&ACCOUNTS], Extra::Nothing)],
    },
];

/// Uses the app until `until`, and then to the end of the journey under way.
pub(super) async fn walk(app: &mut App, version: &str, until: Instant) {
    app.show("Login", &[]).await;
    app.think().await;
    journey(app, &SIGN_IN, version).await;
    while Instant::now() < until {
        app.think().await;
        let chosen = choose(app);
        journey(app, chosen, version).await;
        app.think().await;
        app.tap("Back.Home").await;
        app.show("Home", &[]).await;
    }
}

fn choose(app: &mut App) -> &'static Journey {
    let mut place = app.random.unit();
    let [first, rest @ ..] = &JOURNEYS;
    for journey in rest {
        place -= journey.share;
        if place < 0.0 {
            return journey;
        }
    }
    first
}

async fn journey(app: &mut App, journey: &'static Journey, version: &str) {
    let (travel, begun) = (app.set_out(journey.name), Instant::now());
    let end = stops(app, journey, &travel, version).await;
    app.arrive(journey.name, travel, end, begun.elapsed());
}

async fn stops(app: &mut App, journey: &Journey, travel: &Travel, version: &str) -> End {
    for (at, stop) in journey.stops.iter().enumerate() {
        if at > 0 {
            app.think().await;
            if app.random.chance(0.03) {
                app.crumb("journey.given_up");
                return End::GivenUp;
            }
        }
        app.step(travel, stop.step, at == 0);
        match visit(app, stop, version).await {
            Answer::Bad => return End::Failed,
            // Without a network nothing is paid; what the app knows from before can be looked at.
            Answer::Offline if stop.extra == Extra::Sign => return End::GivenUp,
            Answer::Good | Answer::Offline => {}
        }
    }
    End::Done
}

async fn visit(app: &mut App, stop: &Stop, version: &str) -> Answer {
    match stop.extra {
        Extra::Sign if app.is_offline() => {
            app.crumb("payment.offline");
            app.tap(stop.target).await;
            Answer::Offline
        }
        Extra::Sign => {
            app.crumb("payment.sign");
            let span = app.begin(stop.target);
            app.tap(stop.target).await;
            let answer = app.show(stop.screen, stop.endpoints).await;
            app.end(span, answer);
            answer
        }
        Extra::Camera => {
            app.crumb("camera.open");
            app.tap(stop.target).await;
            if version == SLOW_VERSION && app.random.chance(0.5) {
                app.stall();
            }
            app.show(stop.screen, stop.endpoints).await
        }
        Extra::DeadButton => {
            app.tap(stop.target).await;
            let answer = app.show(stop.screen, stop.endpoints).await;
            if app.random.chance(0.25) {
                rage(app).await;
            }
            answer
        }
        Extra::Nothing => {
            app.tap(stop.target).await;
            app.show(stop.screen, stop.endpoints).await
        }
    }
}

/// A button that does nothing, tapped again and again, until the customer gives up on it.
async fn rage(app: &mut App) {
    app.crumb("card.freeze");
    sleep(Duration::from_millis(300)).await;
    for _ in 0..4 {
        app.touch("Cards.Freeze");
        sleep(Duration::from_millis(180)).await;
    }
    sleep(Duration::from_millis(2_600)).await;
}
