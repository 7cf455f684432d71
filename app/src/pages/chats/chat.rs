//! `/chats/{id}`: one conversation, live.

use colloquy_protocol::{access::Action, id::ChatId, model::Chat};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_params_map;

use super::{
    composer::{Composer, LOOKS_ON},
    manage::Manage,
    messages::{Messages, go_to_end},
    participants::Participants,
};
use crate::{
    api::{
        ApiError, Seen,
        messages::{self, Part},
    },
    components::{
        flow::{For, Show},
        load::Load,
        lock::Lock,
        note::{Gone, NotFound, OutOfDate},
        title::Title,
    },
    parts::lazy_page,
    session::use_session,
    stores::{
        conversation::agents_in,
        open_chat::OpenChat,
        people::{Everybody, People, load_people},
    },
};

/// What the page begins with; none: there is no such chat.
type Opened = Option<(Seen<(Chat, Part)>, Everybody)>;

lazy_page! {
    /// The page.
    CHAT in chats: chat_page
}

fn chat_page() -> AnyView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|all| all.get("id")).unwrap_or_default());
    let opened = Resource::new(move || id.get(), load);
    view! {
        <div class="page chat-page">
            <Load from=opened failure="The chat could not be loaded." title="Chat" let:opened>
                {match opened {
                    Some((chat, everybody)) => view! { <Fresh chat everybody /> }.into_any(),
                    None => missing(),
                }}
            </Load>
        </div>
    }
    .into_any()
}

async fn load(id: String) -> Result<Opened, ApiError> {
    // What is no id is the id of no chat.
    let Ok(id) = id.parse::<ChatId>() else { return Ok(None) };
    match messages::open(&id).await {
        Ok(opened) => {
            let (chat, part) = &opened.value;
            let named = agents_in(chat, part);
            Ok(Some((opened, load_people(named).await?)))
        }
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

fn missing() -> AnyView {
    view! {
        <NotFound
            title="There is no such chat"
            text="It was deleted, it is private and you are not in it, or the address is mistyped."
        >
            <a class="button primary" href="/chats">
                "All chats"
            </a>
        </NotFound>
    }
    .into_any()
}

/// The page of another chat is made anew, so that nothing of the one before stays in it: no draft,
/// no place in the list.
#[component]
fn Fresh(chat: Seen<(Chat, Part)>, everybody: Everybody) -> impl IntoView {
    let opened = [(chat, everybody)];
    view! {
        <For
            each=move || opened.clone()
            key=|(chat, _)| format!("{} {:?}", chat.value.0.id, chat.position)
            let((chat, everybody))
        >
            <Opened chat everybody />
        </For>
    }
}

#[component]
fn Opened(chat: Seen<(Chat, Part)>, everybody: Everybody) -> impl IntoView {
    let session = use_session();
    let chat = OpenChat::new(chat);
    let people = People::new(everybody);
    let reply_to = RwSignal::new(None);
    let scroller = NodeRef::<html::Div>::new();
    let title = chat.part(|held| held.chat().title.clone());
    let visibility = chat.part(|held| held.chat().visibility);
    let is_deleted = chat.is_deleted();
    let gone = chat.part(|held| match held.is_seen() {
        true => "This chat was deleted.".to_owned(),
        false => "You are not in this chat any more.".to_owned(),
    });
    // Who becomes a viewer meanwhile keeps what they wrote, and the keyboard in its field.
    let has_composer = Memo::new(move |had| had == Some(&true) || session.may(Action::Speak));
    view! {
        <Title text=title />
        <div class="columns">
            <div class="chat-main">
                <header class="page-header">
                    <div>
                        <p class="crumb">
                            <a href="/chats">"Chats"</a>
                        </p>
                        <h1 title=title>
                            {move || view! { <Lock visibility=visibility.get() /> }}
                            <span dir="auto">{title}</span>
                        </h1>
                    </div>
                    <Manage chat />
                </header>
                <OutOfDate
                    title="The chat could not be refreshed."
                    error=chat.error()
                    on_retry=move |()| chat.reload()
                />
                <Show when=move || is_deleted.get()>
                    <Gone title=gone href="/chats" link="All chats" />
                </Show>
                <section class="card conversation" aria-label="Conversation">
                    <Messages chat people reply_to scroller />
                    <Show
                        when=move || has_composer.get()
                        fallback=|| view! { <p class="quiet composer">{LOOKS_ON}</p> }
                    >
                        <Composer chat people reply_to on_sent=move |()| go_to_end(chat, scroller) />
                    </Show>
                </section>
            </div>
            <div class="side">
                <Participants chat people />
            </div>
        </div>
    }
    .into_any()
}
