//! `colloquy user`: people, from the command line.

use anyhow::anyhow;
use axum::http::Method;
use clap::{Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};
use colloquy_protocol::{
    access::Role,
    account::{Invited, NewPerson, Person, PersonPatch, PersonState, email_key},
    model::{Overview, Page},
};
use colloquy_server::{logging::one_line, settings::Settings};

use super::{
    ask::{ask, ask_all, tell},
    output::{print, print_list},
};

/// What to do with people.
#[derive(Debug, Subcommand)]
pub(crate) enum UserTask {
    /// Invite somebody, and print the one-time link with which they choose their password
    Add {
        /// What they will sign in with
        email: String,
        /// What they are called
        #[arg(long)]
        name: String,
        /// What they may do
        #[arg(long, default_value = "member", value_parser = role())]
        role: Role,
    },
    /// Print a new one-time link with which somebody chooses a new password
    ResetPassword {
        /// Who
        email: String,
    },
    /// Change what somebody may do
    Role {
        /// Who
        email: String,
        /// What they may do from now on
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Let somebody sign in no more, and end their sessions and connections
    Disable {
        /// Who
        email: String,
    },
    /// Let somebody who was disabled sign in again
    Enable {
        /// Who
        email: String,
    },
    /// Show who may sign in
    List {
        /// As JSON, as the API answers it
        #[arg(long)]
        json: bool,
    },
}

impl UserTask {
    /// Whether it makes a hub where there is none: the first person is an admin.
    pub(crate) fn may_begin_hub(&self) -> bool {
        matches!(self, Self::Add { role: Role::Admin, .. })
    }
}

/// Does it.
///
/// # Errors
/// When the data folder cannot be used, or the hub refuses.
pub(crate) async fn run(task: UserTask, settings: Settings) -> anyhow::Result<()> {
    match task {
        UserTask::Add { email, name, role } => {
            let url = url(&settings).await?;
            let new = NewPerson { email, name, role };
            let invited = tell(&settings, Method::POST, "/people", &new).await?;
            show_link(&url, &invited)?;
        }
        UserTask::ResetPassword { email } => {
            let url = url(&settings).await?;
            let Person { id, .. } = find(&settings, &email).await?;
            let path = format!("/people/{id}/link");
            let invited = ask(&settings, Method::POST, &path).await?;
            show_link(&url, &invited)?;
        }
        UserTask::Role { email, role } => {
            let patch = PersonPatch { role: Some(role), ..PersonPatch::default() };
            let Person { email, role, .. } = change(&settings, &email, patch).await?;
            print(format_args!("{email} is {}.", role.as_str()))?;
        }
        UserTask::Disable { email } => set_disabled(&settings, &email, true).await?,
        UserTask::Enable { email } => set_disabled(&settings, &email, false).await?,
        UserTask::List { json } => {
            let people: Page<Person> = ask_all(&settings, "/people").await?;
            if json {
                return print(serde_json::to_string(&people)?);
            }
            print_list(people.items.iter().map(line), "There is nobody yet.")?;
        }
    }
    Ok(())
}

fn line(person: &Person) -> String {
    let Person { id, email, name, role, state, .. } = person;
    let (email, name) = (one_line(email), one_line(name));
    format!("{id}  {:6}  {:8}  {email}  {name}", role.as_str(), state.as_str())
}

/// The person with that e-mail address.
pub(crate) async fn find(settings: &Settings, email: &str) -> anyhow::Result<Person> {
    let wanted = email_key(email);
    let people: Page<Person> = ask_all(settings, "/people").await?;
    let found = people.items.into_iter().find(|one| email_key(&one.email) == wanted);
    found.ok_or_else(|| anyhow!("nobody has the e-mail address {email}"))
}

async fn set_disabled(settings: &Settings, email: &str, disabled: bool) -> anyhow::Result<()> {
    let patch = PersonPatch { disabled: Some(disabled), ..PersonPatch::default() };
    let Person { email, state, .. } = change(settings, email, patch).await?;
    print(format_args!("{email} is {}.", state.as_str()))?;
    if !disabled && state == PersonState::Invited {
        let command = format!("colloquy user reset-password {email}");
        print(format_args!("They have no password yet: `{command}` makes a link to choose one."))?;
    }
    Ok(())
}

async fn change(settings: &Settings, email: &str, patch: PersonPatch) -> anyhow::Result<Person> {
    let Person { id, .. } = find(settings, email).await?;
    tell(settings, Method::PATCH, &format!("/people/{id}"), &patch).await
}

/// Where people reach the hub: the settings of a server that runs need not be those here.
async fn url(settings: &Settings) -> anyhow::Result<String> {
    let Overview { url, .. } = ask(settings, Method::GET, "/overview").await?;
    Ok(url)
}

fn show_link(url: &str, invited: &Invited) -> anyhow::Result<()> {
    let Invited { person, link, expires_at } = invited;
    let email = &person.email;
    print(format_args!("{email} chooses a password, once and until {expires_at}, at\n{url}{link}"))
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|text| text.parse::<Role>())
}
