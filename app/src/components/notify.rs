//! Telling everybody something.

use colloquy_protocol::{model::NotificationType, request::NewNotification};
use leptos::prelude::*;
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
};

/// Sends a notification to everybody who is connected. What was typed stays until it is sent.
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
    let send = Action::new(move |new: &NewNotification| {
        let new = new.clone();
        let key = draft.attempt.try_update_value(|attempt| attempt.key(&new));
        async move {
            let Some(key) = key else { return Ok(()) };
            let sent = notifications::create(&key, &new).await;
            if let (Err(error), true) = (&sent, here.is_disposed()) {
                toasts.show(NotificationType::Error, format!("Nobody was notified: {error}"));
            }
            sent?;
            // The page may have been left meanwhile, and what was typed since is for another one.
            if draft.attempt.try_update_value(Attempt::done).is_some() && draft.is(&new) {
                draft.clear();
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

/// What was typed, and what it was last sent as.
#[derive(Debug, Clone, Copy)]
struct Draft {
    tone: RwSignal<NotificationType>,
    message: RwSignal<String>,
    details: RwSignal<String>,
    attempt: StoredValue<Attempt<NewNotification>>,
}

impl Draft {
    fn new() -> Self {
        Self {
            tone: RwSignal::new(NotificationType::Info),
            message: RwSignal::new(String::new()),
            details: RwSignal::new(String::new()),
            attempt: StoredValue::new(Attempt::default()),
        }
    }

    fn clear(self) {
        self.tone.set(NotificationType::Info);
        self.message.set(String::new());
        self.details.set(String::new());
    }

    /// Whether that is still what was typed.
    fn is(self, new: &NewNotification) -> bool {
        untrack(|| self.notification().as_ref() == Ok(new))
    }

    /// What was typed, unless its details are no JSON.
    fn notification(self) -> Result<NewNotification, Mistake> {
        let details = self.details.with(|text| parse_object(text))?;
        Ok(NewNotification {
            notification_type: self.tone.get(),
            message: self.message.get().trim().to_owned(),
            details: if details.is_empty() { Value::Null } else { Value::Object(details) },
        })
    }
}
