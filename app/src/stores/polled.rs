//! A list that no event tells of: it is asked for, again and again.

use std::{future::Future, time::Duration};

use leptos::{prelude::*, task::spawn_local};

use crate::{api::ApiError, components::time::while_visible};

/// How often is asked.
const PERIOD: Duration = Duration::from_secs(5);

/// Keeps a list as it is on the hub while somebody looks at the page, until the component goes. One answer is
/// waited for at a time.
///
/// What cannot be read now is read soon. So is what the page changed itself meanwhile: what was asked for
/// before that does not show it yet.
pub(crate) fn poll<T, F>(list: RwSignal<Vec<T>>, load: impl Fn() -> F + 'static)
where
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<Vec<T>, ApiError>> + 'static,
{
    let is_asking = StoredValue::new(false);
    while_visible(PERIOD, move || {
        if is_asking.get_value() {
            return;
        }
        is_asking.set_value(true);
        let (before, loading) = (list.get_untracked(), load());
        spawn_local(async move {
            let read = loading.await;
            is_asking.try_set_value(false);
            if let Ok(now) = read
                && list.try_with_untracked(|list| *list == before) == Some(true)
            {
                list.set(now);
            }
        });
    });
}
