//! How the three agents come in: in local mode whoever is on this machine acts as them, otherwise
//! each has a token of its own.

use std::collections::HashMap;

use colloquy_client::{
    Client, Method,
    protocol::{
        account::Session,
        id::{AgentId, PrincipalKind},
        rest::ROOT,
    },
};

use super::{
    actor::{CONFLICT, Ended},
    role::Role,
};

/// What to do where people sign in.
pub(crate) const HOW_TO_CAST: &str = "create the agents demo-planner, demo-worker and demo-critic \
    (at /agents), make a token for each, such as `colloquy token create --agent demo-planner --name \
    demo --scope read,self,messages,chats,collections,notifications`, and start the demo with \
    COLLOQUY_TOKEN=TOKEN,TOKEN,TOKEN";

/// By the agent that acts.
pub(crate) type Clients = HashMap<AgentId, Client>;

/// What lets the three in.
pub(crate) struct Cast {
    hub: Client,
    tokens: Vec<String>,
}

impl Cast {
    pub(crate) fn new(hub: Client, tokens: Vec<String>) -> Self {
        Self { hub, tokens }
    }

    /// A client for each of the agents.
    ///
    /// # Errors
    /// When the hub cannot be reached, or does not let them in.
    pub(crate) async fn clients(&self) -> Result<Clients, Ended> {
        if self.tokens.is_empty() {
            return self.act_as_all().await;
        }
        let mut clients = Clients::new();
        for token in &self.tokens {
            let client = self.hub.with_token(token);
            // What is not known is refused with 401 here.
            client.agents().query("limit", 1).await?;
            let session = client.request(Method::GET, &format!("{ROOT}/session")).send().await?;
            let session: Session = session.json().await.map_err(colloquy_client::Error::from)?;
            if let Some(me) = session.caller.filter(|me| me.kind == PrincipalKind::Agent) {
                clients.insert(String::from(me.id).try_into()?, client);
            }
        }
        Ok(clients)
    }

    /// What is wrong when the hub does not let somebody in, and what to do then.
    pub(crate) fn what_to_do(&self) -> String {
        if self.tokens.is_empty() {
            format!("wants everybody to sign in: {HOW_TO_CAST}")
        } else {
            "does not know one of the tokens: it was revoked, has expired, or is mistyped"
                .to_owned()
        }
    }

    /// Registers the three, unless they were here before.
    async fn act_as_all(&self) -> Result<Clients, Ended> {
        let mut clients = Clients::new();
        for role in Role::ALL {
            // It does not exist yet, so nobody but the person at the keyboard can create it.
            match self.hub.create_agent(&role.registration()?).await {
                Err(error) if error.status() == Some(CONFLICT) => {}
                created => drop(created?),
            }
            let id = role.id()?;
            clients.insert(id.clone(), self.hub.act_as(id));
        }
        Ok(clients)
    }
}
