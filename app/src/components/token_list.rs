//! Tokens of programs, as far as they are kept.

use colloquy_protocol::{
    account::Token,
    id::{PrincipalKind, TokenId},
    model::{Agent, NotificationType},
};
use leptos::prelude::*;

use crate::{
    api::{ApiError, account},
    components::{
        dialog::ConfirmDialog,
        flow::LiveRows,
        icon::{Icon, Shape},
        time::{EndsOn, TimeAgo},
        toasts::use_toasts,
    },
};

/// The tokens, and the way to revoke each.
#[component]
pub fn TokenList(
    /// Which.
    #[prop(into)]
    tokens: Signal<Vec<Token>>,
    /// Takes the id of one that was revoked.
    #[prop(into)]
    on_revoked: Callback<TokenId>,
    /// The agents that are known by name; without them, it is not said as whom a token acts.
    #[prop(optional)]
    agents: Option<StoredValue<Vec<Agent>>>,
) -> impl IntoView {
    let toasts = use_toasts();
    let asked = RwSignal::new(None::<Token>);
    let asking = RwSignal::new(false);
    let revoke = Action::new(move |(id, name): &(TokenId, String)| {
        let (id, name) = (id.clone(), name.clone());
        async move {
            account::revoke(&id).await?;
            on_revoked.try_run(id.clone());
            let is_asked = |asked: &Option<Token>| asked.as_ref().is_some_and(|it| it.id == id);
            if asked.try_with_untracked(is_asked) == Some(true) {
                asking.set(false);
            }
            toasts.show(NotificationType::Success, format!("{name} was revoked."));
            Ok::<_, ApiError>(())
        }
    });
    let ask = Callback::new(move |token| {
        asked.set(Some(token));
        asking.set(true);
    });
    let name = move || asked.with(|token| token.as_ref().map(|it| it.name.clone()));
    let confirm = move |()| {
        if let Some(token) = asked.get_untracked() {
            revoke.dispatch((token.id, token.name));
        }
    };
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">"Token"</th>
                    {agents.map(|_| view! { <th scope="col">"Acts as"</th> })}
                    <th scope="col">"Scopes"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col">"Expires"</th>
                    <th scope="col">
                        <span class="visually-hidden">"Actions"</span>
                    </th>
                </tr>
            </thead>
            <tbody>
                <LiveRows all=tokens key=|token: &Token| token.id.clone() let:token>
                    <Row token agents on_revoke=ask />
                </LiveRows>
            </tbody>
        </table>
        <ConfirmDialog
            id="revoke-title"
            open=asking
            title=Signal::derive(move || format!("Revoke {}?", name().unwrap_or_default()))
            text="Whatever uses it is cut off at once. This cannot be undone."
            verb="Revoke"
            on_confirm=confirm
            pending=revoke.pending()
            error=Signal::derive(move || Some(revoke.value().get()?.err()?.to_string()))
        />
    }
    .into_any()
}

/// What an agent is called; one that is not known goes by its id.
pub fn name_of(agents: &[Agent], id: &str) -> String {
    let known = agents.iter().find(|one| one.id.as_str() == id);
    known.map_or(id, |one| one.name.as_str()).to_owned()
}

/// One of them. Nothing in it changes but when it was last used.
#[component]
fn Row(
    token: Memo<Token>,
    agents: Option<StoredValue<Vec<Agent>>>,
    on_revoke: Callback<Token>,
) -> impl IntoView {
    let Token { name, prefix, principal_id, principal_kind, scopes, expires_at, .. } =
        token.get_untracked();
    let owner = agents.map(|agents| {
        let shown = match principal_kind {
            PrincipalKind::Agent => view! {
                <a
                    class="owner"
                    href=format!("/agents/{principal_id}")
                    title=principal_id.to_string()
                >
                    <Icon shape=Shape::Agent />
                    <span dir="auto">
                        {agents.with_value(|all| name_of(all, principal_id.as_str()))}
                    </span>
                </a>
            }
            .into_any(),
            PrincipalKind::User => view! {
                <span class="owner">
                    <Icon shape=Shape::Person />
                    "You"
                </span>
            }
            .into_any(),
        };
        view! { <td data-label="Acts as">{shown}</td> }
    });
    let scopes =
        scopes.into_iter().map(|scope| view! { <li class="capability">{scope.as_str()}</li> });
    let ends = match expires_at {
        None => view! { <span class="quiet">"never"</span> }.into_any(),
        Some(at) => view! { <EndsOn at /> }.into_any(),
    };
    view! {
        <tr>
            <td class="who">
                <p class="who-name">
                    <strong title=name.clone() dir="auto">
                        {name.clone()}
                    </strong>
                </p>
                <p class="quiet who-agent">
                    <code>{prefix} "…"</code>
                </p>
            </td>
            {owner}
            <td data-label="Scopes">
                <ul class="capabilities">{scopes.collect_view()}</ul>
            </td>
            <td data-label="Last used">
                {move || match token.with(|it| it.last_used_at) {
                    Some(at) => view! { <TimeAgo at /> }.into_any(),
                    None => view! { <span class="quiet">"never"</span> }.into_any(),
                }}
            </td>
            <td data-label="Expires">{ends}</td>
            <td class="row-actions">
                <button
                    type="button"
                    class="button"
                    aria-label=format!("Revoke {name}")
                    on:click=move |_| on_revoke.run(token.get_untracked())
                >
                    "Revoke"
                </button>
            </td>
        </tr>
    }
    .into_any()
}
