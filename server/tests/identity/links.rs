use serde_json::json;

use crate::{
    Browser, PASSWORD, hub,
    support::{Server, database},
};

#[tokio::test]
async fn the_first_person_sets_the_hub_up_once() {
    let server = hub().await;
    let mut browser = Browser::new(&server);
    let session = browser.get("/session").await.body;
    assert_eq!(session, json!({ "mode": "required", "setUp": true, "caller": null }));
    assert_eq!(browser.get("/agents").await.status, 401);

    let link = server.state.services.set_up_link().await.unwrap().unwrap();
    for (body, fields) in [
        (json!({}), vec!["email", "name"]),
        (json!({ "name": "Ada", "email": "ada" }), vec!["email"]),
        (json!({ "name": "", "email": "ada@example.org" }), vec!["name"]),
        (
            json!({ "name": "Ada", "email": "ada@example.org", "password": "password1" }),
            vec!["password"],
        ),
    ] {
        let refused = browser.welcome(&link, body).await;
        assert_eq!((refused.status, refused.fields()), (422, fields));
    }
    let ada = json!({ "name": "Ada", "email": " Ada@Example.org " });
    let welcomed = browser.welcome(&link, ada.clone()).await;
    assert_eq!(welcomed.status, 201);
    assert_eq!(welcomed.body["setUp"], false);
    assert_eq!(welcomed.body["caller"]["email"], "Ada@Example.org");
    assert_eq!(welcomed.body["caller"]["rights"], json!({ "standing": "admin", "scopes": null }));
    assert_eq!(welcomed.headers["cache-control"], "no-store");
    assert_eq!(browser.get("/agents").await.status, 200);

    let again = Browser::new(&server).welcome(&link, ada).await;
    assert_eq!((again.status, again.fields()), (422, vec!["link"]));
    assert_eq!(server.state.services.set_up_link().await.unwrap(), None);
}

#[tokio::test]
async fn a_link_is_good_once_and_until_its_end_and_the_newest_alone() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let invited = admin
        .post("/people", json!({ "email": "b@example.org", "name": "Bo", "role": "viewer" }))
        .await
        .body;
    let person = format!("/people/{}", invited["person"]["id"].as_str().unwrap());
    assert_eq!(invited["person"]["state"], "invited");
    let first = invited["link"].as_str().unwrap().to_owned();
    let renewed = admin.send(colloquy_client::Method::POST, &format!("{person}/link"), None).await;
    assert_eq!(renewed.status, 201);
    let second = renewed.body["link"].as_str().unwrap().to_owned();

    let mut browser = Browser::new(&server);
    let refused = async |browser: &mut Browser, link: &str| {
        let answer = browser.welcome(link, json!({})).await;
        assert_eq!((answer.status, answer.fields()), (422, vec!["link"]));
        assert!(answer.set_cookie.is_none());
    };
    refused(&mut browser, &first).await;
    refused(&mut browser, "/welcome#").await;
    refused(&mut browser, "/welcome#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
    let chosen = browser.welcome(&second, json!({ "email": "c@example.org" })).await;
    assert_eq!((chosen.status, chosen.fields()), (422, vec!["email"]));
    assert_eq!(browser.welcome(&second, json!({ "name": "Bob" })).await.status, 201);
    assert_eq!(browser.who().await.as_deref(), Some("Bob"));
    assert_eq!(admin.get(&person).await.body["state"], "active");
    refused(&mut browser, &second).await;

    let third = admin.send(colloquy_client::Method::POST, &format!("{person}/link"), None).await;
    expire(&server, "links").await;
    refused(&mut browser, third.body["link"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_new_password_by_link_ends_the_logins_before_it() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let (bo, id) = admin.of_invited("bo@example.org", "member").await;
    let path = format!("/people/{id}/link");
    let link = admin.send(colloquy_client::Method::POST, &path, None).await.body["link"].clone();
    assert!(bo.who().await.is_some(), "not before it is used");
    let mut elsewhere = Browser::new(&server);
    let chosen = json!({ "password": "another horse" });
    assert_eq!(elsewhere.welcome(link.as_str().unwrap(), chosen).await.status, 201);
    assert_eq!(bo.who().await, None);
    assert_eq!(Browser::new(&server).sign_in("bo@example.org", PASSWORD).await.status, 401);
    assert_eq!(Browser::new(&server).sign_in("bo@example.org", "another horse").await.status, 200);
}

#[tokio::test]
async fn what_a_link_and_a_cookie_and_a_token_hold_is_not_in_the_data_folder() {
    let server = hub().await;
    let admin = Browser::of_admin(&server).await;
    let new = json!({ "email": "b@example.org", "name": "Bo", "role": "viewer" });
    let link = admin.post("/people", new).await.body["link"].clone();
    let token = admin.post("/tokens", json!({ "name": "mine" })).await.body["secret"].clone();
    let cookie = admin.cookie.clone().unwrap();
    let secrets = [
        PASSWORD,
        link.as_str().unwrap().strip_prefix("/welcome#").unwrap(),
        token.as_str().unwrap(),
        cookie.strip_prefix("colloquy=").unwrap(),
    ];
    let prefix = &token.as_str().unwrap()[..12];
    let mut files = 0;
    let mut prefixes = 0;
    for file in std::fs::read_dir(&server.state.settings.data_dir).unwrap() {
        let path = file.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        for secret in secrets {
            assert!(!holds(secret), "{} holds {secret}", path.display());
        }
        files += 1;
        prefixes += usize::from(holds(prefix));
    }
    assert!(files >= 2 && prefixes >= 1, "the files that were read are those that were written");
}

/// Lets everything in that table have ended a moment ago.
pub(crate) async fn expire(server: &Server, table: &'static str) {
    let sql = match table {
        "links" => "UPDATE links SET expires_at = 1",
        "logins" => "UPDATE logins SET expires_at = 1",
        _ => "UPDATE tokens SET expires_at = 1",
    };
    sqlx::query(sql).execute(&mut database(server).await).await.unwrap();
}
