//! Changes a chat's title and metadata.

use colloquy_protocol::model::Chat;
use leptos::prelude::*;

use crate::{
    api::ApiError,
    components::{
        dialog::Dialog, draft::Draft, entity_edit::EditEntity, entity_view::EntityForm,
        metadata::MetadataField,
    },
    stores::open_chat::OpenChat,
};

impl EntityForm for Chat {
    const NOUN: &'static str = "chat";
    const NAME_LABEL: &'static str = "Title";

    fn more_fields(draft: Draft, error: Signal<Option<ApiError>>) -> AnyView {
        view! { <MetadataField draft error /> }.into_any()
    }
}

/// The form, in a dialog. What was typed stays when it is closed, until it is saved or given up.
#[component]
pub fn EditChat(
    /// The chat that is open.
    chat: OpenChat,
    /// Whether the dialog is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let entity = Signal::derive(move || chat.conversation().with(|held| held.chat().clone()));
    let is_gone = chat.is_deleted();
    let on_saved = Callback::new(move |saved| chat.changed(saved));
    let on_close = Callback::new(move |()| open.set(false));
    view! {
        <Dialog id="edit-chat" open title="Edit the chat">
            <EditEntity entity is_gone on_saved on_close />
        </Dialog>
    }
    .into_any()
}
