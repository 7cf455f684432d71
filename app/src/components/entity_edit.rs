//! The form that changes an agent or a collection.

use colloquy_protocol::topic::Topic;
use leptos::{
    ev::{BeforeUnloadEvent, SubmitEvent, beforeunload},
    html,
    prelude::*,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    api::{
        ApiError,
        entity::{Fields, read, update},
    },
    components::{
        conflict::Conflict,
        draft::{Contents, Draft, differences},
        entity_view::EntityView,
        field::problem_of_form,
        flow::Show,
        form_actions::FormActions,
    },
    tab_storage,
};

/// How a try to save went.
#[derive(Debug, Clone)]
enum Saved<T> {
    /// This is what it is now.
    Done(T),
    /// Somebody else saved this meanwhile.
    Meanwhile(T),
}

/// What the browser keeps of a change until it is saved or given up.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    /// What the change began with.
    base: T,
    /// What was typed.
    contents: Contents,
}

/// Opens the form again when the page was left before a change was saved.
pub fn edit_what_was_left(topic: Topic, editing: RwSignal<bool>) {
    Effect::new(move || {
        if tab_storage::read::<IgnoredAny>(&place(&topic)).is_some() {
            editing.set(true);
        }
    });
}

/// Drops what the browser keeps of a change.
pub fn forget_change(topic: &Topic) {
    tab_storage::forget(&place(topic));
}

/// The fields with what is there, or with what was typed before the page was left; events leave them alone.
#[component]
pub fn EditEntity<T: EntityView>(
    /// What it is now.
    entity: Signal<T>,
    /// Whether it was deleted meanwhile: what was typed stays to be read, and cannot be saved.
    is_gone: Signal<bool>,
    /// Takes what was saved, here or by somebody else.
    on_saved: Callback<T>,
    /// Called when the change was saved or given up.
    on_close: Callback<()>,
) -> impl IntoView {
    let place = place(&entity.with_untracked(T::topic));
    let left = tab_storage::read::<Kept<T>>(&place);
    let (begun, contents) = left.map(|left| (left.base, left.contents)).unzip();
    let was_left = contents.is_some();
    // What the change begins with; its version is the one that must still hold.
    let base = RwSignal::new(begun.unwrap_or_else(|| entity.get_untracked()));
    let draft = Draft::of(base.with_untracked(T::fields));
    if let Some(contents) = contents {
        draft.restore(contents);
    }
    let theirs = RwSignal::new(None::<T>);
    let form = NodeRef::<html::Form>::new();
    Effect::new(move || {
        // Who comes back to the page did not ask for the form just now.
        if let Some(form) = form.get().filter(|_| !was_left) {
            form.focus().ok();
        }
    });
    Effect::new(move || {
        if !draft.is_changed() {
            tab_storage::forget(&place);
        } else {
            tab_storage::keep(&place, &Kept { base: base.get(), contents: draft.contents() });
        }
    });
    warn_before_leaving(draft);

    let saving = Action::new(move |fields: &Fields| {
        let (begun, fields) = (base.get_untracked(), fields.clone());
        async move {
            match save(begun, &fields).await? {
                // The form may have been left meanwhile.
                Saved::Done(now) if theirs.is_disposed() => forget_change(&now.topic()),
                Saved::Done(now) if untrack(|| draft.fields()).as_ref() != Some(&fields) => {
                    // What was typed meanwhile is a change of what was saved.
                    draft.was_saved(now.fields());
                    on_saved.run(now.clone());
                    base.set(now);
                }
                Saved::Done(now) => {
                    forget_change(&now.topic());
                    on_saved.run(now);
                    on_close.run(());
                }
                Saved::Meanwhile(now) => drop(theirs.try_set(Some(now))),
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let save_draft = move || {
        if let Some(fields) = untrack(|| draft.fields())
            && !is_gone.get_untracked()
        {
            saving.dispatch(fields);
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        save_draft();
    };
    let give_up = move |theirs: Option<T>| {
        forget_change(&base.with_untracked(T::topic));
        if let Some(theirs) = theirs {
            on_saved.run(theirs);
        }
        on_close.run(());
    };
    let changed_meanwhile =
        move || theirs.with(Option::is_none) && base.with(T::fields) != entity.with(T::fields);
    let is_idle =
        Signal::derive(move || saving.pending().get() || is_gone.get() || draft.fields().is_none());
    let hint = move || {
        if is_gone.get() {
            Some(
                "It was deleted meanwhile, so this cannot be saved. Your text stays until you cancel.",
            )
        } else if changed_meanwhile() {
            Some("Somebody else changed it meanwhile. Your text stays; saving shows both versions.")
        } else {
            was_left.then_some("This is what you had not saved yet. Cancel drops it.")
        }
    };

    view! {
        <form
            class="card form"
            aria-label=format!("Edit the {}", T::NOUN)
            tabindex="-1"
            node_ref=form
            on:submit=submit
            novalidate
        >
            {T::form(draft, error)}
            <p class="hint" role="status">
                {move || hint()}
            </p>
            {move || {
                let now = theirs.get()?;
                let mine = untrack(|| draft.fields())?;
                let (kept, taken) = (now.clone(), now.clone());
                Some(
                    view! {
                        <Conflict
                            noun=T::NOUN
                            sides=differences(&mine, &now.fields())
                            on_theirs=move |()| give_up(Some(taken.clone()))
                            on_edit=move |()| {
                                draft.continue_from(kept.fields());
                                base.set(kept.clone());
                                theirs.set(None);
                            }
                            on_mine=move |()| {
                                base.set(now.clone());
                                theirs.set(None);
                                save_draft();
                            }
                        />
                    },
                )
            }}
            <Show when=move || theirs.with(Option::is_none)>
                <FormActions
                    verb="Save"
                    on_cancel=move |()| give_up(None)
                    pending=is_idle
                    error=problem_of_form(error)
                />
            </Show>
        </form>
    }
    .into_any()
}

/// Saves the fields. A version that differs in nothing that people edit (an agent's status) is no
/// conflict, and neither is one that is what is to be saved: the answer to a try before may be lost.
async fn save<T: EntityView>(mut base: T, fields: &Fields) -> Result<Saved<T>, ApiError> {
    loop {
        match update(&base, fields).await {
            Ok(now) => return Ok(Saved::Done(now)),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        let now = read::<T>(base.topic().id()).await?.value;
        if now.fields() == *fields {
            return Ok(Saved::Done(now));
        }
        if now.fields() != base.fields() {
            return Ok(Saved::Meanwhile(now));
        }
        base = now;
    }
}

/// Lets the browser ask before the page, and with it what was typed, is closed.
fn warn_before_leaving(draft: Draft) {
    Effect::new(move || {
        let listener = window_event_listener(beforeunload, move |event: BeforeUnloadEvent| {
            if untrack(|| draft.is_changed()) {
                event.prevent_default();
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Where the browser keeps the change of an entity.
fn place(topic: &Topic) -> String {
    format!("draft:{topic}")
}
