//! The default transport against servers on 127.0.0.1: good ones, false ones, slow ones.
//!
//! They run on real sockets and real time, because both are what is tested. Every wait has a bound of many times what it
//! takes, and the one narrow figure (how soon a cancelled exchange ends) is the best of several tries.

use super::*;
use crate::config::{Build, Config};
use crate::upload::CONTENT_TYPE;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Long enough for anything that is not a hang.
const PATIENCE: Duration = Duration::from_secs(20);

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn params(name: &str, is_ca: bool) -> CertificateParams {
    let names = if is_ca { Vec::new() } else { vec!["127.0.0.1".to_owned()] };
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
    params
}

fn root(name: &str) -> Authority {
    CertifiedIssuer::self_signed(params(name, true), KeyPair::generate().unwrap()).unwrap()
}

fn below(root: &Authority, name: &str) -> Authority {
    CertifiedIssuer::signed_by(params(name, true), KeyPair::generate().unwrap(), root).unwrap()
}

fn pin(key: &impl PublicKeyData) -> SpkiPin {
    let digest = ring::digest::digest(&ring::digest::SHA256, &key.subject_public_key_info());
    SpkiPin::sha256(digest.as_ref().try_into().unwrap())
}

/// A server's key and what it shows of itself: its own certificate, then `beside`.
struct Identity {
    key: KeyPair,
    chain: Vec<CertificateDer<'static>>,
}

impl Identity {
    fn new(params: &CertificateParams, issuer: &Authority, beside: &[&Authority]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, issuer).unwrap();
        let chain = [leaf.der().clone()].into_iter().chain(beside.iter().map(|one| one.der().clone()));
        Identity { chain: chain.collect(), key }
    }

    fn tls(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        Arc::new(config)
    }
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// Takes one connection and treats it like this. Returns the port, and what came of it.
fn serve<T: Send + 'static>(
    tls: Option<Arc<ServerConfig>>,
    treat: impl FnOnce(&mut dyn Stream) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        match tls {
            None => treat(&mut &socket),
            Some(tls) => {
                treat(&mut StreamOwned::<_, TcpStream>::new(ServerConnection::new(tls).unwrap(), socket))
            }
        }
    });
    (port, thread)
}

/// Reads one request: head and body.
fn read_request(stream: &mut dyn Stream) -> io::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

/// Answers one request like this and waits until the other side has closed: whether it did, and in order.
fn answer(stream: &mut dyn Stream, bytes: &str) -> io::Result<bool> {
    read_request(stream)?;
    stream.write_all(bytes.as_bytes())?;
    stream.flush()?;
    Ok(stream.read(&mut [0])? == 0)
}

/// The transport of a config that was checked, as a start does it.
fn http(config: &Config) -> Result<Http, Error> {
    config.check()?;
    Http::new(&config.endpoint, &config.roots, &config.pins)
}

fn config(endpoint: String) -> Config {
    Config::new(endpoint, "app-key", Build::new("8.2.0", "1"), "unused")
}

fn parcel<'a>(url: &'a str, timeout: Duration, cancel: &Cancel) -> Parcel<'a> {
    Parcel {
        url,
        app_key: "app-key",
        sent_unix_ms: 1_800_000_000_000,
        body: b"a batch",
        timeout,
        cancel: cancel.clone(),
    }
}

fn send(config: &Config) -> Option<Answer> {
    http(config).unwrap().send(parcel(&config.url(), PATIENCE, &Cancel::never()))
}

/// Sends one parcel to a server with this identity; whether it was answered. What is refused must not have been sent.
fn is_believed(identity: &Identity, roots: Roots, pins: &[SpkiPin]) -> bool {
    let (port, server) = serve(Some(identity.tls()), |stream| answer(stream, OK).is_ok());
    let config = Config { roots, pins: pins.to_vec(), ..config(format!("https://127.0.0.1:{port}")) };
    let is_answered = send(&config).is_some_and(|answer| answer.body == b"here");
    assert_eq!(server.join().unwrap(), is_answered, "a request reached somebody who was not believed");
    is_answered
}

