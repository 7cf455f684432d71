//! What shows that a chat is private.

use colloquy_protocol::model::Visibility;
use leptos::prelude::*;

use super::icon::{Icon, Shape};

/// A lock before the title of a chat that only its participants see; nothing before others.
#[component]
pub fn Lock(
    /// Who sees the chat.
    visibility: Visibility,
) -> impl IntoView {
    (!visibility.is_open()).then(|| {
        view! {
            <span class="chat-lock" title="Only its participants see it">
                <Icon shape=Shape::Lock />
                <span class="visually-hidden">"Private: "</span>
            </span>
        }
    })
}
