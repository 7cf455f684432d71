//! `EventHandlerRegistry`, as a program that embeds the hub uses it.

use colloquy_client::protocol::event::{ClientEventName, Done, client};
use colloquy_server::hub::default_handlers;
use serde_json::{Value, json};

use crate::support::{Server, peer::Peer};

#[tokio::test]
async fn a_hub_answers_with_the_handlers_that_it_was_given() {
    let mut handlers = default_handlers().unwrap();
    assert!(handlers.remove(ClientEventName::UnsubscribeChat).is_some());
    assert!(handlers.remove(ClientEventName::ClientDisconnect).is_some());
    handlers
        .register::<client::ClientDisconnect, _, _>(|_context, _payload| async { Ok(Done {}) })
        .unwrap();
    let server = Server::start_answering(handlers).await;
    let mut peer = Peer::connect(&server.client()).await;

    let error = peer.error("unsubscribe:chat", json!("*")).await;
    assert_eq!(error["code"], "unknown_event");
    assert_eq!(peer.ok("client:disconnect", Value::Null).await, json!({}));
    // The default would have closed the connection.
    peer.ok("client:ready", Value::Null).await;
}
