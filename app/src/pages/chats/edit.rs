//! Changes a chat's title and metadata.

use colloquy_protocol::{
    model::{Chat, Metadata},
    request::ChatPatch,
};
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

type Saving = Action<Wanted, Result<(), ApiError>>;

/// What a chat is to become.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    title: String,
    metadata: Metadata,
}

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
    let save = Action::new(move |wanted: &Wanted| {
        let (base, wanted) = (draft.base.get_untracked(), wanted.clone());
        async move {
            let outcome = save(base, &wanted).await?;
            // The page may have been left meanwhile.
            if !draft.base.is_disposed() {
                match outcome {
                    Outcome::Saved(saved) => {
                        chat.changed(saved.clone());
                        if draft.is_changed() && draft.wanted().as_ref() != Some(&wanted) {
                            // What was typed meanwhile is a change of what was saved.
                            draft.base.set(saved);
                        } else {
                            draft.begin(saved);
                            open.set(false);
                        }
                    }
                    Outcome::Conflict(now) => draft.theirs.set(Some(now)),
                }
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

    /// What stands in the form; none while its metadata are no JSON.
    fn wanted(self) -> Option<Wanted> {
        let metadata = self.metadata.with_untracked(|text| parse_object(text)).ok()?;
        Some(Wanted { title: self.title.get_untracked(), metadata })
    }
}

impl Wanted {
    /// Whether a chat is so already.
    fn is(&self, chat: &Chat) -> bool {
        self.title == chat.title && self.metadata == chat.metadata
    }

    /// What makes a chat so.
    fn patch_of(&self, chat: &Chat) -> ChatPatch {
        ChatPatch {
            title: (self.title != chat.title).then(|| self.title.clone()),
            metadata: Some(Some(merge_patch::diff(&chat.metadata, &self.metadata))),
        }
    }
}

#[component]
fn Form(draft: Draft, save: Saving, on_cancel: Callback<()>) -> impl IntoView {
    let Draft { base, title, metadata, theirs } = draft;
    let submit = move || {
        if let Some(wanted) = draft.wanted() {
            save.dispatch(wanted);
        }
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
        Some(format!("{place} cannot become null: in a patch, null takes a member away."))
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

/// Saves over a chat that still says what it said (who is in it makes no difference), or that says
/// already what is wanted: the answer to a try before may be lost.
async fn save(mut base: Chat, wanted: &Wanted) -> Result<Outcome, ApiError> {
    loop {
        match chats::change(&base.id, base.version, &wanted.patch_of(&base)).await {
            Ok(saved) => return Ok(Outcome::Saved(saved)),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        let now = chats::read(&base.id).await?.value;
        if wanted.is(&now) {
            return Ok(Outcome::Saved(now));
        }
        if now.title != base.title || now.metadata != base.metadata {
            return Ok(Outcome::Conflict(now));
        }
        base = now;
    }
}
