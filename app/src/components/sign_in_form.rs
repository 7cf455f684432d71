//! The form with which one signs in: on its own page, and over a page whose session has ended.

use colloquy_protocol::account::{Session, SignIn};
use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::api::{ApiError, account};

/// E-mail address and password. The fields are the browser's: what a password manager fills in
/// counts, whether it tells or not.
#[component]
pub fn SignInForm(
    /// Begins the ids of its fields: no two forms of a page have the same.
    name: &'static str,
    /// The address that stands in it at first.
    #[prop(optional)]
    email: String,
    /// Takes the session of whoever has signed in. It may outlive the form.
    #[prop(into)]
    on_signed_in: Callback<Session>,
) -> impl IntoView {
    let email_field = NodeRef::<html::Input>::new();
    let password_field = NodeRef::<html::Input>::new();
    let signing_in = Action::new(move |who: &SignIn| {
        let who = who.clone();
        async move {
            let answer = account::sign_in(&who).await;
            match answer {
                Ok(session) => {
                    on_signed_in.try_run(session);
                    Ok(())
                }
                Err(error) => {
                    // The next try begins at the password.
                    if let Some(field) = password_field.try_get_untracked().flatten() {
                        field.select();
                    }
                    Err(error)
                }
            }
        }
    });
    let error =
        move || signing_in.value().get().and_then(Result::err).filter(|_| !is_busy(signing_in));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = |field: NodeRef<html::Input>| field.get_untracked().map(|it| it.value());
        let (Some(email), Some(password)) = (typed(email_field), typed(password_field)) else {
            return;
        };
        if !signing_in.pending().get_untracked() {
            signing_in.dispatch(SignIn { email, password });
        }
    };
    let is_invalid = move || error().is_some().to_string();
    let (email_id, password_id) = (format!("{name}-email"), format!("{name}-password"));
    let error_id = format!("{name}-error");
    // Where one goes on typing: at what is not known yet.
    let asks_for_email = email.is_empty();
    view! {
        // Whatever happens, a password never gets into an address.
        <form class="form" method="post" on:submit=submit>
            <div class="field">
                <label for=email_id.clone()>"E-mail address"</label>
                <input
                    id=email_id
                    name="email"
                    type="email"
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    value=email
                    autofocus=asks_for_email
                    node_ref=email_field
                    aria-invalid=is_invalid
                    aria-describedby=error_id.clone()
                />
            </div>
            <div class="field">
                <label for=password_id.clone()>"Password"</label>
                <input
                    id=password_id
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    required
                    autofocus=!asks_for_email
                    node_ref=password_field
                    aria-invalid=is_invalid
                    aria-describedby=error_id.clone()
                />
            </div>
            <p class="error" id=error_id role="alert">
                {move || error().map(|error| error.to_string())}
            </p>
            <button
                type="submit"
                class="button primary wide"
                aria-disabled=move || is_busy(signing_in).to_string()
            >
                {move || if is_busy(signing_in) { "Signing in…" } else { "Sign in" }}
            </button>
        </form>
    }
    .into_any()
}

fn is_busy(signing_in: Action<SignIn, Result<(), ApiError>>) -> bool {
    signing_in.pending().get()
}
