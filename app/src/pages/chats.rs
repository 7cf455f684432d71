//! `/chats`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{LazyRoute, lazy_route};

/// The page.
#[derive(Debug)]
pub struct ChatsRoute;

#[lazy_route]
impl LazyRoute for ChatsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Chats" />
            <div class="page">
                <h1>"Chats"</h1>
            </div>
        }
        .into_any()
    }
}

/// The page.
#[derive(Debug)]
pub struct ChatRoute;

#[lazy_route]
impl LazyRoute for ChatRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Title text="Chat" />
            <div class="page">
                <h1>"Chat"</h1>
            </div>
        }
        .into_any()
    }
}