#[test]
fn what_is_sent_and_what_comes_back() {
    let (port, server) = serve(None, |stream| {
        let request = read_request(stream).unwrap();
        let answer = "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\ncontent-length: 3\r\n\r\n{ }";
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    let answer = send(&config(format!("http://127.0.0.1:{port}/nowait/"))).unwrap();
    assert_eq!(answer, Answer { status: 503, retry_after: Some("120".to_owned()), body: b"{ }".to_vec() });
    let (head, body) = server.join().unwrap();
    assert!(head.starts_with("post /nowait/v1/batches http/1.1\r\n"), "{head}");
    for line in [
        "authorization: bearer app-key",
        &format!("content-type: {CONTENT_TYPE}"),
        "x-nowait-sent-unix-ms: 1800000000000",
        "content-length: 7",
    ] {
        assert!(head.lines().any(|found| found == line), "{line} is not in {head}");
    }
    assert_eq!(body, b"a batch");
}

#[test]
fn a_banks_own_authority_is_believed_and_no_other() {
    let (bank, stranger) = (root("Bank Root"), root("Stranger"));
    let server = Identity::new(&params("collector", false), &bank, &[]);
    let der = |authority: &Authority| authority.der().to_vec();
    let both = format!("# the bank's\n{}\n{}", stranger.pem(), bank.pem()).into_bytes();
    assert!(is_believed(&server, Roots::Only(vec![der(&bank)]), &[]));
    assert!(is_believed(&server, Roots::Only(vec![der(&stranger), der(&bank)]), &[]));
    assert!(is_believed(&server, Roots::Only(vec![both]), &[]), "two certificates as PEM");
    assert!(is_believed(&server, Roots::MozillaAnd(vec![der(&bank)]), &[]));
    assert!(!is_believed(&server, Roots::Mozilla, &[]));
    assert!(!is_believed(&server, Roots::Only(vec![der(&stranger)]), &[]));
}

#[test]
fn a_certificate_of_another_name_or_another_time_is_refused() {
    let bank = root("Bank Root");
    let roots = Roots::Only(vec![bank.der().to_vec()]);
    let mut other = CertificateParams::new(vec!["other.bank.example".to_owned()]).unwrap();
    assert!(!is_believed(&Identity::new(&other, &bank, &[]), roots.clone(), &[]));
    other = params("expired", false);
    other.not_after = date_time_ymd(2020, 1, 1);
    assert!(!is_believed(&Identity::new(&other, &bank, &[]), roots.clone(), &[]));
    let pins = [pin(bank.key()), pin(&KeyPair::generate().unwrap())];
    assert!(
        !is_believed(&Identity::new(&other, &bank, &[]), roots, &pins),
        "a pin does not replace the checks"
    );
}

#[test]
fn a_pin_may_be_of_the_server_of_an_authority_between_or_of_the_root() {
    let bank = root("Bank Root");
    let between = below(&bank, "Bank Issuing");
    let server = Identity::new(&params("collector", false), &between, &[&between]);
    let roots = Roots::Only(vec![bank.der().to_vec()]);
    let (backup, other) = (pin(&KeyPair::generate().unwrap()), pin(&KeyPair::generate().unwrap()));
    for (what, pinned) in
        [("server", pin(&server.key)), ("between", pin(between.key())), ("root", pin(bank.key()))]
    {
        assert!(is_believed(&server, roots.clone(), &[backup, pinned]), "{what}");
    }
    assert!(!is_believed(&server, roots, &[backup, other]));
}

#[test]
fn pinned_certificates_that_a_false_server_merely_sends_along_do_not_help_it() {
    let (bank, public) = (root("Bank Root"), root("Public Root"));
    let between = below(&bank, "Bank Issuing");
    let roots = Roots::Only(vec![bank.der().to_vec(), public.der().to_vec()]);
    // A certificate for the bank's name that a believed authority should not have given, beside the bank's own ones.
    let thief = Identity::new(&params("collector", false), &public, &[&between, &bank]);
    let pins = [pin(between.key()), pin(bank.key())];
    assert!(is_believed(&thief, roots.clone(), &[]), "without pins it is as good as any");
    assert!(!is_believed(&thief, roots, &pins));
}

#[test]
fn roots_that_cannot_be_read_are_refused_at_the_start_and_say_which() {
    let good = root("Bank Root");
    for bad in [
        b"no certificate".to_vec(),
        good.der()[..good.der().len() - 1].to_vec(),
        good.key().serialize_pem().into_bytes(),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
    ] {
        let roots = Roots::MozillaAnd(vec![good.der().to_vec(), bad]);
        let error = http(&Config { roots, ..config("https://bank.example".to_owned()) }).unwrap_err();
        assert!(
            error.is_config() && error.to_string().contains("config.roots has an entry (number 1)"),
            "{error}"
        );
    }
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    let error = http(&config("http://telemetry.bank.example".to_owned())).unwrap_err();
    assert!(error.to_string().contains("must be https"), "{error}");
}

#[test]
fn no_socket_stays_open_after_an_exchange() {
    let bank = root("Bank Root");
    let identity = Identity::new(&params("collector", false), &bank, &[]);
    for (tls, scheme) in [(None, "http"), (Some(identity.tls()), "https")] {
        let (port, server) = serve(tls, |stream| answer(stream, OK).unwrap());
        let roots = Roots::Only(vec![bank.der().to_vec()]);
        let config = Config { roots, ..config(format!("{scheme}://127.0.0.1:{port}")) };
        let mut http = http(&config).unwrap();
        assert!(http.send(parcel(&config.url(), PATIENCE, &Cancel::never())).is_some());
        // The transport lives, and nothing of it runs: the server must see the end all the same.
        assert!(server.join().unwrap(), "{scheme}: not closed in order");
        drop(http);
    }
}

#[test]
fn one_transport_makes_many_exchanges() {
    let bank = root("Bank Root");
    let identity = Identity::new(&params("collector", false), &bank, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let tls = identity.tls();
        let mut resumed = Vec::new();
        for _ in 0..3 {
            let (socket, _) = listener.accept().unwrap();
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&tls)).unwrap(), socket);
            assert!(answer(&mut stream, OK).unwrap());
            resumed.push(stream.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed));
        }
        resumed
    });
    let config = Config { roots: Roots::Only(vec![bank.der().to_vec()]), ..config(endpoint) };
    let mut http = http(&config).unwrap();
    for _ in 0..3 {
        assert!(http.send(parcel(&config.url(), PATIENCE, &Cancel::never())).is_some());
    }
    assert_eq!(server.join().unwrap(), [false, true, true], "TLS sessions are resumed");
}

