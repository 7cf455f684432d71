//! What an agent is doing, at a glance.

use colloquy_protocol::model::AgentStatus;
use leptos::prelude::*;

/// A status in its word, with a shape and a colour of its own.
#[component]
pub fn StatusBadge(
    /// The status.
    #[prop(into)]
    status: Signal<AgentStatus>,
) -> impl IntoView {
    view! {
        <span class="status" data-status=move || status.get().as_str()>
            <svg viewBox="0 0 12 12" aria-hidden="true">
                <path d=move || shape(status.get()) />
            </svg>
            {move || status.get().as_str()}
        </span>
    }
}

/// A status as the first word of a line.
pub(crate) fn first_word(status: AgentStatus) -> &'static str {
    match status {
        AgentStatus::Idle => "Idle",
        AgentStatus::Working => "Working",
        AgentStatus::Waiting => "Waiting",
        AgentStatus::Error => "Error",
        AgentStatus::Offline => "Offline",
    }
}

fn shape(status: AgentStatus) -> &'static str {
    match status {
        AgentStatus::Idle => "M2.5 6.5 5 9l4.5-6",
        AgentStatus::Working => "M3.5 2.5v7L9.5 6z",
        AgentStatus::Waiting => "M4 2.5v7M8 2.5v7",
        AgentStatus::Error => "M6 2.5v4M6 9.4v.1",
        AgentStatus::Offline => "M2.5 6h7",
    }
}
