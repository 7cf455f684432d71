//! Coming in and going out: passwords, one-time links, login sessions, one's own account.

use std::net::IpAddr;

use colloquy_protocol::{
    access::{Action, Role},
    account::{Login, Me, Person, PersonState, ProfilePatch, SignIn, Welcomed},
    close::CloseCode,
    id::{LoginId, PersonId, Principal},
    model::Page,
    position::Seen,
    time::Timestamp,
};
use futures_util::FutureExt;

use super::{
    ListQuery, Services, new_id, not_found,
    passwords::{
        self,
        Acquaintance::{self, Known, Stranger},
    },
    people::find,
    secrets,
    valid::Check,
};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    store::{
        WriteTx,
        links::{self, Purpose},
        list::Paging,
        logins::{self, Stored},
        people::{self, Account},
    },
};

impl Services {
    /// Whether somebody is signed in from that address.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn acquaintance(&self, address: Option<IpAddr>) -> Result<Acquaintance> {
        let Some(address) = address else { return Ok(Stranger) };
        let mut snapshot = self.snapshot().await?;
        let (address, now) = (address.to_string(), Timestamp::now());
        let is_known = logins::is_known(snapshot.connection(), &address, now).await?;
        Ok(if is_known { Known } else { Stranger })
    }

    /// The account that this e-mail address and password open; none, after the same time, for
    /// whoever is not known, disabled, or mistaken.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many sign in at once.
    pub(crate) async fn check_sign_in(
        &self,
        sign_in: SignIn,
        acquaintance: Acquaintance,
    ) -> Result<Option<Account>> {
        let mut snapshot = self.snapshot().await?;
        let found = people::find_by_email(snapshot.connection(), &sign_in.email).await?;
        drop(snapshot);
        let found = found.filter(|account| account.person.state == PersonState::Active);
        let hash = found.as_ref().and_then(|account| account.password.clone());
        let is_it = self.passwords.verify(acquaintance, sign_in.password, hash).await?;
        Ok(found.filter(|_| is_it))
    }

    /// The account of a person who may sign in.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn account(&self, id: &PersonId) -> Result<Option<Account>> {
        let mut snapshot = self.snapshot().await?;
        let found = people::find(snapshot.connection(), id).await?;
        Ok(found.filter(|account| account.person.state == PersonState::Active))
    }

    /// Does what a one-time link is for: makes the first admin, or sets a person's password. If they had
    /// another, what was made with it ends: their login sessions and their own tokens.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names `link` when it is not one, was used or has expired, or what
    /// of the rest is not acceptable.
    pub(crate) async fn welcome(&self, body: Welcomed) -> Result<Account> {
        let secret = secrets::hash(&body.link);
        let mut snapshot = self.snapshot().await?;
        let purpose = links::find(snapshot.connection(), &secret, Timestamp::now()).await?;
        drop(snapshot);
        let purpose = purpose.ok_or_else(void_link)?;
        let email = body.email.map(|email| email.trim().to_owned());
        let mut checked = Check::default();
        passwords::check(&mut checked, &body.password);
        if let Some(name) = &body.name {
            checked.text("name", name, 200);
        }
        match (&purpose, &email) {
            (Purpose::SetUp, Some(email)) => checked.email(email),
            (Purpose::SetUp, None) => checked.fail("email", "is wanted of the first person"),
            (Purpose::Password(_), Some(_)) => {
                checked.fail("email", "can be chosen by the first person only");
            }
            (Purpose::Password(_), None) => {}
        }
        if purpose == Purpose::SetUp && body.name.is_none() {
            checked.fail("name", "is wanted of the first person");
        }
        checked.done()?;
        let hash = self.passwords.hash(body.password).await?;
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let now = Timestamp::now();
                    let purpose = links::find(tx.connection().await?, &secret, now).await?;
                    let purpose = purpose.ok_or_else(void_link)?;
                    links::delete(tx.connection().await?, &purpose).await?;
                    match purpose {
                        Purpose::SetUp => services.set_up(tx, body.name, email, hash).await,
                        Purpose::Password(id) => {
                            let mut account = find(tx, &id).await?;
                            if let Some(name) = body.name {
                                account.person.name = name;
                            }
                            if account.password.is_some() {
                                // Whoever had the old one may have made themselves tokens with it.
                                services.shut_out(tx, Principal::person(id)).await?;
                            }
                            account.person.state = PersonState::Active;
                            services.change_password(tx, account, hash, None).await
                        }
                    }
                }
                .boxed()
            })
            .await
    }

    /// Begins a login session of a person whose password was `checked`, which must still be
    /// theirs.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the password was changed or the person was disabled.
    pub(crate) async fn begin_login(&self, stored: Stored, checked: Option<String>) -> Result<()> {
        self.writer
            .write(move |tx| {
                async move {
                    let mut account = find(tx, &stored.person).await?;
                    if account.person.state != PersonState::Active || account.password != checked {
                        return Err(Error::Unauthenticated);
                    }
                    account.person.signed_in_at = Some(tx.now());
                    people::put(tx.connection().await?, &account).await?;
                    Ok(logins::add(tx.connection().await?, &stored).await?)
                }
                .boxed()
            })
            .await
    }

    /// What is kept in the login session of that secret; none when it has ended.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn login_data(&self, secret: [u8; 32]) -> Result<Option<(String, Timestamp)>> {
        let mut snapshot = self.snapshot().await?;
        Ok(logins::find(snapshot.connection(), &secret, Timestamp::now()).await?)
    }

    /// Ends the login session of that secret, and its sockets.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn end_login_of_secret(&self, secret: [u8; 32]) -> Result<()> {
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    if let Some(id) = logins::end_by_secret(tx.connection().await?, &secret).await?
                    {
                        services.end_credential(tx, Credential::Login(id));
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// A page of one's own login sessions, the newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Invalid`] that names `cursor`.
    pub async fn logins(&self, caller: &Caller, query: ListQuery) -> Result<Seen<Page<Login>>> {
        caller.require(Action::ManageOwnAccount)?;
        let newest_first = Some("-createdAt".to_owned());
        let paging = Paging::of::<Login>(ListQuery { sort: newest_first, ..query })?;
        let mut snapshot = self.snapshot().await?;
        let now = Timestamp::now();
        let person = caller.principal.id.as_str();
        let (items, next_cursor) =
            logins::list(snapshot.connection(), person, caller.login(), now, &paging).await?;
        Ok(Seen { value: Page { items, next_cursor }, position: snapshot.into_position() })
    }

    /// Ends one of one's own login sessions, and its sockets.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn end_login(&self, caller: Caller, id: LoginId) -> Result<()> {
        caller.require(Action::ManageOwnAccount)?;
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let person = caller.principal.id.as_str();
                    if !logins::end(tx.connection().await?, person, &id).await? {
                        return Err(not_found("login", id.as_str()));
                    }
                    services.end_credential(tx, Credential::Login(id));
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Ends all of one's own login sessions, and their sockets: signs out everywhere.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn end_logins(&self, caller: Caller) -> Result<()> {
        caller.require(Action::ManageOwnAccount)?;
        let Some(person) = caller.person() else { return Ok(()) };
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move { services.end_other_logins(tx, &person, None).await }.boxed()
            })
            .await
    }

    /// Somebody as they see themselves.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn profile(&self, caller: &Caller) -> Result<Seen<Me>> {
        caller.require(Action::ManageOwnAccount)?;
        let mut snapshot = self.snapshot().await?;
        let value = me(&mut snapshot, caller).await?;
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// Changes one's own account. A new password ends the other login sessions; one's tokens stay.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`]; [`Error::NotFound`] for who has no account.
    pub async fn update_profile(&self, caller: Caller, patch: ProfilePatch) -> Result<Me> {
        caller.require(Action::ManageOwnAccount)?;
        let id =
            caller.person().ok_or_else(|| not_found("person", caller.principal.id.as_str()))?;
        let mut checked = Check::default();
        if let Some(name) = &patch.name {
            checked.text("name", name, 200);
        }
        if let Some(password) = &patch.password {
            passwords::check(&mut checked, password);
        }
        match (&patch.password, &patch.current_password) {
            (Some(_), None) => checked.fail("currentPassword", "is wanted with a new password"),
            (None, Some(_)) => {
                checked.fail("currentPassword", "is wanted with a new password only")
            }
            _ => {}
        }
        checked.done()?;
        let change = match patch.password.zip(patch.current_password) {
            None => None,
            Some((new, current)) => {
                let before = self.account(&id).await?.and_then(|account| account.password);
                if !self.passwords.verify(Known, current, before.clone()).await? {
                    tracing::info!(
                        principal = %id, address = caller.address.map(display),
                        "A new password was refused: the one until now was wrong."
                    );
                    return Err(wrong_password());
                }
                Some((before, self.passwords.hash(new).await?))
            }
        };
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let mut account = find(tx, &id).await?;
                    if let Some(name) = patch.name {
                        account.person.name = name;
                    }
                    let account = match change {
                        // Somebody was faster.
                        Some((before, _)) if before != account.password => {
                            return Err(wrong_password());
                        }
                        Some((_, hash)) => {
                            services.change_password(tx, account, hash, caller.login()).await?
                        }
                        None => {
                            people::put(tx.connection().await?, &account).await?;
                            account
                        }
                    };
                    Ok(of_person(&caller, account.person))
                }
                .boxed()
            })
            .await
    }

    async fn set_up(
        &self,
        tx: &mut WriteTx,
        name: Option<String>,
        email: Option<String>,
        hash: String,
    ) -> Result<Account> {
        let (Some(name), Some(email)) = (name, email) else { return Err(void_link()) };
        if people::any(tx.connection().await?).await? {
            return Err(void_link());
        }
        let person = Person {
            id: new_id()?,
            email,
            name,
            role: Role::Admin,
            state: PersonState::Active,
            created_at: tx.now(),
            signed_in_at: None,
        };
        let account = Account { person, password: Some(hash) };
        self.add_person(tx, account.clone()).await?;
        Ok(account)
    }

    /// Sets a person's password, and ends the login sessions that began with another, but one.
    async fn change_password(
        &self,
        tx: &mut WriteTx,
        mut account: Account,
        hash: String,
        keep: Option<&LoginId>,
    ) -> Result<Account> {
        account.password = Some(hash);
        people::put(tx.connection().await?, &account).await?;
        let id = account.person.id.clone();
        links::delete(tx.connection().await?, &Purpose::Password(id.clone())).await?;
        self.end_other_logins(tx, &id, keep).await?;
        tx.after_commit(move || tracing::info!(principal = %id, "A password was changed."));
        Ok(account)
    }

    async fn end_other_logins(
        &self,
        tx: &mut WriteTx,
        person: &PersonId,
        keep: Option<&LoginId>,
    ) -> Result<()> {
        logins::end_all(tx.connection().await?, person.as_str(), keep).await?;
        let (person, keep) = (person.clone(), keep.cloned());
        let has_ended = move |caller: &Caller| {
            caller.person().as_ref() == Some(&person)
                && caller.login().is_some_and(|login| Some(login) != keep.as_ref())
        };
        self.take_away(tx, has_ended, CloseCode::Unauthorised);
        Ok(())
    }
}

/// Somebody as they see themselves; with their account, when they have one.
pub(super) async fn me(snapshot: &mut crate::store::Snapshot, caller: &Caller) -> Result<Me> {
    if let Some(id) = caller.person()
        && let Some(account) = people::find(snapshot.connection(), &id).await?
    {
        return Ok(of_person(caller, account.person));
    }
    Ok(Me {
        id: caller.principal.id.clone(),
        kind: caller.principal.kind,
        name: None,
        email: None,
        rights: caller.rights.clone(),
    })
}

fn of_person(caller: &Caller, person: Person) -> Me {
    Me {
        id: person.id.into(),
        kind: caller.principal.kind,
        name: Some(person.name),
        email: Some(person.email),
        rights: caller.rights.clone(),
    }
}

fn void_link() -> Error {
    Error::invalid("link", "is not one, was used already, or has expired: ask for a new one")
}

fn wrong_password() -> Error {
    Error::invalid("currentPassword", "is not your password")
}
