//! The buttons that make things happen.

mod names;
mod play;

use colloquy_protocol::{
    frame::EventFrame,
    id::{InvalidId, Principal, PrincipalKind},
    model::{AgentStatus, NotificationType},
    request::NewParticipant,
    session::Notice,
    topic::{Kind, Topic},
};
use leptos::{prelude::*, task::spawn_local};

use self::{
    names::{new_name, new_topic},
    play::{PLAYING_NEEDS, STEPS, load_play},
};
use crate::{
    api::{
        RequestKey,
        acts::{Act, Ask, load_perform},
    },
    components::{entity_field::EntityField, flow::Show, segments::Segments},
    live::{Websocket, use_websocket},
    session::{CurrentSession, use_session},
    stores::choices::{LiveChoices, of_kind},
};

/// What is said in a chat by those who type nothing.
const GREETING: &str = "Hello, everybody.";

/// Makes things happen through the REST API, so that every event can be seen; and tells when an
/// event has come back through the hub.
#[component]
pub fn MakeHappen(
    /// What there is to choose from.
    choices: LiveChoices,
) -> impl IntoView {
    let session = use_session();
    let form = Form::new(choices);
    let progress = Progress::new();
    let kinds = vec![
        (Some(Kind::Agent), "Agent"),
        (Some(Kind::Chat), "Chat"),
        (Some(Kind::Collection), "Collection"),
        (None, "Notice"),
    ];
    let is_not = move |kind| form.kind.get() != kind;
    let text_label = move || match form.kind.get() {
        Some(Kind::Chat) => "Title or message",
        Some(_) => "Name",
        None => "Message",
    };
    let target = move |(kind, id, label, value)| {
        view! {
            <div hidden=move || is_not(Some(kind))>
                <EntityField id label placeholder="Its id" kind choices value />
            </div>
        }
        .into_any()
    };
    let button = move |act: Act| {
        view! {
            <button
                type="submit"
                class="button"
                title=act.event()
                disabled=move || progress.is_busy.get()
                on:click=move |_| progress.act(form, act)
            >
                {label(act)}
            </button>
        }
        .into_any()
    };

    view! {
        <section class="card make-happen" aria-labelledby="make-happen-title">
            <h2 id="make-happen-title">"Make something happen"</h2>
            <Segments
                name="what"
                label="What"
                options=kinds
                value=form.kind
                on_choose=move |kind| form.kind.set(kind)
            />
            <form on:submit=|event| event.prevent_default()>
                {[
                    (Kind::Agent, "act-agent", "Agent", form.agent),
                    (Kind::Chat, "act-chat", "Chat", form.chat),
                    (Kind::Collection, "act-collection", "Collection", form.collection),
                ]
                    .map(target)
                    .collect_view()}
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
                <div hidden=move || is_not(Some(Kind::Chat))>
                    <EntityField
                        id="act-who"
                        label="Who joins or leaves"
                        placeholder="You"
                        kind=Kind::Agent
                        choices
                        value=form.who
                    />
                </div>
                <div class="actions">
                    {move || {
                        let allowed = |act: &Act| session.may(act.needs());
                        acts(form.kind.get()).iter().copied().filter(allowed).map(button).collect_view()
                    }}
                </div>
            </form>
            <Show when=move || PLAYING_NEEDS.iter().all(|it| session.may(*it))>
                <button
                    type="button"
                    class="button primary"
                    title="All events, one after the other"
                    disabled=move || progress.is_busy.get()
                    on:click=move |_| progress.play()
                >
                    "Play all of it"
                </button>
            </Show>
            <p class="quiet" role="status">
                {move || progress.said.get()}
            </p>
            <p class="error" role="alert">
                {move || progress.error.get()}
            </p>
        </section>
    }
    .into_any()
}

/// What people typed.
#[derive(Debug, Clone, Copy)]
struct Form {
    session: CurrentSession,
    choices: LiveChoices,
    /// What it is about; none: a notification.
    kind: RwSignal<Option<Kind>>,
    agent: RwSignal<String>,
    chat: RwSignal<String>,
    collection: RwSignal<String>,
    text: RwSignal<String>,
    who: RwSignal<String>,
}

impl Form {
    /// Begins with the newest of each kind.
    fn new(choices: LiveChoices) -> Self {
        let newest = |kind| RwSignal::new(newest_but(choices, kind, ""));
        Self {
            session: use_session(),
            choices,
            kind: RwSignal::new(Some(Kind::Agent)),
            agent: newest(Kind::Agent),
            chat: newest(Kind::Chat),
            collection: newest(Kind::Collection),
            text: RwSignal::new(String::new()),
            who: RwSignal::new(String::new()),
        }
    }

