//! What is created in a dialog.

use std::sync::Arc;

use colloquy_protocol::{model::NotificationType, topic::Kind};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    api::{Attempt, RequestKey},
    components::{
        address::close_by_address,
        toasts::{Toasts, use_toasts},
    },
    tab_storage,
};

/// What is typed in a dialog about something new: the browser keeps it until that is created or
/// given up.
#[derive(Clone)]
pub struct Creation<T: 'static> {
    kind: Kind,
    open: RwSignal<bool>,
    typed: Callback<(), T>,
    show: Callback<T>,
    /// What stands in the form at first.
    empty: T,
    attempt: RwSignal<Attempt<T>>,
    toasts: Toasts,
    navigate: Arc<dyn Fn(&str) + Send + Sync>,
}

/// What the browser keeps of it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    typed: T,
    /// Also after a reload, what is tried again is created once.
    attempt: Attempt<T>,
}

impl<T> Creation<T>
where
    T: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// For the dialog that is open while that holds: `typed` says what stands in its form, which is
    /// empty now, and `show` puts that there.
    pub fn of(kind: Kind, open: RwSignal<bool>, typed: Callback<(), T>, show: Callback<T>) -> Self {
        let navigate = use_navigate();
        let navigate = Arc::new(move |path: &str| navigate(path, Default::default()));
        let empty = untrack(|| typed.run(()));
        let attempt = RwSignal::new(Attempt::default());
        let toasts = use_toasts();
        let creation = Self { kind, open, typed, show, empty, attempt, toasts, navigate };
        creation.keep();
        creation
    }

    /// Shows what the browser kept, and has it keep what is typed from then on.
    fn keep(&self) {
        let Self { typed, show, empty, attempt, .. } = self.clone();
        let kept = move || {
            let (typed, attempt) = (typed.run(()), attempt.get());
            (typed != empty).then_some(Kept { typed, attempt })
        };
        let show = move |kept: Kept<T>| {
            show.run(kept.typed);
            attempt.set(kept.attempt);
        };
        tab_storage::keep_typed(self.place(), kept, show);
    }

    /// The key of the request that creates what is typed; none when the page was left.
    pub fn key(&self, typed: &T) -> Option<RequestKey> {
        self.attempt.try_update(|attempt| attempt.key(typed))
    }

    /// Drops what is typed, and closes the dialog.
    pub fn give_up(&self) {
        self.attempt.update(Attempt::done);
        self.show.run(self.empty.clone());
        self.open.set(false);
    }

    /// That was created; what was typed of another one meanwhile stays. Who still waits for it is led
    /// there; who went elsewhere, or goes on typing, is left where they are and told.
    pub async fn was_created(self, typed: &T, path: &str, name: &str) {
        // The page may have been left meanwhile: then nothing else forgets it.
        tab_storage::forget_if(&self.place(), |kept: &Kept<T>| kept.typed == *typed);
        self.attempt.try_update(Attempt::done);
        let is_same = untrack(|| self.typed.try_run(())).as_ref() == Some(typed);
        if is_same {
            self.show.run(self.empty.clone());
        }
        if is_same && self.open.get_untracked() {
            close_by_address(self.open).await;
            (self.navigate)(path);
        } else {
            self.toasts.show(NotificationType::Success, format!("{name} was created."));
        }
    }

    /// Where the browser keeps it.
    fn place(&self) -> String {
        format!("draft:new:{}", self.kind.as_str())
    }
}
