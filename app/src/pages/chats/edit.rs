//! Changes a chat's title and metadata.

use colloquy_protocol::{model::Chat, request::ChatPatch};
use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{ApiError, chats, merge_patch},
    components::{
        conflict::{Conflict, Sides},
        dialog::Dialog,
        field::{TextField, problem_of, problem_of_form},
        flow::Show,
        form_actions::FormActions,
        json_editor::JsonEditor,
        json_text::{parse_object, pretty},
    },
    stores::open_chat::OpenChat,
};

type Saving = Action<ChatPatch, Result<(), ApiError>>;

/// What was typed, and what it is a change of.
#[derive(Debug, Clone, Copy)]
struct Draft {
    /// The chat as it was when the change was begun: it is saved only over that.
    base: RwSignal<Chat>,
    title: RwSignal<String>,
    metadata: RwSignal<String>,
    /// What somebody else saved meanwhile.
    theirs: RwSignal<Option<Chat>>,
}

/// The button that opens the form, and the form. What was typed stays when the dialog is closed, until
/// it is saved or given up.
#[component]
pub fn EditChat(
    /// The chat that is open.
    chat: OpenChat,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let now = move || chat.conversation().with_untracked(|held| held.chat().clone());
    let draft = Draft::of(now());
    let save = Action::new(move |change: &ChatPatch| {
        let (base, change) = (draft.base.get_untracked(), change.clone());
        async move {
            match save(base, &change).await? {
                Outcome::Saved(saved) => {
                    draft.begin(saved.clone());
                    chat.changed(saved);
                    open.set(false);
                }
                Outcome::Conflict(now) => draft.theirs.set(Some(now)),
            }
            Ok::<_, ApiError>(())
        }
    });
    let begin = move || {
        draft.begin(now());
        save.clear();
    };
    let show = move |_| {
        if !draft.is_changed() {
            begin();
        }
        open.set(true);
    };
    let give_up = Callback::new(move |()| {
        begin();
        open.set(false);
    });
    view! {
        <button type="button" class="button" on:click=show>
            "Edit"
        </button>
        <Dialog id="edit-chat" open title="Edit the chat">
            <Form draft save on_cancel=give_up />
        </Dialog>
    }
    .into_any()
}

impl Draft {
    fn of(chat: Chat) -> Self {
        Self {
            title: RwSignal::new(chat.title.clone()),
            metadata: RwSignal::new(pretty(&chat.metadata)),
            base: RwSignal::new(chat),
            theirs: RwSignal::new(None),
        }
    }

    /// Begins a change of the chat as it is.
    fn begin(self, chat: Chat) {
        self.title.set(chat.title.clone());
        self.metadata.set(pretty(&chat.metadata));
        self.base.set(chat);
        self.theirs.set(None);
    }

    /// Whether something else stands in the form than what was there.
    fn is_changed(self) -> bool {
        self.base.with_untracked(|base| {
            self.title.with_untracked(|title| *title != base.title)
                || self.metadata.with_untracked(|text| *text != pretty(&base.metadata))
        })
    }
}

#[component]
fn Form(draft: Draft, save: Saving, on_cancel: Callback<()>) -> impl IntoView {
    let Draft { base, title, metadata, theirs } = draft;
    let submit = move || {
        let Ok(new) = metadata.with_untracked(|text| parse_object(text)) else { return };
        let change = base.with_untracked(|base| ChatPatch {
            title: Some(title.get_untracked()).filter(|title| *title != base.title),
            metadata: Some(Some(merge_patch::diff(&base.metadata, &new))),
        });
        save.dispatch(change);
    };
    let go_on = move || {
        if let Some(theirs) = theirs.get_untracked() {
            base.set(theirs);
        }
        theirs.set(None);
    };
    let error = Signal::derive(move || save.value().get().and_then(Result::err));
    let no_patch = move || {
        let new = metadata.with(|text| parse_object(text)).ok()?;
        let place = base.with(|base| merge_patch::unsendable(&base.metadata, &new))?;
        Some(format!("{place} can not become null: in a patch, null takes a member away."))
    };
    let of_metadata =
        Signal::derive(move || no_patch().or_else(|| problem_of(error, "metadata").get()));
    let can_save = move || metadata.with(|text| parse_object(text).is_ok()) && no_patch().is_none();

    view! {
        {move || {
            theirs
                .get()
                .map(|theirs| {
                    let sides = [
                        Sides {
                            label: "Title",
                            mine: title.get_untracked(),
                            theirs: theirs.title.clone(),
                        },
                        Sides {
                            label: "Metadata",
                            mine: metadata.get_untracked(),
                            theirs: pretty(&theirs.metadata),
                        },
                    ];
                    let sides = sides.into_iter().filter(|sides| sides.mine != sides.theirs);
                    view! {
                        <Conflict
                            noun="chat"
                            sides=sides.collect()
                            on_theirs=move |()| {
                                title.set(theirs.title.clone());
                                metadata.set(pretty(&theirs.metadata));
                                go_on();
                            }
                            on_edit=move |()| go_on()
                            on_mine=move |()| {
                                go_on();
                                submit();
                            }
                        />
                    }
                })
        }}
        <Show when=move || theirs.with(Option::is_none)>
            <form
                class="form"
                on:submit=move |event: SubmitEvent| {
                    event.prevent_default();
                    submit();
                }
            >
                <TextField
                    id="edit-chat-title"
                    label="Title"
                    text=title
                    error=problem_of(error, "title")
                />
                <JsonEditor
                    id="edit-chat-metadata"
                    label="Metadata"
                    text=metadata
                    error=of_metadata
                />
                <FormActions
                    verb="Save"
                    on_cancel
                    pending=save.pending()
                    disabled=Signal::derive(move || !can_save())
                    error=problem_of_form(error)
                />
            </form>
        </Show>
    }
    .into_any()
}

enum Outcome {
    Saved(Chat),
    /// Somebody else changed what is to be changed.
    Conflict(Chat),
}

/// Saves over a chat that still says what it said: who is in it makes no difference.
async fn save(mut base: Chat, change: &ChatPatch) -> Result<Outcome, ApiError> {
    loop {
        match chats::change(&base.id, base.version, change).await {
            Ok(saved) => return Ok(Outcome::Saved(saved)),
            Err(error) if error.is_conflict() => {
                let now = chats::read(&base.id).await?.value;
                if now.title != base.title || now.metadata != base.metadata {
                    return Ok(Outcome::Conflict(now));
                }
                base = now;
            }
            Err(error) => return Err(error),
        }
    }
}
