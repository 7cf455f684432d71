use std::time::Instant;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::{Browser, PASSWORD, hub, hub_with, links::expire};

const ADA: &str = "ada@example.org";

#[tokio::test]
async fn one_signs_in_and_out() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let mut browser = Browser::new(&server);
    let answer = browser.sign_in("ADA@example.org ", PASSWORD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["mode"], "required");
    assert_eq!(answer.body["caller"]["name"], "Ada");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let cookie = answer.set_cookie.unwrap();
    let mut attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=Lax"]);
    assert!(cookie.starts_with("colloquy="));
    assert_eq!(browser.get("/profile").await.body["email"], ADA);
    let out = browser.delete("/session").await;
    assert_eq!(out.status, 204);
    assert!(out.set_cookie.unwrap().contains("Max-Age=0"));
    // The cookie is worth nothing now, even where it was kept.
    assert_eq!(browser.who().await, None);
    assert_eq!(browser.get("/profile").await.status, 401);
    assert_eq!(admin.who().await.as_deref(), Some("Ada"), "other logins stay");
}

#[tokio::test]
async fn under_tls_the_cookie_is_secure_and_of_this_host_alone() {
    let server = hub_with(|settings| {
        settings.public_url = Some("https://hub.example.org".parse().unwrap());
    })
    .await;
    let browser = Browser::of_admin(&server).await;
    assert!(browser.cookie.as_ref().unwrap().starts_with("__Host-colloquy="));
    let answer = browser.elsewhere(ADA).await.delete("/session").await;
    let forgotten = answer.set_cookie.unwrap();
    for attribute in ["Path=/", "Max-Age=0", "Secure"] {
        assert!(forgotten.contains(attribute), "{forgotten}");
    }
    let again = Browser::new(&server).sign_in(ADA, PASSWORD).await.set_cookie.unwrap();
    assert_eq!(again.matches("Secure").count(), 1, "{again}");
}

/// The same answer, whoever it is and whatever is wrong. (That it takes as long is measured, not
/// asserted: see `passwords.rs`, which always checks one hash.)
#[tokio::test]
async fn nobody_finds_out_who_has_an_account() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (_, bo) = admin.of_invited("bo@example.org", "member").await;
    let disabled = admin.patch(&format!("/people/{bo}"), json!({ "disabled": true })).await;
    assert_eq!(disabled.body["state"], "disabled");
    let new = json!({ "email": "cy@example.org", "name": "Cy", "role": "member" });
    assert_eq!(admin.post("/people", new).await.status, 201);
    let mut answers: Vec<Value> = Vec::new();
    for (email, password) in [
        (ADA, "wrong"),
        (ADA, ""),
        ("bo@example.org", PASSWORD),
        ("bo@example.org", "wrong"),
        ("cy@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("no address", "wrong"),
        ("", ""),
    ] {
        let started = Instant::now();
        let answer = Browser::new(&server).sign_in(email, password).await;
        println!("{email:20} {:?}", started.elapsed());
        assert_eq!(answer.status, 401);
        assert!(answer.set_cookie.is_none());
        answers.push(answer.body);
    }
    assert!(answers.iter().all(|one| *one == answers[0]));
    assert_eq!(answers[0]["detail"], "the e-mail address or the password is wrong");
}

