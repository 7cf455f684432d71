//! The buttons that make things happen.

mod deletion;
mod form;
mod names;
mod play;

use colloquy_protocol::{
    frame::EventFrame,
    model::{AgentStatus, NotificationType},
    session::Notice,
    topic::Kind,
};
use leptos::{prelude::*, task::spawn_local};

use self::{
    deletion::{Deletion, load_question},
    form::Form,
    names::{new_name, new_topic},
    play::{PLAYING_NEEDS, STEPS, load_play},
};
use crate::{
    api::{
        RequestKey,
        acts::{Act, Ask, load_perform},
        sentence,
    },
    components::{entity_field::EntityField, flow::Show, segments::Segments, status::first_word},
    live::{Websocket, use_websocket},
    parts::lazy_dialog,
    session::use_session,
    stores::choices::LiveChoices,
};

/// What is said in a chat by those who type nothing.
const GREETING: &str = "Hello, everybody.";

/// Makes things happen through the REST API, so that every event can be seen; and tells when an
/// event has come back through the hub. What was not created here is deleted on confirmation only.
#[component]
pub fn MakeHappen(
    /// What there is to choose from.
    choices: LiveChoices,
) -> impl IntoView {
    let session = use_session();
    let form = Form::new(choices);
    let progress = Progress::new();
    let confirmed = move |ask| progress.perform(form, ask);
    let deletion = Deletion::provide(choices, Callback::new(confirmed));
    let act = move |act| {
        progress.forget();
        match form.ask(act) {
            Ok(ask) if form.takes_from_others(&ask) => deletion.ask(ask),
            Ok(ask) => progress.perform(form, ask),
            Err(invalid) => progress.end(Err(invalid)),
        }
    };
    let choose = move |kind| {
        form.kind.set(kind);
        progress.forget();
    };
    let kinds = vec![
        (Some(Kind::Agent), "Agent"),
        (Some(Kind::Chat), "Chat"),
        (Some(Kind::Collection), "Collection"),
        (None, "Notice"),
    ];
    let text_label = move || match form.kind.get() {
        Some(Kind::Chat) => "Title or message",
        Some(_) => "Name",
        None => "Message",
    };
    let is_busy = progress.is_busy;

    view! {
        <section class="card" aria-labelledby="make-happen-title">
            <h2 id="make-happen-title">"Make something happen"</h2>
            <Segments
                name="what"
                label="What"
                options=kinds
                value=form.kind
                on_choose=choose
            />
            <form on:submit=|event| event.prevent_default()>
                <Targets form choices />
                <label class="field">
                    <span>{move || text_label()}</span>
                    <input
                        type="text"
                        placeholder="Anything, or nothing"
                        autocomplete="off"
                        prop:value=move || form.text.get()
                        on:input:target=move |event| form.text.set(event.target().value())
                    />
                </label>
                <div hidden=move || form.kind.get() != Some(Kind::Chat)>
                    <EntityField
                        id="act-who"
                        label="Who joins or leaves"
                        placeholder="You"
                        kind=Kind::Agent
                        choices
                        value=form.who
                    />
                </div>
                <Acts kind=form.kind act is_busy />
            </form>
            <Show when=move || PLAYING_NEEDS.iter().all(|it| session.may(*it))>
                <button
                    type="button"
                    class="button primary"
                    title="All events, one after the other"
                    aria-disabled=move || is_busy.get().to_string()
                    on:click=move |_| progress.play()
                >
                    "Play every event"
                </button>
            </Show>
            <p class="quiet" role="status">
                {move || progress.said.get()}
            </p>
            <p class="error" role="alert">
                {move || progress.error.get()}
            </p>
        </section>
        {lazy_dialog(deletion.open, || Box::pin(load_question()))}
    }
    .into_any()
}

