//! Whatever the index knows, a search finds what reading every row would.

use std::collections::BTreeMap;

use colloquy_protocol::{
    id::{AgentId, Principal, PrincipalKind},
    model::{Agent, AgentStatus, Chat, Message, Metadata, Visibility},
    time::Timestamp,
};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::store::{
    Database,
    agents::{self, AgentFilter},
    batch::Batch,
    chats, copy,
    list::{ListQuery, Paging},
    messages::{self, MessageQuery},
    overview,
};

/// A database, and what should be in it.
struct Bench {
    folder: TempDir,
    connection: SqliteConnection,
    agents: BTreeMap<String, Agent>,
    messages: BTreeMap<Offset, (ChatId, String)>,
    offset: Offset,
}

/// What is done to it. Names and chats are few, so that they are met again.
#[derive(Debug, Clone)]
enum Step {
    Agent(u8, String, Option<String>),
    DeleteAgent(u8),
    Message(u8, String),
    DeleteChat(u8),
    Index,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.db")).await.unwrap();
        let connection = database.writing_connection().await.unwrap();
        database.close().await;
        let (agents, messages) = (BTreeMap::new(), BTreeMap::new());
        Self { folder, connection, agents, messages, offset: 0 }
    }

    async fn run(&mut self, step: Step) {
        self.offset += 1;
        match step {
            Step::Agent(which, name, description) => {
                let id = format!("agent-{which}");
                let agent = Agent {
                    id: id.parse().unwrap(),
                    name,
                    description,
                    status: AgentStatus::Idle,
                    status_detail: None,
                    capabilities: Vec::new(),
                    metadata: Metadata::new(),
                    created_at: Timestamp::from_millis(1),
                    updated_at: Timestamp::from_millis(1),
                    version: self.offset,
                };
                agents::put(&mut self.connection, &agent).await.unwrap();
                self.agents.insert(id, agent);
            }
            Step::DeleteAgent(which) => {
                let id = format!("agent-{which}");
                let agent: AgentId = id.parse().unwrap();
                agents::delete(&mut self.connection, &agent).await.unwrap();
                self.agents.remove(&id);
            }
            Step::Message(which, content) => {
                let chat = chat(which, self.offset);
                if chats::find(&mut self.connection, &chat.id, &nobody()).await.unwrap().is_none() {
                    chats::put(&mut self.connection, &chat).await.unwrap();
                }
                let message = Message {
                    id: format!("m{}", self.offset).parse().unwrap(),
                    chat_id: chat.id.clone(),
                    sender_id: nobody().id,
                    sender_kind: PrincipalKind::User,
                    content: content.clone(),
                    reply_to: None,
                    created_at: Timestamp::from_millis(1),
                };
                let mut batch = Batch::default();
                messages::insert(&mut batch, [(self.offset, message)].into_iter());
                batch.run(&mut self.connection).await.unwrap();
                self.messages.insert(self.offset, (chat.id, content));
            }
            Step::DeleteChat(which) => {
                let chat = chat(which, 0).id;
                let (connection, mut room) = (&mut self.connection, chats::AT_ONCE);
                chats::delete(connection, &chat, self.offset, &mut room).await.unwrap();
                self.messages.retain(|_, (of, _)| *of != chat);
            }
            Step::Index => loop {
                let portions = next_portions(&mut self.connection).await.unwrap();
                if portions.is_empty() {
                    break;
                }
                for portion in portions {
                    index(&mut self.connection, portion).await.unwrap();
                }
            },
        }
    }

    /// What searching finds, and what it should find.
    async fn search(&mut self, text: &str) -> [(Vec<String>, Vec<String>); 2] {
        let query = ListQuery { limit: 100, cursor: None, q: Some(text.to_owned()), sort: None };
        let paging = Paging::of::<Agent>(query).unwrap();
        let (found, _) =
            agents::list(&mut self.connection, &paging, AgentFilter::default()).await.unwrap();
        let found = found.into_iter().map(|agent| agent.id.to_string()).collect();
        let has = |agent: &Agent| {
            [agent.id.as_str(), &agent.name, agent.description.as_deref().unwrap_or("")]
                .into_iter()
                .any(|field| contains(field, text))
        };
        let agents = self.agents.values().filter(|agent| has(agent));
        let agents = (found, agents.map(|agent| agent.id.to_string()).collect());

        let query =
            MessageQuery { limit: 100, q: Some(text.to_owned()), ..MessageQuery::default() };
        let of = chat(0, 0).id;
        let (found, _) =
            messages::list(&mut self.connection, &of, None, None, &query).await.unwrap();
        let found = found.into_iter().map(|message| message.id.to_string()).collect();
        let has = |chat: &ChatId, content: &str| *chat == of && contains(content, text);
        let messages = self.messages.iter().filter(|(_, (chat, content))| has(chat, content));
        [agents, (found, messages.map(|(place, _)| format!("m{place}")).collect())]
    }

    /// How many messages are counted, and how many rows of them there are.
    async fn counted(&mut self) -> (u64, usize) {
        let rows = "SELECT seq FROM messages";
        let rows: Vec<i64> =
            sqlx::query_scalar(rows).fetch_all(&mut self.connection).await.unwrap();
        let counts = overview::count(&mut self.connection, &nobody()).await.unwrap();
        (counts.messages, rows.len())
    }

    /// How many agents have all the pieces of a text, as their index says.
    async fn agents_with(&mut self, text: &str) -> Option<usize> {
        let few = few(&mut self.connection, "agent_search", wanted(text).unwrap()).await;
        few.unwrap().map(|found| serde_json::from_str::<Vec<i64>>(&found).unwrap().len())
    }

    /// The same of the messages of a chat.
    async fn messages_with(&mut self, of: u8, text: &str) -> Option<usize> {
        let few = few_messages(&mut self.connection, &chat(of, 0).id, text).await;
        few.unwrap().map(|found| serde_json::from_str::<Vec<i64>>(&found).unwrap().len())
    }
}

