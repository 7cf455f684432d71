//! `/demo/websocket`: the hub at work, live.

use std::sync::Arc;

use colloquy_protocol::{
    access::Action,
    frame::EventFrame,
    position::Position,
    session::Notice,
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use crate::{
    api::{
        Seen,
        choices::{Choice, choices},
    },
    components::{
        connection_bar::ConnectionBar, entity_field::Offers, flow::Show, history::HistoryPanel,
        load::Load, make_happen::MakeHappen, note::OutOfDate, subscriptions::Subscriptions,
        title::Title,
    },
    live::use_websocket,
    parts::lazy_page,
    session::use_session,
    stores::{
        choices::{LiveChoices, live_choices, name_of},
        history::{History, Line},
    },
};

lazy_page! {
    /// The page.
    DEMO in demo: demo_page
}

fn demo_page() -> AnyView {
    let choices = Resource::new(|| (), |()| choices(None));
    view! {
        <Title text="Live" />
        <div class="page">
            <header class="page-header">
                <div>
                    <h1>"What happens, as it happens"</h1>
                    <p class="lede">
                        "Agents, chats and collections live here. Every change is an event, and this page is sent each one: live, and after a lost connection too."
                    </p>
                </div>
            </header>
            <Load from=choices failure="The lists could not be loaded." let:choices>
                <Demo choices />
            </Load>
        </div>
    }
    .into_any()
}

/// The page once it has its data: it goes on from the position of that data, so nothing that
/// happened since then is missed.
#[component]
fn Demo(choices: Seen<Vec<Choice>>) -> impl IntoView {
    let socket = use_websocket();
    let session = use_session();
    let since = choices.position.clone();
    let choices = live_choices(choices);
    let history = History::new();
    let held = RwSignal::new(Vec::new());
    let refusal = RwSignal::new(None::<String>);
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
        Notice::Reload { .. } => {
            history.push(Line::NotRecovered);
            choices.reload();
        }
        Notice::Unsubscribed { topic, reason } => {
            if held.with_untracked(|held| held.contains(topic)) {
                drop_from_list(topic);
                socket.unsubscribe(topic.clone());
            }
            refusal.set(Some(format!("The hub ended {topic}: {reason}")));
        }
        _ => {}
    });
    // What came to the page before it was this one is not sent again.
    match socket.since(&since) {
        Some(events) => events.iter().for_each(|frame| history.push(seen(frame, choices))),
        None => history.push(Line::NotRecovered),
    }
    for kind in Kind::ALL {
        subscribe(Topic::All(kind), Some(since.clone()));
    }
    on_cleanup(move || {
        for topic in held.get_untracked() {
            socket.unsubscribe(topic);
        }
    });

    view! {
        <ConnectionBar since />
        <OutOfDate
            title="The lists could not be refreshed."
            error=choices.error()
            on_retry=move |()| choices.reload()
        />
        <div class="columns">
            <HistoryPanel history />
            <div class="side">
                <Show when=move || session.may(Action::Speak)>
                    <MakeHappen choices />
                </Show>
                <Subscriptions
                    held
                    refusal
                    choices
                    subscribe=move |topic| {
                        subscribe(topic, None);
                        // What happened while nobody was subscribed is not in the lists.
                        choices.reload();
                    }
                    unsubscribe=move |topic: Topic| {
                        drop_from_list(&topic);
                        socket.unsubscribe(topic);
                    }
                />
            </div>
        </div>
        <Offers choices />
    }
}

/// The line of an event, with its entity's name if that is known.
fn seen(frame: &Arc<EventFrame>, choices: LiveChoices) -> Line {
    let name = frame.topic().and_then(|topic| name_of(choices, &topic));
    Line::Event { frame: frame.clone(), name }
}
