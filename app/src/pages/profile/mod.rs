//! `/profile`: one's own account.

pub mod logins;
pub mod name;
pub mod password;

use colloquy_protocol::{
    access::Action,
    account::{Login, Me, Token},
    id::PrincipalId,
};
use leptos::prelude::*;

use self::{logins::Logins, name::NameForm, password::PasswordForm};
use crate::{
    api::{ApiError, account},
    components::{
        account_box::standing, flow::Show, load::Load, note::Empty, title::Title,
        token_list::TokenList,
    },
    parts::lazy_page,
    session::use_session,
    stores::poll,
};

lazy_page! {
    /// The page.
    PROFILE in account: profile_page
}

fn profile_page() -> AnyView {
    let session = use_session();
    let me = untrack(|| session.may(Action::ManageOwnAccount).then(|| session.caller()).flatten());
    let content = match me.filter(|_| untrack(|| !session.is_local())) {
        Some(me) => view! { <Account me /> }.into_any(),
        None => view! {
            <Empty title="There is no account to look after.">
                <p>
                    "In local mode nobody has one: whoever is on this machine is an administrator."
                </p>
            </Empty>
        }
        .into_any(),
    };
    view! {
        <Title text="Profile" />
        <div class="page">
            <header class="page-header">
                <div>
                    <h1>"Profile"</h1>
                    <p class="lede">"Who you are here, and where you are signed in."</p>
                </div>
            </header>
            {content}
        </div>
    }
    .into_any()
}

/// Where one is signed in, and one's own tokens.
async fn load(me: PrincipalId) -> Result<(Vec<Login>, Vec<Token>), ApiError> {
    Ok((account::logins().await?, own_tokens(me).await?))
}

async fn own_tokens(me: PrincipalId) -> Result<Vec<Token>, ApiError> {
    let mut tokens = account::tokens().await?;
    tokens.retain(|token| token.principal_id == me);
    Ok(tokens)
}

#[component]
fn Account(me: Me) -> impl IntoView {
    let id = StoredValue::new(me.id.clone());
    let loaded = Resource::new(|| (), move |()| load(id.get_value()));
    let role = standing(me.rights.standing);
    view! {
        <div class="columns">
            <div class="parts">
                <Load
                    from=loaded
                    failure="Your sessions could not be loaded."
                    let((logins, tokens))
                >
                    <Lists me=id logins tokens />
                </Load>
            </div>
            <div class="side">
                <section class="card part" aria-labelledby="who-title">
                    <h2 id="who-title">"You"</h2>
                    <dl class="pairs">
                        <dt>"E-mail address"</dt>
                        <dd>{me.email.clone()}</dd>
                        <dt>"Role"</dt>
                        <dd>{role}</dd>
                        <dt>"Id"</dt>
                        <dd>
                            <code>{me.id.to_string()}</code>
                        </dd>
                    </dl>
                    <NameForm name=me.name.unwrap_or_default() />
                </section>
                <PasswordForm email=me.email.unwrap_or_default() />
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Lists(me: StoredValue<PrincipalId>, logins: Vec<Login>, tokens: Vec<Token>) -> impl IntoView {
    let (logins, tokens) = (RwSignal::new(logins), RwSignal::new(tokens));
    poll(logins, account::logins);
    poll(tokens, move || own_tokens(me.get_value()));
    view! {
        <Logins logins />
        <OwnTokens tokens />
    }
    .into_any()
}

#[component]
fn OwnTokens(tokens: RwSignal<Vec<Token>>) -> impl IntoView {
    view! {
        <section class="card listing" aria-labelledby="own-tokens-title">
            <header class="card-header">
                <h2 id="own-tokens-title">"Your tokens"</h2>
                <a class="button" href="/tokens?new=1">
                    "New token"
                </a>
            </header>
            <Show
                when=move || tokens.with(|tokens| !tokens.is_empty())
                fallback=|| {
                    view! {
                        <Empty title="You have no tokens.">
                            <p>"With a token, a program of yours acts as you, within its scopes."</p>
                        </Empty>
                    }
                }
            >
                <TokenList
                    tokens
                    on_revoked=move |id| tokens.update(|all| all.retain(|token| token.id != id))
                />
            </Show>
        </section>
    }
    .into_any()
}
