//! The button that creates a chat.

use colloquy_protocol::{
    model::Visibility,
    problem::FieldError,
    request::{NewChat, NewParticipant},
};
use leptos::{ev::SubmitEvent, prelude::*};

use super::add_participant::{AddParticipant, Naming};
use crate::{
    api::{ApiError, Attempt, chats, sentence},
    components::{
        address::open_by_address,
        created::Created,
        dialog::Dialog,
        field::{TextField, item, problem_of, problem_of_form},
        flow::For,
        form_actions::FormActions,
        icon::{Icon, Shape},
    },
    session::use_session,
    stores::people::People,
};

const FORM: &str = "create-chat";

type Creation = Action<NewChat, Result<(), ApiError>>;

/// What was chosen of a new chat.
#[derive(Debug, Clone, Copy)]
struct Draft {
    title: RwSignal<String>,
    visibility: RwSignal<Visibility>,
    participants: RwSignal<Vec<NewParticipant>>,
    /// Who is to take part, too, and was not added yet.
    naming: Naming,
}

/// Asks for a title and who takes part, creates the chat and goes there. What was typed stays when the
/// dialog is closed.
#[component]
pub fn CreateChat(
    /// What people are called.
    people: People,
) -> impl IntoView {
    let open = RwSignal::new(false);
    open_by_address(open);
    let myself =
        use_session().principal().map(|me| NewParticipant { participant_id: me.id, kind: me.kind });
    let empty = NewChat { participants: Vec::from_iter(myself), ..NewChat::default() };
    let draft = Draft::of(empty.clone(), people);
    let attempt = StoredValue::new(Attempt::default());
    let created = Created::of(open);

    let creation = Action::new(move |chat: &NewChat| {
        let (chat, empty) = (chat.clone(), empty.clone());
        let key = attempt.try_update_value(|attempt| attempt.key(&chat));
        let created = created.clone();
        async move {
            let Some(key) = key else { return Ok(()) };
            let id = chats::create(&key, &chat).await?.id;
            attempt.try_update_value(Attempt::done);
            let take = || {
                let is_same = draft.chat() == chat;
                if is_same {
                    draft.show(empty);
                }
                is_same
            };
            created.lead_to(&format!("/chats/{id}"), &chat.title, take).await;
            Ok(())
        }
    });
    let show = move |_| {
        creation.clear();
        draft.naming.refuse(None);
        open.set(true);
    };
    view! {
        <button type="button" class="button primary with-icon" on:click=show>
            <Icon shape=Shape::Plus />
            "New chat"
        </button>
        <Dialog id="create-chat-title" open title="New chat">
            <Form people open draft creation />
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(people: People, open: RwSignal<bool>, draft: Draft, creation: Creation) -> impl IntoView {
    let Draft { title, visibility, participants, naming } = draft;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !creation.pending().get_untracked() && draft.take_named() {
            creation.dispatch(draft.chat());
        }
    };
    let remove =
        move |who: &NewParticipant| participants.update(|all| all.retain(|one| one != who));
    let error = Signal::derive(move || creation.value().get().and_then(Result::err));
    Effect::new(move || {
        if let Some(ApiError::Refused(problem)) = error.get() {
            naming.refuse(problem.errors.iter().find_map(|error| draft.fault_of(error)));
        }
    });

    view! {
        <form id=FORM on:submit=submit>
            <TextField id="create-chat-name" label="Title" text=title error=problem_of(error, "title") />
            <ChooseVisibility visibility />
        </form>
        <section class="chat-people-form" aria-labelledby="create-chat-people">
            <h3 id="create-chat-people">"Participants"</h3>
            <ul class="chosen">
                <For
                    each=move || participants.get()
                    key=|who| who.participant_id.clone()
                    let:who
                >
                    <Chosen who people on_remove=remove />
                </For>
            </ul>
            <AddParticipant
                name="create"
                verb="Add"
                naming
                on_add=Callback::new(move |who| {
                    draft.add(who);
                })
                pending=false
            />
        </section>
        <FormActions
            verb="Create"
            on_cancel=move |()| open.set(false)
            pending=creation.pending()
            form=FORM
            error=problem_of_form(error)
        />
    }
    .into_any()
}

impl Draft {
    fn of(chat: NewChat, people: People) -> Self {
        let NewChat { title, visibility, participants, .. } = chat;
        Self {
            title: RwSignal::new(title),
            visibility: RwSignal::new(visibility),
            participants: RwSignal::new(participants),
            naming: Naming::of(people),
        }
    }

    /// Adds somebody, unless they are in it already, which the form says.
    fn add(self, who: NewParticipant) -> bool {
        let is_there = |one: &NewParticipant| one.participant_id == who.participant_id;
        let is_new = !self.participants.with_untracked(|all| all.iter().any(is_there));
        if is_new {
            self.naming.was_added(&who);
            self.participants.update(|all| all.push(who));
        } else {
            self.naming.refuse(Some(format!("Already in it: {}.", self.naming.name_of(&who))));
        }
        is_new
    }

    /// Adds who is still named: they were meant. Whether the form has nobody left whom it cannot add.
    fn take_named(self) -> bool {
        self.naming.is_empty() || self.naming.named().is_some_and(|who| self.add(who))
    }

    /// What is wrong with those who are to take part, if that is at fault.
    fn fault_of(self, error: &FieldError) -> Option<String> {
        let rest = error.field.strip_prefix("participants")?;
        let of = |all: &Vec<NewParticipant>| Some(self.naming.name_of(all.get(item(rest)?.0)?));
        let who = self.participants.with_untracked(of);
        let what = sentence(&error.message);
        Some(who.map(|who| format!("{who}: {what}")).unwrap_or(what))
    }

    fn chat(self) -> NewChat {
        NewChat {
            title: self.title.get_untracked(),
            visibility: self.visibility.get_untracked(),
            participants: self.participants.get_untracked(),
            ..NewChat::default()
        }
    }

    fn show(self, chat: NewChat) {
        self.title.set(chat.title);
        self.visibility.set(chat.visibility);
        self.participants.set(chat.participants);
        self.naming.clear();
    }
}

#[component]
fn ChooseVisibility(visibility: RwSignal<Visibility>) -> impl IntoView {
    let option = |one: Visibility| {
        let words = match one {
            Visibility::Open => "Everybody who is signed in",
            Visibility::Participants => "Only its participants",
        };
        let is_chosen = visibility.get_untracked() == one;
        view! {
            <option value=one.as_str() selected=is_chosen>
                {words}
            </option>
        }
    };
    view! {
        <div class="field">
            <label for="create-chat-visibility">"Who sees it"</label>
            <select
                id="create-chat-visibility"
                aria-describedby="create-chat-visibility-hint"
                on:change:target=move |event| {
                    visibility.set(event.target().value().parse().unwrap_or_default());
                }
            >
                {Visibility::ALL.map(option)}
            </select>
            <p class="quiet" id="create-chat-visibility-hint">
                "This cannot be changed later. A chat that only its participants see does not exist for anybody else, administrators included."
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn Chosen(
    who: NewParticipant,
    people: People,
    on_remove: impl Fn(&NewParticipant) + 'static,
) -> impl IntoView {
    let (id, kind) = (StoredValue::new(who.participant_id.clone()), who.kind);
    let name = move || id.with_value(|id| people.name(id, kind));
    let label = move || format!("Remove {}", name());
    view! {
        <li>
            <super::participants::Avatar kind />
            <span dir="auto">{move || name()}</span>
            <button
                type="button"
                class="button icon"
                aria-label=label
                on:click=move |_| on_remove(&who)
            >
                <Icon shape=Shape::Close />
            </button>
        </li>
    }
    .into_any()
}
