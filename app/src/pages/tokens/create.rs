//! The form that makes a token.

use colloquy_protocol::{
    access::{Action as Right, Scope},
    account::{Issued, NewToken, Token},
    id::{AgentId, PrincipalKind},
    model::Agent,
    problem::{FieldError, Problem},
    time::Timestamp,
};
use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{ApiError, account},
    components::{
        field::{FieldNotes, TextField, problem_of, problem_of_form},
        flow::Show,
        form_actions::FormActions,
        segments::Segments,
        time::now,
    },
    session::{CurrentSession, use_session},
    tab_storage::keep_typed,
};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// For how many days tokens are made; none: until somebody revokes it.
const TERMS: [(&str, &str); 4] =
    [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")];

/// The term at first, in days.
const TERM: &str = "90";

/// What stands in the form: the agent, whether it is for that, the name, the scopes and the term.
type Typed = (String, bool, String, Vec<Scope>, String);

/// What was chosen of a token. It stays when the dialog is closed or the page is left, until the token is
/// made.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    /// The agent that it is for.
    pub agent: RwSignal<String>,
    is_for_agent: RwSignal<bool>,
    name: RwSignal<String>,
    scopes: RwSignal<Vec<Scope>>,
    term: RwSignal<String>,
}

impl Draft {
    /// Nothing is chosen yet; the token is for an agent, if it may be.
    pub fn new() -> Self {
        let may_for_agents = untrack(|| use_session().may(Right::ManagePeople));
        Self {
            agent: RwSignal::default(),
            is_for_agent: RwSignal::new(may_for_agents),
            name: RwSignal::default(),
            scopes: RwSignal::new(Scope::OF_AGENTS.to_vec()),
            term: RwSignal::new(TERM.to_owned()),
        }
    }

    /// Shows what the browser kept, and has it keep what is chosen from then on of a token with a name.
    pub fn keep(self) {
        let Self { agent, is_for_agent, name, scopes, term } = self;
        let typed = move || {
            let typed = (agent.get(), is_for_agent.get(), name.get(), scopes.get(), term.get());
            (!typed.2.is_empty()).then_some(typed)
        };
        let show = move |typed: Typed| {
            agent.set(typed.0);
            is_for_agent.set(typed.1);
            name.set(typed.2);
            scopes.set(typed.3);
            term.set(typed.4);
        };
        keep_typed("draft:token".to_owned(), typed, show);
    }

    /// Forgets what was chosen, but whom it was for.
    pub fn clear(self) {
        self.name.set(String::new());
        self.scopes.set(Scope::OF_AGENTS.to_vec());
        self.term.set(TERM.to_owned());
    }

    /// Whether that token was made of it, by its name and whom it is for.
    pub fn is_of(self, token: &Token) -> bool {
        let is_for_agent = self.is_for_agent.get_untracked();
        let is_same_owner = match token.principal_kind {
            PrincipalKind::Agent => {
                let id = token.principal_id.as_str();
                is_for_agent && self.agent.with_untracked(|agent| agent.trim() == id)
            }
            PrincipalKind::User => !is_for_agent,
        };
        is_same_owner && self.name.with_untracked(|name| name.trim() == token.name)
    }

