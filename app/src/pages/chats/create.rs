//! The button that creates a chat.

use colloquy_protocol::{
    id::PrincipalKind,
    model::Visibility,
    problem::FieldError,
    request::{NewChat, NewParticipant},
    topic::Kind,
};
use leptos::{ev::SubmitEvent, prelude::*};

use super::add_participant::{AddParticipant, Naming};
use crate::{
    api::{ApiError, chats, sentence},
    components::{
        address::open_by_address,
        created::Creation,
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

/// What stands in the form: the chat, and who is named and was not added yet.
type Typed = (NewChat, (String, PrincipalKind));

type Creating = Action<Typed, Result<(), ApiError>>;

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
/// dialog is closed or the page is left, until it is created or given up.
#[component]
pub fn CreateChat(
    /// What people are called.
    people: People,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let myself =
        use_session().principal().map(|me| NewParticipant { participant_id: me.id, kind: me.kind });
    let empty = NewChat { participants: Vec::from_iter(myself), ..NewChat::default() };
    let draft = Draft::of(empty, people);
    let typed = Callback::new(move |()| draft.typed());
    let show_typed = Callback::new(move |typed| draft.show(typed));
    let creation = Creation::of(Kind::Chat, open, typed, show_typed);
    open_by_address(open);
    let give_up = Callback::new({
        let creation = creation.clone();
        move |()| creation.give_up()
    });

    let creating = Action::new(move |typed: &Typed| {
        let (typed, creation) = (typed.clone(), creation.clone());
        let key = creation.key(&typed);
        async move {
            let Some(key) = key else { return Ok(()) };
            let (chat, _) = &typed;
            let id = chats::create(&key, chat).await?.id;
            creation.was_created(&typed, &format!("/chats/{id}"), &chat.title).await;
            Ok(())
        }
    });
    let show = move |_| {
        creating.clear();
        draft.naming.refuse(None);
        open.set(true);
    };
    view! {
        <button type="button" class="button primary with-icon" on:click=show>
            <Icon shape=Shape::Plus />
            "New chat"
        </button>
        <Dialog id="create-chat-title" open title="New chat">
            <Form people draft creating give_up />
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(people: People, draft: Draft, creating: Creating, give_up: Callback<()>) -> impl IntoView {
    let Draft { title, visibility, participants, naming } = draft;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !creating.pending().get_untracked() && draft.take_named() {
            creating.dispatch(untrack(|| draft.typed()));
        }
    };
    let remove =
        move |who: &NewParticipant| participants.update(|all| all.retain(|one| one != who));
    let error = Signal::derive(move || creating.value().get().and_then(Result::err));
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
            on_cancel=give_up
            pending=creating.pending()
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

    fn typed(self) -> Typed {
        let chat = NewChat {
            title: self.title.get(),
            visibility: self.visibility.get(),
            participants: self.participants.get(),
            ..NewChat::default()
        };
        (chat, self.naming.typed())
    }

    fn show(self, (chat, named): Typed) {
        self.title.set(chat.title);
        self.visibility.set(chat.visibility);
        self.participants.set(chat.participants);
        self.naming.show(named);
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
