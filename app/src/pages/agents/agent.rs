//! What is an agent's own.

use colloquy_protocol::{
    access::Action as Right,
    model::{Agent, AgentStatus},
};
use leptos::prelude::*;

use super::chats::AgentChats;
use crate::{
    api::{ApiError, with_query},
    components::{
        address::Choice,
        agent_status::StatusPart,
        draft::Draft,
        entity_view::{EntityForm, EntityView},
        field::problem_of,
        flow::{For, Show},
        metadata::{DescriptionField, DescriptionPart, MetadataField, MetadataPart},
        status::{StatusBadge, first_word},
        tags_editor::TagsEditor,
    },
    session::use_session,
};

/// How many capabilities a row names; the agent's page has them all.
const NAMED: usize = 3;

impl EntityForm for Agent {
    const NOUN: &'static str = "agent";

    fn more_fields(draft: Draft, error: Signal<Option<ApiError>>) -> AnyView {
        view! {
            <DescriptionField draft error />
            <TagsEditor
                id="capabilities"
                label="Capabilities"
                tags=draft.capabilities
                error=problem_of(error, "capabilities")
            />
            <MetadataField draft error />
        }
        .into_any()
    }
}

impl EntityView for Agent {
    const PLURAL: &'static str = "Agents";
    const CREATION: Right = Right::CreateAgents;
    const CHANGE: Right = Right::ChangeAgents;
    const LEDE: &'static str =
        "Programs that take part: what each one is doing, and what it can do.";
    const COLUMNS: &'static [&'static str] = &["Status", "Capabilities"];
    const DELETION: &'static str =
        "It leaves all of its chats. The messages that it wrote stay. This cannot be undone.";

    fn filters() -> AnyView {
        let statuses = AgentStatus::ALL.map(|one| (one.as_str(), first_word(one)));
        let options = [("", "Any status")].into_iter().chain(statuses).collect::<Vec<_>>();
        view! { <Choice parameter="status" label="Status" options /> }.into_any()
    }

    fn columns(agent: Signal<Self>) -> AnyView {
        let detail = move || agent.with(|agent| agent.status_detail.clone());
        let some =
            move || agent.with(|agent| agent.capabilities.iter().take(NAMED).cloned().collect());
        let more = move || {
            let more = agent.with(|agent| agent.capabilities.len().saturating_sub(NAMED));
            (more > 0).then(|| format!("and {more} more"))
        };
        view! {
            <div class="row-status">
                <StatusBadge status=Signal::derive(move || agent.with(|agent| agent.status)) />
                <span class="quiet" title=detail>
                    {detail}
                </span>
            </div>
            <div class="row-capabilities">
                <Capabilities names=Signal::derive(some) />
                <span class="quiet">{more}</span>
            </div>
        }
        .into_any()
    }

    fn parts(agent: Signal<Self>, is_gone: Signal<bool>, on_saved: Callback<Self>) -> AnyView {
        let names = Signal::derive(move || agent.with(|agent| agent.capabilities.clone()));
        view! {
            <StatusPart agent is_gone on_saved />
            <DescriptionPart text=Signal::derive(move || {
                agent.with(|agent| agent.description.clone())
            }) />
            <section class="card part" aria-labelledby="capabilities-title">
                <h2 id="capabilities-title">"Capabilities"</h2>
                <Show
                    when=move || names.with(|names| !names.is_empty())
                    fallback=|| view! { <p class="quiet">"None listed."</p> }
                >
                    <Capabilities names />
                </Show>
            </section>
            <Show when=move || !is_gone.get()>
                <TokensPart agent />
            </Show>
            <MetadataPart metadata=Signal::derive(move || {
                agent.with(|agent| agent.metadata.clone())
            }) />
        }
        .into_any()
    }

    fn beside(agent: Signal<Self>) -> AnyView {
        view! { <AgentChats agent /> }.into_any()
    }
}

/// The way to what the agent's programs come in with.
#[component]
fn TokensPart(agent: Signal<Agent>) -> impl IntoView {
    let session = use_session();
    let tokens = move |new| {
        agent.with(|agent| {
            with_query("/tokens", &[("agent", Some(agent.id.as_str())), ("new", new)])
        })
    };
    view! {
        <Show when=move || session.may(Right::ManagePeople)>
            <section class="card part" aria-labelledby="tokens-title">
                <h2 id="tokens-title">"Tokens"</h2>
                <p>
                    <a href=move || tokens(None)>"What its programs come in with"</a>
                    ", or "
                    <a href=move || tokens(Some("1"))>"a new token"</a>
                    "."
                </p>
            </section>
        </Show>
    }
    .into_any()
}

#[component]
fn Capabilities(names: Signal<Vec<String>>) -> impl IntoView {
    view! {
        <ul class="capabilities">
            <For each=move || names.get() key=String::clone let:name>
                <li class="capability">{name}</li>
            </For>
        </ul>
    }
    .into_any()
}
