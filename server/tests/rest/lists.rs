use colloquy_client::{
    Call, Method, Seen,
    protocol::{
        id::PrincipalKind,
        model::{Agent, AgentStatus, Chat, Collection, Page},
        request::{NewChat, NewMessage, NewParticipant, StatusChange},
        time::Timestamp,
    },
};
use serde_json::json;

use crate::{
    refused,
    support::{Server, agent, chat},
};

fn ids(agents: &[Agent]) -> Vec<&str> {
    agents.iter().map(|agent| agent.id.as_str()).collect()
}

#[tokio::test]
async fn a_cursor_shows_everything_once_while_rows_come_and_go() {
    let server = Server::start().await;
    let client = server.client();
    for number in 0..6 {
        agent(&server, &format!("a{number}")).await;
    }
    for sort in ["createdAt", "-createdAt", "name", "-updatedAt"] {
        let mut seen = Vec::new();
        let mut page = client.agents().query("limit", 2).query("sort", sort).await.unwrap().value;
        loop {
            seen.extend(ids(&page.items).into_iter().map(str::to_owned));
            let Some(cursor) = page.next_cursor else { break };
            // What is there already must neither be left out nor come twice.
            let more = agent(&server, &format!("z{}", seen.len())).await;
            let call = client.agents().query("limit", 2).query("sort", sort);
            page = call.query("cursor", cursor).await.unwrap().value;
            client.delete_agent(&more.id).await.unwrap();
        }
        let mut old: Vec<_> = seen.iter().filter(|id| id.starts_with('a')).collect();
        if sort.starts_with('-') {
            old.reverse();
        }
        assert_eq!(old, ["a0", "a1", "a2", "a3", "a4", "a5"], "{sort}");
    }
}

#[tokio::test]
async fn agents_are_asked_for_by_their_ids() {
    let server = Server::start().await;
    let client = server.client();
    for id in ["ada", "bob", "cleo"] {
        agent(&server, id).await;
    }
    let found = async |query: &[(&str, &str)]| {
        let call = query.iter().fold(client.agents(), |call, (key, value)| call.query(key, value));
        ids(&call.await.unwrap().value.items).join(" ")
    };
    assert_eq!(found(&[("ids", "cleo,nobody,ada,ada")]).await, "ada cleo");
    assert_eq!(found(&[("ids", "cleo,ada"), ("sort", "-name"), ("limit", "1")]).await, "cleo");
    assert_eq!(found(&[("ids", "cleo,ada"), ("q", "AD")]).await, "ada");
    assert_eq!(found(&[("ids", "cleo,ada"), ("status", "idle")]).await, "");
    let most = vec!["ada"; 200].join(",");
    assert_eq!(found(&[("ids", &most)]).await, "ada");
    for wrong in ["", "ada,", "a b", &format!("{most},bob")] {
        let refusal = refused(client.agents().query("ids", wrong).await);
        assert_eq!(refusal, (422, vec!["ids".to_owned()]), "{wrong}");
    }
}

