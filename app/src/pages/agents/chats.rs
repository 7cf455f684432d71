//! The chats that an agent takes part in.

use colloquy_protocol::{
    id::AgentId,
    model::{Agent, Chat, Page},
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use crate::{
    api::{ApiError, Seen, entity, with_query},
    components::{
        flow::{LiveRows, Show},
        load::Load,
        lock::Lock,
        note::OutOfDate,
        time::TimeAgo,
    },
    stores::{conversation::follow_list, live::Live},
};

/// How many chats are shown; the list of chats has them all.
const SHOWN: &str = "8";

/// The chats that changed last, following live, and the way to all of them.
#[component]
pub fn AgentChats(
    /// Whose chats.
    agent: Signal<Agent>,
) -> impl IntoView {
    let id = agent.with_untracked(|agent| agent.id.clone());
    let all = with_query("/chats", &[("participant", Some(id.as_str()))]);
    let found = Resource::new(move || id.clone(), load);
    view! {
        <section class="card part" aria-labelledby="chats-title">
            <header class="card-header">
                <h2 id="chats-title">"Chats"</h2>
                <a href=all>"All of its chats"</a>
            </header>
            <Load from=found failure="Its chats could not be loaded." let:loaded>
                <Chats agent loaded />
            </Load>
        </section>
    }
    .into_any()
}

#[component]
fn Chats(agent: Signal<Agent>, loaded: Seen<Page<Chat>>) -> impl IntoView {
    let id = agent.with_untracked(|agent| agent.id.clone());
    let again = move || load(id.clone());
    let live = Live::new(loaded, [Topic::All(Kind::Chat)], again, follow_list);
    let page = live.value();
    let items = Memo::new(move |_| page.with(|page| page.items.clone()));
    view! {
        <OutOfDate
            title="Its chats could not be refreshed."
            error=live.error()
            on_retry=move |()| live.reload()
        />
        <Show
            when=move || items.with(|items| !items.is_empty())
            fallback=|| view! { <p class="quiet">"It is in no chats."</p> }
        >
            <ul class="agent-chats" aria-label="Its chats">
                <LiveRows all=items.into() key=|chat: &Chat| chat.id.clone() let:chat>
                    <Row chat />
                </LiveRows>
            </ul>
        </Show>
    }
    .into_any()
}

#[component]
fn Row(chat: Memo<Chat>) -> impl IntoView {
    let href = chat.with_untracked(|chat| format!("/chats/{}", chat.id));
    view! {
        <li>
            <a href=href>
                {move || view! { <Lock visibility=chat.with(|chat| chat.visibility) /> }}
                <span dir="auto">{move || chat.with(|chat| chat.title.clone())}</span>
            </a>
            <span class="quiet">
                <TimeAgo at=Signal::derive(move || chat.with(|chat| chat.updated_at)) />
            </span>
        </li>
    }
    .into_any()
}

async fn load(id: AgentId) -> Result<Seen<Page<Chat>>, ApiError> {
    let parameters =
        [("participant", Some(id.as_str())), ("sort", Some("-updatedAt")), ("limit", Some(SHOWN))];
    entity::list(&parameters).await
}
