//! Rows of collections.

use colloquy_protocol::{id::CollectionId, model::Collection};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    list::{Keys, Listed, Paging},
    row,
    search::Searched,
};
use crate::error::Result;

const SEARCHED: Searched =
    Searched { index: "collection_search", columns: &["id", "name", "description"] };

impl Listed for Collection {
    const NAME: &'static str = "name";

    fn keys(&self) -> Keys<'_> {
        Keys {
            id: self.id.as_str(),
            name: &self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The collection of that id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    id: &CollectionId,
) -> sqlx::Result<Option<Collection>> {
    sqlx::query("SELECT * FROM collections WHERE id = ?1")
        .bind(id.as_str())
        .try_map(|found| collection(&found))
        .fetch_optional(connection)
        .await
}

/// Whether there is a collection of that id.
pub(crate) async fn exists(
    connection: &mut SqliteConnection,
    id: &CollectionId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM collections WHERE id = ?1)")
        .bind(id.as_str())
        .fetch_one(connection)
        .await
}

/// One page of collections, and the cursor of the next.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    paging: &Paging,
) -> Result<(Vec<Collection>, Option<String>)> {
    let search = SEARCHED.look_up(connection, paging.text()).await?;
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM collections WHERE TRUE");
    search.push(&mut sql);
    paging.push(&mut sql);
    paging.page(sql.build().try_map(|found| collection(&found)).fetch(connection)).await
}

/// Adds a collection, or puts it in the place of the one with its id.
pub(crate) async fn put(connection: &mut SqliteConnection, collection: &Collection) -> Result<()> {
    sqlx::query(
        "INSERT INTO collections (id, name, description, metadata, created_at, updated_at, \
         version, born) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) \
         ON CONFLICT (id) DO UPDATE SET name = ?2, description = ?3, metadata = ?4, \
         updated_at = ?6, version = ?7",
    )
    .bind(collection.id.as_str())
    .bind(&collection.name)
    .bind(&collection.description)
    .bind(serde_json::to_string(&collection.metadata)?)
    .bind(collection.created_at.as_millis())
    .bind(collection.updated_at.as_millis())
    .bind(row::integer(collection.version))
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the collection of that id.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    id: &CollectionId,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM collections WHERE id = ?1")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

fn collection(found: &SqliteRow) -> sqlx::Result<Collection> {
    Ok(Collection {
        id: row::text(found, "id")?,
        name: found.try_get("name")?,
        description: found.try_get("description")?,
        metadata: row::json(found, "metadata")?,
        created_at: row::moment(found, "created_at")?,
        updated_at: row::moment(found, "updated_at")?,
        version: row::number(found, "version")?,
    })
}
