//! Telling everybody something.

use colloquy_protocol::{model::NotificationType, request::NewNotification};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::{ApiError, Attempt, notifications},
    components::{
        dialog::Dialog,
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
        json_editor::JsonEditor,
        json_text::{Mistake, parse_object},
        segments::Segments,
        toasts::use_toasts,
    },
    tab_storage::{forget_if, keep_typed},
};

/// Where the browser keeps what is typed.
const PLACE: &str = "draft:notification";

/// Sends a notification to everybody who is connected. What was typed stays when the dialog is closed or
/// the page is left, until it is sent.
#[component]
pub fn NotifyDialog(
    /// The id of its title, which no other dialog of the page has.
    id: &'static str,
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let draft = Draft::new();
    view! {
        <Dialog id open title="Notify everybody">
            <NotifyForm id open draft />
        </Dialog>
    }
    .into_any()
}

#[component]
fn NotifyForm(id: &'static str, open: RwSignal<bool>, draft: Draft) -> impl IntoView {
    let (toasts, here) = (use_toasts(), StoredValue::new(()));
    draft.keep();
    let send = Action::new(move |new: &NewNotification| {
        let new = new.clone();
        let key = draft.attempt.try_update(|attempt| attempt.key(&new));
        async move {
            let Some(key) = key else { return Ok(()) };
            let sent = notifications::create(&key, &new).await;
            if let (Err(error), true) = (&sent, here.is_disposed()) {
                toasts.show(NotificationType::Error, format!("Nobody was notified: {error}"));
            }
            sent?;
            // The page may have been left meanwhile, and what was typed since is for another one.
            forget_if(PLACE, |kept: &Typed| kept.notification().as_ref() == Ok(&new));
            if draft.attempt.try_update(Attempt::done).is_some() && draft.is(&new) {
                draft.show(Typed::default());
                open.set(false);
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || send.value().get()?.err());
    let is_idle = Signal::derive(move || send.pending().get() || draft.notification().is_err());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(new) = draft.notification() {
            send.dispatch(new);
        }
    };
    let types = NotificationType::ALL.map(|one| (one, one.as_str())).to_vec();
    view! {
        <form class="form" on:submit=submit>
            <Segments
                name=id
                label="Type"
                options=types
                value=draft.tone
                on_choose=move |tone| draft.tone.set(tone)
            />
            <TextField
                id="notify-message"
                label="Message"
                text=draft.message
                error=problem_of(error, "message")
                rows=3
            />
            <JsonEditor
                id="notify-details"
                label="Details for programs"
                text=draft.details
                error=problem_of(error, "details")
            />
            <FormActions
                verb="Notify everybody"
                on_cancel=move |()| open.set(false)
                pending=is_idle
                error=problem_of_form(error)
            />
        </form>
    }
    .into_any()
}

/// What is typed, and what it was last sent as.
#[derive(Debug, Clone, Copy)]
struct Draft {
    tone: RwSignal<NotificationType>,
    message: RwSignal<String>,
    details: RwSignal<String>,
    attempt: RwSignal<Attempt<NewNotification>>,
}

/// What the browser keeps of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Typed {
    tone: NotificationType,
    message: String,
    details: String,
    /// Also after a reload, what is tried again is sent once.
    attempt: Attempt<NewNotification>,
}

impl Draft {
    fn new() -> Self {
        let Typed { tone, message, details, attempt } = Typed::default();
        Self {
            tone: RwSignal::new(tone),
            message: RwSignal::new(message),
            details: RwSignal::new(details),
            attempt: RwSignal::new(attempt),
        }
    }

    /// Shows what the browser kept, and has it keep what is typed from then on.
    fn keep(self) {
        let typed = move || Some(self.typed()).filter(|typed| *typed != Typed::default());
        keep_typed(PLACE.to_owned(), typed, move |typed| self.show(typed));
    }

    fn typed(self) -> Typed {
        Typed {
            tone: self.tone.get(),
            message: self.message.get(),
            details: self.details.get(),
            attempt: self.attempt.get(),
        }
    }

    fn show(self, typed: Typed) {
        self.tone.set(typed.tone);
        self.message.set(typed.message);
        self.details.set(typed.details);
        self.attempt.set(typed.attempt);
    }

    /// Whether that is still what was typed.
    fn is(self, new: &NewNotification) -> bool {
        untrack(|| self.notification().as_ref() == Ok(new))
    }

    fn notification(self) -> Result<NewNotification, Mistake> {
        self.typed().notification()
    }
}

impl Typed {
    /// What was typed, unless its details are no JSON.
    fn notification(&self) -> Result<NewNotification, Mistake> {
        let details = parse_object(&self.details)?;
        Ok(NewNotification {
            notification_type: self.tone,
            message: self.message.trim().to_owned(),
            details: if details.is_empty() { Value::Null } else { Value::Object(details) },
        })
    }
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            tone: NotificationType::Info,
            message: String::new(),
            details: String::new(),
            attempt: Attempt::default(),
        }
    }
}
