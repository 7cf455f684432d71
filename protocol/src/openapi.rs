//! Schemas of the types that are written as text.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

use crate::{
    id::{
        AgentId, ChatId, CollectionId, ConnectionId, LoginId, MessageId, PersonId, PrincipalId,
        TokenId,
    },
    time::Timestamp,
    topic::Topic,
};

/// How one of an agent's capabilities is written.
pub(crate) struct Capability;

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn id() -> ObjectBuilder {
    text().pattern(Some("^[A-Za-z0-9_-]{1,64}$"))
}

macro_rules! written_as {
    ($schema:expr; $($name:ty),*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

written_as!(
    id();
    AgentId, ChatId, CollectionId, ConnectionId, LoginId, MessageId, PersonId, PrincipalId, TokenId
);
written_as!(text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))); Timestamp);
written_as!(text().pattern(Some("^(agent|chat|collection):([*]|[A-Za-z0-9_-]{1,64})$")); Topic);
written_as!(text().min_length(Some(1)).max_length(Some(200)); Capability);
