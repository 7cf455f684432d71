//! What agents, chats and collections show, each in its own way; everything else is the same.

use colloquy_protocol::access::Action;
use leptos::prelude::*;

use crate::{
    api::{
        ApiError,
        entity::{Entity, Followed},
    },
    components::{
        draft::Draft,
        field::{TextField, problem_of},
    },
};

/// An entity that is changed in a form.
pub trait EntityForm: Entity {
    /// What one of them is called in a sentence.
    const NOUN: &'static str;
    /// The label of its name.
    const NAME_LABEL: &'static str = "Name";

    /// The fields of the form behind the name, in their order, with what the server says of them.
    fn more_fields(draft: Draft, error: Signal<Option<ApiError>>) -> AnyView;

    /// All fields of the form.
    fn form(draft: Draft, error: Signal<Option<ApiError>>) -> AnyView {
        view! {
            <TextField
                id=Self::NAME
                label=Self::NAME_LABEL
                text=draft.name
                error=problem_of(error, Self::NAME)
            />
            {Self::more_fields(draft, error)}
        }
        .into_any()
    }
}

/// An entity that has a list and a page like those of all others.
pub trait EntityView: EntityForm + Followed {
    /// What all of them are called.
    const PLURAL: &'static str;
    /// What creating one takes.
    const CREATION: Action;
    /// What changing and deleting one takes.
    const CHANGE: Action;
    /// What they are for, as the list says it to a newcomer.
    const LEDE: &'static str;
    /// What the columns of the list between the name and the time are called.
    const COLUMNS: &'static [&'static str];
    /// What else happens when one is deleted.
    const DELETION: &'static str;

    /// What the list can be filtered by.
    fn filters() -> AnyView;
    /// The columns of the list between the name and the time, one element each.
    fn columns(entity: Signal<Self>) -> AnyView;
    /// The parts of its page, in their order. Of one that is gone they offer nothing. `on_saved` takes
    /// what it is after a change that is made in one of them.
    fn parts(entity: Signal<Self>, is_gone: Signal<bool>, on_saved: Callback<Self>) -> AnyView;
    /// What stands beside them, before its latest events.
    fn beside(_entity: Signal<Self>) -> AnyView {
        ().into_any()
    }
}
