//! `/tokens`: what programs show to be let in.

use axum::extract::State;
use colloquy_protocol::{
    account::{Issued, NewToken, Token},
    id::TokenId,
    model::Page,
};

use crate::{
    access::Caller,
    http::{
        answer::{Created, Gone, Shown, Unkept, unkept},
        extract::{PartQuery, Path, Query, SecretPost},
        problem::{CreateProblems, EndProblems, ListProblems, Problem},
    },
    service::Services,
};

/// List one's own tokens, and those of agents for who manages people.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens", operation_id = "listTokens",
    params(PartQuery),
    responses(Shown<Page<Token>>, ListProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Query(part): Query<PartQuery>,
) -> Result<Shown<Page<Token>>, Problem> {
    Ok(Shown(services.tokens(&caller, part.into()).await?))
}

/// Make a token, for an agent or for oneself.
///
/// The answer holds the token itself, which is shown this once.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", operation_id = "issueToken",
    request_body = NewToken, responses(Created<Issued>, CreateProblems),
)]
pub(crate) async fn issue(
    State(services): State<Services>,
    caller: Caller,
    SecretPost(body): SecretPost<NewToken>,
) -> Result<Unkept<Created<Issued>>, Problem> {
    let issued = services.issue_token(caller, body).await?;
    // A token cannot be read by itself: its place is in the list.
    Ok(unkept(Created { location: "/tokens".to_owned(), resource: issued }))
}

/// Revoke a token, and close its sockets.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens", operation_id = "revokeToken",
    params(("id" = TokenId, Path)), responses(Gone, EndProblems),
)]
pub(crate) async fn revoke(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<TokenId>,
) -> Result<Gone, Problem> {
    services.revoke_token(caller, id).await?;
    Ok(Gone)
}
