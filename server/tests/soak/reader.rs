//! A client that counts what it reads, and would notice what it did not.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use colloquy_client::{
    Client,
    protocol::{
        id::AgentId,
        position::Offset,
        session::Notice,
        topic::{Kind, Topic},
    },
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    fault,
    support::{Server, agent},
};

/// Somebody who follows all agents over as many connections as it takes.
pub(crate) struct Reader {
    seen: Arc<AtomicU64>,
    end: watch::Sender<Option<Offset>>,
    task: JoinHandle<Log>,
}

/// What somebody read.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) events: u64,
    /// How often they were told that the log does not go on from where they were.
    pub(crate) reloads: u64,
    /// How often a lost connection was made good.
    pub(crate) recovered: u64,
}

impl Reader {
    /// Begins to follow; returns once it does. All that happens in the hub must be about agents:
    /// then a gap in the offsets is an event that was missed.
    pub(crate) async fn begin(client: &Client) -> Self {
        let (live, mut notices) = client.live();
        live.subscribe(Topic::All(Kind::Agent), None).await;
        let seen = Arc::new(AtomicU64::new(u64::MAX));
        let (end, mut until) = watch::channel(None);
        let last_seen = seen.clone();
        let task = tokio::spawn(async move {
            // Commands are taken as long as somebody may give them.
            let _live = live;
            let mut log = Log::default();
            let mut last: Option<Offset> = None;
            loop {
                if let (Some(last), Some(end)) = (last, *until.borrow())
                    && last >= end
                {
                    return log;
                }
                let notice = tokio::select! {
                    notice = notices.recv() => notice.unwrap(),
                    changed = until.changed() => { changed.unwrap(); continue }
                };
                match notice {
                    Notice::Event(event) => {
                        let expected = last.unwrap_or(0) + 1;
                        assert_eq!(event.offset, expected, "a gap, a double, or another order");
                        last = Some(event.offset);
                        log.events += 1;
                    }
                    Notice::Subscribed { position, .. } => {
                        last.get_or_insert(position.offset);
                    }
                    Notice::Reload { topic: None, position } => {
                        last = Some(position.offset);
                        log.reloads += 1;
                    }
                    Notice::Recovered { .. } => log.recovered += 1,
                    Notice::State(_) => {}
                    other => panic!("{other:?}"),
                }
                if let Some(last) = last {
                    last_seen.store(last, Ordering::Relaxed);
                }
            }
        });
        fault::until(|| seen.load(Ordering::Relaxed) != u64::MAX || task.is_finished()).await;
        Self { seen, end, task }
    }

    /// How far it got.
    pub(crate) fn seen(&self) -> Offset {
        assert!(!self.task.is_finished(), "a reader gave up");
        self.seen.load(Ordering::Relaxed)
    }

    /// Waits until it got that far; what it read.
    pub(crate) async fn end(self, offset: Offset) -> Log {
        self.end.send_replace(Some(offset));
        self.task.await.unwrap()
    }
}

/// New agents, and four readers who follow them from then on.
pub(crate) async fn followed(server: &Server, agents: usize) -> (Vec<AgentId>, Vec<Reader>) {
    let client = server.client();
    let (mut ids, mut readers) = (Vec::new(), Vec::new());
    for number in 0..agents {
        ids.push(agent(server, &format!("agent-{number}")).await.id);
    }
    for _ in 0..4 {
        readers.push(Reader::begin(&client).await);
    }
    (ids, readers)
}
