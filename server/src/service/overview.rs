//! What there is, and how the hub is, in one read.

use colloquy_protocol::{access::Action, model::Overview, position::Seen};

use super::Services;
use crate::{
    access::Caller,
    error::Result,
    hub::Hub,
    store::overview::{self, Counts},
};

impl Services {
    /// How much there is of everything, and who is connected at this moment.
    ///
    /// # Errors
    /// Only the server's own.
    pub async fn overview(&self, caller: &Caller, hub: &Hub) -> Result<Seen<Overview>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let Counts { agents, chats, collections, messages, events, database_bytes } =
            overview::count(snapshot.connection(), &caller.principal).await?;
        let value = Overview {
            agents,
            chats,
            collections,
            messages,
            events,
            connections: hub.connection_counts(),
            url: self.url.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            database_bytes,
        };
        Ok(Seen { value, position: snapshot.into_position() })
    }
}
