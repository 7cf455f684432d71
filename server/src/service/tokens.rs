//! The rules of programs' tokens.

use colloquy_protocol::{
    access::{Action, Scope, Standing},
    account::{Issued, NewToken, Token},
    close::CloseCode,
    id::{AgentId, PersonId, Principal, TokenId},
    model::Page,
    position::Seen,
    time::Timestamp,
};
use futures_util::FutureExt;

use super::{
    ListQuery, Services, new_id, not_found,
    secrets::{self, TOKEN_PREFIX, new_secret},
    valid::Check,
};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    store::{
        WriteTx, agents,
        list::Paging,
        logins, people,
        tokens::{self, Whose},
    },
};

/// How much of a token is kept readable.
const READABLE_CHARS: usize = 12;

/// Who acts with a new token.
enum Bearer {
    Agent(AgentId),
    Person(PersonId),
}

impl Services {
    /// A page of the tokens that one may revoke, in the order in which they were made: one's own,
    /// and those of agents for who manages people.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Invalid`] that names `cursor`.
    pub async fn tokens(&self, caller: &Caller, query: ListQuery) -> Result<Seen<Page<Token>>> {
        let whose = whose(caller)?;
        let paging = Paging::of::<Token>(query)?;
        let mut snapshot = self.snapshot().await?;
        let (items, next_cursor) = tokens::list(snapshot.connection(), whose, &paging).await?;
        Ok(Seen { value: Page { items, next_cursor }, position: snapshot.into_position() })
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`].
    pub async fn issue_token(&self, caller: Caller, new: NewToken) -> Result<Issued> {
        let bearer = bearer(&caller, &new)?;
        let mut scopes = new.scopes.unwrap_or_else(|| Scope::OF_AGENTS.to_vec());
        scopes.sort_unstable();
        scopes.dedup();
        let mut checked = Check::default();
        checked.text("name", &new.name, 200);
        if scopes.is_empty() {
            checked.fail("scopes", "must not be empty");
        }
        if new.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            checked.fail("expiresAt", "has passed already");
        }
        checked.done()?;
        let secret = format!("{TOKEN_PREFIX}{}", new_secret()?);
        self.writer
            .write(move |tx| {
                async move {
                    if !stands(tx, &caller).await? {
                        return Err(Error::Unauthenticated);
                    }
                    let owner = owner(tx, bearer).await?;
                    let token = Token {
                        id: new_id()?,
                        name: new.name,
                        prefix: secret.chars().take(READABLE_CHARS).collect(),
                        principal_id: owner.id,
                        principal_kind: owner.kind,
                        scopes,
                        created_at: tx.now(),
                        expires_at: new.expires_at,
                        last_used_at: None,
                    };
                    tokens::add(tx.connection().await?, &token, &secrets::hash(&secret)).await?;
                    let (id, owner) = (token.id.clone(), token.principal_id.clone());
                    tx.after_commit(move || {
                        tracing::info!(
                            principal = %caller.principal.id, address = caller.address.map(display),
                            token = %id, %owner, "A token was made."
                        );
                    });
                    Ok(Issued { token, secret })
                }
                .boxed()
            })
            .await
    }

    /// Revokes a token, and closes its sockets.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`] for those that one may not see, too.
    pub async fn revoke_token(&self, caller: Caller, id: TokenId) -> Result<()> {
        whose(&caller)?;
        let services = self.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let whose = whose(&caller)?;
                    let found = tokens::find(tx.connection().await?, &id).await?;
                    if !found.is_some_and(|token| whose.covers(&token)) {
                        return Err(not_found("token", id.as_str()));
                    }
                    tokens::delete(tx.connection().await?, &id).await?;
                    services.end_credential(tx, Credential::Token(id.clone()));
                    tx.after_commit(move || {
                        tracing::info!(
                            principal = %caller.principal.id, address = caller.address.map(display),
                            token = %id, "A token was revoked."
                        );
                    });
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Revokes the tokens of an agent that is being deleted, or of a person who is disabled or whose
    /// password is reset, and closes all their sockets, also those that no token opened.
    pub(super) async fn shut_out(&self, tx: &mut WriteTx, who: Principal) -> Result<()> {
        tokens::delete_of(tx.connection().await?, &who).await?;
        let is_theirs = move |caller: &Caller| caller.principal == who;
        self.take_away(tx, is_theirs, CloseCode::Unauthorised);
        Ok(())
    }
}

fn whose(caller: &Caller) -> Result<Whose<'_>> {
    if caller.rights.standing == Standing::Owner {
        return Ok(Whose::All);
    }
    caller.require(Action::ManageOwnAccount)?;
    let all_agents = caller.may(Action::ManagePeople);
    let who = &caller.principal;
    Ok(if all_agents { Whose::OwnAndAgents(who) } else { Whose::Own(who) })
}

fn bearer(caller: &Caller, new: &NewToken) -> Result<Bearer> {
    match (&new.agent_id, &new.person_id) {
        (Some(_), Some(_)) => {
            Err(Error::invalid("personId", "a token is an agent's or a person's, not both"))
        }
        (Some(agent), None) => {
            caller.require(Action::ManagePeople)?;
            Ok(Bearer::Agent(agent.clone()))
        }
        (None, Some(person)) => {
            caller.require(Action::ManageOwnAccount)?;
            let may = caller.rights.standing == Standing::Owner
                || caller.person().as_ref() == Some(person);
            if !may {
                let message = "only the command line makes tokens for other people";
                return Err(Error::invalid("personId", message));
            }
            Ok(Bearer::Person(person.clone()))
        }
        (None, None) => {
            caller.require(Action::ManageOwnAccount)?;
            let person = caller.person().ok_or_else(|| {
                Error::invalid("agentId", "name the agent: who asks has no account of their own")
            })?;
            Ok(Bearer::Person(person))
        }
    }
}

/// Whether what somebody came with has not been taken away since, as by a password that was reset: what
/// they make would outlast it.
async fn stands(tx: &mut WriteTx, caller: &Caller) -> Result<bool> {
    let now = tx.now();
    Ok(match &caller.credential {
        Credential::Control | Credential::Local => true,
        Credential::Login(id) => logins::stands(tx.connection().await?, id, now).await?,
        Credential::Token(id) => tokens::find(tx.connection().await?, id).await?.is_some(),
    })
}

async fn owner(tx: &mut WriteTx, bearer: Bearer) -> Result<Principal> {
    match bearer {
        Bearer::Agent(id) if agents::exists(tx.connection().await?, id.as_str()).await? => {
            Ok(Principal::agent(id))
        }
        Bearer::Agent(_) => Err(Error::invalid("agentId", "there is no agent with this id")),
        Bearer::Person(id) if people::find(tx.connection().await?, &id).await?.is_some() => {
            Ok(Principal::person(id))
        }
        Bearer::Person(_) => Err(Error::invalid("personId", "there is no person with this id")),
    }
}
