//! People, their login sessions, and the tokens of programs, as they are sent.

use serde::{Deserialize, Serialize};

use crate::{
    access::{Rights, Role, Scope},
    id::{AgentId, LoginId, PersonId, PrincipalId, PrincipalKind, TokenId},
    request,
    time::Timestamp,
};

/// Who may come in: `local`, whoever is on the hub's machine, because nobody has an identity yet;
/// `required`, people who sign in and programs with tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuthMode {
    /// Nobody has an identity yet: whoever is on this machine is `local`, an administrator.
    Local,
    /// People sign in, programs have tokens.
    Required,
}

/// Who asks: `GET /session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Who may come in.
    pub mode: AuthMode,
    /// Whether the hub still waits for its first person: the one-time set-up link makes them.
    pub set_up: bool,
    /// Who asks; `null`: nobody who is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub caller: Option<Me>,
}

/// Somebody as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The `userId` of what they do.
    pub id: PrincipalId,
    /// Agent or person.
    pub kind: PrincipalKind,
    /// A person's name; otherwise `null`.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub name: Option<String>,
    /// A person's e-mail address; otherwise `null`.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub email: Option<String>,
    /// What they may do.
    pub rights: Rights,
}

/// How a person's account is: `invited`, no password was chosen yet; `active`, they may sign in;
/// `disabled`, they may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PersonState {
    /// They have not chosen a password yet.
    Invited,
    /// They may sign in.
    Active,
    /// They may not.
    Disabled,
}

impl PersonState {
    /// The state as it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// A person. Only admins see e-mail addresses of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// Their id: the `userId` of what they do.
    pub id: PersonId,
    /// What they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// How the account is.
    pub state: PersonState,
    /// When they were invited.
    pub created_at: Timestamp,
    /// When they last signed in; `null`: never.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub signed_in_at: Option<Timestamp>,
}

/// An e-mail address as it is compared: without the spaces around it, and without regard to case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// What a person is called: everybody who may read sees that of everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonName {
    /// Their id: the `userId` of what they do.
    pub id: PersonId,
    /// What they are called.
    pub name: String,
}

/// A person, and the one-time link with which they choose their password. It is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invited {
    /// Who was invited.
    pub person: Person,
    /// The link's path and fragment on this hub: `/welcome#SECRET`. A fragment is never sent.
    pub link: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// A login session: one browser in which a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// What the browser said that it is.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub user_agent: Option<String>,
    /// Where they signed in from.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A program's token; the secret itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What it begins with, to tell tokens apart.
    pub prefix: String,
    /// Whose token it is: who acts with it.
    pub principal_id: PrincipalId,
    /// Agent or person.
    pub principal_kind: PrincipalKind,
    /// What it lets a program do, of what its owner may.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `null`: it does not.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; `null`: never.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub last_used_at: Option<Timestamp>,
}

/// A token just made, with the secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Issued {
    /// What is kept of it.
    pub token: Token,
    /// What the program sends: `Authorization: Bearer SECRET`.
    pub secret: String,
}

/// The body of `POST /session`: sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// The body of `POST /welcome`: what the holder of a one-time link (set-up, invitation or new
/// password) chooses. They are signed in with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Welcomed {
    /// The secret in the link's fragment.
    pub link: String,
    /// The password, of 8 to 256 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 256))]
    pub password: String,
    /// What they are called: wanted for the first person, otherwise as it was when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, nullable = false))]
    pub name: Option<String>,
    /// The e-mail address: for the first person only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 254, nullable = false))]
    pub email: Option<String>,
}

/// The body of `PATCH /profile`: one's own account.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfilePatch {
    /// What one is called.
    #[serde(
        default,
        deserialize_with = "request::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, nullable = false))]
    pub name: Option<String>,
    /// A new password; it ends all other login sessions.
    #[serde(
        default,
        deserialize_with = "request::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 256, nullable = false))]
    pub password: Option<String>,
    /// The password until now, wanted with a new one.
    #[serde(
        default,
        deserialize_with = "request::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub current_password: Option<String>,
}

/// The body of `POST /people`: invite somebody. The first person must be an admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPerson {
    /// What they will sign in with.
    #[cfg_attr(feature = "openapi", schema(max_length = 254))]
    pub email: String,
    /// What they are called.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// The body of `PATCH /people/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonPatch {
    /// What they are called.
    #[serde(
        default,
        deserialize_with = "request::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, nullable = false))]
    pub name: Option<String>,
    /// What they may do.
    #[serde(
        default,
        deserialize_with = "request::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub role: Option<Role>,
    /// Whether they may not sign in; all their sessions and sockets end.
    #[serde(
        default,
        deserialize_with = "request::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub disabled: Option<bool>,
}

/// The body of `POST /tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewToken {
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// The agent that acts with it; without one, the person who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// The person that acts with it. Only the command line names another than the one who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<PersonId>,
    /// What it lets a program do; without any: read, self, messages and chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Scope>>,
    /// When it ends; without, it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}
