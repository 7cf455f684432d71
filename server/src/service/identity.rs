//! Who asks: what a credential is worth now.

use std::net::IpAddr;

use colloquy_protocol::{
    access::{Rights, Standing},
    account::{Person, PersonState, Session, Token},
    close::CloseCode,
    id::{LoginId, PersonId, Principal, PrincipalKind},
    time::Timestamp,
};
use futures_util::FutureExt;

use super::{Services, secrets, sign_in::me};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    store::{Snapshot, logins, people, tokens},
};

const MINUTE: i64 = 60_000;

impl Services {
    /// Who asks, and who may come in at all.
    ///
    /// # Errors
    /// Only the server's own.
    pub async fn session(&self, caller: Option<&Caller>) -> Result<Session> {
        let mut snapshot = self.snapshot().await?;
        let mode = self.mode.get();
        let set_up = !self.mode.is_local() && !people::any(snapshot.connection()).await?;
        let caller = match caller {
            Some(caller) => Some(me(&mut snapshot, caller).await?),
            None => None,
        };
        Ok(Session { mode, set_up, caller })
    }

    /// Who comes with that token; nobody, when it is not known, was revoked or has expired.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn caller_of_token(&self, secret: &str) -> Result<Option<Caller>> {
        let now = Timestamp::now();
        let mut snapshot = self.snapshot().await?;
        let secret = secrets::hash(secret);
        let found = tokens::find_by_secret(snapshot.connection(), &secret, now).await?;
        let Some(token) = found else { return Ok(None) };
        let Some(rights) = rights_of_token(&mut snapshot, &token).await? else { return Ok(None) };
        drop(snapshot);
        self.note_use(&token, now);
        Ok(Some(Caller {
            principal: Principal { id: token.principal_id, kind: token.principal_kind },
            rights,
            credential: Credential::Token(token.id),
            expires_at: token.expires_at,
            address: None,
        }))
    }

    /// What is to be done with a connection that was let in a moment ago: nothing, or which code
    /// to close it with, because what it came with was taken away or changed meanwhile.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn check_again(&self, caller: &Caller) -> Result<Option<CloseCode>> {
        let now = Timestamp::now();
        let rights = match &caller.credential {
            Credential::Control => return Ok(None),
            Credential::Local => self.mode.is_local().then_some(Rights::OWNER),
            Credential::Login(id) => {
                let mut snapshot = self.snapshot().await?;
                match caller.person() {
                    Some(person) if logins::stands(snapshot.connection(), id, now).await? => {
                        person_who_may_sign_in(&mut snapshot, &person)
                            .await?
                            .map(|person| Rights::of_person(person.role))
                    }
                    _ => None,
                }
            }
            Credential::Token(id) => {
                let mut snapshot = self.snapshot().await?;
                match tokens::find(snapshot.connection(), id).await? {
                    Some(token) if token.expires_at.is_none_or(|end| end > now) => {
                        rights_of_token(&mut snapshot, &token).await?
                    }
                    _ => None,
                }
            }
        };
        Ok(match rights {
            None => Some(CloseCode::Unauthorised),
            Some(rights) if rights != caller.rights => Some(CloseCode::RightsChanged),
            Some(_) => None,
        })
    }

    /// Notes, once a minute, that a token is used; nobody waits for that.
    fn note_use(&self, token: &Token, now: Timestamp) {
        let minute = Timestamp::from_millis(now.as_millis() - now.as_millis().rem_euclid(MINUTE));
        if token.last_used_at.is_some_and(|last| last >= minute) {
            return;
        }
        let id = token.id.clone();
        let noted = self.writer.write(move |tx| {
            async move { Ok(tokens::used(tx.connection(), &id, minute).await?) }.boxed()
        });
        // Polled once it is in the queue; a queue that is full has more important things to do.
        let _ = noted.now_or_never();
    }
}

/// Who comes with that login session of theirs.
pub(crate) fn caller_of_login(person: &Person, login: LoginId, expires_at: Timestamp) -> Caller {
    Caller {
        principal: Principal::person(person.id.clone()),
        rights: Rights::of_person(person.role),
        credential: Credential::Login(login),
        expires_at: Some(expires_at),
        address: None,
    }
}

/// What a token allows now; none when its owner may not come in any more.
async fn rights_of_token(snapshot: &mut Snapshot, token: &Token) -> Result<Option<Rights>> {
    let standing = match token.principal_kind {
        PrincipalKind::Agent => Standing::Agent,
        PrincipalKind::User => {
            let id = PersonId::try_from(String::from(token.principal_id.clone()));
            let person = people::find(snapshot.connection(), &id.map_err(Error::internal)?).await?;
            match person {
                Some(account) if account.person.state != PersonState::Disabled => {
                    account.person.role.into()
                }
                _ => return Ok(None),
            }
        }
    };
    Ok(Some(Rights { standing, scopes: Some(token.scopes.clone()) }))
}

async fn person_who_may_sign_in(snapshot: &mut Snapshot, id: &PersonId) -> Result<Option<Person>> {
    let found = people::find(snapshot.connection(), id).await?;
    Ok(found.map(|account| account.person).filter(|one| one.state == PersonState::Active))
}

/// The address as it is logged and shown.
pub(crate) fn shown(address: Option<IpAddr>) -> Option<String> {
    address.map(|address| address.to_canonical().to_string())
}
