//! One newtype per id: an agent's id cannot be taken for a chat's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::word::read_as_word;

/// The most characters an id may have.
pub const MAX_ID_CHARS: usize = 64;

/// A text that is not an id: ids match `[A-Za-z0-9_-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 characters, each one of A-Z, a-z, 0-9, _ and -")]
pub struct InvalidId;

fn check(text: &str) -> Result<(), InvalidId> {
    let fits = (1..=MAX_ID_CHARS).contains(&text.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if fits && text.bytes().all(plain) { Ok(()) } else { Err(InvalidId) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An agent's id.
    AgentId;
    /// A chat's id.
    ChatId;
    /// A message's id.
    MessageId;
    /// A collection's id.
    CollectionId;
    /// The id of somebody who acts: an agent's or a person's.
    PrincipalId;
    /// A WebSocket connection's id.
    ConnectionId;
    /// A person's id.
    PersonId;
    /// The id of a program's token; not the token itself.
    TokenId;
    /// The id of a person's login session; not what the cookie holds.
    LoginId;
}

impl From<AgentId> for PrincipalId {
    fn from(id: AgentId) -> Self {
        Self(id.0)
    }
}

impl From<PersonId> for PrincipalId {
    fn from(id: PersonId) -> Self {
        Self(id.0)
    }
}

read_as_word!(PrincipalKind);

/// What kind of principal somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PrincipalKind {
    /// A program.
    Agent,
    /// A person.
    User,
}

impl PrincipalKind {
    /// The kind as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::User => "user",
        }
    }
}

impl FromStr for PrincipalKind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        match text {
            "agent" => Ok(Self::Agent),
            "user" => Ok(Self::User),
            _ => Err(InvalidKind),
        }
    }
}

/// A text that is neither `agent` nor `user`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a principal is an `agent` or a `user`")]
pub struct InvalidKind;

/// Somebody who acts: who an event's `userId` and a message's `senderId` name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// Whose id it is.
    pub id: PrincipalId,
    /// Agent or person.
    pub kind: PrincipalKind,
}

impl Principal {
    /// The one person of local mode, in which nobody has an identity yet (docs/protocol.md, "Who
    /// acts").
    pub fn local() -> Self {
        Self { id: PrincipalId("local".to_owned()), kind: PrincipalKind::User }
    }

    /// An agent that acts as itself.
    pub fn agent(id: AgentId) -> Self {
        Self { id: id.into(), kind: PrincipalKind::Agent }
    }

    /// A person.
    pub fn person(id: PersonId) -> Self {
        Self { id: id.into(), kind: PrincipalKind::User }
    }
}
