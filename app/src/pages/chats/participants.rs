//! Who is in a chat.

use colloquy_protocol::{
    access::Action as Right, id::PrincipalKind, model::Participant, request::NewParticipant,
};
use leptos::prelude::*;

use super::add_participant::{AddParticipant, Naming};
use crate::{
    api::{ApiError, Attempt, chats},
    components::{
        dialog::ConfirmDialog,
        flow::{For, Show},
        icon::{Icon, Shape},
        status::StatusBadge,
        time::TimeAgo,
    },
    session::use_session,
    stores::{conversation::Conversation, open_chat::OpenChat, people::People},
};

/// The mark of an agent or a person: each has a shape of its own.
#[component]
pub fn Avatar(
    /// Which of the two.
    kind: PrincipalKind,
) -> impl IntoView {
    let (words, shape) = match kind {
        PrincipalKind::Agent => ("Agent", Shape::Agent),
        PrincipalKind::User => ("Person", Shape::Person),
    };
    view! {
        <span class="avatar" data-principal=kind.as_str() title=words>
            <Icon shape />
        </span>
    }
}

/// Who is in the chat, and the way in and out.
#[component]
pub fn Participants(
    /// The chat that is open.
    chat: OpenChat,
    /// What people are called.
    people: People,
) -> impl IntoView {
    let inside = chat.part(|held| held.chat().participants.clone());
    let is_deleted = chat.is_deleted();
    let naming = Naming::of(people);
    let attempt = StoredValue::new(Attempt::default());
    let session = use_session();
    let is_me = move |who: &NewParticipant| session.is_me(&who.participant_id, who.kind);
    let join = Action::new(move |who: &NewParticipant| {
        let (id, who) = (chat.id(), who.clone());
        let key = attempt.try_update_value(|attempt| attempt.key(&who));
        async move {
            let Some(key) = key else { return };
            match chats::join(&id, &key, &who).await {
                Ok(joined) => {
                    chat.joined(joined);
                    attempt.try_update_value(Attempt::done);
                    naming.was_added(&who);
                }
                // The button is nobody's name.
                Err(error) if is_me(&who) => naming.refuse(Some(error.to_string())),
                Err(error) => naming.was_refused(&who, &error),
            }
        }
    });
    let am_inside = move || {
        inside.with(|all| all.iter().any(|one| session.is_me(&one.participant_id, one.kind)))
    };
    let myself = move |_| {
        naming.refuse(None);
        if let Some(me) = session.principal() {
            join.dispatch(NewParticipant { participant_id: me.id, kind: me.kind });
        }
    };
    view! {
        <section class="card" aria-labelledby="participants-title">
            <h2 id="participants-title">
                "Participants " <span class="quiet">{move || inside.with(Vec::len)}</span>
            </h2>
            <Show when=move || inside.with(Vec::is_empty)>
                <p class="quiet">"Nobody is in this chat. Others can still read it and write in it."</p>
            </Show>
            <ul class="participants">
                <For
                    each=move || inside.get()
                    key=|who| who.participant_id.clone()
                    let:who
                >
                    <Inside who chat people />
                </For>
            </ul>
            <Show when=move || !is_deleted.get() && session.may(Right::ChangeChats)>
                <Show when=move || !am_inside()>
                    <button
                        type="button"
                        class="button"
                        aria-disabled=move || join.pending().get().to_string()
                        on:click=myself
                    >
                        "Join the chat yourself"
                    </button>
                </Show>
                <AddParticipant
                    name="join"
                    verb="Add"
                    naming
                    on_add=Callback::new(move |who| {
                        join.dispatch(who);
                    })
                    pending=join.pending()
                />
            </Show>
        </section>
    }
    .into_any()
}

#[component]
fn Inside(who: Participant, chat: OpenChat, people: People) -> impl IntoView {
    let Participant { participant_id, kind, joined_at } = who;
    let session = use_session();
    let is_me = session.is_me(&participant_id, kind);
    let id = StoredValue::new(participant_id);
    let name = move || id.with_value(|id| people.name(id, kind));
    let status = Memo::new(move |_| match kind {
        PrincipalKind::Agent => id.with_value(|id| people.status(id)),
        PrincipalKind::User => None,
    });
    let leave = Action::new(move |_: &()| {
        let (chat_id, id) = (chat.id(), id.get_value());
        async move {
            chats::leave(&chat_id, &id).await?;
            chat.left(&id);
            Ok::<_, ApiError>(())
        }
    });
    let error = move || leave.value().get().and_then(Result::err).map(|error| error.to_string());
    let label = move || {
        if is_me { "Leave the chat".to_owned() } else { format!("Remove {}", name()) }
    };
    // Nobody comes back into a private chat by themselves, so that is asked first.
    let asking = RwSignal::new(false);
    let is_private = |held: &Conversation| !held.chat().visibility.is_open();
    let ask_or_leave = move |_| {
        if is_me && chat.conversation().with_untracked(is_private) {
            asking.set(true);
        } else {
            leave.dispatch(());
        }
    };
    let is_last = |held: &Conversation| held.chat().participants.len() == 1;
    let what_it_means = move || {
        if chat.conversation().with(is_last) {
            "You are the last one, so it is deleted with all its messages. This cannot be undone."
        } else {
            "It is private: you no longer see it until somebody in it adds you again."
        }
        .to_owned()
    };
    let is_deleted = chat.is_deleted();
    let may_leave = move || {
        let may = session.may(Right::ChangeChats) || is_me && session.may(Right::LeaveChats);
        may && !is_deleted.get()
    };
    let shown = move || match kind {
        PrincipalKind::Agent => {
            let href = format!("/agents/{}", id.get_value());
            view! { <a href=href dir="auto">{name}</a> }.into_any()
        }
        PrincipalKind::User => view! { <span dir="auto">{name}</span> }.into_any(),
    };
    view! {
        <li class="participant">
            <Avatar kind />
            <div class="participant-name">
                {shown()} <span class="quiet">"joined " <TimeAgo at=joined_at /></span>
            </div>
            {move || status.get().map(|status| view! { <StatusBadge status /> })}
            <Show when=may_leave>
                <button
                    type="button"
                    class="button icon"
                    aria-label=label
                    title=label
                    aria-disabled=move || leave.pending().get().to_string()
                    on:click=ask_or_leave
                >
                    <Icon shape=Shape::Close />
                </button>
            </Show>
            <p class="error" role="alert">
                {error}
            </p>
            {is_me
                .then(|| {
                    view! {
                        <ConfirmDialog
                            id="leave-chat"
                            open=asking
                            title="Leave this chat?"
                            text=Signal::derive(what_it_means)
                            verb="Leave"
                            on_confirm=move |()| drop(leave.dispatch(()))
                            pending=leave.pending()
                            error=Signal::derive(error)
                        />
                    }
                })}
        </li>
    }
    .into_any()
}
