//! What needs attention.

use colloquy_protocol::{
    model::{Agent, LogEntry, NotificationType},
    position::Offset,
};
use leptos::prelude::*;

use crate::{
    api::{
        ApiError,
        connections::FAR,
        events::notification_type,
        overview::{Summary, TROUBLES},
    },
    components::{
        counted::counted,
        flow::{For, LiveRows, Show},
        icon::Icon,
        status::StatusBadge,
        time::TimeAgo,
        toasts::mark,
    },
    live::{Connection, use_websocket},
};

/// The agents that are stuck, the connections that are behind, the latest warnings and errors, and
/// this page's own connection; or that all is well.
#[component]
pub fn Trouble(
    /// What was read last.
    summary: Signal<Summary>,
    /// Why the summary could not be loaded afresh, as long as that is so.
    error: Signal<Option<ApiError>>,
) -> impl IntoView {
    let connection = use_websocket().connection();
    let page = Memo::new(move |_| match connection.get() {
        Connection::Waiting { .. } | Connection::Closed(_) => {
            Some("This page is not connected to the hub: it shows what was last known.".to_owned())
        }
        _ => error.get().map(|error| format!("The overview could not be refreshed. {error}")),
    });
    let behind = Memo::new(move |_| summary.with(|it| it.overview.connections.behind));
    let stuck = Memo::new(move |_| {
        summary.with(|it| it.stuck.iter().take(TROUBLES).cloned().collect::<Vec<_>>())
    });
    let more = Memo::new(move |_| {
        let told = stuck.with(Vec::len) as u64;
        summary.with(|it| it.overview.agents.error.saturating_sub(told))
    });
    let warnings = Memo::new(move |_| {
        let room = TROUBLES - stuck.with(Vec::len);
        summary.with(|it| it.warnings.iter().rev().take(room).map(Warning::of).collect::<Vec<_>>())
    });
    let more_warnings = Memo::new(move |_| {
        let told = warnings.with(Vec::len) as u64;
        summary.with(|it| it.warning_count.saturating_sub(told))
    });
    let is_well = Memo::new(move |_| {
        page.with(Option::is_none)
            && behind.get() == 0
            && stuck.with(Vec::is_empty)
            && warnings.with(Vec::is_empty)
    });
    let heading = move || if is_well.get() { "Nothing is wrong" } else { "What is wrong" };

    view! {
        <section class="card trouble" aria-labelledby="trouble-title" data-well=move || is_well.get().to_string()>
            <h2 id="trouble-title">{move || heading()}</h2>
            <Show when=move || is_well.get()>
                <p class="quiet">"No agent is stuck, and nobody is behind."</p>
            </Show>
            <ul class="trouble-list" aria-labelledby="trouble-title">
                {move || page.get().map(|text| view! { <li data-tone="error">{text}</li> })}
                <LiveRows all=stuck.into() key=|agent: &Agent| agent.id.clone() let:agent>
                    <Stuck agent />
                </LiveRows>
                <Show when=move || more.get() != 0>
                    <li data-tone="error">
                        <a href="/agents?status=error">
                            {move || counted(more.get(), "more agent")} " in error"
                        </a>
                    </li>
                </Show>
                <Show when=move || behind.get() != 0>
                    <li data-tone="warning">
                        <a href=format!("/connections?behind={FAR}")>
                            {move || counted(behind.get(), "connection")} " far behind the log"
                        </a>
                    </li>
                </Show>
                <For each=move || warnings.get() key=|warning| warning.offset let:warning>
                    <li data-tone=warning.tone.as_str()>
                        <Icon shape=mark(warning.tone) />
                        <span class="trouble-text">
                            <span class="visually-hidden">{warning.tone.as_str()} ": "</span>
                            {warning.message}
                        </span>
                        <TimeAgo at=warning.at />
                    </li>
                </For>
                <Show when=move || more_warnings.get() != 0>
                    <li data-tone="warning">
                        <a href="/events?event=system:notification">
                            {move || counted(more_warnings.get(), "more warning")}
                        </a>
                    </li>
                </Show>
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn Stuck(agent: Memo<Agent>) -> impl IntoView {
    let href = agent.with_untracked(|agent| format!("/agents/{}", agent.id));
    let detail = move || agent.with(|agent| agent.status_detail.clone());
    view! {
        <li data-tone="error">
            <StatusBadge status=Signal::derive(move || agent.with(|agent| agent.status)) />
            <span class="trouble-text">
                <a href=href dir="auto">
                    {move || agent.with(|agent| agent.name.clone())}
                </a>
                {move || detail().map(|detail| format!(": {detail}"))}
            </span>
            <TimeAgo at=Signal::derive(move || agent.with(|agent| agent.updated_at)) />
        </li>
    }
    .into_any()
}

/// A notification that says that something is wrong.
#[derive(Debug, Clone, PartialEq)]
struct Warning {
    offset: Offset,
    tone: NotificationType,
    message: String,
    at: colloquy_protocol::time::Timestamp,
}

impl Warning {
    fn of(entry: &LogEntry) -> Self {
        let message = entry.payload.get("message").and_then(|message| message.as_str());
        Self {
            offset: entry.offset,
            tone: notification_type(entry).unwrap_or(NotificationType::Warning),
            message: message.unwrap_or_default().to_owned(),
            at: entry.timestamp,
        }
    }
}
