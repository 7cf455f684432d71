//! One person.

use colloquy_protocol::{
    account::{Person, PersonPatch, PersonState},
    id::{PersonId, PrincipalKind},
    model::NotificationType,
};
use leptos::prelude::*;

use super::{List, change::ChangeDialog};
use crate::{
    api::{ApiError, account},
    components::{dialog::ConfirmDialog, flow::Show, time::TimeAgo, toasts::use_toasts},
    session::use_session,
};

/// Who it is, and what can be done about them. What changes in it changes in its place.
#[component]
pub fn Row(
    /// Which.
    id: PersonId,
    /// Everybody.
    list: List,
) -> impl IntoView {
    let session = use_session();
    let wanted = id.clone();
    let person = Memo::new(move |before: Option<&Option<Person>>| {
        let found = list.people.with(|all| all.iter().find(|one| one.id == wanted).cloned());
        found.or_else(|| before.cloned().flatten())
    });
    let of_person = move |part: fn(&Person) -> String| {
        move || person.with(|it| it.as_ref().map(part).unwrap_or_default())
    };
    let is_me = session.is_me(&id.clone().into(), PrincipalKind::User);
    let state = move || person.with(|it| it.as_ref().map_or("", |it| state_word(it.state)));
    view! {
        <tr>
            <td class="who">
                <p class="who-name">
                    <strong>{of_person(|it| it.name.clone())}</strong>
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
                {move || match person.with(|it| it.as_ref().and_then(|it| it.signed_in_at)) {
                    Some(at) => view! { <TimeAgo at /> }.into_any(),
                    None => view! { <span class="quiet">"never"</span> }.into_any(),
                }}
            </td>
            <td class="row-actions people-actions">
                <Actions person is_me list />
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(person: Memo<Option<Person>>, is_me: bool, list: List) -> impl IntoView {
    let toasts = use_toasts();
    let changing = RwSignal::new(false);
    let disabling = RwSignal::new(false);
    let name = move || person.with(|it| it.as_ref().map(|it| it.name.clone()).unwrap_or_default());
    let is_disabled = Memo::new(move |_| {
        person.with(|it| it.as_ref().is_some_and(|it| it.state == PersonState::Disabled))
    });
    let id = move || person.with_untracked(|it| it.as_ref().map(|it| it.id.clone()));

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
    let switch = Action::new(move |(id, disabled): &(PersonId, bool)| {
        let (id, disabled) = (id.clone(), *disabled);
        async move {
            let change = PersonPatch { disabled: Some(disabled), ..PersonPatch::default() };
            let person = account::change_person(&id, &change).await?;
            let word = if disabled { "disabled" } else { "enabled" };
            toasts.show(NotificationType::Success, format!("{} was {word}.", person.name));
            list.take(person);
            disabling.set(false);
            Ok::<_, ApiError>(())
        }
    });
    let error = move || Some(switch.value().get()?.err()?.to_string());
    let set_disabled = move |disabled| {
        if let Some(id) = id() {
            switch.dispatch((id, disabled));
        }
    };
    let ask = move |_| {
        switch.clear();
        disabling.set(true);
    };
    view! {
        <div class="actions end">
            <button
                type="button"
                class="button"
                aria-label=move || format!("Change {}", name())
                on:click=move |_| changing.set(true)
            >
                "Change"
            </button>
            <Show when=move || !is_disabled.get()>
                <button
                    type="button"
                    class="button"
                    aria-label=move || format!("New link for {}", name())
                    disabled=link.pending()
                    on:click=move |_| {
                        if let Some(id) = id() {
                            link.dispatch(id);
                        }
                    }
                >
                    "New link"
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
                                on:click=ask
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
                        disabled=switch.pending()
                        on:click=move |_| set_disabled(false)
                    >
                        "Enable"
                    </button>
                </Show>
            </Show>
        </div>
        <ChangeDialog id="change-title" person=person.into() open=changing list />
        <ConfirmDialog
            id="disable-title"
            open=disabling
            title=Signal::derive(move || format!("Disable {}?", name()))
            text="They are signed out everywhere at once, and their tokens stop working. You can enable them again."
            verb="Disable"
            on_confirm=move |()| set_disabled(true)
            pending=switch.pending()
            error=Signal::derive(error)
        />
    }
    .into_any()
}

fn state_word(state: PersonState) -> &'static str {
    match state {
        PersonState::Invited => "invited",
        PersonState::Active => "active",
        PersonState::Disabled => "disabled",
    }
}
