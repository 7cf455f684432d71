//! `colloquy token`: programs' tokens, from the command line.

use std::collections::HashMap;

use axum::http::Method;
use clap::{
    ArgGroup, Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
    value_parser,
};
use colloquy_protocol::{
    access::Scope,
    account::{Issued, NewToken, Person, Token},
    id::{AgentId, PrincipalId, PrincipalKind, TokenId},
    model::Page,
    time::Timestamp,
};
use colloquy_server::{logging::one_line, settings::Settings};

use super::{
    ask::{ask, ask_all, tell},
    output::{print, print_list},
    user,
};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenTask {
    /// Make a token and print it: it is shown this once
    Create(NewTokenArgs),
    /// Show what tokens there are
    List {
        /// As JSON, as the API answers it
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token, and close its connections
    Revoke {
        /// Its id, as `list` shows it
        id: TokenId,
    },
}

/// What a new token is.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("principal").required(true))]
pub(crate) struct NewTokenArgs {
    /// The agent that acts with it
    #[arg(long, value_name = "ID", group = "principal")]
    agent: Option<AgentId>,
    /// The person that acts with it
    #[arg(long, value_name = "EMAIL", group = "principal")]
    user: Option<String>,
    /// What it is for
    #[arg(long)]
    name: String,
    /// What it lets a program do; without any: read, self, messages and chats
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', value_parser = scope())]
    scopes: Vec<Scope>,
    /// When it ends; without, it does not
    #[arg(long, value_name = "DAYS", value_parser = value_parser!(u16).range(1..))]
    expires_days: Option<u16>,
}

/// Does it.
///
/// # Errors
/// When the data folder cannot be used, or the hub refuses.
pub(crate) async fn run(task: TokenTask, settings: Settings) -> anyhow::Result<()> {
    match task {
        TokenTask::Create(new) => {
            let person_id = match &new.user {
                Some(email) => Some(user::find(&settings, email).await?.id),
                None => None,
            };
            let expires_at = new.expires_days.map(|days| {
                let now = Timestamp::now().as_millis();
                Timestamp::from_millis(now + i64::from(days) * MILLIS_PER_DAY)
            });
            let new = NewToken {
                name: new.name,
                agent_id: new.agent,
                person_id,
                scopes: (!new.scopes.is_empty()).then_some(new.scopes),
                expires_at,
            };
            let issued: Issued = tell(&settings, Method::POST, "/tokens", &new).await?;
            print(issued.secret)
        }
        TokenTask::List { json } => {
            let tokens: Page<Token> = ask_all(&settings, "/tokens").await?;
            if json {
                return print(serde_json::to_string(&tokens)?);
            }
            let emails = emails(&settings, &tokens.items).await?;
            print_list(tokens.items.iter().map(|one| line(one, &emails)), "There are no tokens.")
        }
        TokenTask::Revoke { id } => {
            ask::<()>(&settings, Method::DELETE, &format!("/tokens/{id}")).await?;
            print("Revoked.")
        }
    }
}

fn line(token: &Token, emails: &HashMap<PrincipalId, String>) -> String {
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let id = &token.principal_id;
    format!(
        "{}  {}...  {} {}  {}  ends {}  used {}  {}",
        token.id,
        token.prefix,
        token.principal_kind.as_str(),
        emails.get(id).map_or_else(|| id.to_string(), |email| one_line(email)),
        scopes.join(","),
        token.expires_at.map_or("never".to_owned(), |end| end.to_string()),
        token.last_used_at.map_or("never".to_owned(), |last| last.to_string()),
        one_line(&token.name),
    )
}

/// What people sign in with, when one of the tokens is a person's.
async fn emails(
    settings: &Settings,
    tokens: &[Token],
) -> anyhow::Result<HashMap<PrincipalId, String>> {
    if tokens.iter().all(|token| token.principal_kind == PrincipalKind::Agent) {
        return Ok(HashMap::new());
    }
    let people: Page<Person> = ask_all(settings, "/people").await?;
    Ok(people.items.into_iter().map(|one| (one.id.into(), one.email)).collect())
}

const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

fn scope() -> impl TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str)).try_map(|text| text.parse::<Scope>())
}
