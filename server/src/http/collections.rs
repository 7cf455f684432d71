//! `/collections`.

use axum::extract::State;
use colloquy_protocol::{
    id::CollectionId,
    model::{Collection, Page},
    request::{CollectionPatch, NewCollection},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    access::Caller,
    http::{
        answer::{Changed, Created, Gone, NotModified, Shown},
        extract::{ActingAs, Body, IfNoneMatch, Limit, Path, Post, Query, Search},
        problem::{
            ChangeProblems, CreateProblems, DeleteProblems, ListProblems, Problem, ReadProblems,
        },
    },
    service::{Change, ListQuery, Services},
};

/// Which collections to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CollectionsQuery {
    /// How many at most.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// The `nextCursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// Text that the id, the name or the description has, whatever the case of A to Z.
    #[param(nullable = false, value_type = Option<String>, max_length = 200)]
    q: Option<Search>,
    /// What to sort by; `-` in front: descending.
    #[param(nullable = false, pattern = "^-?(createdAt|updatedAt|name)$", default = "createdAt")]
    sort: Option<String>,
}

/// List collections.
#[utoipa::path(
    get, path = "/collections", tag = "collections", operation_id = "listCollections",
    params(CollectionsQuery, ActingAs),
    responses(Shown<Page<Collection>>, ListProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Query(CollectionsQuery { limit, cursor, q, sort }): Query<CollectionsQuery>,
) -> Result<Shown<Page<Collection>>, Problem> {
    let list = ListQuery { limit: limit.into(), cursor, q: q.map(Into::into), sort };
    Ok(Shown(services.collections(&caller, list).await?))
}

/// Create a collection.
///
/// Its event is `collection:created`.
#[utoipa::path(
    post, path = "/collections", tag = "collections", operation_id = "createCollection",
    params(Post<NewCollection>), request_body = NewCollection,
    responses(Created<Collection>, CreateProblems),
)]
pub(crate) async fn create(
    State(services): State<Services>,
    Post { change, body }: Post<NewCollection>,
) -> Result<Created<Collection>, Problem> {
    let collection = services.create_collection(change, body).await?;
    Ok(Created { location: format!("/collections/{}", collection.id), resource: collection })
}

/// Read a collection.
#[utoipa::path(
    get, path = "/collections/{id}", tag = "collections", operation_id = "getCollection",
    params(("id" = CollectionId, Path), ActingAs, IfNoneMatch),
    responses(Shown<Collection>, NotModified, ReadProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<CollectionId>,
) -> Result<Shown<Collection>, Problem> {
    Ok(Shown(services.collection(&caller, &id).await?))
}

/// Change a collection.
///
/// The body is a JSON merge patch. Its event is `collection:updated`, when anything changed.
#[utoipa::path(
    patch, path = "/collections/{id}", tag = "collections", operation_id = "updateCollection",
    params(("id" = CollectionId, Path), Change),
    request_body(content((CollectionPatch = "application/merge-patch+json"), (CollectionPatch = "application/json"))),
    responses(Changed<Collection>, ChangeProblems),
)]
pub(crate) async fn update(
    State(services): State<Services>,
    Path(id): Path<CollectionId>,
    change: Change,
    Body(patch): Body<CollectionPatch>,
) -> Result<Changed<Collection>, Problem> {
    Ok(Changed(services.update_collection(change, id, patch).await?))
}

/// Delete a collection.
///
/// Its event is `collection:deleted`.
#[utoipa::path(
    delete, path = "/collections/{id}", tag = "collections", operation_id = "deleteCollection",
    params(("id" = CollectionId, Path), Change),
    responses(Gone, DeleteProblems),
)]
pub(crate) async fn delete(
    State(services): State<Services>,
    Path(id): Path<CollectionId>,
    change: Change,
) -> Result<Gone, Problem> {
    services.delete_collection(change, id).await?;
    Ok(Gone)
}
