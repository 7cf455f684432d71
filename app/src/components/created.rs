//! What happens once a dialog has created something.

use std::sync::Arc;

use colloquy_protocol::model::NotificationType;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::components::{
    address::close_by_address,
    toasts::{Toasts, use_toasts},
};

/// Leads to what was created in a dialog, or tells that it was.
#[derive(Clone)]
pub struct Created {
    open: RwSignal<bool>,
    toasts: Toasts,
    navigate: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Created {
    /// For the dialog that is open while that holds.
    pub fn of(open: RwSignal<bool>) -> Self {
        let navigate = use_navigate();
        let navigate = Arc::new(move |path: &str| navigate(path, Default::default()));
        Self { open, toasts: use_toasts(), navigate }
    }

    /// It was created. `take` empties the dialog's form and says whether it still was what was sent:
    /// what was typed of another one meanwhile stays. Who still waits for it is led there; who went
    /// elsewhere, or goes on typing, is left where they are and told.
    pub async fn lead_to(self, path: &str, name: &str, take: impl FnOnce() -> bool) {
        let is_open = self.open.try_get_untracked();
        let is_same = is_open.is_some() && take();
        if is_same && is_open == Some(true) {
            close_by_address(self.open).await;
            (self.navigate)(path);
        } else {
            self.toasts.show(NotificationType::Success, format!("{name} was created."));
        }
    }
}
