//! `/profile` and `/logins`: one's own account.

use axum::extract::State;
use colloquy_protocol::{
    account::{Login, Me, ProfilePatch},
    id::LoginId,
    model::Page,
};

use crate::{
    access::Caller,
    http::{
        answer::{Changed, Gone, Shown},
        extract::{Body, PartQuery, Path, Query, Unversioned},
        problem::{AdministerProblems, EndProblems, ListProblems, Problem},
    },
    limits::Limits,
    service::Services,
};

/// Read one's own account.
#[utoipa::path(
    get, path = "/profile", tag = "account", operation_id = "getProfile",
    responses(Shown<Me>, ListProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
) -> Result<Shown<Me>, Problem> {
    Ok(Shown(services.profile(&caller).await?))
}

/// Change one's own account.
///
/// A new password, which wants the one until now, ends all other login sessions.
#[utoipa::path(
    patch, path = "/profile", tag = "account", operation_id = "updateProfile",
    request_body(content((ProfilePatch = "application/merge-patch+json"), (ProfilePatch = "application/json"))),
    responses(Changed<Me>, AdministerProblems),
)]
pub(crate) async fn update(
    State(services): State<Services>,
    State(limits): State<Limits>,
    caller: Caller,
    _: Unversioned,
    Body(patch): Body<ProfilePatch>,
) -> Result<Changed<Me>, Problem> {
    if patch.current_password.is_some() {
        limits.sign_in_from(caller.address)?;
        limits.password_of(&caller)?;
    }
    Ok(Changed(services.update_profile(caller, patch).await?))
}

/// List one's own login sessions, the newest first.
#[utoipa::path(
    get, path = "/logins", tag = "account", operation_id = "listLogins",
    params(PartQuery),
    responses(Shown<Page<Login>>, ListProblems),
)]
pub(crate) async fn logins(
    State(services): State<Services>,
    caller: Caller,
    Query(part): Query<PartQuery>,
) -> Result<Shown<Page<Login>>, Problem> {
    Ok(Shown(services.logins(&caller, part.into()).await?))
}

/// Sign out everywhere: end all of one's own login sessions, this one too.
#[utoipa::path(
    delete,
    path = "/logins",
    tag = "account",
    operation_id = "endLogins",
    responses(Gone, EndProblems)
)]
pub(crate) async fn end_logins(
    State(services): State<Services>,
    caller: Caller,
) -> Result<Gone, Problem> {
    services.end_logins(caller).await?;
    Ok(Gone)
}

/// End one of one's own login sessions.
#[utoipa::path(
    delete, path = "/logins/{id}", tag = "account", operation_id = "endLogin",
    params(("id" = LoginId, Path)), responses(Gone, EndProblems),
)]
pub(crate) async fn end_login(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<LoginId>,
) -> Result<Gone, Problem> {
    services.end_login(caller, id).await?;
    Ok(Gone)
}
