//! The button that creates an agent or a collection, and its dialog.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::entity::{NewEntity, create, path_of},
    components::{
        address::open_by_address,
        created::Creation,
        dialog::Dialog,
        draft::{Contents, Draft},
        entity_view::EntityView,
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
        icon::{Icon, Shape},
    },
};

/// What stands in the form: the id, and the other fields.
type Typed = (String, Contents);

/// Asks for what is needed and creates one, then goes there. What was typed stays when the dialog is
/// closed or the page is left, until it is created or given up.
pub fn create_button<T: EntityView>() -> AnyView {
    let open = RwSignal::new(false);
    let draft = Draft::new();
    let id = RwSignal::new(String::new());
    let typed = Callback::new(move |()| (id.get(), draft.contents()));
    let show_typed = Callback::new(move |(text, contents): Typed| {
        id.set(text);
        draft.restore(contents);
    });
    let creation = Creation::of(T::KIND, open, typed, show_typed);
    open_by_address(open);
    let give_up = Callback::new({
        let creation = creation.clone();
        move |()| creation.give_up()
    });

    let creating = Action::new(move |(typed, new): &(Typed, NewEntity)| {
        let (typed, new, creation) = (typed.clone(), new.clone(), creation.clone());
        let key = creation.key(&typed);
        async move {
            let Some(key) = key else { return Ok(()) };
            let path = path_of(&create::<T>(&key, &new).await?.topic());
            creation.was_created(&typed, &path, &new.fields.name).await;
            Ok(())
        }
    });
    let error = Signal::derive(move || creating.value().get()?.err());
    let is_idle = Signal::derive(move || creating.pending().get() || draft.fields().is_none());
    let new = move || {
        let id = Some(id.get().trim().to_owned()).filter(|id| !id.is_empty());
        Some(NewEntity { id, fields: draft.fields()? })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(new) = untrack(new) {
            creating.dispatch((untrack(|| typed.run(())), new));
        }
    };
    let show = move |_| {
        creating.clear();
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
                    on_cancel=give_up
                    pending=is_idle
                    error=problem_of_form(error)
                />
            </form>
        </Dialog>
    }
    .into_any()
}
