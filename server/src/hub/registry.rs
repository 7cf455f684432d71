//! Who answers which client event.

use std::{collections::HashMap, fmt, sync::Arc};

use colloquy_protocol::{
    close::CloseCode,
    error::{ErrorCode, WireError},
    event::{ClientEventKind, ClientEventName},
};
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::value::RawValue;

use super::connection::Peer;
use crate::{access::Caller, service::Services};

/// What a handler works with: the connection that the event came from, and the services.
#[derive(Debug, Clone)]
pub struct Context {
    pub(super) peer: Arc<Peer>,
}

impl Context {
    pub(super) fn new(peer: Arc<Peer>) -> Self {
        Self { peer }
    }

    /// Who acts through this connection, and what they may.
    pub fn caller(&self) -> &Caller {
        self.peer.caller()
    }

    /// What can be asked of the hub's data.
    pub fn services(&self) -> &Services {
        self.peer.services()
    }

    /// Closes the connection once the reply, if one was asked for, has been sent.
    pub fn close_after_reply(&self, code: CloseCode) {
        self.peer.close_after_reply(code);
    }
}

/// Answers one client event. Made by [`EventHandlerRegistry::register`] from a typed function.
pub trait Handler: Send + Sync {
    /// Reads the payload and does what it asks for; the reply's `ok` as JSON.
    fn handle<'a>(
        &'a self,
        context: Context,
        payload: Option<&'a RawValue>,
    ) -> BoxFuture<'a, Result<String, WireError>>;
}

/// The event has a handler already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} has a handler already")]
pub struct AlreadyRegistered(pub ClientEventName);

/// At most one handler per client event, typed by the event.
///
/// ```
/// use colloquy_protocol::event::{ClientEventName, Done, client::ClientDisconnect};
/// use colloquy_server::hub::{Context, EventHandlerRegistry};
///
/// let mut registry = EventHandlerRegistry::default();
/// registry.register::<ClientDisconnect, _, _>(|_context: Context, _payload| async { Ok(Done {}) })?;
/// assert!(registry.get(ClientEventName::ClientDisconnect).is_some());
/// assert!(registry.remove(ClientEventName::ClientDisconnect).is_some());
/// assert!(registry.get(ClientEventName::ClientDisconnect).is_none());
/// # Ok::<(), colloquy_server::hub::AlreadyRegistered>(())
/// ```
#[derive(Clone, Default)]
pub struct EventHandlerRegistry {
    handlers: HashMap<ClientEventName, Arc<dyn Handler>>,
}

impl EventHandlerRegistry {
    /// Has `answer` called for every event of kind `E`, with its payload already read.
    ///
    /// # Errors
    /// [`AlreadyRegistered`] when the event has a handler; remove that one first.
    pub fn register<E, F, A>(&mut self, answer: F) -> Result<(), AlreadyRegistered>
    where
        E: ClientEventKind,
        F: Fn(Context, E::Payload) -> A + Send + Sync + 'static,
        A: Future<Output = Result<E::Reply, WireError>> + Send + 'static,
    {
        if self.handlers.contains_key(&E::NAME) {
            return Err(AlreadyRegistered(E::NAME));
        }
        let handler = Typed::<E, F> { answer, event: std::marker::PhantomData };
        self.handlers.insert(E::NAME, Arc::new(handler));
        Ok(())
    }

    /// Takes an event's handler away; from then on the event is answered as unknown.
    pub fn remove(&mut self, event: ClientEventName) -> Option<Arc<dyn Handler>> {
        self.handlers.remove(&event)
    }

    /// An event's handler.
    pub fn get(&self, event: ClientEventName) -> Option<&Arc<dyn Handler>> {
        self.handlers.get(&event)
    }
}

impl fmt::Debug for EventHandlerRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.keys()).finish()
    }
}

struct Typed<E, F> {
    answer: F,
    event: std::marker::PhantomData<fn() -> E>,
}

impl<E, F, A> Handler for Typed<E, F>
where
    E: ClientEventKind,
    F: Fn(Context, E::Payload) -> A + Send + Sync + 'static,
    A: Future<Output = Result<E::Reply, WireError>> + Send + 'static,
{
    fn handle<'a>(
        &'a self,
        context: Context,
        payload: Option<&'a RawValue>,
    ) -> BoxFuture<'a, Result<String, WireError>> {
        async move {
            let reply = (self.answer)(context, read::<E::Payload>(payload)?).await?;
            serde_json::to_string(&reply).map_err(|cause| {
                tracing::error!(%cause, "A reply could not be encoded.");
                WireError::new(ErrorCode::Internal, "the hub failed")
            })
        }
        .boxed()
    }
}

/// Reads a payload; an absent one reads as `null`. The error names the field at fault.
fn read<T: serde::de::DeserializeOwned>(payload: Option<&RawValue>) -> Result<T, WireError> {
    let text = payload.map_or("null", RawValue::get);
    if text.starts_with('[') {
        // Read as a struct's fields in their order, an array might even pass.
        return Err(WireError::new(ErrorCode::InvalidPayload, "payload: must not be an array"));
    }
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(
        |error| {
            let path = error.path().to_string();
            let field = if path == "." { "payload".to_owned() } else { format!("payload.{path}") };
            WireError::new(ErrorCode::InvalidPayload, format!("{field}: {}", error.inner()))
        },
    )
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::event::{Acknowledge, Done, Ready, Subscribe, client};

    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn a_second_handler_is_an_error() {
        let mut registry = EventHandlerRegistry::default();
        let mut register =
            || registry.register::<client::UnsubscribeAgent, _, _>(|_, _| async { Ok(Done {}) });
        assert_eq!(register(), Ok(()));
        assert_eq!(register(), Err(AlreadyRegistered(ClientEventName::UnsubscribeAgent)));
        assert!(registry.remove(ClientEventName::UnsubscribeAgent).is_some());
        assert!(registry.remove(ClientEventName::UnsubscribeAgent).is_none());
    }

    #[test]
    fn an_absent_payload_reads_as_null() {
        assert_eq!(read::<Option<Ready>>(None), Ok(None));
        assert!(read::<Subscribe>(None).is_err());
    }

    #[test]
    fn a_wrong_payload_names_the_field() {
        let error = read::<Acknowledge>(Some(&raw(r#"{"messageId": 7}"#))).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidPayload);
        assert!(error.message.starts_with("payload.messageId: "), "{}", error.message);
        let error = read::<Acknowledge>(Some(&raw("{}"))).unwrap_err();
        assert!(error.message.contains("messageId"), "{}", error.message);
        let error = read::<Subscribe>(Some(&raw("7"))).unwrap_err();
        assert!(error.message.starts_with("payload: "), "{}", error.message);
        assert!(error.message.contains("expected an id"), "{}", error.message);
    }
}
