//! People's browsers: axum-login and tower-sessions over our own rows.
//!
//! What is ours of it: a session exists only as a login (there are none before it), gets its id
//! when it is added, so that no id from outside is ever one, and is kept under that id's hash.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use axum_login::{
    AuthManagerLayer, AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend,
    tower_sessions::{
        Expiry, SessionManagerLayer, SessionStore,
        cookie::{
            SameSite,
            time::{Duration, OffsetDateTime},
        },
        session::{self, Id, Record},
        session_store,
    },
};
use colloquy_protocol::{
    account::{Login, SignIn},
    id::{LoginId, PersonId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    AppState,
    access::Caller,
    error::{Error, Result},
    http::{authenticate::address, problem::Problem},
    service::{Acquaintance, Services, identity::caller_of_login, new_id, secrets},
    settings::Settings,
    store::{logins::Stored, people::Account},
};

/// How long a login lasts.
const LASTS: Duration = Duration::days(14);

/// The most characters that are kept of what a client says that it is.
const USER_AGENT_CHARS: usize = 300;

/// In a session: which login it is, and when it ends.
const LOGIN: &str = "login";

/// In a session that is not added yet: whose login it will be.
const BEGINNING: &str = "beginning";

/// The cookie's name. With the prefix browsers see to it that no other host set it.
pub(crate) fn cookie_name(settings: &Settings) -> &'static str {
    if settings.is_secure() { "__Host-colloquy" } else { "colloquy" }
}

/// Finds the login that a request's cookie is about.
pub(crate) fn layer(state: &AppState) -> AuthManagerLayer<Accounts, Logins> {
    let sessions = SessionManagerLayer::new(Logins(state.services.clone()))
        .with_name(cookie_name(&state.settings))
        .with_secure(state.settings.is_secure())
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(LASTS));
    AuthManagerLayerBuilder::new(Accounts(state.services.clone()), sessions).build()
}

/// Whoever comes with a cookie.
pub(crate) async fn caller(session: &AuthSession<Accounts>) -> Result<Option<Caller>> {
    let Some(account) = &session.user else { return Ok(None) };
    let login: Option<CurrentLogin> = session.session.get(LOGIN).await.map_err(Error::internal)?;
    Ok(login.map(|login| caller_of_login(&account.person, login.id, login.expires_at)))
}

/// The browser that asks, which can be signed in and out.
pub(crate) struct Browser {
    session: AuthSession<Accounts>,
    user_agent: Option<String>,
    address: Option<String>,
}

impl Browser {
    /// The account that this address and password open.
    pub(crate) async fn check(
        &self,
        sign_in: SignIn,
        acquaintance: Acquaintance,
    ) -> Result<Option<Account>> {
        self.session.authenticate((sign_in, acquaintance)).await.map_err(error)
    }

    /// Signs a person in who has shown who they are; who was signed in here before is signed out.
    pub(crate) async fn sign_in(mut self, account: &Account) -> Result<Caller> {
        self.end().await?;
        self.session.login(account).await.map_err(error)?;
        let beginning = Beginning {
            person: account.person.id.clone(),
            checked: account.password.clone(),
            user_agent: self.user_agent.take(),
            address: self.address.take(),
        };
        let session = &self.session.session;
        session.insert(BEGINNING, beginning).await.map_err(Error::internal)?;
        // Now, and not after the answer: it may fail.
        if let Err(cause) = session.save().await {
            session.clear().await;
            return Err(understood(cause));
        }
        caller(&self.session).await?.ok_or(Error::Unauthenticated)
    }

    /// Signs out whoever is signed in here.
    pub(crate) async fn sign_out(mut self) -> Result<()> {
        self.end().await
    }

    async fn end(&mut self) -> Result<()> {
        if self.session.session.id().is_some() {
            self.session.logout().await.map_err(error)?;
        }
        Ok(())
    }
}

impl FromRequestParts<AppState> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let session = parts.extensions.get::<AuthSession<Accounts>>().cloned();
        let session = session.ok_or_else(|| {
            Problem::new(StatusCode::FORBIDDEN, "one signs in over HTTP, not over this socket")
        })?;
        let user_agent = user_agent(&parts.headers);
        let address = address(&parts.extensions).map(|address| address.to_string());
        Ok(Self { session, user_agent, address })
    }
}

