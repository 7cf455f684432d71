//! `colloquy user`: people, from the command line.

use std::io::{self, Write};

use anyhow::anyhow;
use axum::http::Method;
use clap::{Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};
use colloquy_protocol::{
    access::Role,
    account::{Invited, NewPerson, Person, PersonPatch, email_key},
    model::Page,
};
use colloquy_server::{logging::one_line, settings::Settings};

use super::ask::{ask, ask_all, tell};

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
            let new = NewPerson { email, name, role };
            let invited = tell(&settings, Method::POST, "/people", &new).await?;
            show_link(&settings, &invited)?;
        }
        UserTask::ResetPassword { email } => {
            let Person { id, .. } = find(&settings, &email).await?;
            let path = format!("/people/{id}/link");
            let invited = ask(&settings, Method::POST, &path).await?;
            show_link(&settings, &invited)?;
        }
        UserTask::Role { email, role } => {
            let patch = PersonPatch { role: Some(role), ..PersonPatch::default() };
            let Person { email, role, .. } = change(&settings, &email, patch).await?;
            writeln!(io::stdout(), "{email} is {}.", role.as_str())?;
        }
        UserTask::Disable { email } => set_disabled(&settings, &email, true).await?,
        UserTask::Enable { email } => set_disabled(&settings, &email, false).await?,
        UserTask::List { json } => {
            let people: Page<Person> = ask_all(&settings, "/people").await?;
            let mut output = io::stdout().lock();
            if json {
                writeln!(output, "{}", serde_json::to_string(&people)?)?;
                return Ok(());
            }
            for Person { id, email, name, role, state, .. } in people.items {
                let (role, email, name) = (role.as_str(), one_line(&email), one_line(&name));
                writeln!(output, "{id}  {role:6}  {state:9?}  {email}  {name}")?;
            }
        }
    }
    Ok(())
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
    let person = change(settings, email, patch).await?;
    writeln!(io::stdout(), "{} is {:?}.", person.email, person.state)?;
    Ok(())
}

async fn change(settings: &Settings, email: &str, patch: PersonPatch) -> anyhow::Result<Person> {
    let Person { id, .. } = find(settings, email).await?;
    tell(settings, Method::PATCH, &format!("/people/{id}"), &patch).await
}

fn show_link(settings: &Settings, invited: &Invited) -> io::Result<()> {
    let Invited { person, link, expires_at } = invited;
    let mut output = io::stdout().lock();
    writeln!(output, "{} chooses a password, once and until {expires_at}, at", person.email)?;
    writeln!(output, "{}{link}", settings.url())
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|text| text.parse::<Role>())
}
