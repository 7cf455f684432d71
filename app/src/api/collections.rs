//! `/collections`.

use colloquy_protocol::{
    event::ServerEvent,
    frame::EventFrame,
    model::Collection,
    position::Offset,
    time::Timestamp,
    topic::{Kind, Topic},
};

use super::entity::{Change, Entity, Fields, Followed};

impl Entity for Collection {
    const KIND: Kind = Kind::Collection;

    fn topic(&self) -> Topic {
        Topic::Collection(self.id.clone())
    }

    fn fields(&self) -> Fields {
        Fields {
            name: self.name.clone(),
            description: self.description.clone(),
            capabilities: None,
            metadata: self.metadata.clone(),
        }
    }

    fn version(&self) -> Offset {
        self.version
    }
}

impl Followed for Collection {
    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn change(frame: &EventFrame) -> Option<Change<Self>> {
        use ServerEvent as Event;
        match frame.event().ok()? {
            Event::CollectionCreated(p) | Event::CollectionUpdated(p) => {
                Some(Change::Now(p.collection))
            }
            Event::CollectionDeleted(p) => Some(Change::Gone(Topic::Collection(p.collection_id))),
            _ => None,
        }
    }
}