    /// What is to be made, with these of the scopes; an error while no agent is chosen.
    fn request(self, scopes: Vec<Scope>) -> Result<NewToken, ApiError> {
        let name = self.name.get_untracked().trim().to_owned();
        let agent_id = match self.is_for_agent.get_untracked() {
            false => None,
            true => {
                let id = self.agent.get_untracked().trim().parse::<AgentId>();
                Some(id.map_err(|_| no_agent(&name))?)
            }
        };
        let expires_at = end(&self.term.get_untracked());
        Ok(NewToken { name, agent_id, person_id: None, scopes: Some(scopes), expires_at })
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

/// Asks what is needed and makes a token.
#[component]
pub fn CreateToken(
    /// What was chosen.
    draft: Draft,
    /// The agents that are offered.
    agents: StoredValue<Vec<Agent>>,
    /// Takes what was made.
    on_done: Callback<Issued>,
    /// Called when somebody does not want one after all.
    #[prop(into)]
    on_cancel: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let (may_for_agents, may_for_oneself) = untrack(|| {
        (
            session.may(Right::ManagePeople),
            !session.is_local() && session.may(Right::ManageOwnAccount),
        )
    });
    let Draft { is_for_agent, name, scopes, term, .. } = draft;
    let offered = move |scope: Scope| is_offered(scope, is_for_agent.get(), session);
    let chosen_scopes = move || {
        scopes.with(|all| all.iter().copied().filter(|one| offered(*one)).collect::<Vec<_>>())
    };

    let making = Action::new(move |new: &Result<NewToken, ApiError>| {
        let new = new.clone();
        async move {
            let issued = account::create_token(&new?).await?;
            on_done.try_run(issued);
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || making.value().get()?.err());
    let is_idle = move || making.pending().get() || chosen_scopes().is_empty();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        making.dispatch(draft.request(untrack(chosen_scopes)));
    };
    let whose = vec![(true, "An agent"), (false, "Me")];
    view! {
        <form class="form" on:submit=submit novalidate>
            {(may_for_agents && may_for_oneself)
                .then(|| {
                    view! {
                        <div class="field">
                            <span aria-hidden="true">"It acts as"</span>
                            <Segments
                                name="whose"
                                label="It acts as"
                                options=whose
                                value=is_for_agent
                                on_choose=move |one| is_for_agent.set(one)
                            />
                        </div>
                    }
                })}
            <Show when=move || is_for_agent.get()>
                <AgentField agent=draft.agent agents error=problem_of(error, "agentId") />
            </Show>
            <TextField
                id="token-name"
                label="Name"
                text=name
                error=problem_of(error, "name")
                hint="What it is for, such as the machine that the program runs on."
            />
            <Scopes scopes offered error=problem_of(error, "scopes") />
            <TermField term error=problem_of(error, "expiresAt") />
            <FormActions
                verb="Create token"
                on_cancel
                pending=Signal::derive(is_idle)
                error=problem_of_form(error)
            />
        </form>
    }
    .into_any()
}

/// The agent that the token is for; those who are known are suggested.
#[component]
fn AgentField(
    agent: RwSignal<String>,
    agents: StoredValue<Vec<Agent>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let offer = |agent: &Agent| {
        let (id, name) = (agent.id.to_string(), agent.name.clone());
        view! { <option value=id>{name}</option> }
    };
    let offers = agents.with_value(|agents| agents.iter().map(offer).collect_view());
    view! {
        <div class="field">
            <label for="token-agent">"Agent"</label>
            <input
                id="token-agent"
                type="text"
                list="token-agents"
                placeholder="Its id"
                autocomplete="off"
                spellcheck="false"
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby="token-agent-error"
                bind:value=agent
            />
            <datalist id="token-agents">{offers}</datalist>
            <FieldNotes id="token-agent" error />
        </div>
    }
    .into_any()
}

/// When the token ends.
#[component]
fn TermField(term: RwSignal<String>, error: Signal<Option<String>>) -> impl IntoView {
    let chosen = term.get_untracked();
    let terms = TERMS
        .map(|(days, words)| view! { <option value=days selected=days == chosen>{words}</option> });
    view! {
        <div class="field">
            <label for="token-term">"Expires"</label>
            <select
                id="token-term"
                on:change:target=move |event| term.set(event.target().value())
            >
                {terms}
            </select>
            <FieldNotes id="token-term" error />
        </div>
    }
    .into_any()
}

/// What the program may do, each with a box to tick.
#[component]
fn Scopes(
    scopes: RwSignal<Vec<Scope>>,
    offered: impl Fn(Scope) -> bool + Copy + Send + 'static,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let toggle = move |scope: Scope, is_on: bool| {
        scopes.update(|scopes| {
            scopes.retain(|one| *one != scope);
            if is_on {
                scopes.push(scope);
                scopes.sort();
            }
        });
    };
    let line = move |scope: Scope| {
        let is_out = move || !offered(scope);
        view! {
            <label class="scope" hidden=is_out>
                <input
                    type="checkbox"
                    prop:checked=move || scopes.with(|scopes| scopes.contains(&scope))
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    on:change:target=move |event| toggle(scope, event.target().checked())
                />
                <span>
                    <code>{scope.as_str()}</code>
                    " "
                    <span class="quiet">{words(scope)}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="scopes">
            <legend>"What it may do"</legend>
            {Scope::ALL.map(line).collect_view()}
            <p class="error" role="alert">
                {error}
            </p>
        </fieldset>
    }
    .into_any()
}

/// Whether that is anything to choose: only agents have a record of their own, and only admins see the
/// metrics.
fn is_offered(scope: Scope, is_for_agent: bool, session: CurrentSession) -> bool {
    match scope {
        Scope::Own => is_for_agent,
        Scope::Metrics => !is_for_agent && session.may(Right::ReadMetrics),
        _ => true,
    }
}

fn words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read, list, search and subscribe",
        Scope::Own => "change the agent's own record and status",
        Scope::Messages => "send messages, and say that they arrived",
        Scope::Chats => "change chats and who is in them",
        Scope::Collections => "change collections",
        Scope::Agents => "create agents, and change them as far as its owner may",
        Scope::Notifications => "tell everybody something",
        Scope::Metrics => "read the metrics, such as Prometheus does",
    }
}

/// Why nothing is asked of the server yet, said as the server would: without an agent, the token would be
/// for whoever asks.
fn no_agent(name: &str) -> ApiError {
    let mut problem = Problem::new(422, "Unprocessable Entity", "");
    problem.errors.push(FieldError::new("agentId", "Choose an agent."));
    if name.is_empty() {
        problem.errors.push(FieldError::new("name", "must not be empty"));
    }
    ApiError::Refused(problem)
}

/// When a token ends that is made for so many days.
fn end(days: &str) -> Option<Timestamp> {
    let days: i64 = days.parse().ok()?;
    Some(Timestamp::from_millis(now().as_millis() + days * DAY))
}
