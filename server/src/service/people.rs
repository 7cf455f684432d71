//! The rules of people: who is invited, what they may do, and the links that let them in.

use std::collections::{HashMap, HashSet};

use colloquy_protocol::{
    access::{Action, Role},
    account::{Invited, NewPerson, Person, PersonName, PersonPatch, PersonState},
    close::CloseCode,
    id::{PersonId, Principal, PrincipalKind},
    model::Page,
    position::Seen,
    time::Timestamp,
};
use futures_util::FutureExt;

use super::{
    ListQuery, Services, new_id, not_found,
    secrets::{self, new_secret},
    valid::Check,
};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    store::{
        WriteTx, agents,
        links::{self, Purpose},
        list::Paging,
        logins,
        people::{self, Account},
    },
};

/// How long an invitation, or a link to a new password, can be used.
const INVITATION_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How long the first person may take.
const SET_UP_MILLIS: i64 = 30 * 60 * 1000;

impl Services {
    /// A page of people, in the order in which they were invited.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Invalid`] that names `cursor`.
    pub async fn people(&self, caller: &Caller, query: ListQuery) -> Result<Seen<Page<Person>>> {
        caller.require(Action::ManagePeople)?;
        let paging = Paging::of::<Person>(query)?;
        let mut snapshot = self.snapshot().await?;
        let (items, next_cursor) = people::list(snapshot.connection(), &paging).await?;
        Ok(Seen { value: Page { items, next_cursor }, position: snapshot.into_position() })
    }

    /// What everybody is called, all of them.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn people_names(&self, caller: &Caller) -> Result<Seen<Page<PersonName>>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let items = people::names(snapshot.connection()).await?;
        let value = Page { items, next_cursor: None };
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// What these agents and people are called, as far as they are known.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn names_of(
        &self,
        principals: HashSet<Principal>,
    ) -> Result<HashMap<Principal, String>> {
        let of_kind = |kind| principals.iter().filter(move |one| one.kind == kind);
        let agents: Vec<_> = of_kind(PrincipalKind::Agent).map(|one| one.id.as_str()).collect();
        let mut snapshot = self.snapshot().await?;
        let agents = agents::names(snapshot.connection(), &agents).await?;
        let people = people::names(snapshot.connection()).await?;
        drop(snapshot);
        let people: HashMap<_, _> =
            people.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
        let name = |one: Principal| {
            let names = match one.kind {
                PrincipalKind::Agent => &agents,
                PrincipalKind::User => &people,
            };
            let name = names.get(one.id.as_str()).cloned()?;
            Some((one, name))
        };
        Ok(principals.iter().cloned().filter_map(name).collect())
    }

    /// One person.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn person(&self, caller: &Caller, id: &PersonId) -> Result<Seen<Person>> {
        caller.require(Action::ManagePeople)?;
        let mut snapshot = self.snapshot().await?;
        let found = people::find(snapshot.connection(), id).await?;
        let value = found.ok_or_else(|| not_found("person", id.as_str()))?.person;
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// Invites somebody. The first person, an admin, ends local mode.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`]; [`Error::Conflict`] when the address is known.
    pub async fn invite(&self, caller: Caller, new: NewPerson) -> Result<Invited> {
        caller.require(Action::ManagePeople)?;
        let email = new.email.trim().to_owned();
        let mut checked = Check::default();
        checked.email(&email);
        checked.text("name", &new.name, 200);
        checked.done()?;
        let secret = new_secret()?;
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let first = !people::any(tx.connection().await?).await?;
                    if first && new.role != Role::Admin {
                        return Err(Error::invalid("role", "the first person must be an admin"));
                    }
                    let person = Person {
                        id: new_id()?,
                        email,
                        name: new.name,
                        role: new.role,
                        state: PersonState::Invited,
                        created_at: tx.now(),
                        signed_in_at: None,
                    };
                    services
                        .add_person(tx, Account { person: person.clone(), password: None })
                        .await?;
                    let invited = invitation(tx, person, &secret).await?;
                    let Person { id, role, .. } = invited.person.clone();
                    tx.after_commit(move || {
                        tracing::info!(
                            principal = %caller.principal.id, address = caller.address.map(display),
                            person = %id, role = role.as_str(), "Somebody was invited."
                        );
                    });
                    Ok(invited)
                }
                .boxed()
            })
            .await
    }

    /// Makes a new one-time link for a person to choose a password with; one made before is void.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`]; [`Error::Conflict`] when they are disabled.
    pub async fn invite_again(&self, caller: Caller, id: PersonId) -> Result<Invited> {
        caller.require(Action::ManagePeople)?;
        let secret = new_secret()?;
        self.writer
            .write(move |tx| {
                async move {
                    let Account { person, .. } = find(tx, &id).await?;
                    if person.state == PersonState::Disabled {
                        return Err(Error::conflict("disabled", "they may not sign in"));
                    }
                    let invited = invitation(tx, person, &secret).await?;
                    tx.after_commit(move || {
                        tracing::info!(
                            principal = %caller.principal.id, address = caller.address.map(display),
                            person = %id, "A link to a new password was made."
                        );
                    });
                    Ok(invited)
                }
                .boxed()
            })
            .await
    }

    /// Changes what a person is called or may do. What is taken away ends at once.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Invalid`]; [`Error::Conflict`] when no
    /// admin would be left.
    pub async fn update_person(
        &self,
        caller: Caller,
        id: PersonId,
        patch: PersonPatch,
    ) -> Result<Person> {
        caller.require(Action::ManagePeople)?;
        let mut checked = Check::default();
        if let Some(name) = &patch.name {
            checked.text("name", name, 200);
        }
        checked.done()?;
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let mut account = find(tx, &id).await?;
                    let before = account.person.clone();
                    let person = &mut account.person;
                    if let Some(name) = patch.name {
                        person.name = name;
                    }
                    if let Some(role) = patch.role {
                        person.role = role;
                    }
                    if let Some(disabled) = patch.disabled {
                        person.state = match (disabled, &account.password) {
                            (true, _) => PersonState::Disabled,
                            (false, None) => PersonState::Invited,
                            (false, Some(_)) => PersonState::Active,
                        };
                    }
                    if *person == before {
                        return Ok(before);
                    }
                    require_admin_left(tx, &before, person).await?;
                    people::put(tx.connection().await?, &account).await?;
                    let person = account.person;
                    services.take_from(tx, &before, &person).await?;
                    let (role, state) = (person.role, person.state);
                    tx.after_commit(move || {
                        tracing::info!(
                            principal = %caller.principal.id, address = caller.address.map(display),
                            person = %id, role = role.as_str(), ?state, "A person was changed."
                        );
                    });
                    Ok(person)
                }
                .boxed()
            })
            .await
    }

    /// Makes the one-time link to set up with, when people must sign in and there are none yet;
    /// one made before is void. Its path on this hub.
    ///
    /// # Errors
    /// Only the server's own.
    pub async fn set_up_link(&self) -> Result<Option<String>> {
        if self.mode.is_local() {
            return Ok(None);
        }
        let secret = new_secret()?;
        self.writer
            .write(move |tx| {
                async move {
                    if people::any(tx.connection().await?).await? {
                        return Ok(None);
                    }
                    put_link(tx, &Purpose::SetUp, &secret, SET_UP_MILLIS).await?;
                    Ok(Some(path(&secret)))
                }
                .boxed()
            })
            .await
    }

    /// Adds a person. The first one ends local mode, and with it what came in by it.
    pub(super) async fn add_person(&self, tx: &mut WriteTx, account: Account) -> Result<()> {
        if people::find_by_email(tx.connection().await?, &account.person.email).await?.is_some() {
            return Err(Error::conflict("email", "somebody else has this address"));
        }
        if !people::any(tx.connection().await?).await? {
            links::delete(tx.connection().await?, &Purpose::SetUp).await?;
            let mode = self.mode.clone();
            tx.after_commit(move || {
                mode.end_local();
                tracing::info!("The first person was created: from now on people sign in.");
            });
            let is_local = |caller: &Caller| caller.credential == Credential::Local;
            self.take_away(tx, is_local, CloseCode::Unauthorised);
        }
        Ok(people::put(tx.connection().await?, &account).await?)
    }

    /// Ends what a person may not do any more.
    async fn take_from(&self, tx: &mut WriteTx, before: &Person, after: &Person) -> Result<()> {
        let who = Principal::person(after.id.clone());
        if after.state == PersonState::Disabled && before.state != after.state {
            logins::end_all(tx.connection().await?, after.id.as_str(), None).await?;
            links::delete(tx.connection().await?, &Purpose::Password(after.id.clone())).await?;
            self.shut_out(tx, who).await?;
        } else if after.role != before.role {
            let is_theirs = move |caller: &Caller| caller.principal == who;
            self.take_away(tx, is_theirs, CloseCode::RightsChanged);
        }
        Ok(())
    }
}

