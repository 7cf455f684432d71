//! Another password.

use colloquy_protocol::{account::ProfilePatch, model::NotificationType};
use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{
    api::{ApiError, account},
    components::{
        field::{problem_of, problem_of_form},
        form_actions::FormActions,
        password::{PasswordField, typed},
        toasts::use_toasts,
    },
};

/// The form that changes one's password.
#[component]
pub fn PasswordForm(
    /// For password managers: whose password it is.
    email: String,
) -> impl IntoView {
    let toasts = use_toasts();
    let (current, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let saving = Action::new(move |change: &ProfilePatch| {
        let change = change.clone();
        async move {
            account::change_profile(&change).await?;
            for field in [current, new] {
                if let Some(field) = field.try_get_untracked().flatten() {
                    field.set_value("");
                }
            }
            let text = "Your password was changed. You are signed out everywhere else.";
            toasts.show(NotificationType::Success, text);
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        saving.dispatch(ProfilePatch {
            password: Some(typed(new)),
            current_password: Some(typed(current)),
            ..ProfilePatch::default()
        });
    };
    view! {
        <section class="card part" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            // Whatever happens, a password never gets into an address.
            <form class="form" method="post" on:submit=submit novalidate>
                <input
                    type="text"
                    class="visually-hidden"
                    name="username"
                    autocomplete="username"
                    aria-hidden="true"
                    tabindex="-1"
                    readonly
                    value=email
                />
                <PasswordField
                    id="password-current"
                    label="Current password"
                    autocomplete="current-password"
                    field=current
                    error=problem_of(error, "currentPassword")
                />
                <PasswordField
                    id="password-new"
                    label="New password"
                    autocomplete="new-password"
                    field=new
                    error=problem_of(error, "password")
                    hint="At least 8 characters. It signs you out everywhere else."
                />
                <FormActions
                    verb="Change password"
                    kind=""
                    pending=saving.pending()
                    error=problem_of_form(error)
                />
            </form>
        </section>
    }
    .into_any()
}