#[tokio::test]
async fn what_a_cookie_held_before_signing_in_is_worth_nothing_after() {
    let server = hub().await;
    Browser::of_admin(&server).await;
    // One that was made up.
    let mut browser = Browser::new(&server);
    browser.cookie = Some("colloquy=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let planted = browser.clone();
    assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
    assert_ne!(browser.cookie, planted.cookie);
    assert_eq!(planted.who().await, None);
    // One that was somebody's.
    let before = browser.clone();
    assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
    assert_ne!(browser.cookie, before.cookie);
    assert_eq!(before.who().await, None);
    assert_eq!(browser.who().await.as_deref(), Some("Ada"));
    // One that failed to sign in sets none.
    let mut failed = Browser { cookie: planted.cookie.clone(), ..browser.clone() };
    failed.sign_in(ADA, "wrong").await;
    assert_eq!(failed.who().await, None);
}

#[tokio::test]
async fn login_sessions_are_listed_and_end() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (bo, _) = admin.of_invited("bo@example.org", "viewer").await;
    let other = bo.elsewhere("bo@example.org").await;
    let third = bo.elsewhere("bo@example.org").await;
    let logins = bo.get("/logins").await.body["items"].clone();
    let current: Vec<bool> =
        logins.as_array().unwrap().iter().map(|one| one["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, false, true], "the newest first");
    assert_eq!(logins[0]["userAgent"], "a browser");
    assert_eq!(logins[0]["address"], "127.0.0.1");
    let path = format!("/logins/{}", logins[0]["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 404, "others' do not exist");
    assert_eq!(bo.delete(&path).await.status, 204);
    assert_eq!(bo.delete(&path).await.status, 404);
    assert_eq!(third.who().await, None);
    assert!(other.who().await.is_some());
    assert_eq!(bo.delete("/logins").await.status, 204);
    for browser in [&bo, &other] {
        assert_eq!(browser.who().await, None);
    }
    assert!(admin.who().await.is_some());
}

#[tokio::test]
async fn a_login_ends_by_itself() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    expire(&server, "logins").await;
    assert_eq!(admin.who().await, None);
    assert_eq!(admin.get("/agents").await.status, 401);
}

#[tokio::test]
async fn one_changes_ones_own_account() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let elsewhere = admin.elsewhere(ADA).await;
    let new = "another horse";
    for (body, fields) in [
        (json!({ "name": "" }), vec!["name"]),
        (json!({ "password": new }), vec!["currentPassword"]),
        (json!({ "password": new, "currentPassword": "wrong" }), vec!["currentPassword"]),
        (json!({ "currentPassword": PASSWORD }), vec!["currentPassword"]),
        (json!({ "password": "short", "currentPassword": PASSWORD }), vec!["password"]),
        (json!({ "password": "Password1", "currentPassword": PASSWORD }), vec!["password"]),
        (json!({ "role": "viewer" }), vec!["role"]),
    ] {
        let refused = admin.patch("/profile", body).await;
        assert_eq!((refused.status, refused.fields()), (422, fields));
    }
    assert_eq!(admin.patch("/profile", json!({ "name": "Ada L." })).await.body["name"], "Ada L.");
    assert_eq!(elsewhere.who().await.as_deref(), Some("Ada L."));
    let changed = admin.patch("/profile", json!({ "password": new, "currentPassword": PASSWORD }));
    assert_eq!(changed.await.status, 200);
    assert_eq!(admin.who().await.as_deref(), Some("Ada L."), "one's own login goes on");
    assert_eq!(elsewhere.who().await, None, "the others have ended");
    assert_eq!(Browser::new(&server).sign_in(ADA, PASSWORD).await.status, 401);
    assert_eq!(Browser::new(&server).sign_in(ADA, new).await.status, 200);
}

/// Whoever knows a person's address cannot keep them out by trying passwords.
#[tokio::test]
async fn who_tries_passwords_keeps_out_only_those_at_their_own_address() {
    let server = hub_with(|settings| {
        settings.limit_sign_ins = 3.try_into().unwrap();
        settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let (home, elsewhere, stranger) = (
        at(Browser::of_admin(&server).await, "192.0.2.1"),
        at(Browser::new(&server), "192.0.2.2"),
        at(Browser::new(&server), "192.0.2.3"),
    );
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(stranger.clone().sign_in(ADA, "wrong").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    assert_eq!(stranger.clone().sign_in(ADA, PASSWORD).await.status, 429);
    assert_eq!(home.elsewhere(ADA).await.who().await.as_deref(), Some("Ada"));

    // From many addresses an account can be tried so often that it is closed, but not to those who
    // come from where somebody is signed in.
    while server.state.limits.sign_in_as(ADA).is_ok() {}
    assert_eq!(elsewhere.clone().sign_in(ADA, PASSWORD).await.status, 429);
    assert_eq!(home.clone().sign_in(ADA, PASSWORD).await.status, 200);
}

/// That browser, at an address behind the proxy that we are.
fn at(browser: Browser, address: &'static str) -> Browser {
    let address = HeaderValue::from_static(address);
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), address)]);
    let http = reqwest::Client::builder().default_headers(headers).build().unwrap();
    Browser { http, ..browser }
}
