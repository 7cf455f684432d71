//! Where one is signed in.

use colloquy_protocol::{account::Login, model::NotificationType};
use leptos::prelude::*;

use crate::{
    api::{ApiError, account},
    components::{
        browser::browser,
        dialog::ConfirmDialog,
        flow::For,
        time::{EndsOn, TimeAgo},
        toasts::use_toasts,
    },
    session::use_session,
};

/// One's login sessions, and the ways out of them.
#[component]
pub fn Logins(
    /// Which.
    logins: RwSignal<Vec<Login>>,
) -> impl IntoView {
    view! {
        <section class="card listing" aria-labelledby="logins-title">
            <header class="card-header">
                <h2 id="logins-title">"Where you are signed in"</h2>
                <SignOutEverywhere />
            </header>
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Browser"</th>
                        <th scope="col">"Signed in"</th>
                        <th scope="col">"Expires"</th>
                        <th scope="col">
                            <span class="visually-hidden">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || logins.get()
                        key=|login| login.id.clone()
                        let:login
                    >
                        <Row login logins />
                    </For>
                </tbody>
            </table>
        </section>
    }
    .into_any()
}

#[component]
fn Row(login: Login, logins: RwSignal<Vec<Login>>) -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let Login { id, created_at, expires_at, user_agent, address, current } = login;
    let program = user_agent.as_deref().map_or("Unknown program".to_owned(), browser);
    let address = address.unwrap_or_else(|| "unknown address".to_owned());
    let label = match current {
        true => "Sign out here".to_owned(),
        false => format!("Sign out {program} at {address}"),
    };
    let end = Action::new(move |(): &()| {
        let id = id.clone();
        async move {
            match account::end_login(&id).await {
                Ok(()) => logins.update(|logins| logins.retain(|login| login.id != id)),
                Err(error) => {
                    toasts.show(NotificationType::Error, error.to_string());
                }
            }
        }
    });
    let (pending, leaves) = (end.pending(), session.is_leaving());
    view! {
        <tr>
            <td class="who">
                <p class="who-name">
                    <strong title=user_agent>{program}</strong>
                    {current.then(|| view! { <span class="tag own">"this browser"</span> })}
                </p>
                <p class="quiet who-agent">{address}</p>
            </td>
            <td data-label="Signed in">
                <TimeAgo at=created_at />
            </td>
            <td data-label="Expires">
                <EndsOn at=expires_at />
            </td>
            <td class="row-actions">
                <button
                    type="button"
                    class="button"
                    aria-label=label
                    aria-disabled=move || (current && leaves.get() || pending.get()).to_string()
                    on:click=move |_| match current {
                        true => session.sign_out(toasts),
                        false => drop(end.dispatch(())),
                    }
                >
                    "Sign out"
                </button>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn SignOutEverywhere() -> impl IntoView {
    let session = use_session();
    let asking = RwSignal::new(false);
    let end = Action::new(move |(): &()| async move {
        session.leaving(account::end_all_logins()).await?;
        session.go("/sign-in");
        Ok::<_, ApiError>(())
    });
    let error = Signal::derive(move || Some(end.value().get()?.err()?.to_string()));
    view! {
        <button type="button" class="button" on:click=move |_| asking.set(true)>
            "Sign out everywhere"
        </button>
        <ConfirmDialog
            id="everywhere-title"
            open=asking
            title="Sign out everywhere?"
            text="All your browsers are signed out at once, this one too. Your tokens stay as they are."
            verb="Sign out everywhere"
            on_confirm=move |()| drop(end.dispatch(()))
            pending=end.pending()
            error
        />
    }
    .into_any()
}
