//! `/people`: who may come in.

pub mod change;
pub mod disable;
pub mod first;
pub mod invite;
pub mod link;
pub mod row;

use colloquy_protocol::{
    account::{Invited, Person},
    id::PersonId,
};
use leptos::prelude::*;

use self::{
    change::ChangeDialog, disable::DisableDialog, first::FirstAdmin, invite::Invite,
    link::OneTimeLink, row::Row,
};
use crate::{
    api::account,
    components::{
        dialog::Dialog,
        flow::{LiveRows, Show},
        load::Load,
        note::Empty,
        title::Title,
    },
    parts::lazy_page,
    session::use_session,
    stores::poll,
};

lazy_page! {
    /// The page.
    PEOPLE in account: people_page
}

fn people_page() -> AnyView {
    let session = use_session();
    let content = if untrack(|| session.is_local()) {
        view! { <FirstAdmin /> }.into_any()
    } else {
        let loaded = Resource::new(|| (), |()| account::people());
        view! {
            <Load
                from=loaded
                failure="The people could not be loaded."
                title="People"
                let:people
            >
                <People people />
            </Load>
        }
        .into_any()
    };
    view! {
        <Title text="People" />
        <div class="page">{content}</div>
    }
    .into_any()
}

/// Everybody, as far as this page knows.
#[derive(Debug, Clone, Copy)]
pub struct List {
    people: RwSignal<Vec<Person>>,
    /// The one-time link that is shown.
    link: RwSignal<Option<Invited>>,
    /// Whether it is shown.
    is_shown: RwSignal<bool>,
}

impl List {
    /// Takes somebody who was invited or changed.
    fn take(self, person: Person) {
        self.people.update(|people| match people.iter_mut().find(|one| one.id == person.id) {
            Some(one) => *one = person,
            None => people.push(person),
        });
    }

    /// Takes somebody with a new one-time link, and shows it.
    fn show(self, invited: Invited) {
        self.take(invited.person.clone());
        self.link.set(Some(invited));
        self.is_shown.set(true);
    }
}

#[component]
fn People(people: Vec<Person>) -> impl IntoView {
    let list = List {
        people: RwSignal::new(people),
        link: RwSignal::new(None),
        is_shown: RwSignal::new(false),
    };
    poll(list.people, account::people);
    // A link that was closed is nowhere any more.
    Effect::new(move || {
        if !list.is_shown.get() {
            list.link.set(None);
        }
    });
    let asked = RwSignal::new(None::<Person>);
    let (changing, disabling) = (RwSignal::new(false), RwSignal::new(false));
    let ask = move |open: RwSignal<bool>| {
        Callback::new(move |id: PersonId| {
            let person = |all: &Vec<Person>| all.iter().find(|one| one.id == id).cloned();
            asked.set(list.people.with_untracked(person));
            open.set(true);
        })
    };
    let (on_change, on_disable) = (ask(changing), ask(disabling));
    let link_title = move || {
        let name = list.link.with(|link| link.as_ref().map(|it| it.person.name.clone()));
        format!("A link for {}", name.unwrap_or_default())
    };
    view! {
        <header class="page-header">
            <div>
                <h1>"People"</h1>
                <p class="lede">"Who may come in, and what each of them may do."</p>
            </div>
            <Invite list />
        </header>
        <section class="card listing people" aria-label="People">
            <Show
                when=move || !list.people.with(Vec::is_empty)
                fallback=|| view! { <Empty title="Nobody is here.">"Invite the first person."</Empty> }
            >
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Who"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col">"Account"</th>
                            <th scope="col">"Last signed in"</th>
                            <th scope="col">
                                <span class="visually-hidden">"Actions"</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        <LiveRows
                            all=list.people.into()
                            key=|person: &Person| person.id.clone()
                            let:person
                        >
                            <Row person list on_change on_disable />
                        </LiveRows>
                    </tbody>
                </table>
            </Show>
        </section>
        <ChangeDialog asked open=changing list />
        <DisableDialog asked open=disabling list />
        <Dialog id="link-title" open=list.is_shown title=Signal::derive(link_title) stays=true>
            {move || {
                list.link
                    .get()
                    .map(|invited| {
                        view! { <OneTimeLink invited on_done=move |()| list.is_shown.set(false) /> }
                    })
            }}
        </Dialog>
    }
    .into_any()
}
