//! Who may do what: the one table, for the server that decides and for pages that offer.
//!
//! | action | admin | member | viewer | agent | a token needs one of the scopes |
//! |---|---|---|---|---|---|
//! | [`Read`](Action::Read): read, list, search, subscribe, be ready on a socket; what people are called | yes | yes | yes | yes | `read` |
//! | [`Acknowledge`](Action::Acknowledge): a message was received or read | yes | yes | yes | yes | `messages` |
//! | [`Speak`](Action::Speak): send messages | yes | yes | no | yes | `messages` |
//! | [`LeaveChats`](Action::LeaveChats): leave a chat oneself | yes | yes | yes | yes | `chats` |
//! | [`ChangeChats`](Action::ChangeChats): create, change and delete chats, let others join and leave | yes | yes | no | yes | `chats` |
//! | [`ChangeCollections`](Action::ChangeCollections): create, change and delete collections | yes | yes | no | yes | `collections` |
//! | [`CreateAgents`](Action::CreateAgents) | yes | yes | no | yes | `agents` |
//! | [`ActAsOneself`](Action::ActAsOneself): an agent's own record and status | no | no | no | yes | `self` |
//! | [`ChangeAgents`](Action::ChangeAgents): the records of agents, and delete them | yes | yes | no | no | `agents` |
//! | [`SetStatuses`](Action::SetStatuses): the statuses of agents | yes | no | no | no | `agents` |
//! | [`Notify`](Action::Notify): tell everybody something | yes | yes | no | yes | `notifications` |
//! | [`WatchConnections`](Action::WatchConnections): see and close everybody's connections, not just one's own | yes | no | no | no | `read` |
//! | [`ReadMetrics`](Action::ReadMetrics) | yes | no | no | no | `read`, `metrics` |
//! | [`ManageOwnAccount`](Action::ManageOwnAccount): one's profile, login sessions and tokens | yes | yes | yes | no | never with a token |
//! | [`ManagePeople`](Action::ManagePeople): people, and the tokens of agents | yes | no | no | no | never with a token |
//!
//! What the table allows still ends at chats that only their participants see: for everybody else,
//! admins included, they do not exist.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::word::read_as_word;

read_as_word!(Role, Scope);

/// What a person may do: an `admin` everything, except see private chats that they are not in; a
/// `member` what the work needs, but not manage people, see other people's connections or set agents'
/// statuses; a `viewer` look on, acknowledge messages and leave chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Everything.
    Admin,
    /// What the work needs; not people and not other people's connections.
    Member,
    /// Look on.
    Viewer,
}

/// What a token lets its program do, of what its owner may.
///
/// - `read`: read, list, search and subscribe
/// - `self`: change the agent's own record and status
/// - `messages`: send messages, and say that they were received or read
/// - `chats`: change chats and who is in them
/// - `collections`: change collections
/// - `agents`: create agents; a person's also changes and deletes them, an admin's sets their statuses
/// - `notifications`: tell everybody something
/// - `metrics`: an admin's reads the metrics, and nothing else
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Read, list, search and subscribe.
    Read,
    /// Change the agent's own record and status.
    #[serde(rename = "self")]
    Own,
    /// Send and acknowledge messages.
    Messages,
    /// Change chats and who is in them.
    Chats,
    /// Change collections.
    Collections,
    /// Create agents, and change them where the owner may.
    Agents,
    /// Tell everybody something.
    Notifications,
    /// Read the metrics, and nothing else.
    Metrics,
}

/// Something that may be allowed. What each is stands in the [module's table](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the module's table describes each")]
pub enum Action {
    Read,
    Acknowledge,
    Speak,
    LeaveChats,
    ChangeChats,
    ChangeCollections,
    CreateAgents,
    ActAsOneself,
    ChangeAgents,
    SetStatuses,
    Notify,
    WatchConnections,
    ReadMetrics,
    ManageOwnAccount,
    ManagePeople,
}

/// What somebody is to the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Standing {
    /// Whoever owns the machine: `local`, in local mode, and the command line. May do everything,
    /// as whomever they act.
    Owner,
    /// A person with the role `admin`.
    Admin,
    /// A person with the role `member`.
    Member,
    /// A person with the role `viewer`.
    Viewer,
    /// A program.
    Agent,
}

/// What somebody may do: their standing, within a token's scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rights {
    /// What they are.
    pub standing: Standing,
    /// The token's scopes; `null` when they came without a token.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub scopes: Option<Vec<Scope>>,
}

/// One line of the table.
struct Line {
    admin: bool,
    member: bool,
    viewer: bool,
    agent: bool,
    /// Each is enough; none: never with a token.
    scopes: &'static [Scope],
}

impl Action {
    /// Every action, in the order of the table.
    pub const ALL: [Self; 15] = [
        Self::Read,
        Self::Acknowledge,
        Self::Speak,
        Self::LeaveChats,
        Self::ChangeChats,
        Self::ChangeCollections,
        Self::CreateAgents,
        Self::ActAsOneself,
        Self::ChangeAgents,
        Self::SetStatuses,
        Self::Notify,
        Self::WatchConnections,
        Self::ReadMetrics,
        Self::ManageOwnAccount,
        Self::ManagePeople,
    ];