    /// What is asked for, in the words that were typed.
    fn ask(self, act: Act) -> Result<Ask, String> {
        let invalid = |error: InvalidId| error.to_string();
        let topic = match self.kind.get_untracked() {
            Some(kind) if act.creates().is_none() => {
                let id = self.target(kind).get_untracked();
                if id.trim().is_empty() {
                    return Err(format!("Say which {}, or create one.", kind.as_str()));
                }
                Some(Topic::of(kind, id.trim()).map_err(invalid)?)
            }
            _ => None,
        };
        let participant = matches!(act, Act::Join | Act::Leave).then(|| self.participant());
        let text = self.typed();
        Ok(Ask { act, topic, text, participant: participant.transpose().map_err(invalid)? })
    }

    fn typed(self) -> String {
        self.text.with_untracked(|text| text.trim().to_owned())
    }

    /// Goes on with what was created; or, when that was deleted, with the newest of what is left. What
    /// was typed since stays.
    fn follow(self, typed: &Ask, ask: &Ask) {
        if self.typed() == typed.text {
            self.text.set(String::new());
        }
        let Some(topic) = &ask.topic else { return };
        let target = self.target(topic.kind());
        if ask.act.creates().is_some() {
            target.set(topic.id().to_owned());
        } else if ask.act.deletes() {
            target.set(newest_but(self.choices, topic.kind(), topic.id()));
        }
    }

    fn target(self, kind: Kind) -> RwSignal<String> {
        match kind {
            Kind::Agent => self.agent,
            Kind::Chat => self.chat,
            Kind::Collection => self.collection,
        }
    }

    /// Whoever was named, an agent; or else the person at this page.
    fn participant(self) -> Result<NewParticipant, InvalidId> {
        let who = self.who.get_untracked();
        if !who.trim().is_empty() {
            let participant_id = who.trim().parse()?;
            return Ok(NewParticipant { participant_id, kind: PrincipalKind::Agent });
        }
        let me = self.session.principal().unwrap_or_else(Principal::local);
        Ok(NewParticipant { participant_id: me.id, kind: me.kind })
    }
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
                progress.error.set(Some(error.to_string()));
            }
            _ => {}
        });
        progress
    }

    fn act(self, form: Form, act: Act) {
        self.begin();
        let typed = match form.ask(act) {
            Ok(typed) => typed,
            Err(invalid) => return self.end(Err(invalid)),
        };
        let again = self.failed.get_value().filter(|failed| failed.typed == typed);
        let Failed { ask, key, .. } = again.unwrap_or_else(|| Failed {
            typed: typed.clone(),
            ask: complete(typed.clone()),
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
                if self.said.with_untracked(String::is_empty) {
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
fn complete(mut ask: Ask) -> Ask {
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
        ask.topic = new_topic(kind, &ask.text);
    }
    ask
}

/// The id of the newest entity of that kind which is not that one; empty when there is none.
fn newest_but(choices: LiveChoices, kind: Kind, id: &str) -> String {
    let others = untrack(|| of_kind(choices, kind));
    let newest = others.into_iter().find(|choice| choice.topic.id() != id);
    newest.map(|choice| choice.topic.id().to_owned()).unwrap_or_default()
}

/// What can be done to a kind of entity; none: to everybody.
fn acts(kind: Option<Kind>) -> &'static [Act] {
    match kind {
        Some(Kind::Agent) => &[
            Act::CreateAgent,
            Act::RenameAgent,
            Act::DeleteAgent,
            Act::SetStatus(AgentStatus::Idle),
            Act::SetStatus(AgentStatus::Working),
            Act::SetStatus(AgentStatus::Waiting),
            Act::SetStatus(AgentStatus::Error),
            Act::SetStatus(AgentStatus::Offline),
        ],
        Some(Kind::Chat) => &[
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
            &[Act::CreateCollection, Act::RenameCollection, Act::DeleteCollection]
        }
        None => &[
            Act::Notify(NotificationType::Info),
            Act::Notify(NotificationType::Success),
            Act::Notify(NotificationType::Warning),
            Act::Notify(NotificationType::Error),
        ],
    }
}

fn label(act: Act) -> &'static str {
    match act {
        Act::CreateAgent | Act::CreateCollection => "Create",
        Act::OpenChat => "Open",
        Act::RenameAgent | Act::RenameChat | Act::RenameCollection => "Rename",
        Act::DeleteAgent | Act::DeleteChat | Act::DeleteCollection => "Delete",
        Act::SetStatus(AgentStatus::Idle) => "Idle",
        Act::SetStatus(AgentStatus::Working) => "Working",
        Act::SetStatus(AgentStatus::Waiting) => "Waiting",
        Act::SetStatus(AgentStatus::Error) => "Error",
        Act::SetStatus(AgentStatus::Offline) => "Offline",
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
