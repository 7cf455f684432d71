//! The question before something is deleted that others created.

use leptos::prelude::*;

use crate::{
    api::acts::Ask,
    components::dialog::ConfirmDialog,
    parts::{self, lazy_function},
    stores::choices::{LiveChoices, name_of},
};

/// What is to be deleted, if that is confirmed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deletion {
    /// Whether it is asked.
    pub(super) open: RwSignal<bool>,
    asked: RwSignal<Option<Ask>>,
    choices: LiveChoices,
    on_confirm: Callback<Ask>,
}

impl Deletion {
    /// Gives it to the dialog, which is loaded when it is wanted.
    pub(super) fn provide(choices: LiveChoices, on_confirm: Callback<Ask>) -> Self {
        let open = RwSignal::new(false);
        let deletion = Self { open, asked: RwSignal::new(None), choices, on_confirm };
        provide_context(deletion);
        deletion
    }

    /// Asks first.
    pub(super) fn ask(self, ask: Ask) {
        self.asked.set(Some(ask));
        self.open.set(true);
    }

    /// The name of what is to be deleted, or its id if it has none here.
    fn name(self) -> String {
        let topic = self.asked.get().and_then(|ask| ask.topic);
        let name = |topic| name_of(self.choices, topic).unwrap_or_else(|| topic.id().to_owned());
        topic.as_ref().map(name).unwrap_or_default()
    }

    fn confirm(self) {
        self.open.set(false);
        if let Some(ask) = self.asked.get_untracked() {
            self.on_confirm.run(ask);
        }
    }
}

lazy_function! {
    hub, pub(super) fn load_question() -> parts::Dialog = question
}

/// For the deletion of the context.
fn question() -> AnyView {
    let deletion = expect_context::<Deletion>();
    view! {
        <ConfirmDialog
            id="act-delete-title"
            open=deletion.open
            title=Signal::derive(move || format!("Delete {}?", deletion.name()))
            text="It was not created here. It is gone for everybody then, and this cannot be undone."
            verb="Delete"
            on_confirm=move |()| deletion.confirm()
            pending=false
            error=None
        />
    }
    .into_any()
}
