//! A hub with somebody of every kind, and what they try things on.

use colloquy_client::{
    Client, Method,
    protocol::{
        access::Scope,
        account::{NewPerson, PersonPatch},
        id::{AgentId, ChatId, MessageId, PrincipalKind},
        model::Visibility,
        request::{NewAgent, NewChat, NewCollection, NewMessage, NewParticipant},
    },
    raw::{RawError, RawSocket},
};
use colloquy_server::{access::Caller, service::Change, settings::Auth};
use reqwest::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::support::{Server, token_of};

const PASSWORD: &str = "wrong horse 1";

/// What a browser says of the requests of the hub's own pages.
const SITE: &str = "sec-fetch-site";
const OWN: &str = "same-origin";

/// Who tries: the columns of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// People, by their cookies (over sockets by tokens of theirs).
    Admin,
    Member,
    Viewer,
    /// Two agents, with tokens of all scopes.
    Ada,
    Bob,
    /// Ada's token of the scope `read`.
    Reader,
    /// Without anything.
    Nobody,
    /// A person who was disabled after they signed in.
    Disabled,
    /// Ada's token that was revoked.
    Revoked,
}

impl Who {
    pub(crate) const ALL: [Self; 9] = [
        Self::Admin,
        Self::Member,
        Self::Viewer,
        Self::Ada,
        Self::Bob,
        Self::Reader,
        Self::Nobody,
        Self::Disabled,
        Self::Revoked,
    ];

    /// How many of them get a connection.
    pub(crate) const CONNECTED: usize = 6;
}

/// What somebody shows.
#[derive(Debug, Clone, Default)]
struct Shown {
    cookie: Option<String>,
    token: Option<String>,
}

pub(crate) struct World {
    server: Server,
    http: reqwest::Client,
    shown: [Shown; 9],
    emails: [Option<&'static str>; 9],
    member: String,
    /// Names things that are made.
    made: u32,
    /// Ada's, as long as a try may need it.
    socket: Option<RawSocket>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = Server::start_with(|settings| {
            settings.auth = Auth::Required;
            let plenty = 1_000_000.try_into().unwrap();
            settings.limit_requests = plenty;
            settings.limit_sign_ins = plenty;
            settings.limit_messages = plenty;
        })
        .await;
        let mut world = Self {
            server,
            http: reqwest::Client::new(),
            shown: Default::default(),
            emails: Default::default(),
            member: String::new(),
            made: 0,
            socket: None,
        };
        let link = world.server.state.services.set_up_link().await.unwrap().unwrap();
        world.let_in(Who::Admin, &link, "admin@example.org").await;
        for (who, email, role) in [
            (Who::Member, "member@example.org", "member"),
            (Who::Viewer, "viewer@example.org", "viewer"),
            (Who::Disabled, "disabled@example.org", "admin"),
        ] {
            let new = NewPerson {
                email: email.to_owned(),
                name: email.to_owned(),
                role: role.parse().unwrap(),
            };
            let services = world.server.state.services.clone();
            let invited = services.invite(Caller::control(), new).await.unwrap();
            world.let_in(who, &invited.link, email).await;
            if who == Who::Member {
                world.member = invited.person.id.to_string();
            }
            if who == Who::Disabled {
                let patch = PersonPatch { disabled: Some(true), ..PersonPatch::default() };
                services.update_person(Caller::control(), invited.person.id, patch).await.unwrap();
            }
        }
        for agent in ["ada", "bob"] {
            world.make_agent(agent).await;
        }
        for (who, agent, scopes) in [
            (Who::Ada, "ada", Scope::ALL.to_vec()),
            (Who::Bob, "bob", Scope::ALL.to_vec()),
            (Who::Reader, "ada", vec![Scope::Read]),
            (Who::Revoked, "ada", Scope::ALL.to_vec()),
        ] {
            let (id, secret) = world.issue(agent, scopes).await;
            world.shown[who as usize].token = Some(secret);
            if who == Who::Revoked {
                let services = &world.server.state.services;
                services.revoke_token(Caller::control(), id.parse().unwrap()).await.unwrap();
            }
        }
        world
    }