/// The entity that it is done to: a field for each kind, of which that of the chosen one is shown.
#[component]
fn Targets(form: Form, choices: LiveChoices) -> impl IntoView {
    [
        (Kind::Agent, "act-agent", "Agent", form.agent),
        (Kind::Chat, "act-chat", "Chat", form.chat),
        (Kind::Collection, "act-collection", "Collection", form.collection),
    ]
    .map(|(kind, id, label, value)| {
        view! {
            <div hidden=move || form.kind.get() != Some(kind)>
                <EntityField id label placeholder="Its id" kind choices value />
            </div>
        }
        .into_any()
    })
    .collect_view()
    .into_any()
}

/// A button for each thing that can be done to the chosen kind, and may be.
#[component]
fn Acts(
    kind: RwSignal<Option<Kind>>,
    act: impl Fn(Act) + Copy + Send + Sync + 'static,
    is_busy: RwSignal<bool>,
) -> impl IntoView {
    let session = use_session();
    let statuses = AgentStatus::ALL.map(Act::SetStatus);
    let may_set_status = move || {
        kind.get() == Some(Kind::Agent) && statuses.iter().all(|it| session.may(it.needs()))
    };
    let button = move |one: Act| {
        view! {
            <button
                type="submit"
                class="button"
                title=one.event()
                aria-disabled=move || is_busy.get().to_string()
                on:click=move |_| act(one)
            >
                {label(one)}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="actions">
            {move || {
                let allowed = |act: &Act| session.may(act.needs());
                acts(kind.get()).into_iter().filter(allowed).map(button).collect_view()
            }}
        </div>
        <Show when=may_set_status>
            <fieldset class="acts">
                <legend>"Set status"</legend>
                <div class="actions">{statuses.map(button).collect_view()}</div>
            </fieldset>
        </Show>
    }
    .into_any()
}

/// How it goes.
#[derive(Debug, Clone, Copy)]
struct Progress {
    socket: Websocket,
    is_busy: RwSignal<bool>,
    said: RwSignal<String>,
    error: RwSignal<Option<String>>,
    /// What was asked for and its event is not here yet, and since when (milliseconds since 1970).
    awaited: StoredValue<Option<(Ask, f64)>>,
    failed: StoredValue<Option<Failed>>,
}

/// What did not succeed: asked for again in the same words, it is the same request.
#[derive(Debug, Clone)]
struct Failed {
    typed: Ask,
    ask: Ask,
    key: RequestKey,
}

impl Progress {
    fn new() -> Self {
        let progress = Self {
            socket: use_websocket(),
            is_busy: RwSignal::new(false),
            said: RwSignal::new(String::new()),
            error: RwSignal::new(None),
            awaited: StoredValue::new(None),
            failed: StoredValue::new(None),
        };
        progress.socket.on_notice(move |notice| match notice {
            Notice::Event(frame) => progress.arrived(frame),
            Notice::Acknowledged { outcome: Err(error), .. } => {
                progress.error.set(Some(sentence(&error.to_string())));
            }
            _ => {}
        });
        progress
    }

    fn perform(self, form: Form, typed: Ask) {
        self.begin();
        let kind = form.kind.get_untracked();
        let again = self.failed.get_value().filter(|failed| failed.typed == typed);
        let Failed { ask, key, .. } = again.unwrap_or_else(|| Failed {
            typed: typed.clone(),
            ask: complete(form, typed.clone()),
            key: RequestKey::random(),
        });
        let asked = Failed { typed: typed.clone(), ask: ask.clone(), key: key.clone() };
        self.failed.set_value(Some(asked));
        spawn_local(async move {
            let outcome = match load_perform().await {
                Ok(perform) => {
                    self.awaited.set_value(Some((ask.clone(), js_sys::Date::now())));
                    perform(ask.clone(), key, self.socket).await
                }
                Err(error) => Err(error.to_string()),
            };
            // The page may have been left meanwhile.
            if outcome.is_ok() && !self.said.is_disposed() {
                self.failed.set_value(None);
                form.follow(&typed, &ask);
                if form.kind.get_untracked() == kind && self.said.with_untracked(String::is_empty) {
                    self.said.set("Done.".to_owned());
                }
            }
            self.end(outcome);
        });
    }

    fn play(self) {
        self.begin();
        spawn_local(async move {
            let said = self.said;
            let tell = move |step, event| said.set(format!("{step} of {STEPS}: {event}"));
            let outcome = match load_play().await {
                Ok(play) => play(self.socket, Box::new(tell)).await,
                Err(error) => Err(error.to_string()),
            };
            said.set(if outcome.is_ok() { format!("All {STEPS} events.") } else { String::new() });
            self.end(outcome);
        });
    }

    fn begin(self) {
        self.is_busy.set(true);
        self.forget();
    }

    /// What is said of how it went belongs to the kind that it was about.
    fn forget(self) {
        self.said.set(String::new());
        self.error.set(None);
        self.awaited.set_value(None);
    }

    fn end(self, outcome: Result<(), String>) {
        self.error.set(outcome.err());
        self.is_busy.set(false);
    }

    fn arrived(self, frame: &EventFrame) {
        let since = self.awaited.with_value(|awaited| {
            let (ask, since) = awaited.as_ref()?;
            let is_it = frame.name == ask.act.event() && frame.topic() == ask.topic;
            is_it.then_some(*since)
        });
        if let Some(since) = since {
            let millis = (js_sys::Date::now() - since) as u32;
            self.said.set(format!("{} was here after {millis} ms.", frame.name));
            self.awaited.set_value(None);
        }
    }
}

/// With what nobody typed: a name, a greeting, and the id of what is created.
fn complete(form: Form, mut ask: Ask) -> Ask {
    let has_text = !ask.text.is_empty();
    match ask.act {
        Act::PostMessage | Act::Notify(_) if !has_text => ask.text = GREETING.to_owned(),
        Act::RenameAgent | Act::RenameChat | Act::RenameCollection if !has_text => {
            ask.text = new_name();
        }
        _ => {}
    }
    if let Some(kind) = ask.act.creates() {
        if !has_text {
            ask.text = new_name();
        }
        let typed = ask.topic.filter(|topic| form.is_new(topic));
        ask.topic = typed.or_else(|| new_topic(kind, &ask.text));
    }
    ask
}

/// What can be done to a kind of entity, apart from the statuses of agents; none: to everybody.
fn acts(kind: Option<Kind>) -> Vec<Act> {
    match kind {
        Some(Kind::Agent) => vec![Act::CreateAgent, Act::RenameAgent, Act::DeleteAgent],
        Some(Kind::Chat) => vec![
            Act::OpenChat,
            Act::RenameChat,
            Act::DeleteChat,
            Act::PostMessage,
            Act::Receive,
            Act::Read,
            Act::Join,
            Act::Leave,
        ],
        Some(Kind::Collection) => {
            vec![Act::CreateCollection, Act::RenameCollection, Act::DeleteCollection]
        }
        None => NotificationType::ALL.map(Act::Notify).to_vec(),
    }
}

fn label(act: Act) -> &'static str {
    match act {
        Act::CreateAgent | Act::OpenChat | Act::CreateCollection => "Create",
        Act::RenameAgent | Act::RenameChat | Act::RenameCollection => "Rename",
        Act::DeleteAgent | Act::DeleteChat | Act::DeleteCollection => "Delete",
        Act::SetStatus(status) => first_word(status),
        Act::PostMessage => "Post",
        Act::Receive => "Received",
        Act::Read => "Read",
        Act::Join => "Join",
        Act::Leave => "Leave",
        Act::Notify(NotificationType::Info) => "Inform",
        Act::Notify(NotificationType::Success) => "Congratulate",
        Act::Notify(NotificationType::Warning) => "Warn",
        Act::Notify(NotificationType::Error) => "Alarm",
    }
}
