//! Reading objects, and only objects.
//!
//! Serde reads a struct from an array too, taking the items for the fields in their order. In JSON
//! from outside that is a mistake which should be told: `#[serde(deserialize_with = "...")]`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A list of objects.
pub(crate) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects = Vec::<Object<T>>::deserialize(from)?;
    Ok(objects.into_iter().map(|object| object.0).collect())
}

/// An object, or `null`.
pub(crate) fn optional<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Object<T>>::deserialize(from)?.map(|object| object.0))
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json};

    use crate::{
        event::{Ready, SubscribeSince},
        request::NewChat,
    };

    #[test]
    fn an_array_is_no_object() {
        assert!(from_str::<Ready>(r#"{"since": ["e", 1]}"#).is_err());
        assert!(from_str::<SubscribeSince>(r#"{"id": "a", "since": ["e", 1]}"#).is_err());
        let chat = json!({ "title": "t", "participants": [["local", "user"]] });
        let error = serde_json::from_value::<NewChat>(chat).unwrap_err();
        assert!(error.to_string().contains("expected an object"), "{error}");
    }

    #[test]
    fn an_object_is_one() {
        let ready: Ready = from_str(r#"{"since": {"epoch": "e", "offset": 1}}"#).unwrap();
        assert_eq!(ready.since.unwrap().offset, 1);
        assert_eq!(from_str::<Ready>(r#"{"since": null}"#).unwrap().since, None);
        let chat = json!({
            "title": "t",
            "participants": [{ "participantId": "local", "kind": "user" }],
        });
        assert_eq!(serde_json::from_value::<NewChat>(chat).unwrap().participants.len(), 1);
    }
}