#[tokio::test]
async fn a_page_of_chats_with_many_participants_is_short_and_goes_on() {
    let server = Server::start().await;
    let client = server.client();
    let participants: Vec<_> = (0..1_000)
        .map(|number| NewParticipant {
            participant_id: format!("{number:056}").parse().unwrap(),
            kind: PrincipalKind::User,
        })
        .collect();
    for number in 0..12 {
        let title = format!("Chat {number:02}");
        let new = NewChat { title, participants: participants.clone(), ..NewChat::default() };
        client.create_chat(&new).await.unwrap();
    }
    let (mut pages, mut titles, mut cursor) = (0, Vec::new(), None);
    loop {
        let call = client.chats().query("limit", 200);
        let call = cursor.into_iter().fold(call, |call, cursor| call.query("cursor", cursor));
        let Page { items, next_cursor } = call.await.unwrap().value;
        pages += 1;
        assert!(serde_json::to_string(&items).unwrap().len() <= 1024 * 1024 + 100);
        for chat in items {
            assert_eq!(chat.participants.len(), 1_000);
            titles.push(chat.title);
        }
        cursor = next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(titles, (0..12).map(|number| format!("Chat {number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_of_large_messages_is_short_and_goes_on() {
    let server = Server::start().await;
    let client = server.client();
    let chat = chat(&server, "large").await;
    // As JSON each of these characters has six.
    let large = NewMessage { content: "\u{1}".repeat(65_536), ..NewMessage::default() };
    let mut sent = Vec::new();
    for _ in 0..6 {
        sent.push(client.send_message(&chat.id, &large).await.unwrap().id);
    }
    let mut found = Vec::new();
    let mut page = client.messages(&chat.id).query("limit", 200).await.unwrap().value;
    loop {
        assert_eq!(page.items.len(), 2);
        found.splice(..0, page.items.into_iter().map(|message| message.id));
        let Some(before) = page.next_cursor else { break };
        let call = client.messages(&chat.id).query("limit", 200);
        page = call.query("before", before).await.unwrap().value;
    }
    assert_eq!(found, sent);
}

#[tokio::test]
async fn lists_are_searched_filtered_and_sorted() {
    let server = Server::start().await;
    let client = server.client();
    for (id, name, description) in
        [("one", "Delta", "finds 100% of it"), ("two", "alpha", "a_b"), ("three", "Bravo", "")]
    {
        let body = json!({"id": id, "name": name, "description": description});
        client.request(Method::POST, "/api/v1/agents").json(&body).await.unwrap();
    }
    let status = json!({"status": "waiting"});
    client.request(Method::PUT, "/api/v1/agents/two/status").json(&status).await.unwrap();

    let waiting = client.agents().query("status", "waiting").await.unwrap().value;
    assert_eq!(ids(&waiting.items), ["two"]);
    for (q, found) in [
        ("DELTA", vec!["one"]),
        ("100%", vec!["one"]),
        ("%", vec!["one"]),
        ("_", vec!["two"]),
        ("nothing", vec![]),
    ] {
        let page = client.agents().query("q", q).await.unwrap().value;
        assert_eq!(ids(&page.items), found, "{q}");
    }
    let by_update = client.agents().query("sort", "-updatedAt").await.unwrap().value;
    assert_eq!(ids(&by_update.items)[0], "two");
    let by_name = client.agents().query("sort", "name").await.unwrap().value;
    assert_eq!(by_name.items.len(), 3);
    assert!(by_name.next_cursor.is_none());

    chat(&server, "empty").await;
    let ann = json!({"participantId": "ann", "kind": "user"});
    let body = json!({"id": "hers", "title": "hers", "participants": [ann]});
    client.request(Method::POST, "/api/v1/chats").json(&body).await.unwrap();
    let hers = client.chats().query("participant", "ann").await.unwrap().value.items;
    assert_eq!((hers.len(), hers[0].id.as_str()), (1, "hers"));
    let titled = client.chats().query("sort", "-title").query("limit", 1).await.unwrap().value;
    assert_eq!(titled.items[0].id.as_str(), "hers");
}

#[tokio::test]
async fn a_parameter_that_is_not_acceptable_is_named() {
    let server = Server::start().await;
    let client = server.client();
    for (name, value) in [
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "many"),
        ("limit", ""),
        ("cursor", "zz"),
        ("cursor", ""),
        ("sort", "size"),
        ("sort", "title"),
        ("status", "asleep"),
        ("colour", "red"),
        ("q", &"x".repeat(201)),
        ("q", "a\0b"),
    ] {
        let refusal = client.agents().query(name, value).await;
        assert_eq!(refused(refusal), (422, vec![name.to_owned()]), "{name}={value}");
    }
    let twice = client.agents().query("limit", 1).query("limit", 1).await;
    assert_eq!(refused(twice), (422, vec!["limit".to_owned()]));
    for number in 0..2 {
        agent(&server, &format!("a{number}")).await;
    }
    let page = client.agents().query("limit", 1).await.unwrap().value;
    let cursor = page.next_cursor.unwrap();
    let other_sort = client.agents().query("sort", "name").query("cursor", cursor).await;
    assert_eq!(refused(other_sort), (422, vec!["cursor".to_owned()]));
}

#[tokio::test]
async fn search_filter_sort_and_cursor_can_be_combined() {
    let server = Server::start().await;
    let client = server.client();
    let ann = NewParticipant { participant_id: "ann".parse().unwrap(), kind: PrincipalKind::User };
    // Names repeat, so that pages must end between equal ones.
    for (number, name) in ["red", "blue", "Red", "red", "blue", "green", "red"].iter().enumerate() {
        let agent = json!({"id": format!("a{number}"), "name": name});
        client.request(Method::POST, "/api/v1/agents").json(&agent).await.unwrap();
        let hers = if number % 3 == 0 { vec![] } else { vec![ann.clone()] };
        let chat = json!({"id": format!("c{number}"), "title": name, "participants": hers});
        client.request(Method::POST, "/api/v1/chats").json(&chat).await.unwrap();
        let collection = json!({"id": format!("k{number}"), "name": name});
        client.request(Method::POST, "/api/v1/collections").json(&collection).await.unwrap();
    }
    for number in [4, 0, 6, 2] {
        let change = StatusChange { status: AgentStatus::Working, status_detail: None };
        let id = format!("a{number}").parse().unwrap();
        client.set_agent_status(&id, &change).await.unwrap();
        let id = format!("k{number}").parse().unwrap();
        client.update_collection(&id, &json!({"metadata": {"n": number}})).await.unwrap();
    }
    let agents = client.agents().await.unwrap().value.items;
    let chats = client.chats().await.unwrap().value.items;
    let collections = client.collections().await.unwrap().value.items;

    for (sort, q, filtered) in combinations() {
        let fits = |one: &Agent| !filtered || one.status == AgentStatus::Working;
        let expected = expected(&agents, sort, q, fits, |one| {
            (one.created_at, one.updated_at, &one.name, one.id.as_str())
        });
        let filter = filtered.then_some(("status", "working"));
        let found = pages(|| client.agents(), sort, q, filter).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{sort} {q:?} {filtered}");
    }
    for (sort, q, filtered) in combinations() {
        let sort = &sort.replace("name", "title");
        let fits = |one: &Chat| !filtered || !one.participants.is_empty();
        let expected = expected(&chats, sort, q, fits, |one| {
            (one.created_at, one.updated_at, &one.title, one.id.as_str())
        });
        let filter = filtered.then_some(("participant", "ann"));
        let found = pages(|| client.chats(), sort, q, filter).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{sort} {q:?} {filtered}");
    }
    // Collections have no filter.
    for (sort, q, _) in combinations().filter(|(_, _, filtered)| !filtered) {
        let expected = expected(
            &collections,
            sort,
            q,
            |_: &Collection| true,
            |one| (one.created_at, one.updated_at, &one.name, one.id.as_str()),
        );
        let found = pages(|| client.collections(), sort, q, None).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{sort} {q:?}");
    }
}

/// What sorts an entity: when it was created and last changed, its name and its id.
type Keys<'a> = (Timestamp, Timestamp, &'a str, &'a str);

/// Those that fit and have that in their name, in that order.
fn expected<'a, T>(
    all: &'a [T],
    sort: &str,
    q: &str,
    fits: impl Fn(&T) -> bool,
    keys: fn(&T) -> Keys<'_>,
) -> Vec<&'a T> {
    let is_found = |one: &&T| fits(one) && keys(one).2.to_lowercase().contains(q);
    let mut expected: Vec<&T> = all.iter().filter(is_found).collect();
    expected.sort_by(|one, other| {
        let (one, other) = (keys(one), keys(other));
        match sort.trim_start_matches('-') {
            "createdAt" => (one.0, one.3).cmp(&(other.0, other.3)),
            "updatedAt" => (one.1, one.3).cmp(&(other.1, other.3)),
            _ => (one.2, one.3).cmp(&(other.2, other.3)),
        }
    });
    if sort.starts_with('-') {
        expected.reverse();
    }
    expected
}

/// Every sort with every search, with and without a filter.
fn combinations() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    ["createdAt", "-createdAt", "updatedAt", "-updatedAt", "name", "-name"]
        .into_iter()
        .flat_map(|sort| ["", "red", "e"].map(|q| (sort, q)))
        .flat_map(|(sort, q)| [false, true].map(|filtered| (sort, q, filtered)))
}

/// All pages of a list, two items at a time.
async fn pages<T: Send + 'static>(
    list: impl Fn() -> Call<Seen<Page<T>>>,
    sort: &str,
    q: &str,
    filter: Option<(&str, &str)>,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let mut call = list().query("limit", 2).query("sort", sort).query("q", q);
        for (name, value) in filter.into_iter().chain(cursor.as_deref().map(|at| ("cursor", at))) {
            call = call.query(name, value);
        }
        let page = call.await.unwrap().value;
        assert!(page.items.len() <= 2);
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}
