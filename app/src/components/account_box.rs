//! As whom one uses the page, beside every page.

use colloquy_protocol::{
    access::{Action as Right, Standing},
    account::Me,
};
use leptos::prelude::*;

use crate::{
    components::{
        flow::Show,
        icon::{Icon, Shape},
        toasts::use_toasts,
    },
    session::use_session,
};

/// The mode that the hub is in, or one's name and the way out.
#[component]
pub fn AccountBox() -> impl IntoView {
    let session = use_session();
    view! {
        <div class="account">
            {move || {
                let me = session.caller()?;
                Some(if session.is_local() { local() } else { known(me) })
            }}
        </div>
    }
    .into_any()
}

fn local() -> AnyView {
    view! {
        <p class="quiet">
            <strong>"Local mode"</strong>
            ": whoever is on this machine is an administrator. "
            <a href="/people">"Invite the first administrator"</a>
        </p>
    }
    .into_any()
}

fn known(me: Me) -> AnyView {
    let session = use_session();
    let toasts = use_toasts();
    let leaves = session.is_leaving();
    let name = me.name.unwrap_or_else(|| me.id.to_string());
    let has_account = me.rights.allow(Right::ManageOwnAccount);
    let who = view! {
        <Icon shape=Shape::Person />
        <span class="account-name">{name}</span>
        <span class="quiet">{standing(me.rights.standing)}</span>
    };
    let who = match has_account {
        true => view! { <a href="/profile" class="account-who" title="Your profile">{who}</a> }
            .into_any(),
        false => view! { <p class="account-who">{who}</p> }.into_any(),
    };
    view! {
        {who}
        <Show
            when=move || session.has_ended().get()
            fallback=move || {
                has_account
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="button"
                                aria-disabled=move || leaves.get().to_string()
                                on:click=move |_| session.sign_out(toasts)
                            >
                                "Sign out"
                            </button>
                        }
                        .into_any()
                    })
            }
        >
            <button
                type="button"
                class="button primary"
                on:click=move |_| session.asks().set(true)
            >
                "Sign in again"
            </button>
        </Show>
    }
    .into_any()
}

/// What somebody is, in a word.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Owner => "owner",
        Standing::Admin => "admin",
        Standing::Member => "member",
        Standing::Viewer => "viewer",
        Standing::Agent => "agent",
    }
}
