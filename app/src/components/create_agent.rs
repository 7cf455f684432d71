//! The button that creates an agent.

use colloquy_protocol::{event::server::AgentCreated, id::AgentId, request::NewAgent};
use leptos::prelude::*;

use crate::{
    api::{RequestKey, agents},
    live::use_websocket,
};

const MANNERS: [&str; 16] = [
    "brave", "bright", "calm", "clever", "curious", "eager", "gentle", "keen", "lively", "merry",
    "patient", "quick", "quiet", "steady", "sunny", "wise",
];
const ANIMALS: [&str; 16] = [
    "badger", "crane", "dolphin", "falcon", "finch", "heron", "ibex", "lynx", "marten", "otter",
    "owl", "raven", "robin", "seal", "swift", "wren",
];

/// Creates an agent through the REST API, and tells when its event has come back through the hub.
#[component]
pub fn CreateAgent() -> impl IntoView {
    let asked = RwSignal::new(None::<Asked>);
    let seen_after = RwSignal::new(None::<f64>);
    let create = Action::new(|agent: &NewAgent| {
        let agent = agent.clone();
        async move { agents::create(&RequestKey::random(), &agent).await }
    });

    use_websocket().on::<AgentCreated>(move |payload| {
        asked.with_untracked(|asked| match asked {
            Some(asked) if asked.id == payload.agent_id => {
                seen_after.set(Some(js_sys::Date::now() - asked.at));
            }
            _ => {}
        });
    });

    let click = move |_| {
        let (id, name) = readable_name();
        seen_after.set(None);
        asked.set(id.clone().map(|id| Asked { id, at: js_sys::Date::now() }));
        create.dispatch(NewAgent { id, name, ..NewAgent::default() });
    };
    let outcome = move || {
        let name = create.value().get()?.ok()?.name;
        Some(match seen_after.get() {
            None => format!("{name} was created."),
            Some(millis) => format!("{name} was created; its event was here after {millis:.0} ms."),
        })
    };
    let error = move || Some(create.value().get()?.err()?.to_string());

    view! {
        <div class="create-agent">
            <p class="quiet" role="status">
                {outcome}
            </p>
            <p class="error" role="alert">
                {error}
            </p>
            <button
                type="button"
                class="button primary"
                disabled=move || create.pending().get()
                on:click=click
            >
                {move || if create.pending().get() { "Creating…" } else { "Create an agent" }}
            </button>
        </div>
    }
    .into_any()
}

/// An agent that this button asked for, and when (milliseconds since 1970).
struct Asked {
    id: AgentId,
    at: f64,
}

/// A name that can be said aloud, such as Quiet Otter, and an id like it.
fn readable_name() -> (Option<AgentId>, String) {
    let (manner, animal) = (pick(MANNERS), pick(ANIMALS));
    let number = (js_sys::Math::random() * 100_000.0) as u32;
    let id = format!("{manner}-{animal}-{number}").parse().ok();
    (id, format!("{} {}", capitalised(manner), capitalised(animal)))
}

fn pick(words: [&'static str; 16]) -> &'static str {
    // `random` is below 1, so the index is below the length.
    words[(js_sys::Math::random() * words.len() as f64) as usize]
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}
