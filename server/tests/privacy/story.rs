//! Many things at random. After each of them everybody who is connected has received exactly what
//! they may see of it, and no text that reaches anybody, live, replayed or read, has a mark in it
//! that they may not see at that moment: each title and each message has a mark of its own.
//!
//! It is told twice: of four agents and the person of local mode, and of two people and two agents
//! with tokens, which are revoked now and then. `COLLOQUY_PRIVACY_STEPS` says how many things happen,
//! `COLLOQUY_PRIVACY_SEED` repeats what failed.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
};

use colloquy_client::{
    Client,
    protocol::{
        access::{Role, Scope},
        account::{NewPerson, NewToken, PersonPatch},
        id::TokenId,
    },
};
use colloquy_server::access::Caller;
use serde_json::{Value, json};

use crate::{
    Answer, answer, ask, get,
    oracle::{Coverage, Event, Oracle, Sent, Who},
    support::{Server, peer::Peer},
};

/// How many things happen when nothing else is said.
const STEPS: u64 = 1_000;

/// So few ids that each is used again and again.
const CHATS: [&str; 5] = ["c0", "c1", "c2", "c3", "c4"];

#[tokio::test]
async fn in_local_mode_nobody_receives_what_they_may_not_see() {
    tell(Cast::local).await;
}

#[tokio::test]
async fn with_identities_nobody_receives_what_they_may_not_see() {
    tell(Cast::with_identities).await;
}

async fn tell(cast: impl AsyncFnOnce(&Server) -> Cast) {
    let number = |name| env::var(name).ok().map(|text| text.parse().unwrap());
    let seed = number("COLLOQUY_PRIVACY_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let steps = number("COLLOQUY_PRIVACY_STEPS").unwrap_or(STEPS);
    println!("COLLOQUY_PRIVACY_SEED={seed} COLLOQUY_PRIVACY_STEPS={steps}");
    // They do in a minute what others do in a day. What they missed is read from the store, from
    // memory, or from one after the other.
    let server = Server::start_with(|new| {
        new.recent_bytes = [0, 32 << 10, 8 << 20][seed as usize % 3];
        (new.limit_requests, new.limit_messages) = (NonZeroU32::MAX, NonZeroU32::MAX);
    })
    .await;
    let cast = cast(&server).await;
    let mut story = Story::begin(server, cast, seed).await;
    for step in 1..=steps {
        story.step = step;
        story.go_on().await;
    }
    println!("{:?}", story.figures);
}

/// Who takes part.
struct Cast {
    all: Vec<Who>,
    /// Who creates and deletes agents, and sees no more of private chats than others.
    operator: Who,
    /// Whether they have tokens; otherwise it is local mode.
    has_tokens: bool,
}

impl Cast {
    /// An agent has the id of the person.
    async fn local(_: &Server) -> Self {
        let operator = Who::person("local");
        let mut all = ["ada", "ben", "eve", "local"].map(Who::agent).to_vec();
        all.push(operator);
        Self { all, operator, has_tokens: false }
    }

    /// An agent has the id of the administrator.
    async fn with_identities(server: &Server) -> Self {
        let mut people = Vec::new();
        for (name, role) in [("pia", Role::Admin), ("max", Role::Member)] {
            let (name, email) = (name.to_owned(), format!("{name}@example.org"));
            let new = NewPerson { email, name, role };
            let invited = server.state.services.invite(Caller::control(), new).await.unwrap();
            let id: &'static str = String::from(invited.person.id).leak();
            people.push(Who::person(id));
        }
        let operator = people[0];
        let all = [&people[..], &[Who::agent(operator.id), Who::agent("ada")]].concat();
        Self { all, operator, has_tokens: true }
    }

    fn agents(&self) -> Vec<&'static str> {
        self.all.iter().filter(|who| who.is_agent).map(|who| who.id).collect()
    }
}

