//! `/session` and `/welcome`: coming in and going out.

use axum::{extract::State, http::StatusCode};
use colloquy_protocol::{
    access::Action,
    account::{Session, SignIn, Welcomed},
};

use crate::{
    access::Caller,
    http::{
        answer::{Changed, Created, Gone, Unkept, unkept},
        browser::Browser,
        extract::{Attempt, MaybeCaller, SecretPost},
        problem::{EndProblems, ListProblems, Problem, SignInProblems},
    },
    limits::{Limits, Lines},
    service::{Acquaintance, Services, fault_of_email},
};

/// Read who asks, and who may come in at all.
///
/// Everybody may ask; `caller` is `null` when nobody knows who does.
#[utoipa::path(
    get, path = "/session", tag = "session", operation_id = "getSession", security(()),
    responses(Changed<Session>, ListProblems),
)]
pub(crate) async fn get(
    State(services): State<Services>,
    MaybeCaller(caller): MaybeCaller,
) -> Result<Unkept<Changed<Session>>, Problem> {
    Ok(unkept(Changed(services.session(caller.as_ref()).await?)))
}

/// Sign in with an e-mail address and a password.
///
/// The answer sets the cookie that stands for the login.
#[utoipa::path(
    post, path = "/session", tag = "session", operation_id = "signIn", security(()),
    request_body = SignIn, responses(Changed<Session>, SignInProblems),
)]
pub(crate) async fn sign_in(
    State(services): State<Services>,
    State(limits): State<Limits>,
    browser: Browser,
    Attempt(address): Attempt,
    SecretPost(body): SecretPost<SignIn>,
) -> Result<Unkept<Changed<Session>>, Problem> {
    let acquaintance = services.acquaintance(address).await?;
    if acquaintance == Acquaintance::Stranger {
        limits.sign_in_as(&body.email)?;
    }
    let email = loggable(&body.email).map(str::to_owned);
    let Some(account) = browser.check(body, acquaintance).await? else {
        static REFUSALS: Lines = Lines::new();
        if let Some(left_out) = REFUSALS.next() {
            tracing::info!(
                email = email.map(display),
                address = address.map(display),
                left_out,
                "Somebody could not sign in."
            );
        }
        let wrong = "the e-mail address or the password is wrong";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, wrong));
    };
    let caller = browser.sign_in(&account).await?;
    tracing::info!(
        principal = %caller.principal.id, address = address.map(display), "Somebody signed in."
    );
    Ok(unkept(Changed(services.session(Some(&caller)).await?)))
}

/// Sign out in this browser; `DELETE /logins` signs out everywhere.
#[utoipa::path(
    delete,
    path = "/session",
    tag = "session",
    operation_id = "signOut",
    responses(Gone, EndProblems)
)]
pub(crate) async fn sign_out(caller: Caller, browser: Browser) -> Result<Gone, Problem> {
    caller.require(Action::ManageOwnAccount)?;
    browser.sign_out().await?;
    Ok(Gone)
}

/// Use a one-time link: set up the hub, accept an invitation, or choose a new password.
///
/// Whoever does is signed in: the answer sets the cookie that stands for the login.
#[utoipa::path(
    post, path = "/welcome", tag = "session", operation_id = "welcome", security(()),
    request_body = Welcomed, responses(Created<Session>, SignInProblems),
)]
pub(crate) async fn welcome(
    State(services): State<Services>,
    browser: Browser,
    Attempt(address): Attempt,
    SecretPost(body): SecretPost<Welcomed>,
) -> Result<Unkept<Created<Session>>, Problem> {
    let account = services.welcome(body).await.inspect_err(|error| {
        static REFUSALS: Lines = Lines::new();
        if let Some(left_out) = REFUSALS.next() {
            tracing::info!(
                %error, address = address.map(display), left_out, "A one-time link was refused."
            );
        }
    })?;
    let caller = browser.sign_in(&account).await?;
    tracing::info!(
        principal = %caller.principal.id, address = address.map(display),
        "Somebody signed in with a one-time link."
    );
    let resource = services.session(Some(&caller)).await?;
    Ok(unkept(Created { location: "/session".to_owned(), resource }))
}

/// What was typed as an e-mail address, if it can be one. Anything else may be a password, or meant
/// to fill the log.
fn loggable(typed: &str) -> Option<&str> {
    Some(typed.trim()).filter(|email| fault_of_email(email).is_none())
}