    fn line(self) -> Line {
        let line = |[admin, member, viewer, agent]: [u8; 4], scopes| Line {
            admin: admin == 1,
            member: member == 1,
            viewer: viewer == 1,
            agent: agent == 1,
            scopes,
        };
        match self {
            Self::Read => line([1, 1, 1, 1], &[Scope::Read]),
            Self::Acknowledge => line([1, 1, 1, 1], &[Scope::Messages]),
            Self::Speak => line([1, 1, 0, 1], &[Scope::Messages]),
            Self::LeaveChats => line([1, 1, 1, 1], &[Scope::Chats]),
            Self::ChangeChats => line([1, 1, 0, 1], &[Scope::Chats]),
            Self::ChangeCollections => line([1, 1, 0, 1], &[Scope::Collections]),
            Self::CreateAgents => line([1, 1, 0, 1], &[Scope::Agents]),
            Self::ActAsOneself => line([0, 0, 0, 1], &[Scope::Own]),
            Self::ChangeAgents => line([1, 1, 0, 0], &[Scope::Agents]),
            Self::SetStatuses => line([1, 0, 0, 0], &[Scope::Agents]),
            Self::Notify => line([1, 1, 0, 1], &[Scope::Notifications]),
            Self::WatchConnections => line([1, 0, 0, 0], &[Scope::Read]),
            Self::ReadMetrics => line([1, 0, 0, 0], &[Scope::Read, Scope::Metrics]),
            Self::ManageOwnAccount => line([1, 1, 1, 0], &[]),
            Self::ManagePeople => line([1, 0, 0, 0], &[]),
        }
    }
}

impl Rights {
    /// Those of whoever owns the machine.
    pub const OWNER: Self = Self { standing: Standing::Owner, scopes: None };

    /// Those of a person who signed in.
    pub fn of_person(role: Role) -> Self {
        Self { standing: role.into(), scopes: None }
    }

    /// Whether they may do that.
    pub fn allow(&self, action: Action) -> bool {
        let line = action.line();
        let standing = match self.standing {
            Standing::Owner => true,
            Standing::Admin => line.admin,
            Standing::Member => line.member,
            Standing::Viewer => line.viewer,
            Standing::Agent => line.agent,
        };
        let scope = match &self.scopes {
            None => true,
            Some(scopes) => line.scopes.iter().any(|scope| scopes.contains(scope)),
        };
        standing && scope
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Member, Self::Viewer];

    /// The role as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }
}

impl From<Role> for Standing {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
            Role::Viewer => Self::Viewer,
        }
    }
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Own,
        Self::Messages,
        Self::Chats,
        Self::Collections,
        Self::Agents,
        Self::Notifications,
        Self::Metrics,
    ];

    /// What a token has when nothing else is said.
    pub const OF_AGENTS: [Self; 4] = [Self::Read, Self::Own, Self::Messages, Self::Chats];

    /// The scope as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Own => "self",
            Self::Messages => "messages",
            Self::Chats => "chats",
            Self::Collections => "collections",
            Self::Agents => "agents",
            Self::Notifications => "notifications",
            Self::Metrics => "metrics",
        }
    }
}

/// A text that is no [`Role`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is admin, member or viewer")]
pub struct InvalidRole;

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(InvalidRole)
    }
}

/// A text that is no [`Scope`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope is read, self, messages, chats, collections, agents, notifications or metrics")]
pub struct InvalidScope;

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(InvalidScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the module's documentation, line by line, is what is decided.
    #[test]
    fn the_documented_table_is_the_one_that_decides() {
        let lines: Vec<&str> =
            include_str!("access.rs").lines().filter(|line| line.starts_with("//! | [`")).collect();
        assert_eq!(lines.len(), Action::ALL.len());
        for (line, action) in lines.into_iter().zip(Action::ALL) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            assert!(cells[1].contains(&format!("`{action:?}`")), "{line}");
            let scopes = action.line().scopes.iter().map(|one| format!("`{}`", one.as_str()));
            let written = match scopes.collect::<Vec<_>>() {
                none if none.is_empty() => "never with a token".to_owned(),
                scopes => scopes.join(", "),
            };
            assert_eq!(cells[6], written, "{line}");
            for (cell, role) in cells[2..5].iter().zip(Role::ALL) {
                assert_eq!(
                    *cell == "yes",
                    Rights::of_person(role).allow(action),
                    "{role:?}: {line}"
                );
            }
            let token = |scopes: &[Scope]| Rights {
                standing: Standing::Agent,
                scopes: Some(scopes.to_vec()),
            };
            assert_eq!(cells[5] == "yes", token(&Scope::ALL).allow(action), "{line}");
            assert!(!token(&[]).allow(action), "{line}");
            assert!(Rights::OWNER.allow(action), "{line}");
        }
    }

    #[test]
    fn roles_and_scopes_are_written_as_they_are_read() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
    }
}
