//! Asks to sign in again over a page whose session has ended. The page stays as it is.

use colloquy_protocol::account::Session;
use leptos::prelude::*;

use crate::{
    components::{dialog::Dialog, sign_in_form::SignInForm},
    parts::{self, lazy_dialog, lazy_function},
    session::use_session,
};

/// The dialog; it is loaded when it is first needed.
#[component]
pub fn SignInAgain() -> impl IntoView {
    lazy_dialog(use_session().asks(), || Box::pin(load()))
}

lazy_function! {
    account, fn load() -> parts::Dialog = dialog
}

fn dialog() -> AnyView {
    let session = use_session();
    // The form may be closed before the answer is there.
    let on_signed_in = Callback::new(move |now| session.signed_in(now));
    view! {
        <Dialog id="sign-in-again" open=session.asks() title="Sign in again">
            <Form on_signed_in />
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(on_signed_in: Callback<Session>) -> impl IntoView {
    let session = use_session();
    let me = untrack(|| session.caller());
    let email = me.and_then(|me| me.email).unwrap_or_default();
    let why = if untrack(|| session.is_local()) {
        "Colloquy has its first person now, so whoever uses it signs in."
    } else {
        "Your session has ended. What you typed is still here, and you go on where you were."
    };
    view! {
        <p>{why}</p>
        <SignInForm name="again" email on_signed_in />
    }
    .into_any()
}
