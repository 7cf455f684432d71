//! The pages of Colloquy: compiled for the server (feature `ssr`), which renders them, and for the
//! browser (feature `hydrate`), where they become live.
//!
//! In reading order:
//!
//! - [`shell`]: the HTML around every page; [`App`]: the routes
//! - [`pages`]: one page per file
//! - [`components`]: one visible thing per file
//! - [`stores`]: what pages hold, kept up to date by events
//! - [`live`]: `use_websocket`, the page's one connection to the hub
//! - [`api`]: the REST API, typed
//! - [`backend`]: what rendering on the server needs from the server

pub mod api;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod components;
pub mod live;
pub mod pages;
pub mod stores;

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    components::site_header::SiteHeader,
    live::provide_websocket,
    pages::{demo::DemoPage, not_found::NotFoundPage},
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

/// Every page, and what all of them share: the header and the one connection to the hub.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_websocket();

    view! {
        <Title formatter=|page: String| format!("{page} · Colloquy") />
        <a class="skip-link" href="#content">
            "Skip to the content"
        </a>
        <Router>
            <SiteHeader />
            <main id="content" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    // The page is sent when its data is there: it reads well without scripts.
                    <Route path=path!("/demo/websocket") view=DemoPage ssr=SsrMode::Async />
                </Routes>
            </main>
        </Router>
    }
}
