//! The parts of the WASM that are loaded when they are wanted: which there are, and how something
//! is put into one.
//!
//! There are few, each of several pages. `#[leptos::lazy]` would make a part of each page; what any
//! two pages have in common then becomes a part too, so that one visit loads a hundred of them, and
//! the tool that splits keeps all pages' constant data in the main part.
//!
//! - `demo`: the live page
//! - `hub`: overview, agents, collections, events, connections; the palette; what the live page's
//!   buttons do
//! - `chats`: chats and their conversations
//! - `account`: signing in, profile, people, tokens

use std::{
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use colloquy_protocol::model::NotificationType;
use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{ChooseView, hooks::use_url};
use thiserror::Error;

use crate::{
    components::toasts::use_toasts,
    early::ASLEEP,
    live::{Connection, use_websocket},
};

/// Defines an async function that gives another one, which lives in a part of the WASM: it is
/// loaded by the first call.
macro_rules! lazy_function {
    ($part:ident, $visibility:vis fn $name:ident() -> $type:ty = $value:expr) => {
        #[cfg(feature = "hydrate")]
        #[leptos::wasm_split::wasm_split($part, wasm_split_path = leptos::wasm_split, fallible)]
        $visibility fn $name() -> Result<$type, $crate::parts::NotLoaded> {
            Ok($value)
        }

        #[cfg(not(feature = "hydrate"))]
        $visibility async fn $name() -> Result<$type, $crate::parts::NotLoaded> {
            Ok($value)
        }
    };
}

/// A part of the WASM could not be loaded. Another try may succeed.
#[derive(Debug, Clone, Copy, Error)]
#[error(
    "A part of this page could not be loaded: the network or the hub may be away. If the hub was updated meanwhile, reload the page."
)]
pub(crate) struct NotLoaded;

#[cfg(feature = "hydrate")]
impl From<leptos::wasm_split::SplitLoaderError> for NotLoaded {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// Makes a dialog.
pub(crate) type Dialog = fn() -> AnyView;

/// A dialog that is loaded when it is first to be open. If that fails, a notice says so, and it is
/// not open.
pub(crate) fn lazy_dialog(
    open: RwSignal<bool>,
    load: fn() -> LocalFuture<Result<Dialog, NotLoaded>>,
) -> AnyView {
    let toasts = use_toasts();
    let dialog = RwSignal::new(None::<Dialog>);
    let is_asked = StoredValue::new(false);
    Effect::new(move || {
        if !open.get() || is_asked.get_value() {
            return;
        }
        is_asked.set_value(true);
        spawn_local(async move {
            match load().await {
                Ok(loaded) => dialog.set(Some(loaded)),
                Err(error) => {
                    is_asked.set_value(false);
                    open.set(false);
                    toasts.show(NotificationType::Error, error.to_string());
                }
            }
        });
    });
    view! { {move || dialog.get().map(|dialog| dialog())} }.into_any()
}

/// Defines the route of a page that lives in a part of the WASM; `view` is the function that makes
/// the page, [`AnyView`].
///
/// The route itself belongs to the main part, and holds nothing: data that it held would bring its
/// types into the main part.
macro_rules! lazy_page {
    ($(#[$attribute:meta])* $route:ident in $part:ident: $view:ident) => {
        $(#[$attribute])*
        pub const $route: $crate::parts::LazyPage = {
            #[cfg(feature = "hydrate")]
            #[leptos::wasm_split::wasm_split(
                $part,
                wasm_split_path = leptos::wasm_split,
                preload(preload),
                fallible
            )]
            fn page() -> Result<leptos::prelude::AnyView, $crate::parts::NotLoaded> {
                Ok($view())
            }

            #[cfg(not(feature = "hydrate"))]
            async fn page() -> Result<leptos::prelude::AnyView, $crate::parts::NotLoaded> {
                leptos::prefetch_lazy_fn_on_server(stringify!($part));
                Ok($view())
            }

            #[cfg(not(feature = "hydrate"))]
            async fn preload() -> Result<(), $crate::parts::NotLoaded> {
                Ok(())
            }

            $crate::parts::LazyPage {
                view: || Box::pin(page()),
                preload: || {
                    Box::pin(async {
                        // Whoever comes to the page tries again.
                        let _ = preload().await;
                    })
                },
            }
        };
    };
}

pub(crate) use {lazy_function, lazy_page};

/// The route of a page that lives in a part of the WASM. There is one type for all of them, so that
/// what the router does with a route is compiled once.
#[derive(Debug, Clone, Copy)]
pub struct LazyPage {
    /// Loads its part, and makes the page.
    pub(crate) view: fn() -> LocalFuture<Result<AnyView, NotLoaded>>,
    /// Loads its part.
    pub(crate) preload: fn() -> LocalFuture<()>,
}

pub(crate) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// How many pages were asked for.
static ASKED: AtomicU32 = AtomicU32::new(0);

/// The pause between two tries to load a page's part.
const PAUSE: Duration = Duration::from_secs(2);

impl ChooseView for LazyPage {
    async fn choose(self) -> AnyView {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
        let mut notice = None;
        let view = loop {
            match (self.view)().await {
                Ok(view) => break view,
                Err(error) => on_failure(error, &mut notice),
            }
            sleep(PAUSE).await;
            // Somebody did not want to wait for it: the router shows nothing of it any more.
            if ASKED.load(Ordering::Relaxed) != asked {
                break ().into_any();
            }
        };
        if let Some(notice) = notice {
            use_toasts().close(notice);
        }
        view
    }

    async fn preload(&self) {
        (self.preload)().await;
    }
}

/// A page's part could not be loaded. While the hub is there, it is not the network: it may be
/// another version by now, whose parts do not fit this one, so the browser loads the page anew.
/// Otherwise a notice says that it is tried again.
fn on_failure(error: NotLoaded, notice: &mut Option<u64>) {
    // A page that is loaded at this moment is not loaded anew again and again.
    let is_alive = document().document_element().is_some_and(|root| !root.has_attribute(ASLEEP));
    let is_live = use_websocket().connection().get_untracked() == Connection::Live;
    if is_alive && is_live {
        let url = use_url().get_untracked();
        let search = url.search();
        let question = if search.is_empty() { "" } else { "?" };
        // Where it cannot, it is tried here again.
        drop(window().location().set_href(&format!("{}{question}{search}", url.path())));
    } else if notice.is_none() {
        *notice =
            Some(use_toasts().show(NotificationType::Error, format!("{error} It is tried again.")));
    }
}
