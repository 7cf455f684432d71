//! A token that was just made: its secret is shown this once.

use colloquy_protocol::{
    access::Scope,
    account::{Issued, Token},
    id::PrincipalKind,
    model::Agent,
};
use leptos::prelude::*;

use crate::components::{
    copy_text::{CopyField, CopyLines},
    token_list::name_of,
};

/// The secret, and the lines that use it.
#[component]
pub fn IssuedToken(
    /// What was made.
    issued: Issued,
    /// The agents that are known by name.
    agents: StoredValue<Vec<Agent>>,
    /// Called when somebody has it.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let Issued { token, secret } = issued;
    let hub = window().location().origin().unwrap_or_default();
    let (python, curl) = (python(&hub, &token, &secret), curl(&hub, &token, &secret));
    let owner = match token.principal_kind {
        PrincipalKind::Agent => agents.with_value(|all| name_of(all, token.principal_id.as_str())),
        PrincipalKind::User => "you".to_owned(),
    };
    view! {
        <p>
            "This is the only time that it is shown: only its hash is kept. Whoever has it can act as "
            <strong title=token.principal_id.to_string() dir="auto">
                {owner}
            </strong> "."
        </p>
        <CopyField id="token-secret" label="Token" text=secret />
        <CopyLines label="In Python" text=python />
        <CopyLines label="With curl" text=curl />
        <div class="actions end">
            <button type="button" class="button primary" on:click=move |_| on_done.run(())>
                "I have copied it"
            </button>
        </div>
    }
    .into_any()
}

/// What the token can read: everything, or at least who it is.
fn path(token: &Token) -> &'static str {
    if token.scopes.contains(&Scope::Read) { "/api/v1/agents" } else { "/api/v1/session" }
}

fn python(hub: &str, token: &Token, secret: &str) -> String {
    let path = path(token);
    format!(
        "from urllib.request import Request, urlopen\n\
         request = Request(\"{hub}{path}\", headers={{\"Authorization\": \"Bearer {secret}\"}})\n\
         print(urlopen(request).read().decode())"
    )
}

fn curl(hub: &str, token: &Token, secret: &str) -> String {
    let path = path(token);
    format!(
        "TOKEN={secret}\n\
         curl -H \"Authorization: Bearer $TOKEN\" \\\n     {hub}{path}"
    )
}
