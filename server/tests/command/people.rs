//! People and tokens, managed from the command line.

use std::io::{BufRead, Read};

use colloquy_client::{Method, protocol::request::NewAgent};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{Process, colloquy, printed, serve_on_any_port, stderr};

#[tokio::test]
async fn people_are_managed_from_the_command_line_while_it_runs_and_while_it_does_not() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    // No server runs: the first person is made by the command itself.
    let add = ["user", "add", "a@example.org", "--name", "Ada", "--role", "admin"];
    let invited = printed(here, &add);
    let link = invited.trim().rsplit_once("/welcome#").unwrap().1;

    let mut server = serve_on_any_port(here);
    let post = async |path: &str, body: serde_json::Value| {
        let call = server.client().request(Method::POST, &format!("/api/v1{path}")).json(&body);
        call.send().await.unwrap()
    };
    assert_eq!(server.client().agents().await.unwrap_err().status(), Some(401));
    let chosen = json!({ "link": link, "password": "wrong horse 1" });
    assert_eq!(post("/welcome", chosen).await.status(), 201);
    let ada = json!({ "email": "a@example.org", "password": "wrong horse 1" });
    assert_eq!(post("/session", ada.clone()).await.status(), 200);

    // It runs: the same commands go through it.
    let invited = printed(here, &["user", "add", "b@example.org", "--name", "Bo"]);
    let link = format!("{}/welcome#", server.url);
    assert!(invited.contains(&link), "as that server is reached: {invited}");
    assert!(printed(here, &["user", "list"]).contains("invited   b@example.org"));
    assert_eq!(
        printed(here, &["user", "role", "b@example.org", "viewer"]),
        "b@example.org is viewer.\n"
    );
    let reset = printed(here, &["user", "reset-password", "A@EXAMPLE.org"]);
    let link = reset.trim().rsplit_once("/welcome#").unwrap().1;
    let chosen = json!({ "link": link, "password": "another horse" });
    assert_eq!(post("/welcome", chosen).await.status(), 201);
    assert_eq!(post("/session", ada).await.status(), 401);
    assert!(printed(here, &["user", "disable", "b@example.org"]).contains("is disabled."));
    let enabled = printed(here, &["user", "enable", "b@example.org"]);
    assert!(enabled.contains("is invited.") && enabled.contains("reset-password"), "{enabled}");
    let last = colloquy(here).args(["user", "disable", "a@example.org"]).output().unwrap();
    assert_eq!(last.status.code(), Some(1));
    assert!(stderr(&last).contains("the last admin"), "{}", stderr(&last));
    let nobody = colloquy(here).args(["user", "disable", "x@example.org"]).output().unwrap();
    assert!(stderr(&nobody).contains("nobody has"), "{}", stderr(&nobody));

    // So do those about tokens.
    let create = ["token", "create", "--user", "a@example.org", "--name", "t"];
    let scopes = ["--scope", "read,agents", "--expires-days", "1"];
    let token = printed(here, &[&create[..], &scopes].concat());
    let client = server.client().with_token(token.trim());
    let new =
        NewAgent { id: Some("a".parse().unwrap()), name: "A".to_owned(), ..NewAgent::default() };
    client.create_agent(&new).await.unwrap();
    printed(here, &["token", "create", "--agent", "a", "--name", "of the agent"]);
    let list = printed(here, &["token", "list"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(!list.contains(token.trim()), "{list}");
    let json: Value = serde_json::from_str(&printed(here, &["token", "list", "--json"])).unwrap();
    assert_eq!(json["nextCursor"], Value::Null);
    assert_eq!(json["items"].as_array().unwrap().len(), 2, "{json}");
    let line = list.lines().find(|line| line.contains(&token[..12])).unwrap();
    assert!(line.contains("user a@example.org") && list.contains("agent a "), "{list}");
    printed(here, &["token", "revoke", line.split(' ').next().unwrap()]);
    assert_eq!(client.agents().await.unwrap_err().status(), Some(401));

    // What cannot be an address may be a password.
    for typed in ["correct horse", &format!("{}@example.org", "x".repeat(300))] {
        let sign_in = json!({ "email": typed, "password": "wrong horse 1" });
        assert_eq!(post("/session", sign_in).await.status(), 401);
    }

    // What was logged names who came in, and holds no secret.
    server.signal(Signal::TERM);
    server.wait();
    let mut log = String::new();
    server.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    for told in ["Somebody signed in", "Somebody could not sign in", "A token was revoked"] {
        assert!(log.contains(told), "no {told:?} in {log}");
    }
    assert!(log.contains(r#""email":"a@example.org""#), "{log}");
    for secret in ["wrong horse", "another horse", "correct horse", "xxx", token.trim(), link] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn an_empty_list_is_told() {
    let folder = TempDir::new().unwrap();
    drop(serve_on_any_port(folder.path()));
    for (what, told) in [("user", "There is nobody yet."), ("token", "There are no tokens.")] {
        let list = colloquy(folder.path()).args([what, "list"]).output().unwrap();
        assert_eq!(list.status.code(), Some(0));
        assert!(list.stdout.is_empty() && stderr(&list).contains(told), "{}", stderr(&list));
        let json = printed(folder.path(), &[what, "list", "--json"]);
        assert_eq!(json, "{\"items\":[],\"nextCursor\":null}\n");
    }
}

#[test]
fn names_do_nothing_to_a_terminal() {
    const HOSTILE: &str = "\u{1b}[2JAda\nmallory@example.org\u{9b}2J";
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    printed(here, &["user", "add", "a@example.org", "--name", HOSTILE, "--role", "admin"]);
    printed(here, &["token", "create", "--user", "a@example.org", "--name", HOSTILE]);
    for what in ["user", "token"] {
        let list = printed(here, &[what, "list"]);
        let line = list.strip_suffix('\n').unwrap();
        assert!(line.contains("[2JAda") && !line.contains(char::is_control), "{line:?}");
        let json: Value = serde_json::from_str(&printed(here, &[what, "list", "--json"])).unwrap();
        assert_eq!(json["items"][0]["name"], HOSTILE);
    }
}

#[tokio::test]
async fn the_first_start_where_people_sign_in_prints_a_link_to_set_up_with() {
    let folder = TempDir::new().unwrap();
    let mut serve = colloquy(folder.path());
    let mut server =
        Process::start(serve.args(["serve", "--listen=127.0.0.1:0", "--auth=required"]));
    let mut line = String::new();
    while !line.starts_with("Set up the first administrator") {
        line.clear();
        assert_ne!(server.output.read_line(&mut line).unwrap(), 0, "no link");
    }
    let (address, link) = line.trim().rsplit_once("/welcome#").unwrap();
    assert!(address.ends_with(&server.url), "{line}");
    let body = json!({ "link": link, "password": "wrong horse 1", "name": "Ada",
                       "email": "a@example.org" });
    let call = server.client().request(Method::POST, "/api/v1/welcome").json(&body);
    assert_eq!(call.send().await.unwrap().status(), 201);

    let demo = colloquy(folder.path()).args(["demo", "--url", &server.url]).output().unwrap();
    assert_eq!(demo.status.code(), Some(1));
    assert!(stderr(&demo).contains("colloquy token create"), "{}", stderr(&demo));
}