fn nobody() -> Principal {
    Principal { id: "nobody".parse().unwrap(), kind: PrincipalKind::User }
}

fn chat(which: u8, version: Offset) -> Chat {
    Chat {
        id: format!("chat-{which}").parse().unwrap(),
        title: "A chat".to_owned(),
        visibility: Visibility::Open,
        participants: Vec::new(),
        metadata: Metadata::new(),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(1),
        version,
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

/// Texts of few characters, so that some contain others: such as mean something to SQL or to the
/// index, in both cases, of one byte and of several.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select("aAiIsSkK\u{212a}\"'%_\\*- éÉıİſ🦀".chars().collect::<Vec<_>>()),
        1..9,
    )
    .prop_map(String::from_iter)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4_u8, text(), prop::option::of(text()))
            .prop_map(|(id, name, more)| Step::Agent(id, name, more)),
        (0..4_u8).prop_map(Step::DeleteAgent),
        (0..2_u8, text()).prop_map(|(chat, content)| Step::Message(chat, content)),
        (0..2_u8, text()).prop_map(|(chat, content)| Step::Message(chat, content)),
        (0..2_u8).prop_map(Step::DeleteChat),
        Just(Step::Index),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_search_finds_what_contains_the_text(
        steps in prop::collection::vec(step(), 1..30),
        texts in prop::collection::vec(text(), 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new().await;
            for step in steps {
                bench.run(step).await;
                let there = bench.messages.len();
                assert_eq!(bench.counted().await, (there as u64, there));
            }
            let there: Vec<String> = bench.messages.values().map(|(_, text)| text.clone()).collect();
            for text in texts.into_iter().chain(there).chain(["agent-1".to_owned()]) {
                for (found, expected) in bench.search(&text).await {
                    assert_eq!(found, expected, "{text:?}");
                }
            }
        });
    }
}

#[tokio::test]
async fn an_index_knows_what_is_there_and_nothing_else() {
    let mut bench = Bench::new().await;
    bench.run(Step::Agent(1, "Ada Lovelace".to_owned(), None)).await;
    bench.run(Step::Message(0, "the quick brown fox".to_owned())).await;
    assert_eq!(bench.agents_with("lovelace").await, Some(1));
    assert_eq!(bench.messages_with(0, "quick").await, Some(0), "not indexed yet");
    bench.run(Step::Index).await;
    assert_eq!(bench.messages_with(0, "QUICK").await, Some(1));

    bench.run(Step::Agent(1, "Grace Hopper".to_owned(), None)).await;
    assert_eq!(bench.agents_with("lovelace").await, Some(0));
    assert_eq!(bench.agents_with("hopper").await, Some(1));
    let backup = bench.folder.path().join("backup.db");
    copy(&bench.folder.path().join("test.db"), &backup).await.unwrap();

    bench.run(Step::DeleteAgent(1)).await;
    assert_eq!(bench.agents_with("hopper").await, Some(0));
    bench.run(Step::DeleteChat(0)).await;
    bench.run(Step::Index).await;
    let all = few(&mut bench.connection, "message_search", wanted("quick").unwrap()).await.unwrap();
    assert_eq!(all.unwrap(), "[]");

    bench.connection = Database::open(&backup).await.unwrap().writing_connection().await.unwrap();
    assert_eq!(bench.agents_with("hopper").await, Some(1));
    assert_eq!(bench.messages_with(0, "quick").await, Some(1));
}

