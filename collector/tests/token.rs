//! `nowait token` as people run it, and a collector that reads what it has made.

mod running;

use running::{NOWAIT, Server};
use std::path::Path;
use std::process::{Command, Output};

fn token(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(NOWAIT);
    command.env_remove("NOWAIT_DATA").arg("token").args(words).arg("--data").arg(folder);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The token that was made; nothing else goes to standard output.
fn made(folder: &Path, role: &str) -> String {
    let output = token(folder, &["--tenant", "default", "--role", role]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let token = text(&output.stdout).strip_suffix('\n').unwrap();
    assert!(token.len() == 64 && !text(&output.stderr).contains(token));
    token.to_owned()
}

#[test]
fn a_token_is_made_listed_without_its_secret_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new");
    let (viewer, admin) = (made(&data, "viewer"), made(&data, "admin"));
    let listed = token(&data, &["--list"]);
    let line = |token: &str, role: &str| format!("{:8}{role:8}default\n", &token[..6]);
    let wanted =
        format!("{:8}{:8}tenant\n{}{}", "id", "role", line(&viewer, "viewer"), line(&admin, "admin"));
    assert_eq!(text(&listed.stdout), wanted);
    let json = token(&data, &["--list", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json[1], serde_json::json!({ "id": &admin[..6], "tenant": "default", "role": "admin" }));
    let revoked = token(&data, &["--revoke", &viewer[..6]]);
    assert_eq!(revoked.status.code(), Some(0));
    assert!(text(&revoked.stderr).contains("restarted") && !text(&revoked.stderr).contains("last"));
    let file = std::fs::read_to_string(data.join("keys.toml")).unwrap();
    assert!(!file.contains(&viewer) && file.contains(&admin) && file.contains("[[app_key]]"), "{file}");
    let last = token(&data, &["--revoke", &admin[..6]]);
    assert!(text(&last.stderr).contains("the last read token"), "{}", text(&last.stderr));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(data.join("keys.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_cannot_be_done_ends_with_two_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let token_made = made(folder.path(), "viewer");
    let before = std::fs::read_to_string(folder.path().join("keys.toml")).unwrap();
    let none = folder.path().join("none.toml");
    for (words, remedy) in [
        (vec!["--tenant", "bnak"], "\"default\""),
        (vec!["--role", "root"], "viewer, admin"),
        (vec!["--revoke", "zzzzzz"], "--list"),
        (vec!["--list", "--revoke", "zzzzzz"], "cannot be used with"),
        (vec!["--revoke", "zzzzzz", "--tenant", "default"], "cannot be used with"),
        (vec!["--list", "--keys", none.to_str().unwrap()], "cannot be read"),
        (vec!["--keys", none.to_str().unwrap()], "cannot be read"),
    ] {
        let output = token(folder.path(), &words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let said = text(&output.stderr);
        assert!(said.contains(remedy) && !said.contains(&token_made), "{words:?}: {said}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("keys.toml")).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_collector_takes_the_tokens_that_were_made_before_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let (viewer, admin) = (made(folder.path(), "viewer"), made(folder.path(), "admin"));
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
    for (token, status) in [(&viewer, 403), (&admin, 200), (&"x".repeat(64), 401)] {
        let told = format!("authorization: Bearer {token}\r\n");
        assert_eq!(asked(&server.address, "GET /v1/status", &told, "").await.0, status);
    }
    let ours = format!("origin: http://{}\r\naccept: text/html\r\n", server.address);
    let (status, head) = asked(&server.address, "GET /", &ours, "").await;
    assert!(status == 303 && head.contains("location: /login"), "{head}");
    let (status, head) = asked(&server.address, "POST /login", &ours, &format!("token={viewer}")).await;
    assert_eq!(status, 303, "{head}");
    let cookie = head.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    let (status, head) = asked(&server.address, "GET /v1/status", &format!("cookie: {cookie}\r\n"), "").await;
    assert_eq!(status, 403, "signed in, as a viewer: {head}");
}

/// The status and the whole answer.
async fn asked(address: &str, what: &str, headers: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}
