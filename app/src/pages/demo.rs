//! `/demo/websocket`: the hub at work, live.

use std::sync::Arc;

use colloquy_protocol::{
    frame::EventFrame,
    position::Position,
    session::Notice,
    topic::{Kind, Topic},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    api::{self, ApiError, Choices},
    components::{
        connection_bar::ConnectionBar, history::HistoryPanel, life_hint::LifeHint,
        subscriptions::Subscriptions,
    },
    live::use_websocket,
    stores::{
        choices::LiveChoices,
        history::{History, Line},
    },
};

/// Loads what there is, then becomes [`Demo`].
#[component]
pub fn DemoPage() -> impl IntoView {
    let choices = Resource::new(|| (), |()| api::choices());

    view! {
        <Title text="Live" />
        <div class="page">
            <header class="page-header">
                <h1>"What happens, as it happens"</h1>
                <p class="lede">
                    "Agents, chats and collections live here. Every change is an event, and this page is sent each one: live, and after a lost connection too."
                </p>
            </header>
            <Suspense fallback=|| view! { <p class="quiet">"Loading…"</p> }>
                {move || Suspend::new(async move {
                    match choices.await {
                        Ok(choices) => view! { <Demo choices /> }.into_any(),
                        Err(error) => {
                            view! { <LoadError error on_retry=move || choices.refetch() /> }.into_any()
                        }
                    }
                })}
            </Suspense>
        </div>
    }
}

/// The page once it has its data: it goes on from the position of that data, so nothing that
/// happened between rendering and connecting is missed.
#[component]
fn Demo(choices: Choices) -> impl IntoView {
    let socket = use_websocket();
    let since = choices.position.clone();
    let choices = LiveChoices::new(choices);
    let history = History::new();
    let held = RwSignal::new(Vec::new());
    let refusal = RwSignal::new(None::<String>);
    let reload_error = RwSignal::new(None::<ApiError>);

    let reload = move || {
        let loading = choices.reload();
        spawn_local(async move { reload_error.set(loading.await.err()) });
    };
    let subscribe = move |topic: Topic, since: Option<Position>| {
        refusal.set(None);
        if held.with_untracked(|held| !held.contains(&topic)) {
            held.update(|held| held.push(topic.clone()));
            socket.subscribe(topic, since);
        }
    };
    let drop_from_list = move |topic: &Topic| held.update(|held| held.retain(|one| one != topic));

    socket.on_notice(move |notice| match notice {
        Notice::Event(frame) => history.push(seen(frame, choices)),
        Notice::Recovered { count, gap } => {
            history.push(Line::Recovered { count: *count, gap: *gap });
        }
        // Each topic may say so; it is one gap all the same.
        Notice::Reload { .. } => {
            if !choices.is_loading() {
                history.push(Line::NotRecovered);
            }
            reload();
        }
        Notice::Unsubscribed { topic, reason } => {
            drop_from_list(topic);
            refusal.set(Some(format!("The hub ended {topic}: {reason}")));
        }
        _ => {}
    });
    for kind in Kind::ALL {
        subscribe(Topic::All(kind), Some(since.clone()));
    }
    socket.connect();
    on_cleanup(move || {
        for topic in held.get_untracked() {
            socket.unsubscribe(topic);
        }
    });

    view! {
        <ConnectionBar since />
        {move || reload_error.get().map(|error| view! { <LoadError error on_retry=reload /> })}
        <div class="columns">
            <HistoryPanel history />
            <div class="side">
                <Subscriptions
                    held
                    refusal
                    choices
                    subscribe=move |topic| subscribe(topic, None)
                    unsubscribe=move |topic: Topic| {
                        drop_from_list(&topic);
                        socket.unsubscribe(topic);
                    }
                />
                <LifeHint />
            </div>
        </div>
    }
}

/// The line of an event, and the list of choices brought up to date with it. The entity's name is
/// the one that it has now, or had until now.
fn seen(frame: &EventFrame, choices: LiveChoices) -> Line {
    let topic = frame.event.topic();
    let name = || topic.as_ref().and_then(|topic| choices.name_of(topic));
    let before = name();
    choices.apply(frame);
    Line::Event { frame: Arc::new(frame.clone()), name: name().or(before) }
}

#[component]
fn LoadError(
    /// What went wrong.
    error: ApiError,
    /// Tries again.
    on_retry: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <section class="card failed" role="alert">
            <p>
                <strong>"The lists could not be loaded."</strong>
                " "
                {error.to_string()}
            </p>
            <button type="button" class="button" on:click=move |_| on_retry()>
                "Try again"
            </button>
        </section>
    }
}