#[test]
fn a_cancelled_exchange_ends_within_a_fifth_of_a_second_and_closes_its_socket() {
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        // Reads the request, never answers, and waits for the end.
        let (port, server) = serve(None, |stream| {
            read_request(stream).unwrap();
            stream.read(&mut [0])
        });
        let config = config(format!("http://127.0.0.1:{port}"));
        let refused_at = Instant::now() + Duration::from_millis(120);
        let cancel = Cancel::new(move || Instant::now() >= refused_at);
        let answer = http(&config).unwrap().send(parcel(&config.url(), PATIENCE, &cancel));
        fastest = fastest.min(refused_at.elapsed());
        assert_eq!(answer, None);
        let ending = server.join().unwrap();
        assert!(
            matches!(&ending, Ok(0)) || ending.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
        );
    }
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

#[test]
fn an_exchange_that_is_cancelled_before_it_begins_opens_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let config = config(format!("http://{}", listener.local_addr().unwrap()));
    let cancel = Cancel::new(|| true);
    assert_eq!(http(&config).unwrap().send(parcel(&config.url(), PATIENCE, &cancel)), None);
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// Sends one parcel to a server that answers with this head and then goes on like that, until nobody listens.
fn slow(head: &'static str, timeout: Duration, byte_every: Option<Duration>) -> (Option<Answer>, Duration) {
    let stopped = Arc::new(AtomicBool::new(false));
    let is_stopped = Arc::clone(&stopped);
    let (port, server) = serve(None, move |stream| {
        read_request(stream).unwrap();
        let mut sent = stream.write_all(head.as_bytes());
        // Relaxed: a wish, seen soon enough.
        while !is_stopped.load(Ordering::Relaxed) && sent.is_ok() {
            thread::sleep(byte_every.unwrap_or(Duration::from_millis(5)));
            if byte_every.is_some() {
                sent = stream.write_all(b"x");
            }
        }
    });
    let config = config(format!("http://127.0.0.1:{port}"));
    let began = Instant::now();
    let answer = http(&config).unwrap().send(parcel(&config.url(), timeout, &Cancel::never()));
    let took = began.elapsed();
    // Relaxed: a wish.
    stopped.store(true, Ordering::Relaxed);
    server.join().unwrap();
    (answer, took)
}

