//! What a page says when there is nothing to show, or when something went wrong.

use leptos::prelude::*;

use crate::{
    api::ApiError,
    live::{Connection, use_websocket},
};

/// Nothing is there yet: says so, and what to do next.
#[component]
pub fn Empty(
    /// What is not there.
    #[prop(into)]
    title: Signal<String>,
    /// What to do about it.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p>
                <strong>{move || title.get()}</strong>
            </p>
            {children()}
        </div>
    }
    .into_any()
}

/// What is shown could not be loaded afresh, as long as that is so. That it does not exist any more is
/// for the page to say.
#[component]
pub fn OutOfDate(
    /// What could not be loaded afresh, as a sentence.
    title: &'static str,
    /// What went wrong.
    error: Signal<Option<ApiError>>,
    /// Tries again.
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    view! {
        {move || {
            let error = error.get().filter(|error| !error.is_missing())?;
            Some(view! { <LoadError title error on_retry /> }.into_any())
        }}
    }
    .into_any()
}

/// Something could not be loaded. When that may pass, it is tried again when the connection comes back.
#[component]
pub fn LoadError(
    /// What could not be loaded, as a sentence.
    title: &'static str,
    /// What went wrong.
    error: ApiError,
    /// Tries again.
    #[prop(into)]
    on_retry: Callback<()>,
) -> impl IntoView {
    if error.is_forbidden() {
        let title = "This page is for administrators.";
        return view! {
            <Empty title>
                <p>"One of them can change your role, if you need it."</p>
            </Empty>
        }
        .into_any();
    }
    if error.may_pass() {
        let connection = use_websocket().connection();
        Effect::new(move |was_live: Option<bool>| {
            let is_live = connection.get() == Connection::Live;
            if was_live == Some(false) && is_live {
                on_retry.run(());
            }
            is_live
        });
    }
    view! {
        <section class="card failed" role="alert">
            <p>
                <strong>{title}</strong>
                " "
                {error.to_string()}
            </p>
            <button type="button" class="button" on:click=move |_| on_retry.run(())>
                "Try again"
            </button>
        </section>
    }
    .into_any()
}
