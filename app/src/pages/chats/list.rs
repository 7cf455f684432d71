//! `/chats`: all of them, as the address says.

use std::collections::BTreeSet;

use colloquy_protocol::{
    access::Action,
    id::{PrincipalId, PrincipalKind},
    model::{Chat, Page, Participant},
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use super::{
    create::CreateChat,
    lock::Lock,
    participant_field::{PARTICIPANT, ParticipantField, use_participant},
    participants::Avatar,
};
use crate::{
    api::{ApiError, Seen, chats},
    components::{
        address::{Choice, Pager, SearchBox, use_parameter, use_set_parameters},
        flow::{For, Show},
        load::Load,
        note::{Empty, OutOfDate},
        time::TimeAgo,
        title::Title,
    },
    parts::lazy_page,
    session::use_session,
    stores::{
        conversation::follow_list,
        live::Live,
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
type Found = Result<(Asked, Seen<Page<Chat>>), ApiError>;

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
    let participant = use_participant();
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
            let found = load(&asked).await?;
            Ok((asked, found))
        },
    );
    let people = Resource::new(|| (), |()| load_people(BTreeSet::new()));
    view! {
        <Title text="Chats" />
        <div class="page">
            <Load
                from=people
                failure="Who is there could not be loaded."
                title="Chats"
                let:people
            >
                <Chats people=People::new(people) found />
            </Load>
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
        <div class="toolbar" role="search">
            <SearchBox label="Search titles and ids" />
            <ParticipantField />
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
        <Load
            from=found
            failure="The chats could not be loaded."
            stays=true
            let((asked, found))
        >
            <Found asked found people />
        </Load>
    }
    .into_any()
}

/// The chats that were found, and how they are now.
#[component]
fn Found(asked: Asked, found: Seen<Page<Chat>>, people: People) -> impl IntoView {
    let is_filtered = asked.q.is_some() || asked.participant.is_some();
    let load = move || {
        let asked = asked.clone();
        async move { load(&asked).await }
    };
    let chats = Live::new(found, [Topic::All(Kind::Chat)], load, follow_list);
    let page = chats.value();
    Effect::new(move || page.with(|page| people.read_named(named(&page.items))));
    let next = move || page.with(|page| page.next_cursor.clone());
    let set = use_set_parameters();
    view! {
        <OutOfDate
            title="The chats could not be loaded afresh."
            error=chats.error()
            on_retry=move |()| chats.reload()
        />
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
                                on:click=move |_| set(&[("q", None), (PARTICIPANT, None)])
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
            <div class="card rows chat-list">
                <div class="rows-head" aria-hidden="true">
                    <span>"Title"</span>
                    <span>"Participants"</span>
                    <span></span>
                    <span>"Changed"</span>
                </div>
                <ul aria-label="Chats">
                    <For
                        each=move || page.with(|page| page.items.clone())
                        key=|chat| format!("{} {}", chat.version, chat.id)
                        let:chat
                    >
                        <Row chat people />
                    </For>
                </ul>
            </div>
            <Pager next=Signal::derive(next) />
        </Show>
    }
    .into_any()
}

/// The agents whom the rows name.
fn named(chats: &[Chat]) -> impl Iterator<Item = &PrincipalId> {
    let named = chats.iter().flat_map(|chat| chat.participants.iter().take(NAMED));
    named.filter(|who| who.kind == PrincipalKind::Agent).map(|who| &who.participant_id)
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
    view! {
        <li class="chat-row">
            <a class="chat-title" href=format!("/chats/{}", chat.id)>
                <Lock visibility=chat.visibility />
                <span dir="auto">{chat.title}</span>
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
            <span dir="auto">{move || people.name(&id, kind)}</span>
        </span>
    }
}

async fn load(asked: &Asked) -> Result<Seen<Page<Chat>>, ApiError> {
    chats::list(&[
        ("q", asked.q.as_deref()),
        ("participant", asked.participant.as_deref()),
        ("sort", Some(asked.sort.as_deref().unwrap_or("-createdAt"))),
        ("cursor", asked.cursor.as_deref()),
    ])
    .await
}
