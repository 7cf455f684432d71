//! Writers that go on until they are told to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use colloquy_client::{
    Client,
    protocol::{
        position::Offset,
        request::{NewAgent, NewChat, NewCollection, NewMessage},
    },
};
use serde_json::json;
use tokio::task::JoinSet;

/// Writers who each make agents, say something in a chat, and change a collection of their own.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    writers: JoinSet<()>,
}

impl Load {
    pub(crate) async fn begin(client: &Client, writers: usize) -> Self {
        let chat = NewChat {
            id: Some("room".parse().unwrap()),
            title: "Room".to_owned(),
            ..NewChat::default()
        };
        client.create_chat(&chat).await.unwrap();
        let mut load =
            Self { stop: Arc::default(), acknowledged: Arc::default(), writers: JoinSet::new() };
        for writer in 0..writers {
            let (stop, acknowledged) = (load.stop.clone(), load.acknowledged.clone());
            let client = client.clone();
            load.writers.spawn(async move {
                let name = format!("writer-{writer}");
                let new = NewCollection { name: name.clone(), ..NewCollection::default() };
                let collection = client.create_collection(&new).await.unwrap().id;
                for step in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = Some(format!("{name}-{step}").parse().unwrap());
                    let new = NewAgent { id, name: name.clone(), ..NewAgent::default() };
                    let agent = client.create_agent(&new).await.unwrap();
                    acknowledged.fetch_max(agent.version, Ordering::Relaxed);
                    let said =
                        NewMessage { content: format!("Step {step}."), ..NewMessage::default() };
                    client.send_message(&"room".parse().unwrap(), &said).await.unwrap();
                    let patch = json!({ "description": format!("after step {step}") });
                    let changed = client.update_collection(&collection, &patch).await.unwrap();
                    acknowledged.fetch_max(changed.version, Ordering::Relaxed);
                }
            });
        }
        load
    }

    /// The last place in the log that a writer was told.
    pub(crate) fn acknowledged(&self) -> Offset {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until so many more places of the log were told.
    pub(crate) async fn progress(&mut self, events: u64) {
        let goal = self.acknowledged() + events;
        while self.acknowledged() < goal {
            if let Some(ended) = self.writers.try_join_next() {
                panic!("a writer ended: {ended:?}");
            }
            tokio::task::yield_now().await;
        }
    }

    /// Stops the writers, once each has finished its round; the last place that was told.
    pub(crate) async fn end(self) -> Offset {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.join_all().await;
        self.acknowledged.load(Ordering::Relaxed)
    }
}
