//! What one is called.

use colloquy_protocol::{account::ProfilePatch, model::NotificationType};
use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{ApiError, account},
    components::{
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
        toasts::use_toasts,
    },
    session::use_session,
};

/// The form that changes one's name.
#[component]
pub fn NameForm(
    /// The name until now.
    name: String,
) -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let saved = RwSignal::new(name.clone());
    let name = RwSignal::new(name);
    let saving = Action::new(move |change: &ProfilePatch| {
        let change = change.clone();
        async move {
            let me = account::change_profile(&change).await?;
            if let Some(name) = &me.name {
                saved.set(name.clone());
            }
            session.changed(me);
            toasts.show(NotificationType::Success, "Your name was changed.");
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let is_same = move || name.with(|name| saved.with(|saved| name.trim() == saved));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let name = Some(name.get_untracked().trim().to_owned());
        saving.dispatch(ProfilePatch { name, ..ProfilePatch::default() });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            <TextField
                id="profile-name"
                label="Name"
                text=name
                error=problem_of(error, "name")
                autocomplete="name"
            />
            <FormActions
                verb="Save name"
                kind=""
                pending=Signal::derive(move || saving.pending().get() || is_same())
                error=problem_of_form(error)
            />
        </form>
    }
    .into_any()
}
