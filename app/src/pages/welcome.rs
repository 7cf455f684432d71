//! `/welcome`: where a one-time link leads. Its secret is in the address's fragment, which no
//! browser ever sends; the page takes it out of the address at once.

use colloquy_protocol::account::Welcomed;
use leptos::{
    ev::{SubmitEvent, hashchange},
    html,
    prelude::*,
    wasm_bindgen::JsValue,
};

use crate::{
    api::{ApiError, account},
    components::{
        entrance::Entrance,
        field::{TextField, problem_of, problem_of_form},
        flow::Show,
        form_actions::FormActions,
        password::{PasswordField, typed},
        title::Title,
    },
    parts::lazy_page,
    session::use_session,
};

/// What is said of a link that the server does not take: it is no field that somebody could mend.
const USELESS_LINK: &str = "This link does not work (any more): it was used before, or it is too old. Ask an administrator for a new one.";

lazy_page! {
    /// The page.
    WELCOME in account: welcome_page
}

fn welcome_page() -> AnyView {
    let session = use_session();
    let is_first = untrack(|| session.waits_for_the_first());
    let title = if is_first { "Set up Colloquy" } else { "Welcome to Colloquy" };
    // None: it is not known yet. Empty: the address had none.
    let secret = RwSignal::new(None::<String>);
    Effect::new(move || {
        secret.set(Some(take_fragment()));
        // Whoever pastes a link over the address of this page changes its fragment only.
        let changed = window_event_listener(hashchange, move |_| {
            secret.set(Some(take_fragment()).filter(|new| !new.is_empty()));
        });
        on_cleanup(move || changed.remove());
    });
    let is_missing = move || secret.with(|secret| secret.as_deref() == Some(""));
    view! {
        <Title text=title />
        <Entrance title>
            <Show when=move || !is_missing() fallback=|| view! { <NoLink /> }>
                <Form secret is_first />
            </Show>
        </Entrance>
    }
    .into_any()
}

#[component]
fn NoLink() -> impl IntoView {
    view! {
        <p>
            "This page needs the whole one-time link, up to its last character. Open the link again, or ask an administrator for a new one."
        </p>
        <a class="button wide" href="/sign-in">
            "Sign in instead"
        </a>
    }
}

#[component]
fn Form(secret: RwSignal<Option<String>>, is_first: bool) -> impl IntoView {
    let session = use_session();
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let password = NodeRef::<html::Input>::new();

    let choosing = Action::new(move |chosen: &Welcomed| {
        let chosen = chosen.clone();
        async move {
            session.leaving(account::welcome(&chosen)).await?;
            session.go("/");
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || choosing.value().get()?.err());
    let of_link = problem_of(error, "link");
    let of_form = move || match of_link.get() {
        Some(_) => Some(USELESS_LINK.to_owned()),
        None => problem_of_form(error).get(),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(link) = secret.get_untracked() else { return };
        let text = |text: RwSignal<String>| Some(text.get_untracked().trim().to_owned());
        choosing.dispatch(Welcomed {
            link,
            password: typed(password),
            name: text(name).filter(|_| is_first),
            email: text(email).filter(|_| is_first),
        });
    };
    let words = if is_first {
        "You become the first administrator. Nobody else can use this hub until you invite them."
    } else {
        "Choose the password with which you will sign in."
    };
    let about_oneself = if is_first {
        view! {
            <TextField
                id="welcome-name"
                label="Name"
                text=name
                error=problem_of(error, "name")
                hint="What others here know you by."
                autocomplete="name"
            />
            <TextField
                id="welcome-email"
                label="E-mail address"
                text=email
                error=problem_of(error, "email")
                hint="You sign in with it. Nothing is ever sent to it."
                kind="email"
                autocomplete="username"
            />
        }
        .into_any()
    } else {
        // The page does not know whose password it is; browsers look for the field all the same.
        view! {
            <input
                type="text"
                class="visually-hidden"
                name="username"
                autocomplete="username"
                aria-hidden="true"
                tabindex="-1"
                readonly
            />
        }
        .into_any()
    };
    view! {
        <p>{words}</p>
        // Whatever happens, a password never gets into an address.
        <form class="form" method="post" on:submit=submit novalidate>
            {about_oneself}
            <PasswordField
                id="welcome-password"
                label="Password"
                autocomplete="new-password"
                field=password
                error=problem_of(error, "password")
                hint="At least 8 characters. A few words in a row are good, and easy to keep in mind."
            />
            <FormActions
                verb=if is_first { "Set up Colloquy" } else { "Set password" }
                kind="primary wide"
                pending=Signal::derive(move || choosing.pending().get() || secret.with(Option::is_none))
                error=Signal::derive(of_form)
            />
        </form>
    }
    .into_any()
}

/// The address's fragment, which is not in the address afterwards, nor in the browser's history.
fn take_fragment() -> String {
    let location = window().location();
    let fragment = location.hash().unwrap_or_default();
    let bare = location.pathname().ok().zip(location.search().ok());
    if let (Some((path, search)), Ok(history)) = (bare, window().history()) {
        // It fails only where browsers count how often that is done.
        history.replace_state_with_url(&JsValue::NULL, "", Some(&(path + &search))).ok();
    }
    fragment.trim_start_matches('#').to_owned()
}
