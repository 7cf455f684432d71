//! What can be done with agents, chats and collections alike.

use colloquy_protocol::{
    frame::EventFrame,
    model::{Metadata, Page},
    position::Offset,
    problem::Problem,
    time::Timestamp,
    topic::{Kind, Topic},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{ApiError, RequestKey, Seen, get, merge_patch, patch, post, with_query};

/// An agent, a chat or a collection: what has a name and is edited as a whole.
pub trait Entity: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kind.
    const KIND: Kind;
    /// What the API calls its name.
    const NAME: &'static str = "name";

    /// Its topic, which has its id.
    fn topic(&self) -> Topic;
    /// What people may change.
    fn fields(&self) -> Fields;
    /// The offset of its last event.
    fn version(&self) -> Offset;
}

/// An agent or a collection: its events alone say what it is.
pub trait Followed: Entity {
    /// When it was created.
    fn created_at(&self) -> Timestamp;
    /// When it was last changed.
    fn updated_at(&self) -> Timestamp;
    /// What an event says about one of its kind.
    fn change(frame: &EventFrame) -> Option<Change<Self>>;
}

/// What an event says about an entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<T> {
    /// This is what it is now.
    Now(T),
    /// It was deleted.
    Gone(Topic),
}

/// What people may change of an entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it can do; none for what can do nothing.
    pub capabilities: Option<Vec<String>>,
    /// Anything else.
    pub metadata: Metadata,
}

/// The path of all of a kind, on the pages as in the REST API.
pub fn path_of_all(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => "/agents",
        Kind::Chat => "/chats",
        Kind::Collection => "/collections",
    }
}

/// The path of one entity, on the pages as in the REST API.
pub fn path_of(topic: &Topic) -> String {
    format!("{}/{}", path_of_all(topic.kind()), topic.id())
}

/// One page of those that fit; each parameter as the REST API takes it.
///
/// # Errors
/// As [`get`].
pub async fn list<T: Entity>(
    parameters: &[(&str, Option<&str>)],
) -> Result<Seen<Page<T>>, ApiError> {
    get(&with_query(path_of_all(T::KIND), parameters)).await
}

/// The one of that id.
///
/// # Errors
/// As [`get`]; a text that is no id is missing, too.
pub async fn read<T: Entity>(id: &str) -> Result<Seen<T>, ApiError> {
    match Topic::of(T::KIND, id) {
        Ok(topic) if topic != Topic::All(T::KIND) => get(&path_of(&topic)).await,
        _ => Err(ApiError::Refused(Problem::new(404, "Not Found", ""))),
    }
}

/// Creates one, with that id if there is one.
///
/// # Errors
/// As [`get`].
pub async fn create<T: Entity>(key: &RequestKey, new: &NewEntity) -> Result<T, ApiError> {
    let mut body = new.fields.to_object(T::NAME);
    body.extend(new.id.clone().map(|id| ("id".to_owned(), Value::from(id))));
    post(path_of_all(T::KIND), key, &body).await
}

/// Changes one that still is what is given to what stands in the fields.
///
/// # Errors
/// As [`get`]; [`ApiError::is_conflict`] when it was changed meanwhile.
pub async fn update<T: Entity>(entity: &T, fields: &Fields) -> Result<T, ApiError> {
    let before = entity.fields().to_object(T::NAME);
    let change = merge_patch::diff(&before, &fields.to_object(T::NAME));
    patch(&path_of(&entity.topic()), Some(entity.version()), &change).await
}

/// What is to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntity {
    /// Chosen by the client; the server makes one when there is none.
    pub id: Option<String>,
    /// Everything else.
    pub fields: Fields,
}

impl Fields {
    /// The fields as the API has them; it calls the name `name`.
    fn to_object(&self, name: &str) -> Metadata {
        let members = [
            (name, Some(Value::from(self.name.clone()))),
            ("description", self.description.clone().map(Value::from)),
            ("capabilities", self.capabilities.clone().map(Value::from)),
            ("metadata", Some(Value::from(self.metadata.clone()))),
        ];
        let told = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_was_emptied_is_cleared() {
        let before = Fields { description: Some("Old".to_owned()), ..Fields::default() };
        let after = Fields { name: "Ada".to_owned(), ..Fields::default() };
        let patch = |name| merge_patch::diff(&before.to_object(name), &after.to_object(name));
        let expected = json!({"name": "Ada", "description": null});
        assert_eq!(Value::Object(patch("name")), expected);
        let expected = json!({"title": "Ada", "description": null});
        assert_eq!(Value::Object(patch("title")), expected);
    }
}
