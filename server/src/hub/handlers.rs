//! The default handlers: all ten client events (docs/protocol.md, "What a client says").

use colloquy_protocol::{
    access::Action,
    close::CloseCode,
    error::{ErrorCode, WireError},
    event::{
        Acknowledge, Acknowledgement, Done, Ready, Started, Subscribe, SubscribeSince, client,
    },
    model::Receipt,
    topic::{Kind, Topic},
};

use super::registry::{AlreadyRegistered, Context, EventHandlerRegistry};
use crate::error::Error;

/// A registry with the default handlers of all ten client events.
///
/// # Errors
/// None in practice: it begins empty and no event comes twice.
pub fn default_handlers() -> Result<EventHandlerRegistry, AlreadyRegistered> {
    let mut all = EventHandlerRegistry::default();
    all.register::<client::SubscribeAgent, _, _>(|context, payload| {
        subscribe(context, Kind::Agent, payload)
    })?;
    all.register::<client::SubscribeChat, _, _>(|context, payload| {
        subscribe(context, Kind::Chat, payload)
    })?;
    all.register::<client::SubscribeCollection, _, _>(|context, payload| {
        subscribe(context, Kind::Collection, payload)
    })?;
    all.register::<client::UnsubscribeAgent, _, _>(|context, id| {
        unsubscribe(context, Kind::Agent, id)
    })?;
    all.register::<client::UnsubscribeChat, _, _>(|context, id| {
        unsubscribe(context, Kind::Chat, id)
    })?;
    all.register::<client::UnsubscribeCollection, _, _>(|context, id| {
        unsubscribe(context, Kind::Collection, id)
    })?;
    all.register::<client::ClientReady, _, _>(ready)?;
    all.register::<client::ClientDisconnect, _, _>(|context, _payload| disconnect(context))?;
    all.register::<client::MessageReceived, _, _>(|context, payload| {
        acknowledge(context, payload, Acknowledgement::Received)
    })?;
    all.register::<client::MessageRead, _, _>(|context, payload| {
        acknowledge(context, payload, Acknowledgement::Read)
    })?;
    Ok(all)
}

async fn subscribe(context: Context, kind: Kind, payload: Subscribe) -> Result<Started, WireError> {
    context.caller().require(Action::Read)?;
    let (field, id, since) = match payload {
        Subscribe::Live(id) => ("payload", id, None),
        Subscribe::Since(SubscribeSince { id, since }) => ("payload.id", id, since),
    };
    let topic = topic(kind, field, &id)?;
    context.peer.settle(since.as_ref()).await?;
    context.peer.seat.subscribe(topic, since.as_ref())
}

async fn unsubscribe(context: Context, kind: Kind, id: String) -> Result<Done, WireError> {
    context.peer.seat.unsubscribe(&topic(kind, "payload", &id)?);
    Ok(Done {})
}

async fn ready(context: Context, payload: Option<Ready>) -> Result<Started, WireError> {
    // Whoever is ready hears what everybody is told, whatever they are subscribed to.
    context.caller().require(Action::Read)?;
    let since = payload.and_then(|ready| ready.since);
    context.peer.settle(since.as_ref()).await?;
    context.peer.seat.ready(since.as_ref())
}

async fn disconnect(context: Context) -> Result<Done, WireError> {
    context.close_after_reply(CloseCode::Normal);
    Ok(Done {})
}

async fn acknowledge(
    context: Context,
    payload: Acknowledge,
    how: Acknowledgement,
) -> Result<Receipt, WireError> {
    let caller = context.caller().clone();
    Ok(context.services().acknowledge(caller, payload.message_id, how).await?)
}

fn topic(kind: Kind, field: &str, id: &str) -> Result<Topic, WireError> {
    Topic::of(kind, id).map_err(|cause| {
        WireError::new(ErrorCode::InvalidPayload, format!("{field}: {cause}, or is \"*\""))
    })
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NotFound { .. } => ErrorCode::NotFound,
            Error::Invalid(_) | Error::Conflict(_) | Error::PreconditionFailed { .. } => {
                ErrorCode::InvalidPayload
            }
            Error::Unauthenticated | Error::Forbidden(_) => ErrorCode::Forbidden,
            Error::TooMany { .. } => ErrorCode::TooManyMessages,
            Error::Unavailable | Error::StorageFull(_) | Error::StorageFailed(_) => {
                ErrorCode::Unavailable
            }
            Error::Internal(cause) => {
                tracing::error!(%cause, "A client event failed.");
                return Self::new(
                    ErrorCode::Internal,
                    "the hub failed; the details are in its log",
                );
            }
        };
        Self::new(code, error.to_string())
    }
}
