//! The button that creates an agent or a collection, and its dialog.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{
        Attempt,
        entity::{NewEntity, create, path_of},
    },
    components::{
        address::open_by_address,
        created::Created,
        dialog::Dialog,
        draft::Draft,
        entity_view::EntityView,
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
        icon::{Icon, Shape},
    },
};

/// Asks for what is needed and creates one, then goes there. What was typed stays when the dialog
/// is closed.
pub fn create_button<T: EntityView>() -> AnyView {
    let open = RwSignal::new(false);
    open_by_address(open);
    let draft = Draft::new();
    let id = RwSignal::new(String::new());
    let created = Created::of(open);
    let typed = move || {
        let id = Some(id.get().trim().to_owned()).filter(|id| !id.is_empty());
        Some(NewEntity { id, fields: draft.fields()? })
    };
    let attempt = StoredValue::new(Attempt::default());

    let creation = Action::new(move |body: &NewEntity| {
        let body = body.clone();
        let key = attempt.try_update_value(|attempt| attempt.key(&body));
        let created = created.clone();
        async move {
            let Some(key) = key else { return Ok(()) };
            let path = path_of(&create::<T>(&key, &body).await?.topic());
            attempt.try_update_value(Attempt::done);
            let take = || {
                let is_same = untrack(|| typed().as_ref() == Some(&body));
                if is_same {
                    draft.clear();
                    id.set(String::new());
                }
                is_same
            };
            created.lead_to(&path, &body.fields.name, take).await;
            Ok(())
        }
    });
    let error = Signal::derive(move || creation.value().get()?.err());
    let is_idle = Signal::derive(move || creation.pending().get() || draft.fields().is_none());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(body) = untrack(typed) {
            creation.dispatch(body);
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
                <FormActions
                    verb="Create"
                    on_cancel=move |()| open.set(false)
                    pending=is_idle
                    error=problem_of_form(error)
                />
            </form>
        </Dialog>
    }
    .into_any()
}
