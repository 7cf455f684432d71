//! What the palette can do.

use colloquy_protocol::{access::Action, topic::Kind};

use crate::{
    api::{choices::Choice, entity::path_of},
    components::{icon::Shape, sidebar::offered},
};

/// The most agents, chats and collections that are listed.
const MOST: usize = 30;

/// How many characters of a name are seen everywhere: longer ones are cut where the palette ends.
const SEEN: usize = 24;

/// One line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What people know it by.
    pub(super) name: String,
    /// Its id, where what is seen of the name does not tell it from another one.
    pub(super) id: Option<String>,
    /// What kind of thing it is.
    pub(super) kind: &'static str,
    pub(super) shape: Shape,
    pub(super) act: Act,
}

/// What choosing a line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Goes to that address.
    Go(String),
    /// Has the browser load that address, which is no page of this app.
    Load(&'static str),
    /// Opens the dialog that tells everybody something.
    Notify,
    /// Goes to the next choice of colours.
    SwitchColours,
    Connect,
    Disconnect,
    SignOut,
}

impl Act {
    /// What else people call it.
    fn other_words(&self) -> &'static str {
        match self {
            Self::Load(_) => "docs documentation",
            Self::SwitchColours => "theme dark light",
            Self::SignOut => "logout",
            _ => "",
        }
    }
}

/// The pages and commands whose name has every word of that text, without those that one may not
/// use, and those of an account for who is signed in.
pub(super) fn matching(
    text: &str,
    is_closed: bool,
    is_signed_in: bool,
    may: impl Fn(Action) -> bool + Copy,
) -> Vec<Item> {
    let text = text.to_lowercase();
    let fits = |item: &Item| {
        let (name, others) = (item.name.to_lowercase(), item.act.other_words());
        text.split_whitespace().all(|word| name.contains(word) || others.contains(word))
    };
    let commands = commands(is_closed, is_signed_in, may);
    pages(is_signed_in, may).chain(commands).filter(fits).collect()
}

/// The lines of agents, chats and collections, the best of each kind first: one kind has as much room as
/// the others leave.
pub(super) fn entities(found: &[Choice]) -> Vec<Item> {
    let place = |place: usize| {
        let kind = found[place].topic.kind();
        found[..place].iter().filter(|choice| choice.topic.kind() == kind).count()
    };
    let mut places: Vec<_> = (0..found.len()).collect();
    places.sort_by_key(|one| place(*one));
    places.truncate(MOST);
    places.sort();
    let shown: Vec<_> = places.into_iter().map(|place| &found[place]).collect();
    let seen = |choice: &Choice| choice.name.chars().take(SEEN).collect::<String>();
    let is_alone =
        |choice: &Choice| shown.iter().filter(|other| seen(other) == seen(choice)).count() == 1;
    shown.iter().map(|choice| entity(choice, is_alone(choice))).collect()
}

/// The line of an agent, a chat or a collection, which may be alone with what is seen of its name.
fn entity(choice: &Choice, is_alone: bool) -> Item {
    let (kind, shape) = match choice.topic.kind() {
        Kind::Agent => ("Agent", Shape::Agent),
        Kind::Chat => ("Chat", Shape::Chat),
        Kind::Collection => ("Collection", Shape::Collection),
    };
    Item {
        name: choice.name.clone(),
        id: (!is_alone).then(|| choice.topic.id().to_owned()),
        kind,
        shape,
        act: Act::Go(path_of(&choice.topic)),
    }
}

fn pages(is_signed_in: bool, may: impl Fn(Action) -> bool) -> impl Iterator<Item = Item> {
    let profile = is_signed_in.then_some(("/profile", "Profile", Shape::Person));
    let inside = offered(may).into_iter().chain(profile);
    inside
        .map(|(href, name, shape)| (name, shape, Act::Go(href.to_owned())))
        .chain([("API", Shape::Code, Act::Load("/docs"))])
        .map(|(name, shape, act)| Item {
            name: name.to_owned(),
            id: None,
            kind: "Page",
            shape,
            act,
        })
}

