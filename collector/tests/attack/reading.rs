//! Who reads without a token.
//!
//! Owns: what a request may say of where it comes from. Refuses: what an answer holds.
//! Invariant: as soon as there is a token nobody reads without one, and no header changes that.

use crate::attacked::{A_TOKEN, Answer, Attacked, Client, KEY, ONE_TENANT, SOON, until};
use crate::fairness::frame;
use std::net::TcpStream;
use std::process::{Command, Stdio};

const READ: [&str; 4] = ["/plain", "/v1/report", "/v1/compare?base=8.2.0&head=8.2.0", "/v1/status"];

pub(crate) fn with_a_token() {
    let server = Attacked::start(&format!("{ONE_TENANT}{A_TOKEN}"));
    assert_eq!(server.post(KEY, &frame(1)).status, 200);
    let local = format!("127.0.0.1:{}", server.port());
    for path in READ {
        // What stock nginx sends for `proxy_pass http://127.0.0.1:PORT`.
        let proxied =
            server.says(&format!("GET {path} HTTP/1.0\r\nHost: {local}\r\nConnection: close\r\n\r\n"));
        assert_eq!(Answer::read(proxied).unwrap().status, 401, "{path}");
        for host in [local.as_str(), "localhost", "[::1]", "bank.example"] {
            let answer = server.get(path, &[("host", host), ("x-forwarded-for", "127.0.0.1")]);
            assert_eq!(
                (answer.status, server.get(path, &[("host", host)]).status),
                (401, 401),
                "{path} {host}"
            );
        }
        assert_eq!(server.read(path).status, 200, "{path}");
    }
}

pub(crate) fn without_a_token() {
    let server = Attacked::start(ONE_TENANT);
    assert_eq!(server.post(KEY, &frame(1)).status, 200);
    for path in READ {
        assert_eq!(server.local(path).status, 200, "{path}");
        assert_eq!(server.get(path, &[("host", "rebound.example")]).status, 401, "{path}");
        let old = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", server.address);
        assert_eq!(Answer::read(server.says(&old)).unwrap().status, 401, "{path}");
        let absolute = format!("http://rebound.example{path}");
        assert_eq!(server.get(&absolute, &[("host", "localhost")]).status, 401, "{absolute}");
        for header in ["Forwarded", "X-Forwarded-Host", "X-Real-IP", "Via", "CF-Connecting-IP"] {
            let answer = server.get(path, &[("host", "localhost"), (header, "127.0.0.1")]);
            assert_eq!(answer.status, 401, "{path} {header}");
        }
    }
}

pub(crate) fn lacks_nginx() -> Option<&'static str> {
    let version = Command::new("nginx").arg("-v").stderr(Stdio::null()).status();
    version.is_err().then_some("nginx is not installed")
}

pub(crate) fn lacks_caddy() -> Option<&'static str> {
    let version = Command::new("caddy").arg("version").stdout(Stdio::null()).status();
    version.is_err().then_some("Caddy is not installed")
}

/// nginx with these servers.
fn nginx(server: &Attacked, servers: &str) -> Command {
    let path = server.folder.path().join("nginx.conf");
    let folder = server.folder.path().display();
    let whole = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/nginx.log;\n\
         events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; \
         fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{servers}\n}}\n"
    );
    std::fs::write(&path, whole).unwrap();
    let mut nginx = Command::new("nginx");
    nginx.arg("-c").arg(path);
    nginx
}

/// Caddy with this configuration.
fn caddy(server: &Attacked, config: &str) -> Command {
    let path = server.folder.path().join("Caddyfile");
    std::fs::write(&path, config).unwrap();
    let mut caddy = Command::new("caddy");
    caddy.arg("run").arg("--config").arg(path).args(["--adapter", "caddyfile"]);
    caddy.envs(["XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, server.folder.path())));
    caddy
}

/// Runs a proxy while `attack` runs.
fn within(mut proxy: Command, attack: impl FnOnce()) {
    let mut proxy = proxy.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attack));
    proxy.kill().unwrap();
    proxy.wait().unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The configuration of this language that docs/operate.md shows, of our collector.
fn documented(server: &Attacked, language: &str) -> String {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate.md")).unwrap();
    let shown = docs.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap();
    assert!(shown.contains("127.0.0.1:4600"), "{shown}");
    shown.replace("127.0.0.1:4600", &server.address)
}

pub(crate) fn through_nginx() {
    let server = Attacked::start(&format!("{ONE_TENANT}{A_TOKEN}"));
    let (stock, shown) = (free_port(), free_port());
    let documented = documented(&server, "nginx");
    assert!(documented.contains("listen 443 ssl;"), "{documented}");
    // Without a certificate.
    let lines = documented.lines().filter(|line| !line.trim_start().starts_with("ssl_"));
    let documented: String = lines.map(|line| format!("{line}\n")).collect();
    let documented = documented.replace("listen 443 ssl;", &format!("listen 127.0.0.1:{shown};"));
    let config = format!(
        "server {{ listen 127.0.0.1:{stock}; location / {{ proxy_pass http://{}; }} }}\n{documented}",
        server.address
    );
    within(nginx(&server, &config), || nobody_reads_through([stock, shown]));
}

pub(crate) fn through_caddy() {
    let server = Attacked::start(&format!("{ONE_TENANT}{A_TOKEN}"));
    let (stock, shown) = (free_port(), free_port());
    let documented = documented(&server, "caddyfile");
    let site = "telemetry.bank.example {\n";
    assert!(documented.contains(site), "{documented}");
    // Without a certificate, and without a port of its own for changes.
    let documented = documented.replace(site, &format!("http://:{shown} {{\n\tbind 127.0.0.1\n"));
    let documented = documented.replacen("{\n", "{\n\tadmin off\n", 1);
    let config = format!(
        "{documented}\nhttp://:{stock} {{\n\tbind 127.0.0.1\n\treverse_proxy {}\n}}\n",
        server.address
    );
    within(caddy(&server, &config), || nobody_reads_through([stock, shown]));
}

/// Batches come through proxies at these ports, and figures only for who has a token.
fn nobody_reads_through(ports: [u16; 2]) {
    for port in ports {
        let through = Client { address: format!("127.0.0.1:{port}") };
        until("the proxy listens", SOON, || TcpStream::connect(&through.address).is_ok());
        assert_eq!(through.post(KEY, &frame(1)).status, 200);
        for path in READ {
            for host in ["localhost", "127.0.0.1", "bank.example"] {
                assert_eq!(through.get(path, &[("host", host)]).status, 401, "{port} {path} {host}");
            }
            assert_eq!(through.read(path).status, 200, "{port} {path}");
        }
        assert_eq!(through.get("/readyz", &[("host", "bank.example")]).status, 200);
    }
}