    /// What an open path answers.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.server.url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The status that somebody is answered with.
    pub(crate) async fn ask(&self, who: Who, method: &str, path: &str, body: &str) -> u16 {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.server.url));
        let shown = &self.shown[who as usize];
        if let Some(cookie) = &shown.cookie {
            request = request.header(COOKIE, cookie).header(SITE, OWN);
        }
        if let Some(token) = shown.token.as_ref().filter(|_| shown.cookie.is_none()) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// A connection, or the status that refuses it.
    pub(crate) async fn connect(&mut self, who: Who) -> Result<RawSocket, u16> {
        let client = Client::new(&self.server.url).unwrap();
        let client = match &self.shown[who as usize].token {
            Some(token) => client.with_token(token),
            None => client,
        };
        match RawSocket::connect(&client).await {
            Ok(socket) => Ok(socket),
            Err(RawError::Socket(error)) => match *error {
                tungstenite::Error::Http(answer) => Err(answer.status().as_u16()),
                other => panic!("{other}"),
            },
            Err(other) => panic!("{other}"),
        }
    }

    /// Lets the people who may sign in anew, as some tries sign them out.
    pub(crate) async fn sign_in_again(&mut self) {
        for who in [Who::Admin, Who::Member, Who::Viewer] {
            let cookie = self.sign_in(self.emails[who as usize].unwrap()).await;
            self.shown[who as usize].cookie = Some(cookie);
        }
    }

    /// The text with what its words in capitals name; that is made now.
    pub(crate) async fn made_for(&mut self, text: &str) -> String {
        let mut text = text.replace("ADA", "ada").replace("BOB", "bob");
        if text.contains("NEW") {
            text = text.replace("NEW", &self.name());
        }
        if text.contains("AGENT") {
            let id = self.name();
            self.make_agent(&id).await;
            text = text.replace("AGENT", &id);
        }
        for (word, visibility) in [("OPEN", Visibility::Open), ("SECRET", Visibility::Participants)]
        {
            if text.contains(word) {
                text = text.replace(word, self.make_chat(visibility).await.as_str());
            }
        }
        for (word, visibility) in
            [("SAID", Visibility::Open), ("WHISPER", Visibility::Participants)]
        {
            if text.contains(word) {
                text = text.replace(word, self.make_message(visibility).await.as_str());
            }
        }
        if text.contains("NOTES") {
            let new = NewCollection { name: "N".to_owned(), ..NewCollection::default() };
            let made = self.server.state.services.create_collection(ada(), new).await.unwrap();
            text = text.replace("NOTES", made.id.as_str());
        }
        if text.contains("SOCKET") {
            let mut socket = self.connect(Who::Ada).await.unwrap();
            let welcome = socket.next().await.unwrap();
            text = text.replace("SOCKET", welcome["payload"]["connectionId"].as_str().unwrap());
            self.socket = Some(socket);
        }
        if text.contains("PERSON") {
            let email = format!("{}@example.org", self.name());
            let new = NewPerson { email, name: "P".to_owned(), role: "member".parse().unwrap() };
            let invited = self.server.state.services.invite(Caller::control(), new).await.unwrap();
            text = text.replace("PERSON", invited.person.id.as_str());
        }
        if text.contains("TOKEN") {
            text = text.replace("TOKEN", &self.issue("bob", vec![Scope::Read]).await.0);
        }
        if text.contains("LOGIN") {
            let cookie = self.sign_in(self.emails[Who::Admin as usize].unwrap()).await;
            let url = format!("{}/api/v1/logins", self.server.url);
            let logins = self.http.get(url).header(COOKIE, cookie).send().await.unwrap();
            let logins: Value = logins.json().await.unwrap();
            let all = logins["items"].as_array().unwrap();
            let current = all.iter().find(|login| login["current"] == true).unwrap();
            text = text.replace("LOGIN", current["id"].as_str().unwrap());
        }
        text
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("made-{}", self.made)
    }

    async fn make_agent(&self, id: &str) {
        let id = Some(id.parse::<AgentId>().unwrap());
        let new = NewAgent { id, name: "N".to_owned(), ..NewAgent::default() };
        self.server.state.services.create_agent(ada(), new).await.unwrap();
    }

    async fn make_chat(&self, visibility: Visibility) -> ChatId {
        let who = |id: &str, kind| NewParticipant { participant_id: id.parse().unwrap(), kind };
        let participants =
            vec![who("ada", PrincipalKind::Agent), who(&self.member, PrincipalKind::User)];
        let new = NewChat { title: "T".to_owned(), visibility, participants, ..NewChat::default() };
        self.server.state.services.create_chat(ada(), new).await.unwrap().id
    }

    async fn make_message(&self, visibility: Visibility) -> MessageId {
        let chat = self.make_chat(visibility).await;
        let new = NewMessage { content: "C".to_owned(), ..NewMessage::default() };
        self.server.state.services.send_message(ada(), chat, new).await.unwrap().id
    }

    /// A token of an agent: its id and its secret.
    async fn issue(&self, agent: &str, scopes: Vec<Scope>) -> (String, String) {
        let issued = token_of(&self.server, agent, Some(scopes)).await;
        (issued.token.id.to_string(), issued.secret)
    }

    /// Somebody uses their one-time link, and makes a token for their sockets.
    async fn let_in(&mut self, who: Who, link: &str, email: &'static str) {
        let mut body =
            json!({ "link": link.strip_prefix("/welcome#").unwrap(), "password": PASSWORD });
        if who == Who::Admin {
            body["name"] = json!("Admin");
            body["email"] = json!(email);
        }
        let cookie = self.cookie_of("/welcome", body).await;
        let token = self.http.post(format!("{}/api/v1/tokens", self.server.url));
        let body = json!({ "name": "N", "scopes": Scope::ALL });
        let token =
            token.header(COOKIE, &cookie).header(SITE, OWN).json(&body).send().await.unwrap();
        let token: Value = token.json().await.unwrap();
        let token = token["secret"].as_str().map(str::to_owned);
        assert!(token.is_some(), "{who:?}");
        self.shown[who as usize] = Shown { cookie: Some(cookie), token };
        self.emails[who as usize] = Some(email);
    }

    async fn sign_in(&self, email: &str) -> String {
        self.cookie_of("/session", json!({ "email": email, "password": PASSWORD })).await
    }

    async fn cookie_of(&self, path: &str, body: Value) -> String {
        let url = format!("{}/api/v1{path}", self.server.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// Ada asks, with the rights of whoever owns the machine.
fn ada() -> Change {
    Change::by(Caller::control().acting_as("ada".parse().unwrap()))
}