pub(super) async fn find(tx: &mut WriteTx, id: &PersonId) -> Result<Account> {
    let found = people::find(tx.connection().await?, id).await?;
    found.ok_or_else(|| not_found("person", id.as_str()))
}

async fn invitation(tx: &mut WriteTx, person: Person, secret: &str) -> Result<Invited> {
    let purpose = Purpose::Password(person.id.clone());
    let expires_at = put_link(tx, &purpose, secret, INVITATION_MILLIS).await?;
    Ok(Invited { person, link: path(secret), expires_at })
}

async fn put_link(
    tx: &mut WriteTx,
    purpose: &Purpose,
    secret: &str,
    lasts_millis: i64,
) -> Result<Timestamp> {
    let expires_at = Timestamp::from_millis(Timestamp::now().as_millis() + lasts_millis);
    links::put(tx.connection().await?, &secrets::hash(secret), purpose, expires_at).await?;
    Ok(expires_at)
}

/// The secret is in the fragment, which browsers keep to themselves.
fn path(secret: &str) -> String {
    format!("/welcome#{secret}")
}

/// Somebody must be left who can manage people: an admin who can sign in, or, where nobody could
/// before, at least one who is invited.
async fn require_admin_left(tx: &mut WriteTx, before: &Person, after: &Person) -> Result<()> {
    let counts = |one: &Person| one.role == Role::Admin && one.state != PersonState::Disabled;
    if !counts(before) || counts(after) {
        return Ok(());
    }
    let (active, invited) = people::other_admins(tx.connection().await?, &before.id).await?;
    let left = if before.state == PersonState::Active { active } else { active + invited };
    if left > 0 {
        return Ok(());
    }
    let field = if after.role == Role::Admin { "disabled" } else { "role" };
    Err(Error::conflict(field, "they are the last admin: make somebody else one first"))
}
