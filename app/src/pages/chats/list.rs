//! `/chats`: all of them, as the address says.

use std::collections::BTreeSet;

use colloquy_protocol::{
    access::Action,
    id::PrincipalId,
    model::{Chat, Page, Participant},
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use super::{create::CreateChat, participants::Avatar};
use crate::{
    api::{ApiError, Seen, entity},
    components::{
        address::{Choice, FilterField, Pager, SearchBox, problem, use_parameter, use_usable},
        counted::counted,
        flow::{LiveRows, Show},
        load::Load,
        lock::Lock,
        note::{NoneYet, NothingMatches, OutOfDate},
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
    let participant = use_usable::<PrincipalId>("participant");
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
                failure="The agents and people could not be loaded."
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
            <FilterField
                parameter="participant"
                label="Id of a participant"
                placeholder="Id of a participant"
                problem={problem::<PrincipalId>}
            />
            <Choice
                parameter="sort"
                label="Order"
                options=vec![
                    ("-createdAt", "Newest first"),
                    ("createdAt", "Oldest first"),
                    ("-updatedAt", "Recently changed first"),
                    ("title", "Title, A to Z"),
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
    let is_whole = asked.q.is_none() && asked.participant.is_none() && asked.cursor.is_none();
    let load = move || {
        let asked = asked.clone();
        async move { load(&asked).await }
    };
    let chats = Live::new(found, [Topic::All(Kind::Chat)], load, follow_list);
    let page = chats.value();
    let items = Memo::new(move |_| page.with(|page| page.items.clone()));
    let next = move || page.with(|page| page.next_cursor.clone());
    view! {
        <OutOfDate
            title="The chats could not be refreshed."
            error=chats.error()
            on_retry=move |()| chats.reload()
        />
        <Show
            when=move || items.with(|items| !items.is_empty())
            fallback=move || nothing(is_whole)
        >
            <div class="card rows chat-list">
                <div class="rows-head" aria-hidden="true">
                    <span>"Title"</span>
                    <span>"Participants"</span>
                    <span></span>
                    <span>"Changed"</span>
                </div>
                <ul aria-label="Chats">
                    <LiveRows all=items.into() key=|chat: &Chat| chat.id.clone() let:chat>
                        <Row chat people />
                    </LiveRows>
                </ul>
            </div>
        </Show>
        <Pager next=Signal::derive(next) />
    }
    .into_any()
}

fn nothing(is_whole: bool) -> AnyView {
    if !is_whole {
        return view! { <NothingMatches /> }.into_any();
    }
    view! {
        <NoneYet title="There are no chats yet." right=Action::ChangeChats>
            "Create one with the button above, or let "
            <code>"colloquy demo"</code>
            " bring three agents to life that talk with each other."
        </NoneYet>
    }
    .into_any()
}

#[component]
fn Row(chat: Memo<Chat>, people: People) -> impl IntoView {
    let href = chat.with_untracked(|chat| format!("/chats/{}", chat.id));
    let named = move || {
        let some = |chat: &Chat| chat.participants.iter().take(NAMED).cloned().collect::<Vec<_>>();
        chat.with(some).into_iter().map(|who| view! { <Named who people /> }).collect_view()
    };
    let count = Memo::new(move |_| chat.with(|chat| chat.participants.len()));
    let more = move || {
        let more = count.get().saturating_sub(NAMED);
        (more > 0).then(|| format!("and {more} more"))
    };
    let people_count = move || match count.get() {
        0 => "nobody yet".to_owned(),
        many => counted(many as u64, "participant"),
    };
    view! {
        <li class="chat-row">
            <a class="chat-title" href=href>
                {move || view! { <Lock visibility=chat.with(|chat| chat.visibility) /> }}
                <span dir="auto">{move || chat.with(|chat| chat.title.clone())}</span>
            </a>
            <span class="chat-people">{move || named()} " " {move || more()}</span>
            <span class="chat-count quiet">{move || people_count()}</span>
            <span class="chat-time quiet">
                <TimeAgo at=Signal::derive(move || chat.with(|chat| chat.updated_at)) />
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
    entity::list(&[
        ("q", asked.q.as_deref()),
        ("participant", asked.participant.as_deref()),
        ("sort", Some(asked.sort.as_deref().unwrap_or("-createdAt"))),
        ("cursor", asked.cursor.as_deref()),
    ])
    .await
}
