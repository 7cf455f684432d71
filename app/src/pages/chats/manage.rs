//! What can be done with a chat as a whole.

use colloquy_protocol::{access::Action as Right, model::NotificationType, topic::Topic};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::edit::EditChat;
use crate::{
    api::{ApiError, delete_if_there, entity::path_of},
    components::{
        dialog::ConfirmDialog, entity_edit::forget_change, flow::Show, toasts::use_toasts,
    },
    session::use_session,
    stores::open_chat::OpenChat,
};

/// The buttons beside the title.
#[component]
pub fn Manage(
    /// The chat that is open.
    chat: OpenChat,
) -> impl IntoView {
    let session = use_session();
    let is_deleted = chat.is_deleted();
    let title = chat.part(|held| held.chat().title.clone());
    let topic = Topic::Chat(chat.id());
    let (editing, confirming) = (RwSignal::new(false), RwSignal::new(false));
    let (navigate, toasts) = (use_navigate(), use_toasts());
    let delete = Action::new(move |_: &()| {
        let (topic, title, navigate) = (topic.clone(), title.get_untracked(), navigate.clone());
        async move {
            delete_if_there(&path_of(&topic)).await?;
            forget_change(&topic);
            toasts.show(NotificationType::Success, format!("{title} was deleted."));
            // Who went elsewhere meanwhile stays there.
            if !confirming.is_disposed() {
                navigate("/chats", Default::default());
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = move || delete.value().get().and_then(Result::err).map(|error| error.to_string());
    view! {
        <Show
            when=move || !is_deleted.get()
            fallback=|| view! { <span class="tag">"deleted"</span> }
        >
            <Show when=move || session.may(Right::ChangeChats)>
                <div class="actions">
                    <button type="button" class="button" on:click=move |_| editing.set(true)>
                        "Edit"
                    </button>
                    <button type="button" class="button" on:click=move |_| confirming.set(true)>
                        "Delete…"
                    </button>
                </div>
            </Show>
        </Show>
        <EditChat chat open=editing />
        <ConfirmDialog
            id="delete-chat"
            open=confirming
            title=Signal::derive(move || format!("Delete {}?", title.get()))
            text="Its messages go with it, for everybody. This cannot be undone."
            verb="Delete"
            on_confirm=move |()| {
                delete.dispatch(());
            }
            pending=delete.pending()
            error=Signal::derive(error)
        />
    }
    .into_any()
}
