//! What an agent is doing, and the form that says something else.

use colloquy_protocol::{
    access::Action as Right,
    model::{Agent, AgentStatus},
    request::StatusChange,
};
use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{
    api::agents::set_status,
    components::{
        field::{TextField, problem_of, problem_of_form},
        flow::Show,
        form_actions::focus_fault,
        segments::Segments,
        status::StatusBadge,
    },
    session::use_session,
};

/// The status of an agent, and the form that begins with it. What is chosen or typed stays when an event
/// changes the agent.
#[component]
pub fn StatusPart(
    /// The agent as it is now.
    agent: Signal<Agent>,
    /// Whether it was deleted: then there is nothing to set.
    is_gone: Signal<bool>,
    /// Takes what the agent is once a status is set.
    on_saved: Callback<Agent>,
) -> impl IntoView {
    let session = use_session();
    let status = Signal::derive(move || agent.with(|agent| agent.status));
    let chosen = RwSignal::new(None::<AgentStatus>);
    let shown = Signal::derive(move || chosen.get().unwrap_or_else(|| status.get()));
    let current = move || agent.with(|agent| agent.status_detail.clone().unwrap_or_default());
    let detail = RwSignal::new(untrack(current));
    Effect::new(move |before: Option<String>| {
        let current = current();
        let is_untouched = before.is_some_and(|before| detail.with_untracked(|it| *it == before));
        if is_untouched && chosen.with_untracked(Option::is_none) {
            detail.set(current.clone());
        }
        current
    });
    // What it is doing was said of the status that it has: it goes with another one, and comes back.
    let choose = move |one| {
        let said = untrack(current);
        let (before, after) = match status.get_untracked() == one {
            true => (String::new(), said),
            false => (said, String::new()),
        };
        if detail.with_untracked(|typed| *typed == before) {
            detail.set(after);
        }
        chosen.set(Some(one));
    };

    let change = Action::new(move |to: &StatusChange| {
        let (id, to) = (agent.with_untracked(|agent| agent.id.clone()), to.clone());
        async move {
            let now = set_status(&id, &to).await?;
            // The page may have been left meanwhile.
            if let Some(still) = chosen.try_get_untracked() {
                on_saved.run(now);
                if still == Some(to.status) {
                    chosen.set(None);
                }
            }
            Ok(())
        }
    });
    let error = Signal::derive(move || change.value().get()?.err());
    let button = NodeRef::<html::Button>::new();
    focus_fault(button, problem_of_form(error));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let detail = detail.get_untracked().trim().to_owned();
        change.dispatch(StatusChange {
            status: shown.get_untracked(),
            status_detail: (!detail.is_empty()).then_some(detail),
        });
    };
    let options = || AgentStatus::ALL.map(|one| (one, one.as_str())).to_vec();
    view! {
        <section class="card part" aria-labelledby="status-title">
            <h2 id="status-title">"Status"</h2>
            <p class="status-now">
                <StatusBadge status />
                <span>{move || agent.with(|agent| agent.status_detail.clone())}</span>
            </p>
            <Show when=move || !is_gone.get() && session.may(Right::SetStatuses)>
                <form class="status-form" on:submit=submit novalidate>
                    <Segments
                        name="status"
                        label="New status"
                        options=options()
                        value=shown
                        on_choose=choose
                    />
                    <TextField
                        id="status-detail"
                        label="What it is doing"
                        text=detail
                        error=problem_of(error, "statusDetail")
                    />
                    <button
                        type="submit"
                        class="button"
                        aria-disabled=move || change.pending().get().to_string()
                        node_ref=button
                    >
                        "Set status"
                    </button>
                </form>
            </Show>
            <p class="error" role="alert">
                {problem_of_form(error)}
            </p>
        </section>
    }
    .into_any()
}
