//! What is a collection's own.

use colloquy_protocol::{access::Action as Right, model::Collection};
use leptos::prelude::*;

use crate::{
    api::ApiError,
    components::{
        draft::Draft,
        entity_view::{EntityForm, EntityView},
        metadata::{DescriptionField, DescriptionPart, MetadataField, MetadataPart},
    },
};

impl EntityForm for Collection {
    const NOUN: &'static str = "collection";

    fn more_fields(draft: Draft, error: Signal<Option<ApiError>>) -> AnyView {
        view! {
            <MetadataField draft error />
            <DescriptionField draft error />
        }
        .into_any()
    }
}

impl EntityView for Collection {
    const PLURAL: &'static str = "Collections";
    const CREATION: Right = Right::ChangeCollections;
    const CHANGE: Right = Right::ChangeCollections;
    const LEDE: &'static str = "Named sets of things that agents share, as metadata.";
    const COLUMNS: &'static [&'static str] = &["Metadata", "Description"];
    const DELETION: &'static str = "Its metadata goes with it. This cannot be undone.";

    fn filters() -> AnyView {
        ().into_any()
    }

    fn columns(collection: Signal<Self>) -> AnyView {
        let keys = move || {
            collection.with(|one| one.metadata.keys().cloned().collect::<Vec<_>>().join(", "))
        };
        let description = move || collection.with(|one| one.description.clone());
        view! {
            <code>{keys}</code>
            <span class="quiet">{description}</span>
        }
        .into_any()
    }

    fn parts(collection: Signal<Self>, _: Signal<bool>, _: Callback<Self>) -> AnyView {
        view! {
            <MetadataPart metadata=Signal::derive(move || {
                collection.with(|one| one.metadata.clone())
            }) />
            <DescriptionPart text=Signal::derive(move || {
                collection.with(|one| one.description.clone())
            }) />
        }
        .into_any()
    }
}
