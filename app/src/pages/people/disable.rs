//! The dialog that disables somebody.

use colloquy_protocol::{
    account::{Person, PersonPatch},
    id::PersonId,
    model::NotificationType,
};
use leptos::prelude::*;

use super::List;
use crate::{
    api::{ApiError, account},
    components::{
        dialog::ConfirmDialog,
        toasts::{Toasts, use_toasts},
    },
};

/// Asks before somebody is disabled.
#[component]
pub fn DisableDialog(
    /// Who.
    asked: RwSignal<Option<Person>>,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Everybody.
    list: List,
) -> impl IntoView {
    let toasts = use_toasts();
    let disable = Action::new(move |id: &PersonId| {
        let id = id.clone();
        async move {
            set_disabled(&id, true, list, toasts).await?;
            let is_asked = |asked: &Option<Person>| asked.as_ref().is_some_and(|it| it.id == id);
            if asked.try_with_untracked(is_asked) == Some(true) {
                open.set(false);
            }
            Ok::<_, ApiError>(())
        }
    });
    let name = move || asked.with(|it| it.as_ref().map(|it| it.name.clone()));
    let confirm = move |()| {
        if let Some(person) = asked.get_untracked() {
            disable.dispatch(person.id);
        }
    };
    view! {
        <ConfirmDialog
            id="disable-title"
            open
            title=Signal::derive(move || format!("Disable {}?", name().unwrap_or_default()))
            text="They are signed out everywhere at once, and their tokens stop working. You can enable them again."
            verb="Disable"
            on_confirm=confirm
            pending=disable.pending()
            error=Signal::derive(move || Some(disable.value().get()?.err()?.to_string()))
        />
    }
    .into_any()
}

/// Disables somebody or enables them again, and tells that it is done.
pub(super) async fn set_disabled(
    id: &PersonId,
    disabled: bool,
    list: List,
    toasts: Toasts,
) -> Result<(), ApiError> {
    let change = PersonPatch { disabled: Some(disabled), ..PersonPatch::default() };
    let person = account::change_person(id, &change).await?;
    let word = if disabled { "disabled" } else { "enabled" };
    toasts.show(NotificationType::Success, format!("{} was {word}.", person.name));
    list.take(person);
    Ok(())
}
