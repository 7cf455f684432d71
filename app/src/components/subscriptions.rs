//! What the page is subscribed to.

use colloquy_protocol::topic::{Kind, Topic};
use leptos::prelude::*;

use crate::{
    components::{
        flow::{For, Show},
        icon::{Icon, Shape},
        subscribe_form::SubscribeForm,
    },
    stores::choices::{LiveChoices, live_name_of},
};

/// The subscriptions that the page holds, and the way to more of them.
#[component]
pub fn Subscriptions(
    /// What the page holds.
    #[prop(into)]
    held: Signal<Vec<Topic>>,
    /// What the hub said when it last took one away.
    #[prop(into)]
    refusal: Signal<Option<String>>,
    /// What there is to choose from.
    choices: LiveChoices,
    /// Takes one more.
    #[prop(into)]
    subscribe: Callback<Topic>,
    /// Gives one up.
    #[prop(into)]
    unsubscribe: Callback<Topic>,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="subscriptions-title">
            <h2 id="subscriptions-title">"Subscriptions"</h2>
            <Show
                when=move || held.with(|held| !held.is_empty())
                fallback=|| view! { <p class="quiet">"None: nothing will arrive. Subscribe below."</p> }
            >
                <ul class="topics">
                    <For each=move || held.get() key=Topic::clone let:topic>
                        <HeldTopic topic choices unsubscribe />
                    </For>
                </ul>
            </Show>
            <p class="error" role="alert">
                {move || refusal.get()}
            </p>
            <SubscribeForm choices subscribe />
        </section>
    }
    .into_any()
}

#[component]
fn HeldTopic(topic: Topic, choices: LiveChoices, unsubscribe: Callback<Topic>) -> impl IntoView {
    let kind = topic.kind().as_str();
    let text = topic.to_string();
    let held = topic.clone();
    view! {
        <li class="topic" data-kind=kind>
            <span class="topic-name">{move || name(&held, choices)}</span>
            <code>{text.clone()}</code>
            <button
                type="button"
                class="button icon"
                aria-label=format!("Unsubscribe from {text}")
                title="Unsubscribe"
                on:click=move |_| unsubscribe.run(topic.clone())
            >
                <Icon shape=Shape::Close />
            </button>
        </li>
    }
}

/// All agents, chats or collections, in words.
pub(crate) fn all_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => "All agents",
        Kind::Chat => "All chats",
        Kind::Collection => "All collections",
    }
}

fn name(topic: &Topic, choices: LiveChoices) -> String {
    match topic {
        Topic::All(kind) => all_of(*kind).to_owned(),
        one => live_name_of(choices, one).unwrap_or_else(|| one.id().to_owned()),
    }
}
