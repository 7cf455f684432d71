//! The button that creates an agent or a collection, and its dialog.

use colloquy_protocol::model::NotificationType;
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

use crate::{
    api::{
        Attempt,
        entity::{NewEntity, create, path_of},
    },
    components::{
        address::{close_by_address, open_by_address},
        dialog::Dialog,
        draft::Draft,
        entity_view::EntityView,
        field::{TextField, problem_of, problem_of_form},
        icon::{Icon, Shape},
        toasts::use_toasts,
    },
};

/// Asks for what is needed and creates one, then goes there. What was typed stays when the dialog
/// is closed.
pub fn create_button<T: EntityView>() -> AnyView {
    let open = RwSignal::new(false);
    open_by_address(open);
    let draft = Draft::new();
    let id = RwSignal::new(String::new());
    let (navigate, toasts) = (use_navigate(), use_toasts());
    let attempt = StoredValue::new(Attempt::default());

    let creation = Action::new(move |body: &NewEntity| {
        let body = body.clone();
        let key = attempt.try_update_value(|attempt| attempt.key(&body));
        let navigate = navigate.clone();
        async move {
            let Some(key) = key else { return Ok(()) };
            let created = create::<T>(&key, &body).await?;
            attempt.try_update_value(Attempt::done);
            toasts.show(NotificationType::Success, format!("{} was created.", body.fields.name));
            // Who went elsewhere meanwhile is left there.
            let Some(waits) = open.try_get_untracked() else { return Ok(()) };
            draft.clear();
            id.set(String::new());
            if waits {
                close_by_address(open).await;
                navigate(&path_of(&created.topic()), Default::default());
            }
            Ok(())
        }
    });
    let error = Signal::derive(move || creation.value().get()?.err());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(fields) = untrack(|| draft.fields()) {
            let id = Some(id.get_untracked().trim().to_owned()).filter(|id| !id.is_empty());
            creation.dispatch(NewEntity { id, fields });
        }
    };
    let show = move |_| {
        creation.clear();
        open.set(true);
    };

    view! {
        <button type="button" class="button primary with-icon" on:click=show>
            <Icon shape=Shape::Plus />
            {format!("New {}", T::NOUN)}
        </button>
        <Dialog id="create-title" open title=format!("New {}", T::NOUN)>
            <form class="form" on:submit=submit novalidate>
                {T::form(draft, error)}
                <TextField
                    id="entity-id"
                    label="Id"
                    text=id
                    error=problem_of(error, "id")
                    hint="Made by the server when this is empty."
                />
                <p class="error" role="alert">
                    {problem_of_form(error)}
                </p>
                <div class="actions end">
                    <button type="button" class="button" on:click=move |_| open.set(false)>
                        "Cancel"
                    </button>
                    <button
                        type="submit"
                        class="button primary"
                        disabled=move || creation.pending().get() || draft.fields().is_none()
                    >
                        "Create"
                    </button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}
