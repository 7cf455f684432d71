//! The way out of local mode: the first administrator.

use colloquy_protocol::{access::Role, account::NewPerson};
use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{ApiError, account},
    components::{
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
    },
    session::use_session,
};

/// Asks who the first administrator is, and goes on to where they choose their password.
#[component]
pub fn FirstAdmin() -> impl IntoView {
    let session = use_session();
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let inviting = Action::new(move |new: &NewPerson| {
        let new = new.clone();
        async move {
            // From here on the hub knows nobody who does not sign in.
            let invited = session.leaving(account::invite(&new)).await?;
            session.go(&invited.link);
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || inviting.value().get()?.err());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        inviting.dispatch(NewPerson { name: text(name), email: text(email), role: Role::Admin });
    };
    view! {
        <header class="page-header">
            <div>
                <h1>"People"</h1>
                <p class="lede">
                    "Nobody has an identity yet: whoever is on this machine is an administrator, and nobody else can come in."
                </p>
            </div>
        </header>
        <section class="card part first-admin" aria-labelledby="first-admin-title">
            <h2 id="first-admin-title">"The first administrator"</h2>
            <p>
                "With the first person local mode ends, for good: from then on everybody signs in, and programs need a token. On the next page you choose your password."
            </p>
            <form class="form" on:submit=submit novalidate>
                <TextField
                    id="first-name"
                    label="Name"
                    text=name
                    error=problem_of(error, "name")
                    hint="What others here will know you by."
                    autocomplete="name"
                />
                <TextField
                    id="first-email"
                    label="E-mail address"
                    text=email
                    error=problem_of(error, "email")
                    hint="You sign in with it. Nothing is ever sent to it."
                    kind="email"
                    autocomplete="username"
                />
                <FormActions
                    verb="End local mode, and choose a password"
                    pending=inviting.pending()
                    error=problem_of_form(error)
                />
            </form>
        </section>
    }
    .into_any()
}
