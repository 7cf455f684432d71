//! Names somebody who is to join a chat.

use colloquy_protocol::{
    id::{PrincipalId, PrincipalKind},
    request::NewParticipant,
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};

use crate::{
    api::ApiError,
    components::{form_actions::focus_fault, segments::Segments},
    stores::people::People,
};

/// What stands in the form.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    people: People,
    /// An id, or a name: of the only one who is called that, or whose name begins so.
    text: RwSignal<String>,
    kind: RwSignal<PrincipalKind>,
    /// Why who was named last could not be added.
    refused: RwSignal<Option<String>>,
}

impl Naming {
    /// Nobody, and no complaint.
    pub(super) fn of(people: People) -> Self {
        Self {
            people,
            text: RwSignal::default(),
            kind: RwSignal::new(PrincipalKind::Agent),
            refused: RwSignal::default(),
        }
    }

    /// What is typed, and of which kind that is.
    pub(super) fn typed(self) -> (String, PrincipalKind) {
        (self.text.get(), self.kind.get())
    }

    /// Puts back what was typed.
    pub(super) fn show(self, (text, kind): (String, PrincipalKind)) {
        self.text.set(text);
        self.kind.set(kind);
        self.refuse(None);
    }

    /// Whether nobody is named.
    pub fn is_empty(self) -> bool {
        self.text.with_untracked(|text| text.trim().is_empty())
    }

    /// Who is named; none if that is nobody, which the form then says.
    pub fn named(self) -> Option<NewParticipant> {
        self.take(&self.text.get_untracked(), self.kind.get_untracked())
    }

    /// As [`named`](Self::named), also people who have come in since the page was opened. None, too, if
    /// the page is left meanwhile.
    async fn named_now(self) -> Option<NewParticipant> {
        let (text, kind) = (self.text.get_untracked(), self.kind.get_untracked());
        if kind == PrincipalKind::User {
            self.people.read_names().await;
        }
        if self.text.is_disposed() { None } else { self.take(&text, kind) }
    }

    fn take(self, text: &str, kind: PrincipalKind) -> Option<NewParticipant> {
        let who = self.who(text, kind);
        self.refuse(who.as_ref().err().cloned());
        who.ok()
    }

    /// What somebody is called now.
    pub(super) fn name_of(self, who: &NewParticipant) -> String {
        untrack(|| self.people.name(&who.participant_id, who.kind))
    }

    fn who(self, text: &str, kind: PrincipalKind) -> Result<NewParticipant, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Enter an id or a name.".to_owned());
        }
        let participant_id = match &self.people.called(text, kind)[..] {
            [one] => one.clone(),
            // Not everybody who exists is known.
            fit => text.parse().map_err(|_| nobody_alone(text, kind, fit))?,
        };
        Ok(NewParticipant { participant_id, kind })
    }

    /// Says why the server did not add who was named: it speaks of ids, and people of names. The form
    /// may have been left meanwhile.
    pub fn was_refused(self, who: &NewParticipant, error: &ApiError) {
        if self.text.is_disposed() {
            return;
        }
        let NewParticipant { participant_id: id, kind } = who;
        let fit = self.people.called(id.as_str(), *kind);
        let is_nobody = fit.len() != 1 && error.is_invalid();
        let nobody = || nobody_alone(id.as_str(), *kind, &fit);
        self.refuse(Some(if is_nobody { nobody() } else { error.to_string() }));
    }

    /// Says why who was named could not be added, or that there is nothing to say. The form may have
    /// been left meanwhile.
    pub fn refuse(self, why: Option<String>) {
        self.refused.try_set(why);
    }

    /// Empties the form; what was typed of somebody else meanwhile stays.
    pub fn was_added(self, who: &NewParticipant) {
        let typed = self.text.try_get_untracked().zip(self.kind.try_get_untracked());
        if typed.is_some_and(|(text, kind)| self.who(&text, kind).as_ref() == Ok(who)) {
            self.clear();
        }
    }

    /// Empties the form.
    fn clear(self) {
        self.text.set(String::new());
        self.refuse(None);
    }
}

/// Why a text is the name of nobody, or not of one alone.
fn nobody_alone(text: &str, kind: PrincipalKind, fit: &[PrincipalId]) -> String {
    let who = match kind {
        _ if !fit.is_empty() => "More than one",
        PrincipalKind::Agent => "No agent",
        PrincipalKind::User => "Nobody",
    };
    format!("{who} here is called \"{text}\". Choose from the list.")
}

/// The form that names an agent or a person by id or by name; those who are known are suggested.
#[component]
pub fn AddParticipant(
    /// Begins the ids of its elements, and tells its choice from others: no two forms of a page have
    /// the same.
    name: &'static str,
    /// What the button says.
    verb: &'static str,
    /// What is typed.
    naming: Naming,
    /// Takes who was named.
    on_add: Callback<NewParticipant>,
    /// Whether somebody is being added.
    #[prop(into)]
    pending: Signal<bool>,
) -> impl IntoView {
    let Naming { people, text, kind, refused } = naming;
    let button = NodeRef::<html::Button>::new();
    focus_fault(button, refused.into());
    let looking = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        looking.set(true);
        spawn_local(async move {
            let who = naming.named_now().await;
            looking.try_set(false);
            if let Some(who) = who {
                // The dialog may have been closed meanwhile.
                on_add.try_run(who);
            }
        });
    };
    let suggestions = move || {
        let option = |(id, name)| view! { <option value=id>{name}</option> };
        people.all(kind.get()).into_iter().map(option).collect_view()
    };
    let kinds = vec![(PrincipalKind::Agent, "Agent"), (PrincipalKind::User, "Person")];
    let list = format!("{name}-known");
    let problem = format!("{name}-error");
    view! {
        <form class="add-participant" on:submit=submit>
            <Segments
                name
                label="Who joins"
                options=kinds
                value=kind
                on_choose=move |one| {
                    kind.set(one);
                    naming.refuse(None);
                }
            />
            <label class="field">
                <span class="visually-hidden">"Id or name"</span>
                <input
                    type="text"
                    placeholder="Id or name"
                    list=list.clone()
                    dir="auto"
                    autocomplete="off"
                    spellcheck="false"
                    aria-invalid=move || refused.with(Option::is_some).to_string()
                    aria-describedby=problem.clone()
                    prop:value=move || text.get()
                    on:input:target=move |event| {
                        text.set(event.target().value());
                        naming.refuse(None);
                    }
                />
            </label>
            <datalist id=list>{suggestions}</datalist>
            <button
                type="submit"
                class="button"
                node_ref=button
                aria-disabled=move || (pending.get() || looking.get()).to_string()
            >
                {verb}
            </button>
            <p class="error" id=problem role="alert">
                {move || refused.get()}
            </p>
        </form>
    }
    .into_any()
}
