//! The rules of collections.

use colloquy_protocol::{
    access::Action,
    id::CollectionId,
    model::{Collection, Metadata, Page},
    position::Seen,
    request::{CollectionPatch, NewCollection},
};
use futures_util::FutureExt;

use super::{
    Change, ListQuery, NotificationService, Services, new_id, not_found, taken,
    valid::{Check, merge_metadata},
};
use crate::{
    access::Caller,
    error::Result,
    store::{WriteTx, collections, list::Paging},
};

impl Services {
    /// One collection.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`].
    pub async fn collection(&self, caller: &Caller, id: &CollectionId) -> Result<Seen<Collection>> {
        caller.require(Action::Read)?;
        let mut snapshot = self.snapshot().await?;
        let value = collections::find(snapshot.connection(), id).await?;
        let value = value.ok_or_else(|| not_found("collection", id.as_str()))?;
        Ok(Seen { value, position: snapshot.into_position() })
    }

    /// A page of collections.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] that names `sort` or `cursor`.
    pub async fn collections(
        &self,
        caller: &Caller,
        query: ListQuery,
    ) -> Result<Seen<Page<Collection>>> {
        caller.require(Action::Read)?;
        let paging = Paging::of::<Collection>(query)?;
        self.read(paging.text().map(|_| &caller.principal), move |snapshot| {
            async move {
                let (items, next_cursor) =
                    collections::list(snapshot.connection(), &paging).await?;
                Ok(Page { items, next_cursor })
            }
            .boxed()
        })
        .await
    }

    /// Creates a collection.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`]; [`crate::error::Error::Conflict`] when the id is taken.
    pub async fn create_collection(
        &self,
        change: Change,
        new: NewCollection,
    ) -> Result<Collection> {
        change.require(Action::ChangeCollections)?;
        check(&new.name, new.description.as_deref(), &new.metadata)?;
        self.create(change, move |tx, actor| {
            async move {
                let id = match new.id {
                    Some(id) if collections::exists(tx.connection().await?, &id).await? => {
                        return Err(taken("collection"));
                    }
                    Some(id) => id,
                    None => new_id()?,
                };
                let collection = Collection {
                    id,
                    name: new.name,
                    description: new.description,
                    metadata: new.metadata,
                    created_at: tx.now(),
                    updated_at: tx.now(),
                    version: tx.next_offset(),
                };
                collections::put(tx.connection().await?, &collection).await?;
                NotificationService::new(tx).collection_created(collection.clone(), &actor).await?;
                Ok(collection)
            }
            .boxed()
        })
        .await
    }

    /// Changes a collection.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`], [`crate::error::Error::PreconditionFailed`],
    /// [`crate::error::Error::Invalid`].
    pub async fn update_collection(
        &self,
        change: Change,
        id: CollectionId,
        patch: CollectionPatch,
    ) -> Result<Collection> {
        change.require(Action::ChangeCollections)?;
        self.writer
            .write(move |tx| {
                async move {
                    let before = find(tx, &id).await?;
                    let mut collection = before.clone();
                    if let Some(name) = patch.name {
                        collection.name = name;
                    }
                    if let Some(description) = patch.description {
                        collection.description = description;
                    }
                    if let Some(metadata) = patch.metadata {
                        merge_metadata(&mut collection.metadata, metadata);
                    }
                    check(
                        &collection.name,
                        collection.description.as_deref(),
                        &collection.metadata,
                    )?;
                    change.allows(before.version)?;
                    if collection == before {
                        return Ok(before);
                    }
                    collection.updated_at = tx.now();
                    collection.version = tx.next_offset();
                    collections::put(tx.connection().await?, &collection).await?;
                    NotificationService::new(tx)
                        .collection_updated(collection.clone(), &change.caller.principal)
                        .await?;
                    Ok(collection)
                }
                .boxed()
            })
            .await
    }

    /// Deletes a collection.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`], [`crate::error::Error::PreconditionFailed`].
    pub async fn delete_collection(&self, change: Change, id: CollectionId) -> Result<()> {
        change.require(Action::ChangeCollections)?;
        self.writer
            .write(move |tx| {
                async move {
                    change.allows(find(tx, &id).await?.version)?;
                    collections::delete(tx.connection().await?, &id).await?;
                    NotificationService::new(tx)
                        .collection_deleted(id, &change.caller.principal)
                        .await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

async fn find(tx: &mut WriteTx, id: &CollectionId) -> Result<Collection> {
    let found = collections::find(tx.connection().await?, id).await?;
    found.ok_or_else(|| not_found("collection", id.as_str()))
}

fn check(name: &str, description: Option<&str>, metadata: &Metadata) -> Result<()> {
    let mut check = Check::default();
    check.text("name", name, 200);
    check.at_most("description", description.unwrap_or_default(), 10_000);
    check.metadata(metadata);
    check.done()
}
