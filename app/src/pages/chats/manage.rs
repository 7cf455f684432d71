//! What can be done with a chat as a whole.

use colloquy_protocol::{access::Action as Right, model::NotificationType};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::edit::EditChat;
use crate::{
    api::{ApiError, chats},
    components::{dialog::ConfirmDialog, flow::Show, toasts::use_toasts},
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
    let confirming = RwSignal::new(false);
    let (navigate, toasts) = (use_navigate(), use_toasts());
    let delete = Action::new(move |_: &()| {
        let (id, title, navigate) = (chat.id(), title.get_untracked(), navigate.clone());
        async move {
            chats::remove(&id).await?;
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
                    <EditChat chat />
                    <button type="button" class="button" on:click=move |_| confirming.set(true)>
                        "Delete…"
                    </button>
                </div>
            </Show>
        </Show>
        <ConfirmDialog
            id="delete-chat"
            open=confirming
            title="Delete this chat?"
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
