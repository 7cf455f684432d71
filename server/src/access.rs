//! Who asks, and whether they may. What is allowed to whom stands in one table,
//! [`colloquy_protocol::access`]; every service asks it through [`Caller::require`].

use std::net::IpAddr;

use colloquy_protocol::{
    access::{Action, Rights, Standing},
    id::{AgentId, LoginId, PersonId, Principal, PrincipalKind, TokenId},
    time::Timestamp,
};
use tracing::field::display;

use crate::error::{Error, Result};

/// How somebody showed who they are: what ends when it is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// They are on this machine while nobody has an identity (local mode).
    Local,
    /// They can open the control socket, as only the data folder's owner can.
    Control,
    /// A person's login session.
    Login(LoginId),
    /// A program's token.
    Token(TokenId),
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who acts: the `userId` of events.
    pub principal: Principal,
    /// What they may do.
    pub rights: Rights,
    /// How they showed who they are.
    pub credential: Credential,
    /// When that ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Where they come from, as far as that is known.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// `local`, in local mode.
    pub fn local() -> Self {
        Self::owner(Credential::Local)
    }

    /// Whoever can open the control socket.
    pub fn control() -> Self {
        Self::owner(Credential::Control)
    }

    /// The same, acting as that agent (docs/protocol.md, "Who acts").
    #[must_use]
    pub fn acting_as(self, agent: AgentId) -> Self {
        Self { principal: Principal::agent(agent), ..self }
    }

    /// The person whose account it is; none for agents, and for who owns the machine.
    pub fn person(&self) -> Option<PersonId> {
        let has_account =
            self.principal.kind == PrincipalKind::User && self.rights.standing != Standing::Owner;
        has_account.then(|| String::from(self.principal.id.clone()).try_into().ok()).flatten()
    }

    /// The login session that they come with.
    pub fn login(&self) -> Option<&LoginId> {
        match &self.credential {
            Credential::Login(id) => Some(id),
            _ => None,
        }
    }

    /// Whether they may act as an agent of their choice.
    pub fn may_act_as_agents(&self) -> bool {
        self.rights.standing == Standing::Owner
    }

    /// Whether they may do that.
    pub fn may(&self, action: Action) -> bool {
        self.rights.allow(action)
    }

    /// Goes on only if they may do that.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require(&self, action: Action) -> Result<()> {
        if self.may(action) {
            return Ok(());
        }
        let address = self.address.map(display);
        tracing::info!(principal = %self.principal.id, address, ?action, "Somebody was denied.");
        Err(Error::Forbidden(action))
    }

    /// What an agent may do to itself, and otherwise only who may do `otherwise`.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require_of_agent(&self, agent: &AgentId, otherwise: Action) -> Result<()> {
        let itself = self.principal.kind == PrincipalKind::Agent
            && self.principal.id.as_str() == agent.as_str();
        if itself && self.may(Action::ActAsOneself) { Ok(()) } else { self.require(otherwise) }
    }

    fn owner(credential: Credential) -> Self {
        Self {
            principal: Principal::local(),
            rights: Rights::OWNER,
            credential,
            expires_at: None,
            address: None,
        }
    }
}