#[tokio::test]
async fn where_many_rows_may_have_a_text_they_are_looked_at_in_their_order() {
    let mut bench = Bench::new().await;
    bench.run(Step::Message(0, "a needle".to_owned())).await;
    for _ in 0..=FEW {
        bench.run(Step::Message(1, "a needle in another chat".to_owned())).await;
    }
    // They are many that are not indexed yet.
    assert_eq!(bench.messages_with(1, "needle").await, None);
    bench.run(Step::Index).await;
    assert_eq!(bench.messages_with(1, "needle").await, None);
    assert_eq!(bench.messages_with(1, "not there").await, Some(0));
    // What is said elsewhere does not count.
    assert_eq!(bench.messages_with(0, "needle").await, Some(1));
    let query = MessageQuery { limit: 2, q: Some("needle".to_owned()), ..MessageQuery::default() };
    let chat = chat(1, 0).id;
    let found = messages::list(&mut bench.connection, &chat, None, None, &query).await.unwrap();
    assert_eq!((found.0.len(), found.1), (2, true));
}

#[tokio::test]
async fn messages_are_indexed_in_portions() {
    let mut bench = Bench::new().await;
    let long = "long ".repeat(20_000);
    for content in [long.as_str(), long.as_str(), "short", "short"] {
        bench.run(Step::Message(0, content.to_owned())).await;
    }
    // The second begins within what a portion may have; the last is the rest.
    for last in [2, 4] {
        let portions = next_portions(&mut bench.connection).await.unwrap();
        assert_eq!(portions, [Portion::New(last)]);
        index(&mut bench.connection, Portion::New(last)).await.unwrap();
    }
    bench.run(Step::DeleteChat(0)).await;
    assert_eq!(next_portions(&mut bench.connection).await.unwrap(), [Portion::Gone(4)]);
    index(&mut bench.connection, Portion::Gone(4)).await.unwrap();
    assert_eq!(next_portions(&mut bench.connection).await.unwrap(), []);
}

#[tokio::test]
async fn messages_with_many_receipts_are_removed_a_few_at_a_time() {
    let mut bench = Bench::new().await;
    for _ in 0..5 {
        bench.run(Step::Message(0, "a needle".to_owned())).await;
    }
    let chat = chat(0, 0).id;
    let readers: Vec<String> = (0..999).map(|number| format!("r{number}")).collect();
    for (change, value) in [
        (
            "INSERT INTO receipts (message_id, principal_id, principal_kind, received_at) \
             SELECT messages.id, value, 'agent', 1 FROM messages, json_each(?1)",
            serde_json::json!(readers).to_string(),
        ),
        ("DELETE FROM chats WHERE id = ?1", chat.to_string()),
    ] {
        sqlx::query(change).bind(value).execute(&mut bench.connection).await.unwrap();
    }
    for (room, left) in [(2_000, 3), (500, 2), (2_500, 0)] {
        let mut rows = room;
        chats::empty(&mut bench.connection, &chat, &mut rows).await.unwrap();
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM messages");
        assert_eq!(count.fetch_one(&mut bench.connection).await.unwrap(), left, "{room}");
        let is_there = chats::is_being_emptied(&mut bench.connection, &chat).await.unwrap();
        assert_eq!(is_there, left > 0);
        assert_eq!(rows, room.saturating_sub(1_000 * (if room == 500 { 1 } else { 2 })));
    }
}

#[tokio::test]
async fn a_large_chat_is_gone_at_once_and_its_messages_in_portions() {
    let mut bench = Bench::new().await;
    let say = |chat| Step::Message(chat, "a needle".to_owned());
    for _ in 0..4_500 {
        bench.run(say(0)).await;
    }
    bench.run(Step::Index).await;
    for step in [say(0), say(1), Step::DeleteChat(0)] {
        bench.run(step).await;
    }
    assert_eq!(bench.counted().await, (1, 502));
    let large = chat(0, 0).id;
    let portions = next_portions(&mut bench.connection).await.unwrap();
    let of_each = [Portion::New(4503), Portion::Gone(256), Portion::Left(large.clone())];
    assert_eq!(portions, of_each, "those who go on talking do not keep it");
    assert!(chats::is_being_emptied(&mut bench.connection, &large).await.unwrap());

    bench.run(Step::Index).await;
    assert_eq!(bench.counted().await, (1, 1));
    assert!(!chats::is_being_emptied(&mut bench.connection, &large).await.unwrap());
    let all = few(&mut bench.connection, "message_search", wanted("needle").unwrap()).await;
    assert_eq!(all.unwrap().unwrap(), "[4503]");
    bench.run(say(0)).await;
    assert_eq!(bench.counted().await, (2, 2));
}

#[test]
fn short_texts_are_not_asked_for_and_long_ones_by_some_pieces() {
    assert_eq!(wanted("ab"), None);
    assert_eq!(wanted("abc\0"), None);
    assert_eq!(wanted("a\"bc").unwrap(), r#""""bc" AND "a""b""#);
    let long: String = ('a'..='z').chain('A'..='Z').collect();
    let pieces = wanted(&long).unwrap().matches(" AND ").count() + 1;
    assert!((2..=PIECES).contains(&pieces), "{pieces}");
}
