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
    cell::Cell,
    future::pending,
    pin::{Pin, pin},
    time::Duration,
};

use colloquy_protocol::model::NotificationType;
use futures_util::future::{Either, select};
use gloo_net::http::Request;
use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    ChooseView,
    hooks::{use_location, use_url},
};
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

thread_local! {
    /// How many pages were asked for. (A page that is rendered on the server waits for nothing: of
    /// those in its thread it is always the last one.)
    static ASKED: Cell<u32> = const { Cell::new(0) };
    /// Which of them was shown last.
    static SHOWN: Cell<u32> = const { Cell::new(0) };
}

/// The pause between two tries to load a page's part.
const PAUSE: Duration = Duration::from_secs(2);

/// How long the hub may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The router shows what was chosen if the path is still the one that it was chosen for, and in any
/// case drops the page from before. When only the id in the path changes, it does not choose again. So,
/// when other pages are gone to while the part of one is on its way:
///
/// - The page that was asked for last is shown, or loaded anew if its id is another by then. (So is the
///   page that is not found, which has no part, if it was gone to since.)
/// - The choices before it end after that, so that the page from before lives as long as it is seen;
///   and one whose path is wanted again ends only when it is not, so that it is not shown instead.
impl ChooseView for LazyPage {
    async fn choose(self) -> AnyView {
        let asked = ASKED.get().wrapping_add(1);
        ASKED.set(asked);
        let own_path = use_url().with_untracked(|url| url.path().to_owned());
        let path = use_location().pathname;
        let is_wanted = || path.with_untracked(|path| *path == own_path);
        let mut notice = None;
        let view = loop {
            match (self.view)().await {
                _ if ASKED.get() != asked => break None,
                Ok(view) if is_wanted() || !is_alive() => break Some(view),
                Ok(_) => load_anew().await,
                Err(error) => on_failure(error, &mut notice).await,
            }
            sleep(PAUSE).await;
        };
        if let Some(notice) = notice {
            use_toasts().close(notice);
        }
        let Some(view) = view else {
            while is_wanted() || SHOWN.get() != ASKED.get() {
                sleep(PAUSE).await;
            }
            return ().into_any();
        };
        SHOWN.set(asked);
        view
    }

    async fn preload(&self) {
        (self.preload)().await;
    }
}

/// A page's part could not be loaded. While the hub is there, it is not the network: it may be
/// another version by now, whose parts do not fit this one, so the browser loads the page anew.
/// Otherwise a notice says that it is tried again.
async fn on_failure(error: NotLoaded, notice: &mut Option<u64>) {
    if is_alive() && hub_answers().await {
        load_anew().await;
    } else if notice.is_none() {
        *notice =
            Some(use_toasts().show(NotificationType::Error, format!("{error} It is tried again.")));
    }
}

/// Whether the hub is there. The connection alone does not prove it: it may outlive the network for a
/// while, and a page that is loaded anew then is lost.
async fn hub_answers() -> bool {
    if use_websocket().connection().get_untracked() != Connection::Live {
        return false;
    }
    let answer = pin!(Request::get("/health").send());
    match select(answer, pin!(sleep(PATIENCE))).await {
        Either::Left((Ok(answer), _)) => answer.ok(),
        _ => false,
    }
}

/// Whether the page listens to what is done on it. One that does not yet is being loaded at this moment,
/// and is not loaded anew again and again.
fn is_alive() -> bool {
    document().document_element().is_some_and(|root| !root.has_attribute(ASLEEP))
}

/// Has the browser load the wanted page anew, once: while that is on its way, asking for it again would
/// begin from the start. Ends only if the browser does not.
async fn load_anew() {
    let location = use_location();
    let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
    let question = if search.is_empty() { "" } else { "?" };
    if window().location().set_href(&format!("{path}{question}{search}")).is_ok() {
        pending::<()>().await;
    }
}
