//! One person.

use colloquy_protocol::{
    account::{Person, PersonState},
    id::{PersonId, PrincipalKind},
    model::NotificationType,
};
use leptos::prelude::*;

use super::{List, disable::set_disabled};
use crate::{
    api::account,
    components::{flow::Show, time::TimeAgo, toasts::use_toasts},
    session::use_session,
};

/// Who it is, and what can be done about them. What changes in it changes in its place.
#[component]
pub fn Row(
    /// Who.
    person: Memo<Person>,
    /// Everybody.
    list: List,
    /// Asks how to change somebody.
    on_change: Callback<PersonId>,
    /// Asks whether to disable somebody.
    on_disable: Callback<PersonId>,
) -> impl IntoView {
    let session = use_session();
    let id = person.with_untracked(|it| it.id.clone());
    let of_person = move |part: fn(&Person) -> String| move || person.with(part);
    let is_me = session.is_me(&id.clone().into(), PrincipalKind::User);
    let state = move || person.with(|it| it.state.as_str());
    view! {
        <tr>
            <td class="who">
                <p class="who-name">
                    <strong dir="auto">{of_person(|it| it.name.clone())}</strong>
                    {is_me.then(|| view! { <span class="tag own">"you"</span> })}
                </p>
                <p class="quiet who-agent">{of_person(|it| it.email.clone())}</p>
            </td>
            <td data-label="Role">{of_person(|it| it.role.as_str().to_owned())}</td>
            <td data-label="Account">
                <span class="account-state" data-account=state>
                    {state}
                </span>
            </td>
            <td data-label="Last signed in">
                {move || match person.with(|it| it.signed_in_at) {
                    Some(at) => view! { <TimeAgo at /> }.into_any(),
                    None => view! { <span class="quiet">"never"</span> }.into_any(),
                }}
            </td>
            <td class="row-actions people-actions">
                <Actions id person is_me list on_change on_disable />
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(
    id: PersonId,
    person: Memo<Person>,
    is_me: bool,
    list: List,
    on_change: Callback<PersonId>,
    on_disable: Callback<PersonId>,
) -> impl IntoView {
    let toasts = use_toasts();
    let name = move || person.with(|it| it.name.clone());
    let is_disabled = Memo::new(move |_| person.with(|it| it.state == PersonState::Disabled));
    let link = Action::new(move |id: &PersonId| {
        let id = id.clone();
        async move {
            match account::new_link(&id).await {
                Ok(invited) => list.show(invited),
                Err(error) => {
                    toasts.show(NotificationType::Error, error.to_string());
                }
            }
        }
    });
    let enable = Action::new(move |id: &PersonId| {
        let id = id.clone();
        async move {
            if let Err(error) = set_disabled(&id, false, list, toasts).await {
                toasts.show(NotificationType::Error, error.to_string());
            }
        }
    });
    let id = StoredValue::new(id);
    view! {
        <div class="actions end">
            <button
                type="button"
                class="button"
                aria-label=move || format!("Change {}", name())
                on:click=move |_| on_change.run(id.get_value())
            >
                "Change"
            </button>
            <Show when=move || !is_disabled.get()>
                <button
                    type="button"
                    class="button"
                    aria-label=move || format!("New password link for {}", name())
                    aria-disabled=move || link.pending().get().to_string()
                    on:click=move |_| drop(link.dispatch(id.get_value()))
                >
                    "New password link"
                </button>
            </Show>
            <Show when=move || !is_me>
                <Show
                    when=move || is_disabled.get()
                    fallback=move || {
                        view! {
                            <button
                                type="button"
                                class="button"
                                aria-label=move || format!("Disable {}", name())
                                on:click=move |_| on_disable.run(id.get_value())
                            >
                                "Disable"
                            </button>
                        }
                    }
                >
                    <button
                        type="button"
                        class="button"
                        aria-label=move || format!("Enable {}", name())
                        aria-disabled=move || enable.pending().get().to_string()
                        on:click=move |_| drop(enable.dispatch(id.get_value()))
                    >
                        "Enable"
                    </button>
                </Show>
            </Show>
        </div>
    }
    .into_any()
}
