//! `/tokens`: what programs come in with.

pub mod create;
pub mod issued;

use colloquy_protocol::{
    access::Action,
    account::{Issued, Token},
    model::{Agent, Page},
};
use leptos::prelude::*;

use self::{
    create::{CreateToken, Draft},
    issued::IssuedToken,
};
use crate::{
    api::{ApiError, Seen, account},
    components::{
        address::{open_by_address, use_parameter},
        dialog::Dialog,
        flow::Show,
        icon::{Icon, Shape},
        load::Load,
        note::Empty,
        title::Title,
        token_list::{TokenList, name_of},
    },
    parts::lazy_page,
    session::use_session,
    stores::{people::load_agents, poll},
};

/// What tokens are for while nobody has an identity.
const LOCAL: &str =
    "In local mode no program needs a token. With one it acts as an agent, within its scopes.";

lazy_page! {
    /// The page.
    TOKENS in account: tokens_page
}

fn tokens_page() -> AnyView {
    let loaded = Resource::new(|| (), |()| load());
    view! {
        <Title text="Tokens" />
        <div class="page">
            <Load
                from=loaded
                failure="The tokens could not be loaded."
                title="Tokens"
                let((tokens, agents))
            >
                <Tokens tokens agents />
            </Load>
        </div>
    }
    .into_any()
}

async fn load() -> Result<(Vec<Token>, Seen<Page<Agent>>), ApiError> {
    Ok((account::tokens().await?, load_agents().await?))
}

#[component]
fn Tokens(tokens: Vec<Token>, agents: Seen<Page<Agent>>) -> impl IntoView {
    let session = use_session();
    let all = RwSignal::new(tokens);
    poll(all, account::tokens);
    // With `agent` in the address, only what that agent has.
    let agent = use_parameter("agent");
    let agents = StoredValue::new(agents.value.items);
    let agent_name = Memo::new(move |_| {
        let id = agent.get()?;
        Some(agents.with_value(|all| name_of(all, &id)))
    });
    let is_shown = move |token: &Token| {
        agent.with(|agent| agent.as_ref().is_none_or(|id| token.principal_id.as_str() == id))
    };
    let shown = Memo::new(move |_| {
        all.with(|all| all.iter().filter(|one| is_shown(one)).cloned().collect::<Vec<_>>())
    });

    let draft = Draft::new();
    draft.keep();
    // The agent of the address is the one that is meant, for as long as it says so.
    Effect::new(move |before: Option<Option<String>>| {
        let agent = agent.get();
        if agent.is_some() || before.flatten().is_some() {
            draft.agent.set(agent.clone().unwrap_or_default());
        }
        agent
    });
    let creating = RwSignal::new(false);
    open_by_address(creating);
    let issued = RwSignal::new(None::<Issued>);
    let showing = RwSignal::new(false);
    let done = Callback::new(move |made: Issued| {
        all.update(|all| {
            all.retain(|one| one.id != made.token.id);
            all.push(made.token.clone());
        });
        // What was typed since is of another one.
        if draft.is_of(&made.token) {
            creating.set(false);
            draft.clear();
        }
        issued.set(Some(made));
        showing.set(true);
    });
    // A secret that was closed is nowhere any more.
    Effect::new(move || {
        if !showing.get() {
            issued.set(None);
        }
    });
    let manages_agents = session.allows(Action::ManagePeople);
    let lede = move || match agent_name.get() {
        Some(name) => format!("What programs act as {name} with."),
        None if session.is_local() => LOCAL.to_owned(),
        None if manages_agents.get() => {
            "With a token, a program acts as an agent or as you, within its scopes.".to_owned()
        }
        None => "With a token, a program of yours acts as you, within its scopes.".to_owned(),
    };
    view! {
        <header class="page-header">
            <div>
                <h1>"Tokens"</h1>
                <p class="lede">{lede}</p>
            </div>
            <div class="actions">
                <Show when=move || agent.with(Option::is_some)>
                    <a class="button" href="/tokens">
                        "All tokens"
                    </a>
                </Show>
                <button
                    type="button"
                    class="button primary with-icon"
                    on:click=move |_| creating.set(true)
                >
                    <Icon shape=Shape::Plus />
                    "New token"
                </button>
            </div>
        </header>
        <section class="card listing" aria-label="Tokens">
            <Show
                when=move || shown.with(|shown| !shown.is_empty())
                fallback=|| {
                    view! {
                        <Empty title="There are no tokens here yet.">
                            <p>
                                "Each is shown once, when it is made, and can be revoked at any time."
                            </p>
                        </Empty>
                    }
                }
            >
                <TokenList
                    tokens=shown
                    agents
                    on_revoked=move |id| all.update(|all| all.retain(|token| token.id != id))
                />
            </Show>
        </section>
        <Dialog id="create-token-title" open=creating title="New token">
            <CreateToken
                draft
                agents
                on_done=done
                on_cancel=move |()| creating.set(false)
            />
        </Dialog>
        <Dialog id="issued-title" open=showing title="Copy the token now" stays=true>
            {move || {
                issued
                    .get()
                    .map(|issued| {
                        view! { <IssuedToken issued agents on_done=move |()| showing.set(false) /> }
                    })
            }}
        </Dialog>
    }
    .into_any()
}