fn commands(
    is_closed: bool,
    is_signed_in: bool,
    may: impl Fn(Action) -> bool,
) -> impl Iterator<Item = Item> {
    let go = |address: &str| Act::Go(address.to_owned());
    let connection = match is_closed {
        true => (None, "Connect to the hub", Shape::Connection, Act::Connect),
        false => (None, "Disconnect from the hub", Shape::Connection, Act::Disconnect),
    };
    let create = |action, name, address| (Some(action), name, Shape::Plus, go(address));
    let commands = [
        create(Action::CreateAgents, "Create an agent", "/agents?new=1"),
        create(Action::ChangeChats, "Create a chat", "/chats?new=1"),
        create(Action::ChangeCollections, "Create a collection", "/collections?new=1"),
        create(Action::ManagePeople, "Invite somebody", "/people?new=1"),
        create(Action::ManageOwnAccount, "Create a token", "/tokens?new=1"),
        (Some(Action::Notify), "Notify everybody", Shape::Bell, Act::Notify),
        (None, "Switch colours", Shape::Theme, Act::SwitchColours),
        connection,
    ];
    let allowed = commands.into_iter().filter(move |(action, ..)| action.is_none_or(&may));
    let sign_out = is_signed_in.then_some((None, "Sign out", Shape::Person, Act::SignOut));
    allowed.chain(sign_out).map(|(_, name, shape, act)| Item {
        name: name.to_owned(),
        id: None,
        kind: "Command",
        shape,
        act,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize, topic: impl Fn(String) -> String) -> Vec<Choice> {
        let choice = |number: usize| Choice {
            topic: topic(number.to_string()).parse().unwrap(),
            name: format!("Number {number}"),
        };
        (0..count).map(choice).collect()
    }

    #[test]
    fn one_kind_does_not_hide_the_others() {
        let agents = found(50, |id| format!("agent:{id}"));
        let chats = found(12, |id| format!("chat:{id}"));
        let count = |found: &[Choice]| {
            let lines = entities(found);
            let of_kind = |kind| lines.iter().filter(|line| line.kind == kind).count();
            (of_kind("Agent"), of_kind("Chat"))
        };
        assert_eq!(count(&[agents.clone(), chats.clone()].concat()), (18, 12));
        assert_eq!(count(&[agents.clone(), agents[..3].to_vec()].concat()), (30, 0));
        assert_eq!(count(&chats), (0, 12));
    }

    #[test]
    fn who_has_a_name_of_their_own_needs_no_id() {
        let mut two = [found(1, |_| "agent:ada".to_owned()), found(2, |id| format!("chat:{id}"))];
        two[1][1].name = "Another".to_owned();
        let ids: Vec<_> = entities(&two.concat()).into_iter().map(|line| line.id).collect();
        assert_eq!(ids, [Some("ada".to_owned()), Some("0".to_owned()), None]);
    }

    #[test]
    fn what_differs_where_names_are_cut_needs_an_id() {
        let mut two = found(2, |id| format!("chat:{id}"));
        for (choice, end) in two.iter_mut().zip(["one", "two"]) {
            choice.name = format!("What the crew says of the weather {end}");
        }
        assert!(entities(&two).iter().all(|line| line.id.is_some()));
    }

    fn names(text: &str) -> Vec<String> {
        matching(text, false, true, |_| true).into_iter().map(|item| item.name).collect()
    }

    #[test]
    fn every_word_is_in_the_name() {
        assert_eq!(names("CREATE agent"), ["Create an agent"]);
        assert_eq!(names("events"), ["Events"]);
        assert!(names("agent nowhere").is_empty());
    }

    #[test]
    fn other_words_for_a_thing_find_it() {
        assert_eq!(names("docs"), ["API"]);
        assert_eq!(names("dark theme"), ["Switch colours"]);
        assert_eq!(names("log out"), ["Sign out"]);
    }

    #[test]
    fn without_a_text_everything_fits() {
        // The commands, one's profile and the page of the API.
        assert_eq!(names("").len(), offered(|_| true).len() + 9 + 2);
    }

    #[test]
    fn nobody_without_an_account_is_led_to_one() {
        let count = |text: &str| matching(text, false, false, |_| true).len();
        assert_eq!(count("profile"), 0);
        assert_eq!(count("sign out"), 0);
        assert_eq!(count("api"), 1);
    }

    #[test]
    fn what_one_may_not_do_is_not_offered() {
        let reader = |action| matches!(action, Action::Read | Action::ManageOwnAccount);
        let names = |text: &str| -> Vec<String> {
            matching(text, false, true, reader).into_iter().map(|item| item.name).collect()
        };
        assert_eq!(names("create"), ["Create a token"]);
        assert_eq!(names("people"), [""; 0]);
        assert_eq!(names("notify"), [""; 0]);
        assert_eq!(names("token"), ["Tokens", "Create a token"]);
    }

    #[test]
    fn what_can_be_done_about_the_connection_depends_on_it() {
        let acts = |is_closed| -> Vec<Act> {
            let found = matching("connect hub", is_closed, true, |_| true);
            found.into_iter().map(|item| item.act).collect()
        };
        assert_eq!(acts(true), [Act::Connect]);
        assert_eq!(acts(false), [Act::Disconnect]);
    }
}
