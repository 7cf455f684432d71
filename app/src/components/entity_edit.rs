//! The form that changes an agent, a chat or a collection.

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
        conflict::{Conflict, Sides},
        draft::{Contents, Draft, conflicts, merged},
        entity_view::EntityForm,
        field::problem_of_form,
        flow::Show,
        form_actions::FormActions,
    },
    tab_storage,
};

/// How often a change is put together with what others save meanwhile, before one is told.
const TRIES: u32 = 10;

/// How a try to save went.
#[derive(Debug, Clone)]
enum Saved<T> {
    /// This is what it is now.
    Done(T),
    /// Somebody else saved this meanwhile, and both changed the same field.
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

/// The fields with what is there, or with what was typed before the form was left; events leave them alone.
#[component]
pub fn EditEntity<T: EntityForm>(
    /// What it is now.
    entity: Signal<T>,
    /// Whether it is there no more: what was typed stays to be read, and cannot be saved.
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
    // What somebody else saved meanwhile, and the fields that both changed.
    let theirs = RwSignal::new(None::<(T, Vec<Sides>)>);
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
            match save(begun, fields.clone()).await? {
                // The form may have been left meanwhile, and the page with it.
                Saved::Done(now) if theirs.is_disposed() => {
                    forget_change(&now.topic());
                    on_saved.try_run(now);
                }
                Saved::Done(now) if untrack(|| draft.fields()).as_ref() != Some(&fields) => {
                    // What was typed meanwhile is a change of what was saved.
                    draft.continue_from(&fields, now.fields());
                    on_saved.run(now.clone());
                    base.set(now);
                    theirs.set(None);
                }
                Saved::Done(now) => {
                    forget_change(&now.topic());
                    on_saved.run(now);
                    on_close.run(());
                }
                // Nothing is compared with metadata that cannot be read at the moment, and what was
                // typed meanwhile may differ no more: the next try to save tells.
                Saved::Meanwhile(now) if !theirs.is_disposed() => {
                    let before = base.with_untracked(T::fields);
                    let mine = untrack(|| draft.fields()).unwrap_or_else(|| before.clone());
                    let sides = conflicts(T::NAME_LABEL, &before, &mine, &now.fields());
                    theirs.set((!sides.is_empty()).then_some((now, sides)));
                }
                Saved::Meanwhile(_) => {}
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let save_draft = Callback::new(move |()| {
        if let Some(fields) = untrack(|| draft.fields())
            && !is_gone.get_untracked()
        {
            saving.dispatch(fields);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        save_draft.run(());
    };
    let give_up = Callback::new(move |theirs: Option<T>| {
        forget_change(&base.with_untracked(T::topic));
        if let Some(theirs) = theirs {
            on_saved.run(theirs);
        }
        on_close.run(());
    });
    let is_asked = Signal::derive(move || theirs.with(Option::is_some));
    let is_stale = Signal::derive(move || base.with(T::fields) != entity.with(T::fields));
    let is_idle =
        Signal::derive(move || saving.pending().get() || is_gone.get() || draft.fields().is_none());

    view! {
        <form
            class="form"
            aria-label=format!("Edit the {}", T::NOUN)
            tabindex="-1"
            node_ref=form
            on:submit=submit
            novalidate
        >
            {T::form(draft, error)}
            <Hint is_gone is_asked is_stale was_left />
            {move || {
                theirs
                    .get()
                    .map(|(now, sides)| {
                        view! { <Versions now sides base draft theirs give_up save_draft /> }
                    })
            }}
            <Show when=move || !is_asked.get()>
                <FormActions
                    verb="Save"
                    on_cancel=move |()| give_up.run(None)
                    pending=is_idle
                    error=problem_of_form(error)
                />
            </Show>
        </form>
    }
    .into_any()
}

/// What is good to know about the change, unless it is asked which version holds.
#[component]
fn Hint(
    is_gone: Signal<bool>,
    is_asked: Signal<bool>,
    is_stale: Signal<bool>,
    was_left: bool,
) -> impl IntoView {
    let words = move || {
        if is_gone.get() {
            Some("It is gone, so this cannot be saved. Your text stays until you cancel.")
        } else if is_asked.get() {
            None
        } else if is_stale.get() {
            Some(
                "Somebody else changed it meanwhile. Your text stays; if you both changed the same field, saving shows both versions.",
            )
        } else {
            was_left.then_some("This is what you had not saved yet. Cancel drops it.")
        }
    };
    view! {
        <p class="hint" role="status">
            {move || words()}
        </p>
    }
    .into_any()
}

/// What was typed and what was saved meanwhile, and the choice between them.
#[component]
fn Versions<T: EntityForm>(
    now: T,
    sides: Vec<Sides>,
    base: RwSignal<T>,
    draft: Draft,
    theirs: RwSignal<Option<(T, Vec<Sides>)>>,
    give_up: Callback<Option<T>>,
    save_draft: Callback<()>,
) -> impl IntoView {
    let now = StoredValue::new(now);
    // The next try is to change what was saved meanwhile, and of that only what was changed here.
    let begin_anew = move |()| {
        draft.continue_from(&base.with_untracked(T::fields), now.with_value(T::fields));
        base.set(now.get_value());
        theirs.set(None);
    };
    view! {
        <Conflict
            noun=T::NOUN
            sides
            on_theirs=move |()| give_up.run(Some(now.get_value()))
            on_edit=begin_anew
            on_mine=move |()| {
                begin_anew(());
                save_draft.run(());
            }
        />
    }
    .into_any()
}

/// Saves the fields that were changed here. What somebody else changed meanwhile stays, and is asked
/// about only where both changed the same field, each to something else. It may be all that is to be
/// saved: the answer to a try before may be lost.
async fn save<T: EntityForm>(mut base: T, mut mine: Fields) -> Result<Saved<T>, ApiError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match update(&base, &mine).await {
            Ok(now) => return Ok(Saved::Done(now)),
            Err(error) if error.is_conflict() && tries < TRIES => {}
            Err(error) => return Err(error),
        }
        let now = read::<T>(base.topic().id()).await?.value;
        let (before, theirs) = (base.fields(), now.fields());
        if !conflicts(T::NAME_LABEL, &before, &mine, &theirs).is_empty() {
            return Ok(Saved::Meanwhile(now));
        }
        mine = merged(&before, &mine, &theirs);
        if mine == theirs {
            return Ok(Saved::Done(now));
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
