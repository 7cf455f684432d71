use colloquy_client::{
    Method,
    protocol::{
        id::PrincipalKind,
        model::AgentStatus,
        request::{NewAgent, NewChat, NewParticipant, StatusChange},
    },
};
use serde_json::json;

use crate::{
    happened, header, log, refused,
    support::{Server, agent},
};

#[tokio::test]
async fn an_agent_from_creation_to_deletion() {
    let server = Server::start().await;
    let client = server.client();
    let body = json!({
        "id": "agent-123", "name": "Planner", "description": "plans",
        "capabilities": ["planning"], "metadata": {"model": "m1", "deep": {"a": 1, "b": 2}},
    });
    let created = client.request(Method::POST, "/api/v1/agents").json(&body).send().await.unwrap();
    assert_eq!(created.status(), 201);
    assert_eq!(header(&created, "location"), "/api/v1/agents/agent-123");
    assert_eq!(header(&created, "etag"), "\"1\"");
    let agent: colloquy_client::protocol::model::Agent = created.json().await.unwrap();
    assert_eq!(agent.status, AgentStatus::Offline);
    assert_eq!((agent.version, agent.created_at), (1, agent.updated_at));
    assert_eq!(client.agent(&agent.id).await.unwrap().value, agent);

    let patch = json!({
        "name": "Chief planner", "description": null, "metadata": {"deep": {"a": null, "c": 3}},
    });
    let updated = client.update_agent(&agent.id, &patch).await.unwrap();
    assert_eq!((updated.name.as_str(), updated.description.as_deref()), ("Chief planner", None));
    assert_eq!(updated.capabilities, ["planning"]);
    assert_eq!(json!(updated.metadata), json!({"model": "m1", "deep": {"b": 2, "c": 3}}));
    assert_eq!(updated.version, 2);

    let working =
        StatusChange { status: AgentStatus::Working, status_detail: Some("thinking".into()) };
    let busy = client.set_agent_status(&agent.id, &working).await.unwrap();
    assert_eq!(
        (busy.status, busy.status_detail.as_deref()),
        (AgentStatus::Working, Some("thinking"))
    );
    let idle = StatusChange { status: AgentStatus::Idle, status_detail: None };
    assert_eq!(client.set_agent_status(&agent.id, &idle).await.unwrap().status_detail, None);

    client.delete_agent(&agent.id).await.unwrap();
    assert_eq!(refused(client.agent(&agent.id).await).0, 404);
    assert_eq!(refused(client.delete_agent(&agent.id).await).0, 404);
    assert_eq!(
        happened(&server).await,
        [
            "agent:created",
            "agent:updated",
            "agent:statusChanged",
            "agent:statusChanged",
            "agent:deleted"
        ]
    );
    server.stop().await;
}

#[tokio::test]
async fn a_patch_may_say_that_it_is_one() {
    let server = Server::start().await;
    let agent = agent(&server, "a").await;
    let patched = server
        .client()
        .request(Method::PATCH, "/api/v1/agents/a")
        .header(reqwest::header::CONTENT_TYPE, "Application/Merge-Patch+JSON; charset=utf-8")
        .json(&json!({"name": "b"}))
        .send()
        .await
        .unwrap();
    assert_eq!(patched.status(), 200);
    assert_eq!(header(&patched, "etag"), format!("\"{}\"", agent.version + 1));
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_no_event() {
    let server = Server::start().await;
    let client = server.client();
    let before = agent(&server, "a").await;
    let offline = StatusChange { status: AgentStatus::Offline, status_detail: None };
    assert_eq!(client.set_agent_status(&before.id, &offline).await.unwrap(), before);
    let same = json!({"name": "a", "description": null, "metadata": {"gone": null}});
    assert_eq!(client.update_agent(&before.id, &same).await.unwrap(), before);
    assert_eq!(client.update_agent(&before.id, &json!({})).await.unwrap(), before);
    assert_eq!(happened(&server).await, ["agent:created"]);
}

#[tokio::test]
async fn ids_are_made_or_chosen_and_taken_once() {
    let server = Server::start().await;
    let client = server.client();
    let nameless = NewAgent { name: "A".into(), ..NewAgent::default() };
    let made = client.create_agent(&nameless).await.unwrap();
    assert_eq!(made.id.as_str().len(), 36, "a UUID");
    let taken = NewAgent { id: Some(made.id.clone()), ..nameless };
    assert_eq!(refused(client.create_agent(&taken).await), (409, vec!["id".to_owned()]));
    client.delete_agent(&made.id).await.unwrap();
    let again = client.create_agent(&taken).await.unwrap();
    assert!(again.version > made.version, "a version never comes again");
}

#[tokio::test]
async fn deleting_an_agent_takes_it_out_of_its_chats_first() {
    let server = Server::start().await;
    let client = server.client();
    let agent = agent(&server, "worker").await;
    let who =
        NewParticipant { participant_id: agent.id.clone().into(), kind: PrincipalKind::Agent };
    let user = NewParticipant { participant_id: "ann".parse().unwrap(), kind: PrincipalKind::User };
    for id in ["one", "two"] {
        let new = NewChat {
            id: Some(id.parse().unwrap()),
            title: id.to_owned(),
            participants: vec![user.clone(), who.clone()],
            ..NewChat::default()
        };
        client.create_chat(&new).await.unwrap();
    }
    let said = json!({"content": "done"});
    let acting = client.act_as(agent.id.clone());
    let sent = acting.request(Method::POST, "/api/v1/chats/one/messages").json(&said).send().await;
    assert_eq!(sent.unwrap().status(), 201);

    client.delete_agent(&agent.id).await.unwrap();
    let log = log(&server).await;
    let last: Vec<&str> = log.iter().rev().take(3).map(|entry| entry.event.as_str()).collect();
    assert_eq!(last, ["agent:deleted", "chat:participantLeft", "chat:participantLeft"]);
    for id in ["one", "two"] {
        let chat = client.chat(&id.parse().unwrap()).await.unwrap().value;
        assert_eq!(chat.participants.len(), 1);
        let left = log.iter().rfind(|entry| entry.payload["chatId"] == id).unwrap();
        assert_eq!(chat.version, left.offset);
        assert_eq!(left.payload["participantId"], "worker");
        assert_eq!(left.payload["chat"], json!(chat));
    }
    let messages = client.messages(&"one".parse().unwrap()).await.unwrap().value.items;
    assert_eq!(messages[0].sender_id.as_str(), "worker", "its messages stay");
}

#[tokio::test]
async fn an_agent_acts_as_itself() {
    let server = Server::start().await;
    let planner = agent(&server, "planner").await;
    let acting = server.client().act_as(planner.id.clone());
    let idle = StatusChange { status: AgentStatus::Idle, status_detail: None };
    acting.set_agent_status(&planner.id, &idle).await.unwrap();
    let log = log(&server).await;
    assert_eq!((log[0].actor_id.as_str(), log[1].actor_id.as_str()), ("local", "planner"));
    assert_eq!((log[0].actor_kind, log[1].actor_kind), (PrincipalKind::User, PrincipalKind::Agent));
    assert_eq!(log[1].payload["userId"], "planner");

    for nobody in ["nobody", "no body"] {
        let refusal = server
            .client()
            .request(Method::DELETE, "/api/v1/agents/planner")
            .header(reqwest::header::HeaderName::from_static("colloquy-act-as"), nobody)
            .await;
        assert_eq!(refused(refusal), (422, vec!["Colloquy-Act-As".to_owned()]));
    }
}
