//! How much there is of everything.

use colloquy_protocol::model::{AgentCounts, AgentStatus, Overview};
use leptos::prelude::*;

use crate::components::{
    counted::{counted, thousands},
    flow::Show,
    icon::{Icon, Shape},
    status::StatusBadge,
    time::TimeAgo,
};

/// One tile for each kind of thing, leading to its page.
#[component]
pub fn Counts(
    /// The numbers.
    overview: Signal<Overview>,
) -> impl IntoView {
    let number = move |of: fn(&Overview) -> u64| Memo::new(move |_| overview.with(of));
    let total = number(|it| it.agents.total);
    let behind = number(|it| it.connections.behind);
    let messages = number(|it| it.messages);
    let statuses = AgentStatus::ALL.map(|status| {
        let count = Memo::new(move |_| overview.with(|it| of_status(&it.agents, status)));
        view! {
            <Show when=move || count.get() != 0>
                <a href=format!("/agents?status={}", status.as_str())>
                    <StatusBadge status />
                    " "
                    {move || thousands(count.get())}
                </a>
            </Show>
        }
    });
    view! {
        <section class="counts" aria-label="What there is">
            <Count href="/agents" name="Agents" shape=Shape::Agent count=total>
                <div class="count-more">{statuses}</div>
            </Count>
            <Count href="/chats" name="Chats" shape=Shape::Chat count=number(|it| it.chats)>
                <p class="quiet">{move || counted(messages.get(), "message")}</p>
            </Count>
            <Count
                href="/collections"
                name="Collections"
                shape=Shape::Collection
                count=number(|it| it.collections)
            >
                <p class="quiet">"shared by agents"</p>
            </Count>
            <Count
                href="/connections"
                name="Connections"
                shape=Shape::Connection
                count=number(|it| it.connections.total)
            >
                <p class="quiet">
                    {move || match behind.get() {
                        0 => "none is behind".to_owned(),
                        many => format!("{} behind", thousands(many)),
                    }}
                </p>
            </Count>
            <Count href="/events" name="Events kept" shape=Shape::Log count=number(|it| it.events.count)>
                <p class="quiet">
                    "up to #" {move || overview.with(|it| it.events.last.unwrap_or_default())}
                </p>
            </Count>
        </section>
    }
    .into_any()
}

/// What the hub says of itself.
#[component]
pub fn HubFacts(
    /// The facts.
    overview: Signal<Overview>,
) -> impl IntoView {
    let started = Memo::new(move |_| overview.with(|it| it.started_at));
    let size = move || overview.with(|it| in_bytes(it.database_bytes));
    let kept = move || {
        overview.with(|it| match (it.events.first, it.events.last) {
            (Some(first), Some(last)) => format!("#{first} to #{last}"),
            _ => "nothing".to_owned(),
        })
    };
    view! {
        <section class="card" aria-labelledby="hub-title">
            <h2 id="hub-title">"The hub"</h2>
            <dl class="pairs">
                <dt>"Version"</dt>
                <dd>{move || overview.with(|it| it.version.clone())}</dd>
                <dt>"Started"</dt>
                <dd>
                    <TimeAgo at=started />
                </dd>
                <dt>"Log kept"</dt>
                <dd>{kept}</dd>
                <dt>"Database"</dt>
                <dd>{size}</dd>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Count(
    href: &'static str,
    name: &'static str,
    shape: Shape,
    count: Memo<u64>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="card count">
            <a class="count-name" href=href>
                <Icon shape />
                {name}
            </a>
            <p class="count-number">{move || thousands(count.get())}</p>
            {children()}
        </div>
    }
    .into_any()
}

fn of_status(counts: &AgentCounts, status: AgentStatus) -> u64 {
    match status {
        AgentStatus::Idle => counts.idle,
        AgentStatus::Working => counts.working,
        AgentStatus::Waiting => counts.waiting,
        AgentStatus::Error => counts.error,
        AgentStatus::Offline => counts.offline,
    }
}

fn in_bytes(bytes: u64) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.0} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}
