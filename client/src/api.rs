//! One method for each route of the REST API that agents need (docs/protocol.md, "REST").
//!
//! Lists take their parameters as [`Call::query`], such as `.query("limit", 10)`; patches are JSON
//! merge patches, typed ([`AgentPatch`](colloquy_protocol::request::AgentPatch) and so on) or not.

use colloquy_protocol::{
    event::Notification,
    id::{AgentId, ChatId, CollectionId, ConnectionId, MessageId, PrincipalId},
    model::{
        Agent, Chat, Collection, ConnectionInfo, LogEntry, Message, Overview, Page, Participant,
        Receipt,
    },
    position::Seen,
    request::{
        NewAgent, NewChat, NewCollection, NewMessage, NewNotification, NewParticipant, StatusChange,
    },
    rest::ROOT,
};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    call::{Call, done, entity, seen},
    client::Client,
};

/// Agents.
impl Client {
    /// Lists agents. Parameters: `limit`, `cursor`, `q`, `sort`, `status`, `ids`.
    pub fn agents(&self) -> Call<Seen<Page<Agent>>> {
        self.get("/agents")
    }

    /// Reads one agent.
    pub fn agent(&self, id: &AgentId) -> Call<Seen<Agent>> {
        self.get(&format!("/agents/{id}"))
    }

    /// Creates an agent.
    pub fn create_agent(&self, new: &NewAgent) -> Call<Agent> {
        self.post("/agents", new)
    }

    /// Changes an agent.
    pub fn update_agent(&self, id: &AgentId, patch: &impl Serialize) -> Call<Agent> {
        self.call(Method::PATCH, &format!("{ROOT}/agents/{id}"), entity).json(patch)
    }

    /// Deletes an agent.
    pub fn delete_agent(&self, id: &AgentId) -> Call<()> {
        self.delete(&format!("/agents/{id}"))
    }

    /// Says what an agent is doing.
    pub fn set_agent_status(&self, id: &AgentId, change: &StatusChange) -> Call<Agent> {
        self.call(Method::PUT, &format!("{ROOT}/agents/{id}/status"), entity).json(change)
    }
}

/// Chats, and who is in them.
impl Client {
    /// Lists chats. Parameters: `limit`, `cursor`, `q`, `sort`, `participant`.
    pub fn chats(&self) -> Call<Seen<Page<Chat>>> {
        self.get("/chats")
    }

    /// Reads one chat.
    pub fn chat(&self, id: &ChatId) -> Call<Seen<Chat>> {
        self.get(&format!("/chats/{id}"))
    }

    /// Creates a chat.
    pub fn create_chat(&self, new: &NewChat) -> Call<Chat> {
        self.post("/chats", new)
    }

    /// Changes a chat.
    pub fn update_chat(&self, id: &ChatId, patch: &impl Serialize) -> Call<Chat> {
        self.call(Method::PATCH, &format!("{ROOT}/chats/{id}"), entity).json(patch)
    }

    /// Deletes a chat.
    pub fn delete_chat(&self, id: &ChatId) -> Call<()> {
        self.delete(&format!("/chats/{id}"))
    }

    /// Lists who is in a chat, in the order in which they joined.
    pub fn participants(&self, chat: &ChatId) -> Call<Seen<Page<Participant>>> {
        self.get(&format!("/chats/{chat}/participants"))
    }

    /// Lets somebody join.
    pub fn join_chat(&self, chat: &ChatId, who: &NewParticipant) -> Call<Participant> {
        self.post(&format!("/chats/{chat}/participants"), who)
    }

    /// Lets somebody leave.
    pub fn leave_chat(&self, chat: &ChatId, who: &PrincipalId) -> Call<()> {
        self.delete(&format!("/chats/{chat}/participants/{who}"))
    }
}

/// Messages and their receipts.
impl Client {
    /// Lists a chat's messages, the newest last. Parameters: `before`, `after`, `limit`, `q`.
    pub fn messages(&self, chat: &ChatId) -> Call<Seen<Page<Message>>> {
        self.get(&format!("/chats/{chat}/messages"))
    }

    /// Lists who received and read the messages that [`Client::messages`] lists for the same
    /// parameters.
    pub fn chat_receipts(&self, chat: &ChatId) -> Call<Seen<Page<Receipt>>> {
        self.get(&format!("/chats/{chat}/receipts"))
    }

    /// Reads one message.
    pub fn message(&self, id: &MessageId) -> Call<Seen<Message>> {
        self.get(&format!("/messages/{id}"))
    }

    /// Says something in a chat.
    pub fn send_message(&self, chat: &ChatId, new: &NewMessage) -> Call<Message> {
        self.post(&format!("/chats/{chat}/messages"), new)
    }

    /// Lists who received and read a message.
    pub fn receipts(&self, id: &MessageId) -> Call<Seen<Page<Receipt>>> {
        self.get(&format!("/messages/{id}/receipts"))
    }
}

/// Collections.
impl Client {
    /// Lists collections. Parameters: `limit`, `cursor`, `q`, `sort`.
    pub fn collections(&self) -> Call<Seen<Page<Collection>>> {
        self.get("/collections")
    }

    /// Reads one collection.
    pub fn collection(&self, id: &CollectionId) -> Call<Seen<Collection>> {
        self.get(&format!("/collections/{id}"))
    }

    /// Creates a collection.
    pub fn create_collection(&self, new: &NewCollection) -> Call<Collection> {
        self.post("/collections", new)
    }

    /// Changes a collection.
    pub fn update_collection(&self, id: &CollectionId, patch: &impl Serialize) -> Call<Collection> {
        self.call(Method::PATCH, &format!("{ROOT}/collections/{id}"), entity).json(patch)
    }

    /// Deletes a collection.
    pub fn delete_collection(&self, id: &CollectionId) -> Call<()> {
        self.delete(&format!("/collections/{id}"))
    }
}

/// What concerns the hub as a whole.
impl Client {
    /// Reads how much there is of everything, and how the hub is.
    pub fn overview(&self) -> Call<Seen<Overview>> {
        self.get("/overview")
    }

    /// Tells everybody something.
    pub fn send_notification(&self, new: &NewNotification) -> Call<Notification> {
        self.post("/notifications", new)
    }

    /// Lists the log. Parameters: `since`, `before`, `limit`, `topic`, `event`, `actor`, `from`,
    /// `to`, `q`.
    pub fn events(&self) -> Call<Seen<Page<LogEntry>>> {
        self.get("/events")
    }

    /// Lists who is connected. Parameters: `limit`, `cursor`, `q`, `behind`.
    pub fn connections(&self) -> Call<Seen<Page<ConnectionInfo>>> {
        self.get("/connections")
    }

    /// Reads one connection.
    pub fn connection(&self, id: &ConnectionId) -> Call<Seen<ConnectionInfo>> {
        self.get(&format!("/connections/{id}"))
    }

    /// Closes a connection.
    pub fn close_connection(&self, id: &ConnectionId) -> Call<()> {
        self.delete(&format!("/connections/{id}"))
    }
}

impl Client {
    fn get<T: DeserializeOwned>(&self, path: &str) -> Call<Seen<T>> {
        self.call(Method::GET, &format!("{ROOT}{path}"), seen)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Call<T> {
        self.call(Method::POST, &format!("{ROOT}{path}"), entity).json(body)
    }

    fn delete(&self, path: &str) -> Call<()> {
        self.call(Method::DELETE, &format!("{ROOT}{path}"), done)
    }
}
