//! What a page says when there is nothing to show, or when something went wrong.

use colloquy_protocol::access::Action;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    api::{ApiError, missing_page},
    components::{flow::Show, title::Title},
    live::{Connection, use_websocket},
    session::use_session,
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

/// Nothing is there yet: says so, and what to do next to whoever may do it.
#[component]
pub fn NoneYet(
    /// What is not there.
    #[prop(into)]
    title: Signal<String>,
    /// What one has to be allowed.
    right: Action,
    /// What to do about it.
    children: ChildrenFn,
) -> impl IntoView {
    let session = use_session();
    view! {
        <Empty title>
            <p>
                <Show
                    when=move || session.may(right)
                    fallback=|| "What others do shows up here.".into_any()
                >
                    {children()}
                </Show>
            </p>
        </Empty>
    }
    .into_any()
}

/// A part of a list has nothing: says so, and leads to the start of the whole list.
#[component]
pub fn NothingMatches() -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <Empty title="Nothing matches.">
            <p>
                <a class="button" href=path>
                    "Show all"
                </a>
            </p>
        </Empty>
    }
    .into_any()
}

/// What the page is about does not exist: says so, and leads elsewhere. While it is rendered, its HTTP
/// status is 404.
#[component]
pub fn NotFound(
    /// What does not exist, as a heading.
    #[prop(into)]
    title: String,
    /// Why that may be.
    text: &'static str,
    /// Where to go on.
    children: Children,
) -> impl IntoView {
    missing_page();
    view! {
        <Title text="Not found" />
        <section class="not-found">
            <p class="not-found-code">"404"</p>
            <h1>{title}</h1>
            <p>{text}</p>
            <div class="actions">{children()}</div>
        </section>
    }
    .into_any()
}

/// What the page shows exists no more for who reads it: says so, and leads to what there is.
#[component]
pub fn Gone(
    /// What happened to it, as a sentence.
    #[prop(into)]
    title: Signal<String>,
    /// Where to go on.
    href: &'static str,
    /// What is there.
    #[prop(into)]
    link: String,
) -> impl IntoView {
    view! {
        <section class="card failed" role="alert">
            <p>
                <strong>{move || title.get()}</strong>
                " It is shown as it last was."
            </p>
            <a class="button" href=href>
                {link}
            </a>
        </section>
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

/// Something could not be loaded. When that may pass, it is tried again when the connection comes back;
/// when the session had ended, once somebody has signed in again.
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
    let is_unauthenticated = error.is_unauthenticated();
    if is_unauthenticated || error.may_pass() {
        let connection = use_websocket().connection();
        let has_ended = use_session().has_ended();
        Effect::new(move |could: Option<bool>| {
            let can = if is_unauthenticated {
                !has_ended.get()
            } else {
                connection.get() == Connection::Live
            };
            if could == Some(false) && can {
                on_retry.run(());
            }
            can
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
