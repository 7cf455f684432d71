//! Who asks: what a credential is worth now.

use colloquy_protocol::{
    access::{Rights, Standing},
    account::{Person, PersonState, Session, Token},
    close::CloseCode,
    id::{LoginId, PersonId, Principal, PrincipalKind, TokenId},
    time::Timestamp,
};
use futures_util::FutureExt;

use super::{Services, secrets, sign_in::me};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    store::{Snapshot, agents, logins, people, tokens},
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
        let minute = Timestamp::from_millis(now.as_millis() - now.as_millis().rem_euclid(MINUTE));
        let secret = secrets::hash(secret);
        if let Some(caller) = self.known_caller(&secret, now, minute) {
            return Ok(Some(caller));
        }
        let _turn = self.known.turn().await;
        // Whoever had the turn before may have looked for the same.
        if let Some(caller) = self.known_caller(&secret, now, minute) {
            return Ok(Some(caller));
        }
        let revocations = self.revocations();
        let mut snapshot = self.snapshot().await?;
        let found = tokens::find_by_secret(snapshot.connection(), &secret, now).await?;
        let Some(token) = found else { return Ok(None) };
        let Some(rights) = rights_of_token(&mut snapshot, &token).await? else { return Ok(None) };
        drop(snapshot);
        if token.last_used_at.is_none_or(|last| last < minute) {
            self.note_use(&token.id, minute);
        }
        let caller = Caller {
            principal: Principal { id: token.principal_id, kind: token.principal_kind },
            rights,
            credential: Credential::Token(token.id),
            expires_at: token.expires_at,
            address: None,
        };
        self.known.remember(revocations, secret, &caller, minute);
        Ok(Some(caller))
    }

    /// Who comes with a token that was looked up lately.
    fn known_caller(&self, secret: &[u8; 32], now: Timestamp, minute: Timestamp) -> Option<Caller> {
        let (caller, is_first) = self.known.get(secret, now, minute)?;
        if let (Credential::Token(id), true) = (&caller.credential, is_first) {
            self.note_use(id, minute);
        }
        Some(caller)
    }

    /// What is to be done with a connection that was let in a moment ago: nothing, or which code
    /// to close it with, because what it came with was taken away or changed meanwhile.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn check_again(&self, caller: &Caller) -> Result<Option<CloseCode>> {
        let now = Timestamp::now();
        let rights = match &caller.credential {
            Credential::Control => self.rights_of_owner(caller).await?,
            Credential::Local if self.mode.is_local() => self.rights_of_owner(caller).await?,
            Credential::Local => None,
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

    /// What whoever owns the machine may do; nothing any more as an agent that was deleted.
    async fn rights_of_owner(&self, caller: &Caller) -> Result<Option<Rights>> {
        let Principal { id, kind } = &caller.principal;
        if *kind == PrincipalKind::User {
            return Ok(Some(Rights::OWNER));
        }
        let mut snapshot = self.snapshot().await?;
        let is_there = agents::exists(snapshot.connection(), id.as_str()).await?;
        Ok(is_there.then_some(Rights::OWNER))
    }

    /// How often something was taken away until now, for [`Services::require_still`].
    pub(crate) fn revocations(&self) -> u64 {
        self.known.revocations()
    }

    /// Goes on only if what somebody came with, after so many revocations, is still worth the same:
    /// reading what they ask may take many seconds.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`]; [`Error::Unavailable`] when their rights changed meanwhile: who
    /// asks again is judged by those.
    pub(crate) async fn require_still(&self, caller: &Caller, revocations: u64) -> Result<()> {
        let has_ended = caller.expires_at.is_some_and(|end| end <= Timestamp::now());
        if !has_ended && self.revocations() == revocations {
            return Ok(());
        }
        match self.check_again(caller).await? {
            None => Ok(()),
            Some(CloseCode::RightsChanged) => Err(Error::Unavailable),
            Some(_) => Err(Error::Unauthenticated),
        }
    }

    /// Notes, once a minute, that a token is used; nobody waits for that.
    fn note_use(&self, token: &TokenId, minute: Timestamp) {
        let id = token.clone();
        let noted = self.writer.write(move |tx| {
            async move { Ok(tokens::used(tx.connection().await?, &id, minute).await?) }.boxed()
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

#[cfg(test)]
mod tests {
    use colloquy_protocol::{
        access::{Role, Scope},
        account::{NewPerson, NewToken, PersonPatch},
    };

    use super::*;
    use crate::{AppState, settings::Settings};

    /// What a socket that joined is asked: whether what it came with is still worth the same.
    #[tokio::test]
    async fn what_was_taken_away_since_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        let services = AppState::open(settings).await.unwrap().services.clone();
        let owner = Caller::control();
        assert_eq!(services.check_again(&Caller::local()).await.unwrap(), None);
        let nobody = Caller::local().acting_as("nobody".parse().unwrap());
        let acting = services.check_again(&nobody).await.unwrap();
        assert_eq!(acting, Some(CloseCode::Unauthorised));
        assert_eq!(services.check_again(&owner).await.unwrap(), None);
        let invite = async |email: &str, role| {
            let new = NewPerson { email: email.to_owned(), name: "N".to_owned(), role };
            services.invite(owner.clone(), new).await.unwrap().person.id
        };
        invite("a@example.org", Role::Admin).await;
        let person = invite("b@example.org", Role::Member).await;
        let local = services.check_again(&Caller::local()).await.unwrap();
        assert_eq!(local, Some(CloseCode::Unauthorised));

        let new = NewToken {
            name: "T".to_owned(),
            agent_id: None,
            person_id: Some(person.clone()),
            scopes: Some(vec![Scope::Read]),
            expires_at: None,
        };
        let issued = services.issue_token(owner.clone(), new.clone()).await.unwrap();
        let come = async || services.caller_of_token(&issued.secret).await.unwrap();
        let caller = come().await.unwrap();
        assert_eq!(services.check_again(&caller).await.unwrap(), None);
        let change = async |patch| {
            services.update_person(owner.clone(), person.clone(), patch).await.unwrap();
        };
        change(PersonPatch { role: Some(Role::Viewer), ..PersonPatch::default() }).await;
        let told = services.check_again(&caller).await.unwrap();
        assert_eq!(told, Some(CloseCode::RightsChanged));
        let caller = come().await.unwrap();
        // As if it had been let in just before.
        let gone = Caller {
            credential: Credential::Login("gone".parse().unwrap()),
            principal: caller.principal.clone(),
            rights: Rights::of_person(Role::Viewer),
            ..caller.clone()
        };
        let late = services.issue_token(gone, new).await;
        assert!(matches!(late, Err(Error::Unauthenticated)), "{late:?}");
        change(PersonPatch { disabled: Some(true), ..PersonPatch::default() }).await;
        let told = services.check_again(&caller).await.unwrap();
        assert_eq!(told, Some(CloseCode::Unauthorised));
        assert_eq!(come().await, None);
        change(PersonPatch { disabled: Some(false), ..PersonPatch::default() }).await;
        let told = services.check_again(&caller).await.unwrap();
        assert_eq!(told, Some(CloseCode::Unauthorised), "what was taken away does not come back");
    }
}