/// What a client says that it is, as far as that is kept.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(header::USER_AGENT)?.as_bytes());
    Some(text.chars().take(USER_AGENT_CHARS).collect())
}

/// People's accounts, for axum-login.
#[derive(Debug, Clone)]
pub(crate) struct Accounts(Services);

impl AuthUser for Account {
    type Id = PersonId;

    fn id(&self) -> PersonId {
        self.person.id.clone()
    }

    /// A new password ends the logins before it in its own transaction, so none is left whose
    /// password would have to be compared.
    fn session_auth_hash(&self) -> &[u8] {
        self.person.id.as_str().as_bytes()
    }
}

impl AuthnBackend for Accounts {
    type User = Account;
    type Credentials = (SignIn, Acquaintance);
    type Error = Error;

    async fn authenticate(
        &self,
        (sign_in, acquaintance): (SignIn, Acquaintance),
    ) -> Result<Option<Account>> {
        self.0.check_sign_in(sign_in, acquaintance).await
    }

    async fn get_user(&self, id: &PersonId) -> Result<Option<Account>> {
        self.0.account(id).await
    }
}

/// Login sessions, for tower-sessions.
#[derive(Debug, Clone)]
pub(crate) struct Logins(Services);

/// Which login a session is.
#[derive(Debug, Serialize, Deserialize)]
struct CurrentLogin {
    id: LoginId,
    expires_at: Timestamp,
}

/// Whose login a session will be, and the hash of the password that they showed.
#[derive(Serialize, Deserialize)]
struct Beginning {
    person: PersonId,
    checked: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
}

#[async_trait]
impl SessionStore for Logins {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let beginning = record.data.remove(BEGINNING);
        let beginning = beginning.ok_or_else(|| failed("a session is a login"))?;
        let beginning: Beginning = serde_json::from_value(beginning).map_err(failed)?;
        let id: LoginId = new_id().map_err(failed)?;
        let expires_at = moment(record.expiry_date);
        let current = CurrentLogin { id: id.clone(), expires_at };
        let current = serde_json::to_value(current).map_err(failed)?;
        record.id = Id::default();
        record.data.insert(LOGIN.to_owned(), current);
        let stored = Stored {
            login: Login {
                id,
                created_at: Timestamp::now(),
                expires_at,
                user_agent: beginning.user_agent,
                address: beginning.address,
                current: true,
            },
            person: beginning.person,
            secret: secret(&record.id),
            data: serde_json::to_string(&record.data).map_err(failed)?,
        };
        self.0.begin_login(stored, beginning.checked).await.map_err(failed)
    }

    /// Nothing in a login changes, and one that has ended must not come back.
    async fn save(&self, _: &Record) -> session_store::Result<()> {
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some((data, end)) = self.0.login_data(secret(id)).await.map_err(failed)? else {
            return Ok(None);
        };
        let data = serde_json::from_str(&data).map_err(failed)?;
        let end = i128::from(end.as_millis()) * 1_000_000;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(end).map_err(failed)?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.end_login_of_secret(secret(id)).await.map_err(failed)
    }
}

/// What is kept of what the cookie holds.
fn secret(id: &Id) -> [u8; 32] {
    secrets::hash(&id.to_string())
}

fn moment(date: OffsetDateTime) -> Timestamp {
    let millis = date.unix_timestamp_nanos() / 1_000_000;
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn failed(cause: impl ToString) -> session_store::Error {
    session_store::Error::Backend(cause.to_string())
}

fn error(cause: axum_login::Error<Accounts>) -> Error {
    match cause {
        axum_login::Error::Backend(error) => error,
        axum_login::Error::Session(cause) => understood(cause),
    }
}

/// Our own errors pass through tower-sessions as texts.
fn understood(cause: session::Error) -> Error {
    let text = cause.to_string();
    let failed = Arc::new(sqlx::Error::Protocol("a login could not be kept".to_owned()));
    let storage = [Error::StorageFull(failed.clone()), Error::StorageFailed(failed)];
    [Error::Unauthenticated, Error::Unavailable]
        .into_iter()
        .chain(storage)
        .find(|one| one.to_string() == text)
        .unwrap_or_else(|| Error::internal(cause))
}
