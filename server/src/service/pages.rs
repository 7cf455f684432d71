//! What rendering the pages needs.

use colloquy_app::{
    api::{ApiError, Choice, Choices, Problem},
    backend::{Answer, Backend},
};
use colloquy_protocol::model::{Agent, Chat, Collection};

use super::{ListQuery, Services};
use crate::{
    error::{Error, Result},
    store::{
        agents, chats, collections,
        list::{Listed, Paging},
    },
};

/// As many as the REST API gives when it is not told how many.
const FIRST_PAGE: u32 = 50;

impl Backend for Services {
    fn choices(&self) -> Answer<'_, Choices> {
        Box::pin(async {
            self.read_choices().await.map_err(|error| {
                if let Error::Internal(cause) = &error {
                    tracing::error!(%cause, "A page could not be rendered.");
                }
                ApiError::Refused(Problem {
                    title: "Service Unavailable".to_owned(),
                    status: 503,
                    detail: Some("The server could not read its data just now.".to_owned()),
                    errors: Vec::new(),
                })
            })
        })
    }
}

impl Services {
    async fn read_choices(&self) -> Result<Choices> {
        let mut snapshot = self.snapshot().await?;
        let connection = snapshot.connection();
        let (agents, _) = agents::list(connection, &first_page::<Agent>()?, None).await?;
        let (chats, _) = chats::list(connection, &first_page::<Chat>()?, None).await?;
        let (collections, _) = collections::list(connection, &first_page::<Collection>()?).await?;
        let agents = agents.iter().map(Choice::from);
        let chats = chats.iter().map(Choice::from);
        let collections = collections.iter().map(Choice::from);
        let items = agents.chain(chats).chain(collections).collect();
        Ok(Choices { items, position: snapshot.into_position() })
    }
}

fn first_page<T: Listed>() -> Result<Paging> {
    Paging::of::<T>(ListQuery { limit: FIRST_PAGE, ..ListQuery::default() })
}