/// Numbers that look random (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// True so many times in a hundred.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What was done and seen.
#[derive(Debug, Default)]
struct Figures {
    done: usize,
    refused: usize,
    connections: usize,
    live: usize,
    replayed: usize,
    unsubscribed: usize,
    answers: usize,
    hidden: usize,
    cut_off: usize,
    marks: usize,
    bytes: usize,
}

/// A POST that was done with a key, and what it was answered.
struct Kept {
    who: Who,
    path: String,
    key: String,
    body: Value,
    answer: Value,
    /// Its event.
    offset: usize,
}

struct Link {
    peer: Peer,
    coverage: Coverage,
}

struct Story {
    server: Server,
    cast: Cast,
    clients: BTreeMap<Who, Client>,
    /// What they come with, unless it is local mode.
    tokens: BTreeMap<Who, TokenId>,
    epoch: String,
    oracle: Oracle,
    links: BTreeMap<Who, Link>,
    kept: Vec<Kept>,
    random: Random,
    step: u64,
    /// Up to which offset everybody has been told.
    told: usize,
    figures: Figures,
}

impl Story {
    async fn begin(server: Server, cast: Cast, seed: u64) -> Self {
        let epoch = server.state.hub.position().epoch;
        let mut story = Self {
            server,
            cast,
            clients: BTreeMap::new(),
            tokens: BTreeMap::new(),
            epoch,
            oracle: Oracle::default(),
            links: BTreeMap::new(),
            kept: Vec::new(),
            random: Random(seed),
            step: 0,
            told: 0,
            figures: Figures::default(),
        };
        for who in story.cast.all.clone() {
            if !who.is_agent {
                story.let_in(who).await;
            }
        }
        for id in story.cast.agents() {
            story.begin_agent(id).await;
        }
        for who in story.cast.all.clone() {
            story.connect(who).await;
        }
        story
    }

    /// Gives somebody what they come with: a new token, if they have tokens.
    async fn let_in(&mut self, who: Who) {
        let client = self.server.client();
        let client = if self.cast.has_tokens {
            let new = NewToken {
                name: "story".to_owned(),
                agent_id: who.is_agent.then(|| who.id.parse().unwrap()),
                person_id: (!who.is_agent).then(|| who.id.parse().unwrap()),
                scopes: Some(Scope::ALL.to_vec()),
                expires_at: None,
            };
            let issued = self.server.state.services.issue_token(Caller::control(), new).await;
            let issued = issued.unwrap();
            self.tokens.insert(who, issued.token.id);
            client.with_token(&issued.secret)
        } else if who.is_agent {
            client.act_as(who.id.parse().unwrap())
        } else {
            client
        };
        self.clients.insert(who, client);
    }

    async fn go_on(&mut self) {
        let who = self.somebody();
        let chat = self.some_chat(who);
        match self.random.below(100) {
            0..12 => {
                let id = self.random.one(&CHATS);
                self.create(who, id).await;
            }
            12..22 => self.join(who, chat).await,
            22..30 => self.leave(who, chat).await,
            30..46 => self.say(who, chat).await,
            46..50 => self.rename(who, chat).await,
            50..54 => self.delete(who, chat).await,
            54..57 => self.end_agent().await,
            57..61 => {
                let id = self.random.one(&self.cast.agents());
                self.begin_agent(id).await;
            }
            61..68 => self.acknowledge(who).await,
            68..71 => self.ask_again().await,
            71..73 if self.cast.has_tokens => self.take_away(who).await,
            71..79 => self.connect(who).await,
            79..83 => self.subscribe(who).await,
            83..85 => self.unsubscribe(who).await,
            _ => self.look(who).await,
        }
    }

    /// Somebody who can act.
    fn somebody(&mut self) -> Who {
        loop {
            let who = self.random.one(&self.cast.all);
            if self.oracle.is_there(who) {
                return who;
            }
        }
    }