#[test]
fn the_time_limit_covers_silence_a_slow_head_and_a_body_that_drips() {
    let timeout = Duration::from_millis(300);
    let drip = Some(Duration::from_millis(10));
    let busy = "HTTP/1.1 503 Busy\r\nretry-after: 60\r\ncontent-length: 9000\r\n\r\n";
    for (what, head, byte_every, status) in [
        ("silence", "", None, None),
        ("a head that drips", "HTTP/1.1 200 O", drip, None),
        ("a body that drips", "HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n", drip, Some(200)),
        ("a body that never comes", busy, None, Some(503)),
    ] {
        let (answer, took) = slow(head, timeout, byte_every);
        assert!((timeout..PATIENCE).contains(&took), "{what}: {took:?}");
        assert_eq!(answer.as_ref().map(|answer| answer.status), status, "{what}");
        assert!(answer.is_none_or(|answer| answer.body.is_empty()), "{what}: half a body is none");
    }
}

#[test]
fn what_the_server_breaks_off_is_no_answer_or_one_without_a_body() {
    for (what, bytes, status) in [
        ("nothing at all", "", None),
        ("half a head", "HTTP/1.1 200 OK\r\nconte", None),
        ("no HTTP", "220 mail.bank.example ESMTP\r\n", None),
        ("half a body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"batch\":", Some(200)),
        ("half a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{}", Some(200)),
    ] {
        let (port, server) = serve(None, move |stream| {
            read_request(stream).unwrap();
            stream.write_all(bytes.as_bytes()).unwrap();
        });
        let answer = send(&config(format!("http://127.0.0.1:{port}")));
        server.join().unwrap();
        assert_eq!(answer.as_ref().map(|answer| answer.status), status, "{what}");
        assert!(answer.is_none_or(|answer| answer.body.is_empty()), "{what}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(send(&config(format!("http://{nobody}"))), None, "nobody listens");
}

#[test]
fn a_body_longer_than_any_receipt_is_not_read_to_its_end() {
    let (port, server) = serve(None, |stream| {
        read_request(stream).unwrap();
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        let mut chunks = 0;
        while sent.is_ok() && chunks < 100_000 {
            sent = stream.write_all(chunk.as_bytes());
            chunks += 1;
        }
        chunks
    });
    let answer = send(&config(format!("http://127.0.0.1:{port}"))).unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert!(server.join().unwrap() < 100_000, "the socket was closed on an endless answer");
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = elsewhere.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let redirect =
            format!("HTTP/1.1 {status} Moved\r\nlocation: http://{location}/\r\ncontent-length: 0\r\n\r\n");
        let (port, server) = serve(None, move |stream| answer(stream, &redirect).unwrap());
        assert_eq!(send(&config(format!("http://127.0.0.1:{port}"))).unwrap().status, status);
        server.join().unwrap();
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
