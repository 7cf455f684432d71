//! What the browser keeps for this tab until it is closed: drafts, and where pages were scrolled to.
//! It is for one person.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use web_sys::Storage;

use crate::session::use_session;

/// The key under which it says whose everything else is.
const OWNER: &str = "owner";

/// Forgets what was kept for somebody else. To be called once, by the app, before its pages: effects
/// run in their order, so that no page reads what is not theirs.
pub(crate) fn keep_for_one_person() {
    let owner = use_session().principal().map(|me| format!("{} {}", me.kind.as_str(), me.id));
    Effect::new(move || {
        // Nobody reads drafts before signing in; who signs in again has them still.
        if let (Some(owner), Some(storage)) = (&owner, storage())
            && read::<String>(OWNER).as_ref() != Some(owner)
        {
            storage.clear().ok();
            keep(OWNER, owner);
        }
    });
}

/// What was kept under that key; none, too, if another version of the page kept something else there.
pub(crate) fn read<T: DeserializeOwned>(key: &str) -> Option<T> {
    let json = storage()?.get_item(key).ok()??;
    serde_json::from_str(&json).ok()
}

/// Keeps something. A browser that keeps nothing for this page goes on without.
pub(crate) fn keep(key: &str, value: &impl Serialize) {
    if let (Some(storage), Ok(json)) = (storage(), serde_json::to_string(value)) {
        storage.set_item(key, &json).ok();
    }
}

/// Takes away what was kept.
pub(crate) fn forget(key: &str) {
    if let Some(storage) = storage() {
        storage.remove_item(key).ok();
    }
}

/// Takes away what was kept if it is that one.
pub(crate) fn forget_if<T: DeserializeOwned>(key: &str, is_it: impl FnOnce(&T) -> bool) {
    if read::<T>(key).is_some_and(|kept| is_it(&kept)) {
        forget(key);
    }
}

/// Shows what was kept under that key, and keeps from then on what is `typed`, unless that is nothing.
pub(crate) fn keep_typed<T>(
    key: String,
    typed: impl Fn() -> Option<T> + 'static,
    show: impl Fn(T) + 'static,
) where
    T: Serialize + DeserializeOwned + 'static,
{
    Effect::new(move |was_shown: Option<()>| {
        if was_shown.is_none()
            && let Some(kept) = read(&key)
        {
            show(kept);
        }
        match typed() {
            Some(typed) => keep(&key, &typed),
            None => forget(&key),
        }
    });
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}