    /// The id of a chat that there may be for somebody, or not.
    fn some_chat(&mut self, who: Who) -> &'static str {
        let theirs: Vec<&str> = self.oracle.chats(who).map(|life| life.id).collect();
        if theirs.is_empty() || self.random.chance(30) {
            self.random.one(&CHATS)
        } else {
            self.random.one(&theirs)
        }
    }

    async fn create(&mut self, who: Who, id: &'static str) {
        let is_private = self.random.chance(75);
        let mut named = Vec::new();
        for other in self.cast.all.clone() {
            if self.random.chance(20) {
                named.push(other);
            }
        }
        let mut members = named.clone();
        if is_private && !named.contains(&who) {
            members.insert(0, who);
        }
        let ids: BTreeSet<&str> = members.iter().map(|who| who.id).collect();
        let are_there = named.iter().all(|who| self.oracle.is_there(*who));
        let is_taken = self.oracle.alive(id).is_some();
        let expected = match () {
            () if ids.len() < members.len() => 422,
            () if is_taken => 409,
            () if !are_there => 422,
            () => 201,
        };
        let mark = self.oracle.mark(self.oracle.lives.len());
        let participants: Vec<Value> = named.iter().map(|who| participant(*who)).collect();
        let visibility = if is_private { "participants" } else { "open" };
        let body = json!({
            "id": id, "title": title(mark), "visibility": visibility, "participants": participants,
        });
        if self
            .post(who, "/chats", body, expected, |oracle, _| {
                oracle.created(id, is_private, mark, &members);
            })
            .await
            .is_none()
        {
            // The mark was sent, and refused: it belongs to nobody, so nobody may ever see it.
            self.oracle.disown(mark);
        }
        self.everybody_has_it().await;
    }

    async fn join(&mut self, who: Who, id: &'static str) {
        let other = self.random.one(&self.cast.all);
        let chat = self.oracle.chat(id, who);
        let is_in =
            |life: usize| self.oracle.lives[life].members.iter().any(|(one, _)| one.id == other.id);
        let expected = match chat {
            None => 404,
            Some(_) if !self.oracle.is_there(other) => 422,
            Some(life) if is_in(life) => 409,
            Some(_) => 201,
        };
        let path = format!("/chats/{id}/participants");
        self.post(who, &path, participant(other), expected, |oracle, _| {
            oracle.joined(chat.unwrap(), other);
        })
        .await;
        self.everybody_has_it().await;
    }

    async fn leave(&mut self, who: Who, id: &'static str) {
        // Mostly somebody leaves, and is not taken out.
        let other = if self.random.chance(40) { self.random.one(&self.cast.all) } else { who };
        let chat = self.oracle.chat(id, who);
        let leaves = chat.and_then(|life| {
            let members = &self.oracle.lives[life].members;
            members.iter().map(|(one, _)| *one).find(|one| one.id == other.id)
        });
        let expected = if leaves.is_some() { 204 } else { 404 };
        let request = format!("DELETE /chats/{id}/participants/{}", other.id);
        self.ask(who, &request, Value::Null, expected).await;
        if let Some((life, other)) = chat.zip(leaves) {
            self.oracle.left(life, other);
        }
        self.everybody_has_it().await;
    }

    async fn say(&mut self, who: Who, id: &'static str) {
        let chat = self.oracle.chat(id, who);
        let mark = self.oracle.mark(chat.unwrap_or(usize::MAX));
        let answered = if self.random.chance(30) { self.some_message() } else { None };
        let fits = |message: &String| {
            chat.is_some_and(|life| {
                self.oracle.lives[life].messages.iter().any(|one| one.id == *message)
            })
        };
        let expected = match &answered {
            _ if chat.is_none() => 404,
            Some(message) if !fits(message) => 422,
            _ => 201,
        };
        let path = format!("/chats/{id}/messages");
        let body = match answered {
            Some(message) => json!({ "content": content(mark), "replyTo": message }),
            None => json!({ "content": content(mark) }),
        };
        if self
            .post(who, &path, body, expected, |oracle, answer| {
                oracle.said(chat.unwrap(), text(&answer["id"]), mark);
            })
            .await
            .is_none()
        {
            self.oracle.disown(mark);
        }
        self.everybody_has_it().await;
    }

    async fn rename(&mut self, who: Who, id: &'static str) {
        let chat = self.oracle.chat(id, who);
        let mark = self.oracle.mark(chat.unwrap_or(usize::MAX));
        let expected = if chat.is_some() { 200 } else { 404 };
        let request = format!("PATCH /chats/{id}");
        self.ask(who, &request, json!({ "title": title(mark) }), expected).await;
        match chat {
            Some(life) => self.oracle.updated(life, mark),
            None => self.oracle.disown(mark),
        }
        self.everybody_has_it().await;
    }

    async fn delete(&mut self, who: Who, id: &'static str) {
        let chat = self.oracle.chat(id, who);
        let expected = if chat.is_some() { 204 } else { 404 };
        self.ask(who, &format!("DELETE /chats/{id}"), Value::Null, expected).await;
        if let Some(life) = chat {
            self.oracle.deleted(life);
        }
        self.everybody_has_it().await;
    }

    /// An agent is deleted, by somebody who may not see its chats. What it did not see live it never
    /// sees, and its connection ends.
    async fn end_agent(&mut self) {
        let id = self.random.one(&self.cast.agents());
        let is_there = self.oracle.agents.contains(id);
        let expected = if is_there { 204 } else { 404 };
        self.ask(self.cast.operator, &format!("DELETE /agents/{id}"), Value::Null, expected).await;
        if is_there {
            let it = Who::agent(id);
            self.is_cut_off(it).await;
            self.oracle.agent_deleted(id);
            self.everybody_has_it().await;
            self.oracle.forget(id);
            self.kept.retain(|kept| kept.who != it);
        }
    }

    async fn begin_agent(&mut self, id: &'static str) {
        let is_there = self.oracle.agents.contains(id);
        let expected = if is_there { 409 } else { 201 };
        self.ask(self.cast.operator, "POST /agents", json!({ "id": id, "name": "A" }), expected)
            .await;
        if !is_there {
            self.oracle.agent_created(id);
            self.let_in(Who::agent(id)).await;
        }
        self.everybody_has_it().await;
    }

    /// Somebody's token is revoked, or a person is disabled for a while: they are cut off at once.
    async fn take_away(&mut self, who: Who) {
        let services = self.server.state.services.clone();
        let member = self.cast.all[1];
        if who == member && self.random.chance(50) {
            let disabled = async |disabled| {
                let patch = PersonPatch { disabled: Some(disabled), ..PersonPatch::default() };
                let id = member.id.parse().unwrap();
                services.update_person(Caller::control(), id, patch).await.unwrap();
            };
            disabled(true).await;
            self.is_cut_off(who).await;
            disabled(false).await;
        } else if let Some(token) = self.tokens.remove(&who) {
            services.revoke_token(Caller::control(), token).await.unwrap();
            self.is_cut_off(who).await;
        }
        self.let_in(who).await;
    }

    /// Somebody's connection is closed, with the code that says not to come back, and what they came
    /// with is worth nothing.
    async fn is_cut_off(&mut self, who: Who) {
        if let Some(mut link) = self.links.remove(&who) {
            assert_eq!(link.peer.closed().await, Some(4001), "{who:?} {}", self.place());
        }
        let expected = if self.cast.has_tokens { 401 } else { 422 };
        assert_eq!(get(&self.clients[&who], "/chats").await.status, expected, "{}", self.place());
        self.figures.cut_off += 1;
    }

    async fn acknowledge(&mut self, who: Who) {
        let Some(id) = self.some_message() else { return };
        let read = self.random.chance(50);
        let event = if read { "message:read" } else { "message:received" };
        let found = self.oracle.message(&id, who);
        let Some(link) = self.links.get_mut(&who) else { return };
        let reply = link.peer.socket.request(event, json!({ "messageId": id })).await.unwrap();
        self.scan(who, &reply.to_string());
        match found {
            Some((life, place)) => {
                assert_eq!(reply["ok"]["messageId"], json!(id), "{}", self.place());
                self.oracle.acknowledged(life, place, who, read);
            }
            None => assert_eq!(reply["error"]["code"], "not_found", "{}", self.place()),
        }
        self.everybody_has_it().await;
    }

    /// Sends a POST again: the same answer, but not of what they do not see any more.
    async fn ask_again(&mut self) {
        if self.kept.is_empty() {
            return;
        }
        let kept = self.random.below(self.kept.len());
        let Kept { who, path, key, body, answer: before, offset } = &self.kept[kept];
        let (who, offset) = (*who, *offset);
        let call = self.clients[&who].request("POST".parse().unwrap(), &format!("/api/v1{path}"));
        let sent = call.json(body).idempotency_key(key).send().await.unwrap();
        let again = answer(sent).await;
        if self.oracle.sees_answer(offset, who) {
            assert_eq!((again.status, &again.body), (201, before), "{}", self.place());
        } else {
            assert_eq!(again.status, 409, "{}", self.place());
            self.figures.hidden += 1;
        }
        self.scan(who, &again.text);
        self.everybody_has_it().await;
    }

    /// Connects, anew if there is a connection, and goes on from some old position.
    async fn connect(&mut self, who: Who) {
        self.links.remove(&who);
        let mut peer = Peer::connect(&self.clients[&who]).await;
        let mut coverage = Coverage::default();
        for topic in ["chat:*", "agent:*"].into_iter().filter(|_| self.random.chance(70)) {
            coverage.topics.insert(topic.to_owned());
        }
        for id in CHATS.into_iter().filter(|_| self.random.chance(20)) {
            coverage.topics.insert(format!("chat:{id}"));
        }
        for topic in &coverage.topics {
            peer.subscribe(topic).await;
        }
        let expected = if self.random.chance(75) {
            let since = self.some_position();
            let ready = peer.ok("client:ready", json!({ "since": self.position(since) })).await;
            assert_eq!(ready["recovered"], true, "{}", self.place());
            self.oracle.replay(who, &mut coverage, since, None)
        } else {
            peer.ok("client:ready", Value::Null).await;
            Vec::new()
        };
        self.figures.connections += 1;
        self.links.insert(who, Link { peer, coverage });
        self.receives(who, expected).await;
    }

    async fn subscribe(&mut self, who: Who) {
        let topic = self.some_topic();
        let since = self.random.chance(70).then(|| self.some_position());
        let position = since.map(|since| self.position(since));
        let Some(link) = self.links.get_mut(&who) else { return };
        let expected = match position {
            Some(position) => {
                let started = link.peer.subscribe_since(&topic, &position).await;
                assert_eq!(started["recovered"], true);
                let since = since.unwrap_or_default();
                self.oracle.replay(who, &mut link.coverage, since, Some(&topic))
            }
            None => {
                link.peer.subscribe(&topic).await;
                Vec::new()
            }
        };
        link.coverage.topics.insert(topic);
        self.receives(who, expected).await;
    }

    async fn unsubscribe(&mut self, who: Who) {
        let topic = self.some_topic();
        let Some(link) = self.links.get_mut(&who) else { return };
        link.peer.unsubscribe(&topic).await;
        link.coverage.topics.remove(&topic);
    }

    /// Reads something, and compares it with what there is for them.
    async fn look(&mut self, who: Who) {
        match self.random.below(6) {
            0 => self.look_at_chats(who).await,
            1 | 2 => self.look_at_chat(who).await,
            3 => self.look_at_message(who).await,
            4 => self.look_at_events(who).await,
            _ => self.look_around(who).await,
        }
    }

    async fn look_at_chats(&mut self, who: Who) {
        let of = self.random.chance(40).then(|| self.random.one(&self.cast.all).id);
        let mark = self.random.chance(40).then(|| self.some_mark());
        let mut path = "/chats?limit=200".to_owned();
        if let Some(id) = of {
            path += &format!("&participant={id}");
        }
        if let Some(mark) = mark {
            path += &format!("&q={}", written(mark));
        }
        let found = self.ask(who, &format!("GET {path}"), Value::Null, 200).await;
        let titles = marks_in(&found.body["items"].to_string());
        let expected: Vec<u64> = self
            .oracle
            .chats(who)
            .filter(|life| of.is_none_or(|id| life.members.iter().any(|(one, _)| one.id == id)))
            .filter(|life| mark.is_none_or(|mark| life.title == mark))
            .map(|life| life.title)
            .collect();
        assert_eq!(titles, expected, "{path} {}", self.place());
    }

    async fn look_at_chat(&mut self, who: Who) {
        let id = self.some_chat(who);
        let life = self.oracle.chat(id, who);
        let part = self.random.one(&["", "/participants", "/messages", "/receipts"]);
        let query = if part == "/messages" || part == "/receipts" { "?limit=200" } else { "" };
        let request = format!("GET /chats/{id}{part}{query}");
        let expected = if life.is_some() { 200 } else { 404 };
        let found = self.ask(who, &request, Value::Null, expected).await;
        let Some(life) = life.map(|life| &self.oracle.lives[life]) else { return };
        let count = found.body["items"].as_array().map_or(0, Vec::len);
        let newest = life.messages.len().saturating_sub(200);
        let newest = &life.messages[newest..];
        match part {
            "" => assert_eq!(marks_in(&found.body.to_string()), [life.title]),
            "/participants" => assert_eq!(count, life.members.len()),
            "/messages" => {
                let marks: Vec<u64> = newest.iter().map(|message| message.mark).collect();
                assert_eq!(marks_in(&found.body.to_string()), marks);
            }
            _ => {
                let receipts: usize = newest.iter().map(|message| message.receipts.len()).sum();
                assert_eq!(count, receipts);
            }
        }
    }

    async fn look_at_message(&mut self, who: Who) {
        let Some(id) = self.some_message() else { return };
        let found = self.oracle.message(&id, who);
        let expected = if found.is_some() { 200 } else { 404 };
        let shown = self.ask(who, &format!("GET /messages/{id}"), Value::Null, expected).await;
        let request = format!("GET /messages/{id}/receipts");
        let receipts = self.ask(who, &request, Value::Null, expected).await;
        if let Some((life, place)) = found {
            let message = &self.oracle.lives[life].messages[place];
            assert_eq!(marks_in(&shown.body.to_string()), [message.mark]);
            let count = receipts.body["items"].as_array().map_or(0, Vec::len);
            assert_eq!(count, message.receipts.len());
        }
    }

    async fn look_at_events(&mut self, who: Who) {
        let place = self.some_position();
        let back = self.random.chance(50);
        let topic = self.random.chance(50).then(|| self.some_topic());
        let mark = self.random.chance(20).then(|| self.some_mark());
        let mut path = match back {
            true => format!("/events?limit=200&before={}", place + 1),
            false => format!("/events?limit=200&since={place}"),
        };
        if let Some(topic) = &topic {
            path += &format!("&topic={topic}");
        }
        if let Some(mark) = mark {
            path += &format!("&q={}", written(mark));
        }
        let found = self.ask_for_events(who, &path).await;
        let fits = |offset: usize, event: &Event| {
            (if back { offset <= place } else { offset > place })
                && topic.as_deref().is_none_or(|topic| is_of(topic, event))
                && mark.is_none_or(|mark| event.marks.contains(&mark))
        };
        let mut expected = self.oracle.events(who, fits);
        if back {
            expected.drain(..expected.len().saturating_sub(200));
        } else {
            expected.truncate(200);
        }
        assert_eq!(found, expected, "{path} {}", self.place());
    }

    async fn look_around(&mut self, who: Who) {
        let overview = self.ask(who, "GET /overview", Value::Null, 200).await.body;
        let chats = self.oracle.chats(who).count();
        let messages: usize = self.oracle.chats(who).map(|life| life.messages.len()).sum();
        let expected = (json!(chats), json!(messages));
        assert_eq!((&overview["chats"], &overview["messages"]), (&expected.0, &expected.1));

        let connections = self.ask(who, "GET /connections", Value::Null, 200).await.body;
        let of = |one: &Value| {
            let mut all = self.cast.all.iter().copied();
            all.find(|who| who.kind() == one["userKind"] && who.id == one["userId"])
        };
        for one in connections["items"].as_array().unwrap() {
            let Some(whose) = of(one) else { panic!("whose is {one}?") };
            let Some(link) = self.links.get(&whose) else { continue };
            if one["id"] != link.peer.welcome["connectionId"] {
                // One that was cut a moment ago.
                continue;
            }
            let seen = |topic: &&String| {
                let chat = topic.strip_prefix("chat:").filter(|id| *id != "*");
                whose == who || chat.is_none_or(|id| self.oracle.chat(id, who).is_some())
            };
            let expected: Vec<&String> = link.coverage.topics.iter().filter(seen).collect();
            let mut shown: Vec<String> =
                one["subscriptions"].as_array().unwrap().iter().map(text).collect();
            shown.retain(|topic| topic != "collection:fence");
            shown.sort_unstable();
            assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{}", self.place());
        }
    }

    /// Sends a POST that is to be answered so; when it is done, that happened. With a key, the
    /// answer is kept. The answer.
    async fn post(
        &mut self,
        who: Who,
        path: &str,
        body: Value,
        expected: u16,
        happened: impl FnOnce(&mut Oracle, &Value),
    ) -> Option<Value> {
        let key = self.random.chance(40).then(|| format!("key-{}", self.step));
        let call = self.clients[&who].request("POST".parse().unwrap(), &format!("/api/v1{path}"));
        let mut call = call.json(&body);
        if let Some(key) = &key {
            call = call.idempotency_key(key);
        }
        let done = answer(call.send().await.unwrap()).await;
        assert_eq!(
            done.status,
            expected,
            "POST {path} {body} by {who:?}: {} {}",
            done.text,
            self.place()
        );
        let is_done = expected == 201;
        self.count(is_done);
        if is_done {
            happened(&mut self.oracle, &done.body);
        }
        self.scan(who, &done.text);
        if is_done && let Some(key) = key {
            let (path, answer, offset) = (path.to_owned(), done.body.clone(), self.oracle.head());
            self.kept.push(Kept { who, path, key, body, answer, offset });
        }
        is_done.then_some(done.body)
    }

    /// Sends a request that is to be answered so.
    async fn ask(&mut self, who: Who, request: &str, body: Value, expected: u16) -> Answer {
        // What is changed belongs to them, or they would not be answered so.
        let done = ask(&self.clients[&who], request, body).await;
        assert_eq!(done.status, expected, "{request} by {who:?}: {} {}", done.text, self.place());
        self.count(expected < 300);
        self.scan(who, &done.text);
        done
    }

    /// The offsets of a page of the log. That they left a private chat may show its title.
    async fn ask_for_events(&mut self, who: Who, path: &str) -> Vec<usize> {
        let found = get(&self.clients[&who], path).await;
        assert_eq!(found.status, 200);
        self.figures.answers += 1;
        let items = found.body["items"].as_array().unwrap();
        items.iter().map(|item| self.scan_event(who, item)).collect()
    }

    /// Everybody who is connected receives what just happened as far as they may see it, and
    /// nothing else.
    async fn everybody_has_it(&mut self) {
        let after = self.told;
        self.told = self.oracle.head();
        let connected: Vec<Who> = self.links.keys().copied().collect();
        for who in connected {
            let Some(link) = self.links.get_mut(&who) else { continue };
            let expected = self.oracle.live(who, &mut link.coverage, after);
            self.receives(who, expected).await;
        }
    }

    async fn receives(&mut self, who: Who, expected: Vec<Sent>) {
        let Some(link) = self.links.get_mut(&who) else { return };
        let received = link.peer.messages().await;
        let mut sent = Vec::new();
        for message in &received {
            if message["event"] == "hub:unsubscribed" {
                self.figures.unsubscribed += 1;
                sent.push(Sent::Unsubscribed(text(&message["payload"]["topic"])));
                continue;
            }
            let offset = self.scan_event(who, message);
            let replay = message["replay"] == true;
            *(if replay { &mut self.figures.replayed } else { &mut self.figures.live }) += 1;
            sent.push(Sent::Event { offset, replay });
        }
        assert_eq!(sent, expected, "{who:?} {}", self.place());
    }

    /// Makes sure that an event that reached somebody is one that they see, and tells nothing but
    /// what it is to tell. Its offset.
    fn scan_event(&mut self, who: Who, message: &Value) -> usize {
        let offset =
            message["offset"].as_u64().unwrap_or_else(|| panic!("not an event: {message}"));
        let offset = usize::try_from(offset).unwrap();
        let event = self.oracle.event(offset);
        let text = message.to_string();
        assert_eq!(message["event"], event.name, "{}", self.place());
        let marks: BTreeSet<u64> = marks_in(&text).into_iter().collect();
        assert_eq!(marks, event.marks.iter().copied().collect(), "{text} {}", self.place());
        let leaves = event.left == Some(who);
        assert!(self.oracle.sees(offset, who), "{who:?} got {text} {}", self.place());
        if leaves {
            self.figures.bytes += text.len();
        } else {
            self.scan(who, &text);
        }
        offset
    }

    /// Makes sure that a text that reached somebody has no mark in it that they may not see.
    fn scan(&mut self, who: Who, text: &str) {
        self.figures.bytes += text.len();
        for mark in marks_in(text) {
            self.figures.marks += 1;
            assert!(self.oracle.may_read(mark, who), "{who:?} got {text} {}", self.place());
        }
    }

    fn count(&mut self, is_done: bool) {
        self.figures.answers += 1;
        *(if is_done { &mut self.figures.done } else { &mut self.figures.refused }) += 1;
    }

    /// Where in the story something went wrong.
    fn place(&self) -> String {
        format!("at step {} (head {})", self.step, self.oracle.head())
    }

    fn position(&self, offset: usize) -> Value {
        json!({ "epoch": self.epoch, "offset": offset })
    }

    /// A place in the log, mostly not long ago.
    fn some_position(&mut self) -> usize {
        let head = self.oracle.head();
        let back = if self.random.chance(80) { head.min(60) } else { head };
        head - self.random.below(back + 1)
    }

    fn some_topic(&mut self) -> String {
        let id = self.random.one(&CHATS);
        if self.random.chance(25) { "chat:*".to_owned() } else { format!("chat:{id}") }
    }

    /// A message of a chat that there is or was, mostly a late one.
    fn some_message(&mut self) -> Option<String> {
        let lives = self.oracle.lives.len();
        if lives == 0 {
            return None;
        }
        let life = lives - 1 - self.random.below(lives.min(12));
        let messages = &self.oracle.lives[life].messages;
        let late = messages.len().min(8);
        let back = if late == 0 { return None } else { self.random.below(late) };
        messages.iter().rev().nth(back).map(|message| message.id.clone())
    }

    /// A mark that is or was somewhere, mostly not long ago.
    fn some_mark(&mut self) -> u64 {
        let lives = self.oracle.lives.len();
        if lives == 0 {
            return 0;
        }
        let life = lives - 1 - self.random.below(lives.min(12));
        let life = &self.oracle.lives[life];
        let messages = life.messages.iter().map(|message| message.mark);
        let marks: Vec<u64> = messages.chain([life.title]).collect();
        self.random.one(&marks)
    }
}

fn participant(who: Who) -> Value {
    json!({ "participantId": who.id, "kind": who.kind() })
}

fn title(mark: u64) -> String {
    format!("Title {}", written(mark))
}

fn content(mark: u64) -> String {
    format!("Content {}", written(mark))
}

/// A mark as it stands in a text.
fn written(mark: u64) -> String {
    format!("~{mark}~")
}

/// The marks in a text, in their order.
fn marks_in(text: &str) -> Vec<u64> {
    text.split('~').filter_map(|part| part.parse().ok()).collect()
}

fn is_of(topic: &str, event: &Event) -> bool {
    topic == event.topic || (topic == "chat:*" && event.topic.starts_with("chat:"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
