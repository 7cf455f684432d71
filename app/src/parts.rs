//! The parts of the WASM that are loaded when they are wanted: which there are, and how something
//! is put into one.
//!
//! There are few, each of several pages. `#[leptos::lazy]` would make a part of each page; what any
//! two pages have in common then becomes a part too, so that one visit loads a hundred of them, and
//! the tool that splits keeps all pages' constant data in the main part.
//!
//! - `demo`: the live page
//! - `hub`: overview, agents, collections, events, connections; the palette's list
//! - `chats`: chats and their conversations
//! - `account`: signing in, profile, people, tokens

use std::pin::Pin;

use leptos::prelude::AnyView;
use leptos_router::ChooseView;

/// Defines an async function whose body lives in a part of the WASM: the first call loads it.
macro_rules! lazy_function {
    ($part:ident, fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty $body:block) => {
        #[cfg(feature = "hydrate")]
        #[leptos::wasm_split::wasm_split($part, wasm_split_path = leptos::wasm_split)]
        fn $name($($argument: $type),*) -> $output $body

        #[cfg(not(feature = "hydrate"))]
        async fn $name($($argument: $type),*) -> $output {
            leptos::prefetch_lazy_fn_on_server(stringify!($part));
            $body
        }
    };
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
                preload(preload)
            )]
            fn page() -> leptos::prelude::AnyView {
                $view()
            }

            #[cfg(not(feature = "hydrate"))]
            async fn page() -> leptos::prelude::AnyView {
                leptos::prefetch_lazy_fn_on_server(stringify!($part));
                $view()
            }

            #[cfg(not(feature = "hydrate"))]
            async fn preload() {}

            $crate::parts::LazyPage { view: || Box::pin(page()), preload: || Box::pin(preload()) }
        };
    };
}

pub(crate) use {lazy_function, lazy_page};

/// The route of a page that lives in a part of the WASM. There is one type for all of them, so that
/// what the router does with a route is compiled once.
#[derive(Debug, Clone, Copy)]
pub struct LazyPage {
    /// Loads its part, and makes the page.
    pub(crate) view: fn() -> LocalFuture<AnyView>,
    /// Loads its part.
    pub(crate) preload: fn() -> LocalFuture<()>,
}

type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

impl ChooseView for LazyPage {
    async fn choose(self) -> AnyView {
        (self.view)().await
    }

    async fn preload(&self) {
        (self.preload)().await;
    }
}
