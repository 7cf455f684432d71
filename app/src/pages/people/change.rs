//! The dialog that changes somebody's name or role.

use colloquy_protocol::{
    account::{Person, PersonPatch},
    model::NotificationType,
};
use leptos::{ev::SubmitEvent, prelude::*};

use super::{List, invite::RoleField};
use crate::{
    api::{ApiError, account},
    components::{
        dialog::Dialog,
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
        toasts::use_toasts,
    },
};

/// The dialog; its form is made anew each time that it is opened.
#[component]
pub fn ChangeDialog(
    /// Who, as they were when they were asked about.
    asked: RwSignal<Option<Person>>,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Everybody.
    list: List,
) -> impl IntoView {
    let title = move || asked.with(|it| it.as_ref().map(|it| format!("Change {}", it.name)));
    view! {
        <Dialog
            id="change-title"
            open
            title=Signal::derive(move || title().unwrap_or_default())
        >
            {move || asked.get_untracked().map(|person| view! { <Form person open list /> })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(person: Person, open: RwSignal<bool>, list: List) -> impl IntoView {
    let toasts = use_toasts();
    let Person { id, name, role, .. } = person;
    let (saved_name, saved_role) = (RwSignal::new(name.clone()), RwSignal::new(role));
    let (name, role) = (RwSignal::new(name), RwSignal::new(role));
    let typed = move || {
        let name = name.with(|name| name.trim().to_owned());
        PersonPatch {
            name: Some(name).filter(|name| saved_name.with(|saved| name != saved)),
            role: Some(role.get()).filter(|role| *role != saved_role.get()),
            disabled: None,
        }
    };
    let saving = Action::new(move |change: &PersonPatch| {
        let (id, change) = (id.clone(), change.clone());
        async move {
            let person = account::change_person(&id, &change).await?;
            toasts.show(NotificationType::Success, format!("{} was changed.", person.name));
            list.take(person.clone());
            // The form may have been left meanwhile, and what was typed since is another change.
            if !name.is_disposed() {
                if untrack(typed) == change {
                    open.set(false);
                } else {
                    saved_name.set(person.name);
                    saved_role.set(person.role);
                }
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let is_same = move || typed() == PersonPatch::default();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        saving.dispatch(untrack(typed));
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <TextField id="change-name" label="Name" text=name error=problem_of(error, "name") />
            <RoleField role error=problem_of(error, "role") />
            <FormActions
                verb="Save"
                on_cancel=move |()| open.set(false)
                pending=Signal::derive(move || saving.pending().get() || is_same())
                error=problem_of_form(error)
            />
        </form>
    }
    .into_any()
}
