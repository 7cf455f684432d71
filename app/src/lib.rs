//! The pages of Colloquy: compiled for the server (feature `ssr`), which renders them, and for the
//! browser (feature `hydrate`), where they become live.
//!
//! In reading order:
//!
//! - [`shell`]: the HTML around every page; [`App`]: the routes
//! - [`pages`]: one page per file
//! - [`components`]: one visible thing per file; [`palette`]: the way to anything by its name
//! - [`stores`]: what pages hold, kept up to date by events
//! - [`live`]: `use_websocket`, the page's one connection to the hub
//! - [`api`]: the REST API, typed
//! - [`session`]: who uses the page, and what they may do
//! - `tab_storage`: what the browser keeps for this tab; `scroll_place`: the way back to where one was;
//!   `keyboard`: where the keyboard is, on a new page and once what had it is gone
//! - [`backend`]: what rendering on the server needs from the server
//! - [`early`]: what people do on a page before it is alive
//! - `parts`: which parts of the WASM are loaded when they are wanted; `readers`: why pages that stay open do
//!   not grow

// What a page renders is one type, as deep as its elements.
#![recursion_limit = "256"]

pub mod api;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod components;
pub mod early;
mod keyboard;
pub mod live;
pub mod pages;
pub mod palette;
mod parts;
mod readers;
mod scroll_place;
pub mod session;
pub mod stores;
mod tab_storage;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    components::{
        connection_pill::ConnectionNotice,
        sidebar::Sidebar,
        sign_in_again::SignInAgain,
        theme::{self, provide_colours},
        time::{EXACT_SCRIPT, provide_clock},
        toasts::{ToastRegion, provide_toasts},
    },
    early::Alive,
    keyboard::{follow_presses, provide_beginnings},
    live::provide_websocket,
    pages::{
        agents::{AGENT, AGENTS},
        chats::{CHAT, CHATS},
        collections::{COLLECTION, COLLECTIONS},
        connections::CONNECTIONS,
        demo::DEMO,
        events::EVENTS,
        not_found::NotFoundPage,
        overview::OVERVIEW,
        people::PEOPLE,
        profile::PROFILE,
        sign_in::SIGN_IN,
        tokens::TOKENS,
        welcome::WELCOME,
    },
    scroll_place::keep_scroll_places,
    session::{provide_session, use_session},
    tab_storage::keep_for_one_person,
};

/// The HTML document around every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta
                    name="description"
                    content="A real-time hub for agents and people: every change is an event, and none is missed."
                />
                <script nonce=use_nonce()>{theme::EARLY_SCRIPT}</script>
                <script nonce=use_nonce()>{early::SCRIPT}</script>
                <script nonce=use_nonce()>{EXACT_SCRIPT}</script>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HashedStylesheet id="leptos" options=options.clone() />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Every page, and what all of them share: the frame and the one connection to the hub.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    provide_clock();
    provide_colours();
    provide_toasts();
    provide_websocket();
    provide_session();
    keep_for_one_person();
    follow_presses();
    // Whoever is not known is offered the way in, and nothing else.
    let session = use_session();
    let is_known = untrack(|| session.caller().is_some());

    view! {
        // The browser goes there itself, and takes the keyboard along.
        <a class="skip-link" href="#content" rel="external">
            "Skip to the content"
        </a>
        <Router>
            <div class="app">
                {is_known.then(|| view! { <Sidebar /> })}
                <main id="content" tabindex="-1">
                    {is_known.then(|| view! { <ConnectionNotice /> })}
                    <Pages />
                </main>
            </div>
            <ToastRegion />
            <SignInAgain />
            <Alive />
        </Router>
    }
}

/// A page is sent when its data is there: it reads well without scripts.
#[component]
fn Pages() -> impl IntoView {
    use SsrMode::Async;
    keep_scroll_places();
    provide_beginnings();
    view! {
        <FlatRoutes fallback=NotFoundPage>
            <Route path=path!("/") view=OVERVIEW ssr=Async />
            <Route path=path!("/demo/websocket") view=DEMO ssr=Async />
            <Route path=path!("/agents") view=AGENTS ssr=Async />
            <Route path=path!("/agents/:id") view=AGENT ssr=Async />
            <Route path=path!("/chats") view=CHATS ssr=Async />
            <Route path=path!("/chats/:id") view=CHAT ssr=Async />
            <Route path=path!("/collections") view=COLLECTIONS ssr=Async />
            <Route path=path!("/collections/:id") view=COLLECTION ssr=Async />
            <Route path=path!("/events") view=EVENTS ssr=Async />
            <Route path=path!("/connections") view=CONNECTIONS ssr=Async />
            <Route path=path!("/people") view=PEOPLE ssr=Async />
            <Route path=path!("/tokens") view=TOKENS ssr=Async />
            <Route path=path!("/profile") view=PROFILE ssr=Async />
            <Route path=path!("/sign-in") view=SIGN_IN ssr=Async />
            <Route path=path!("/welcome") view=WELCOME ssr=Async />
        </FlatRoutes>
    }
    .into_any()
}
