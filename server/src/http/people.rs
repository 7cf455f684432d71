//! `/people`: who may sign in.

use axum::extract::State;
use colloquy_protocol::{
    account::{Invited, NewPerson, Person, PersonName, PersonPatch},
    id::PersonId,
    model::Page,
};

use crate::{
    access::Caller,
    http::{
        answer::{Changed, Created, Shown, Unkept, unkept},
        extract::{Body, NotRepeatable, PartQuery, Path, Query, SecretPost, Unversioned},
        problem::{
            AdministerProblems, CreateProblems, LinkProblems, ListProblems, Problem, ReadProblems,
        },
    },
    service::Services,
};

/// List people, in the order in which they were invited.
#[utoipa::path(
    get, path = "/people", tag = "people", operation_id = "listPeople",
    params(PartQuery),
    responses(Shown<Page<Person>>, ListProblems),
)]
pub(crate) async fn list(
    State(services): State<Services>,
    caller: Caller,
    Query(part): Query<PartQuery>,
) -> Result<Shown<Page<Person>>, Problem> {
    Ok(Shown(services.people(&caller, part.into()).await?))
}

/// List what everybody is called, to be shown in place of their ids.
///
/// All of them at once, those who may not sign in any more too.
#[utoipa::path(
    get, path = "/people/names", tag = "people", operation_id = "listNames",
    responses(Shown<Page<PersonName>>, ListProblems),
)]
pub(crate) async fn names(
    State(services): State<Services>,
    caller: Caller,
) -> Result<Shown<Page<PersonName>>, Problem> {
    Ok(Shown(services.people_names(&caller).await?))
}

/// Invite somebody.
///
/// The answer holds the one-time link with which they choose their password; it is shown this
/// once. The first person must be an admin, and ends local mode.
#[utoipa::path(
    post, path = "/people", tag = "people", operation_id = "invite",
    request_body = NewPerson, responses(Created<Invited>, CreateProblems),
)]
pub(crate) async fn invite(
    State(services): State<Services>,
    caller: Caller,
    SecretPost(body): SecretPost<NewPerson>,
) -> Result<Unkept<Created<Invited>>, Problem> {
    let invited = services.invite(caller, body).await?;
    Ok(unkept(created(invited)))
}

/// Read a person.
#[utoipa::path(
    get, path = "/people/{id}", tag = "people", operation_id = "getPerson",
    params(("id" = PersonId, Path)), responses(Shown<Person>, ReadProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<PersonId>,
) -> Result<Shown<Person>, Problem> {
    Ok(Shown(services.person(&caller, &id).await?))
}

/// Change what a person is called or may do, or disable them.
///
/// What is taken away ends at once: the login sessions and sockets of who is disabled; the sockets
/// of whose role changed, which may come back.
#[utoipa::path(
    patch, path = "/people/{id}", tag = "people", operation_id = "updatePerson",
    params(("id" = PersonId, Path)),
    request_body(content((PersonPatch = "application/merge-patch+json"), (PersonPatch = "application/json"))),
    responses(Changed<Person>, AdministerProblems),
)]
pub(crate) async fn update(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<PersonId>,
    _: Unversioned,
    Body(patch): Body<PersonPatch>,
) -> Result<Changed<Person>, Problem> {
    Ok(Changed(services.update_person(caller, id, patch).await?))
}

/// Make a new one-time link for a person to choose a password with.
///
/// It is shown this once; one made before is void.
#[utoipa::path(
    post, path = "/people/{id}/link", tag = "people", operation_id = "inviteAgain",
    params(("id" = PersonId, Path)), responses(Created<Invited>, LinkProblems),
)]
pub(crate) async fn invite_again(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<PersonId>,
    _: NotRepeatable,
) -> Result<Unkept<Created<Invited>>, Problem> {
    let invited = services.invite_again(caller, id).await?;
    Ok(unkept(created(invited)))
}

fn created(invited: Invited) -> Created<Invited> {
    Created { location: format!("/people/{}", invited.person.id), resource: invited }
}
