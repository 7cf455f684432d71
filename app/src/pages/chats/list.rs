//! `/chats`: all of them, as the address says.

use colloquy_protocol::{
    access::Action,
    event::{
        ServerEventKind,
        server::{ChatMessageCreated, ChatReceiptUpdated},
    },
    frame::EventFrame,
    model::{Chat, Page, Participant},
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use super::{create::CreateChat, lock::Lock, participants::Avatar};
use crate::{
    api::{ApiError, Loaded, chats},
    components::{
        address::{Choice, Pager, SearchBox, use_parameter, use_set_parameters},
        flow::{For, Show},
        note::{Empty, LoadError},
        time::TimeAgo,
        title::Title,
    },
    parts::lazy_page,
    session::use_session,
    stores::{
        live::{Effect, Live},
        people::{People, load_people},
    },
};

/// How many participants of a chat a row names.
const NAMED: usize = 4;

lazy_page! {
    /// The page.
    CHATS in chats: chats_page
}

/// What was asked for, and what there is of it.
type Found = (Asked, Result<Loaded<Page<Chat>>, ApiError>);

/// What the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Asked {
    q: Option<String>,
    participant: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

fn chats_page() -> AnyView {
    let q = use_parameter("q");
    let participant = use_parameter("participant");
    let sort = use_parameter("sort");
    let cursor = use_parameter("cursor");
    let asked = Memo::new(move |_| Asked {
        q: q.get(),
        participant: participant.get(),
        sort: sort.get(),
        cursor: cursor.get(),
    });
    let found = Resource::new(
        move || asked.get(),
        async |asked| {
            let found = load(&asked).await;
            (asked, found)
        },
    );
    let people = Resource::new(|| (), |()| load_people());
    view! {
        <Title text="Chats" />
        <div class="page">
            <Suspense fallback=|| view! { <p class="quiet">"Loading…"</p> }>
                {move || Suspend::new(async move {
                    match people.await {
                        Ok(people) => {
                            view! { <Chats people=People::new(people) found /> }
                                .into_any()
                        }
                        Err(error) => {
                            view! {
                                <h1>"Chats"</h1>
                                <LoadError
                                    title="Who is there could not be loaded."
                                    error
                                    on_retry=move |()| people.refetch()
                                />
                            }
                                .into_any()
                        }
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn Chats(people: People, found: Resource<Found>) -> impl IntoView {
    let session = use_session();
    view! {
        <header class="page-header">
            <div>
                <h1>"Chats"</h1>
                <p class="lede">"Where agents and people talk."</p>
            </div>
            <Show when=move || session.may(Action::ChangeChats)>
                <CreateChat people />
            </Show>
        </header>
        <div class="toolbar">
            <SearchBox label="Search titles and ids" />
            <SearchBox parameter="participant" label="Id of a participant" />
            <Choice
                parameter="sort"
                label="Order"
                options=vec![
                    ("-createdAt", "Newest first"),
                    ("createdAt", "Oldest first"),
                    ("-updatedAt", "Last changed first"),
                    ("title", "By title"),
                ]
            />
        </div>
        <Transition fallback=|| view! { <p class="quiet">"Loading…"</p> }>
            {move || Suspend::new(async move {
                match found.await {
                    (asked, Ok(found)) => view! { <Found asked found people /> }.into_any(),
                    (_, Err(error)) => {
                        view! {
                            <LoadError
                                title="The chats could not be loaded."
                                error
                                on_retry=move |()| found.refetch()
                            />
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

/// The chats that were found, and how they are now.
#[component]
fn Found(asked: Asked, found: Loaded<Page<Chat>>, people: People) -> impl IntoView {
    let is_filtered = asked.q.is_some() || asked.participant.is_some();
    let load = move || {
        let asked = asked.clone();
        async move { load(&asked).await }
    };
    let chats = Live::new(found, [Topic::All(Kind::Chat)], load, follow);
    let page = chats.value();
    let next = move || page.with(|page| page.next_cursor.clone());
    let set = use_set_parameters();
    view! {
        {move || {
            chats
                .error()
                .get()
                .map(|error| {
                    view! {
                        <LoadError
                            title="The chats could not be loaded afresh."
                            error
                            on_retry=move |()| chats.reload()
                        />
                    }
                })
        }}
        <Show
            when=move || page.with(|page| !page.items.is_empty())
            fallback=move || {
                let set = set.clone();
                if is_filtered {
                    view! {
                        <Empty title="No chat fits.">
                            <p>"Look for something else, or at all of them."</p>
                            <button
                                type="button"
                                class="button"
                                on:click=move |_| set(&[("q", None), ("participant", None)])
                            >
                                "Show all chats"
                            </button>
                        </Empty>
                    }
                        .into_any()
                } else {
                    view! {
                        <Empty title="There is no chat yet.">
                            <p>
                                "Create one with the button above, or let " <code>"colloquy demo"</code>
                                " bring three agents to life that talk with each other."
                            </p>
                        </Empty>
                    }
                        .into_any()
                }
            }
        >
            <ul class="card chat-list" aria-label="Chats">
                <For
                    each=move || page.with(|page| page.items.clone())
                    key=|chat| format!("{} {}", chat.version, chat.id)
                    let:chat
                >
                    <Row chat people />
                </For>
            </ul>
            <Pager next=Signal::derive(next) />
        </Show>
    }
    .into_any()
}

#[component]
fn Row(chat: Chat, people: People) -> impl IntoView {
    let count = match chat.participants.len() {
        0 => "nobody yet".to_owned(),
        1 => "1 participant".to_owned(),
        many => format!("{many} participants"),
    };
    let named = chat.participants.iter().take(NAMED).cloned();
    let named = named.map(|who| view! { <Named who people /> }).collect_view();
    let more = chat.participants.len().checked_sub(NAMED).filter(|more| *more > 0);
    let lock = view! { <Lock chat=&chat /> };
    view! {
        <li class="chat-row">
            <a class="chat-title" href=format!("/chats/{}", chat.id)>
                {lock} {chat.title}
            </a>
            <span class="chat-people">
                {named} {more.map(|more| format!("and {more} more"))}
            </span>
            <span class="chat-count quiet">{count}</span>
            <span class="chat-time quiet">
                <TimeAgo at=chat.updated_at />
            </span>
        </li>
    }
    .into_any()
}

#[component]
fn Named(who: Participant, people: People) -> impl IntoView {
    let Participant { participant_id: id, kind, .. } = who;
    view! {
        <span class="chat-person">
            <Avatar kind />
            <span>{move || people.name(&id, kind)}</span>
        </span>
    }
}

async fn load(asked: &Asked) -> Result<Loaded<Page<Chat>>, ApiError> {
    chats::list(&[
        ("q", asked.q.as_deref()),
        ("participant", asked.participant.as_deref()),
        ("sort", Some(asked.sort.as_deref().unwrap_or("-createdAt"))),
        ("cursor", asked.cursor.as_deref()),
    ])
    .await
}

/// A message changes nothing here; which chats fit, and in which order, only the server knows.
pub(crate) fn follow(_: &mut Page<Chat>, frame: &EventFrame) -> Effect {
    let is_in_chat = [ChatMessageCreated::NAME, ChatReceiptUpdated::NAME].contains(&frame.name);
    if frame.kind() == Some(Kind::Chat) && !is_in_chat { Effect::Stale } else { Effect::None }
}
