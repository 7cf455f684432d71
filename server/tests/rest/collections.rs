use colloquy_client::protocol::{model::Metadata, request::NewCollection};
use serde_json::json;

use crate::{happened, log, refused, support::Server};

#[tokio::test]
async fn a_collection_from_creation_to_deletion() {
    let server = Server::start().await;
    let client = server.client();
    let new = NewCollection { name: "Papers".into(), ..NewCollection::default() };
    let created = client.create_collection(&new).await.unwrap();
    assert_eq!(client.collection(&created.id).await.unwrap().value, created);
    let patch = json!({"description": "to read", "metadata": {"count": 1}});
    let updated = client.update_collection(&created.id, &patch).await.unwrap();
    assert_eq!(updated.description.as_deref(), Some("to read"));
    assert_eq!(client.update_collection(&created.id, &patch).await.unwrap(), updated);
    let emptied = client.update_collection(&created.id, &json!({"metadata": null})).await.unwrap();
    assert!(emptied.metadata.is_empty());
    client.delete_collection(&created.id).await.unwrap();
    assert_eq!(refused(client.collection(&created.id).await).0, 404);
    let log = log(&server).await;
    assert_eq!(log[1].payload["metadata"], json!({"count": 1}));
    assert_eq!(log[1].payload["collection"], json!(updated));
    assert_eq!(
        happened(&server).await,
        ["collection:created", "collection:updated", "collection:updated", "collection:deleted"]
    );
}

/// Whatever digits a number has: what was sent is what is answered, kept and told.
#[tokio::test]
async fn numbers_stay_as_they_are() {
    let server = Server::start().await;
    let client = server.client();
    let numbers = [8.075676977333617e-16, 10928588.983213551, -122.41941550000001, 5e-324, 1.0];
    let metadata: Metadata = [("numbers".to_owned(), json!(numbers))].into_iter().collect();
    let new = NewCollection { name: "N".into(), metadata: metadata.clone(), ..Default::default() };
    let created = client.create_collection(&new).await.unwrap();
    assert_eq!(created.metadata, metadata);
    assert_eq!(client.collection(&created.id).await.unwrap().value, created);
    assert_eq!(log(&server).await[0].payload["collection"]["metadata"], json!(metadata));
    let patch = json!({"metadata": metadata});
    assert_eq!(client.update_collection(&created.id, &patch).await.unwrap(), created);
    assert_eq!(happened(&server).await, ["collection:created"]);
}
