//! Names and ids for what people did not name themselves.

use colloquy_protocol::topic::{Kind, Topic};

const MANNERS: [&str; 16] = [
    "brave", "bright", "calm", "clever", "curious", "eager", "gentle", "keen", "lively", "merry",
    "patient", "quick", "quiet", "steady", "sunny", "wise",
];
const ANIMALS: [&str; 16] = [
    "badger", "crane", "dolphin", "falcon", "finch", "heron", "ibex", "lynx", "marten", "otter",
    "owl", "raven", "robin", "seal", "swift", "wren",
];

/// A name that can be said aloud, such as Quiet Otter. To be called in the browser only, as the
/// other function here.
pub(super) fn new_name() -> String {
    format!("{} {}", capitalised(pick(MANNERS)), capitalised(pick(ANIMALS)))
}

/// The topic of an entity that does not exist yet, with an id like its name.
pub(super) fn new_topic(kind: Kind, name: &str) -> Option<Topic> {
    let words = name.to_ascii_lowercase();
    let words = words.split(|one: char| !one.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    let mut id: String = words.flat_map(|word| [word, "-"]).collect();
    id.truncate(40);
    let number = (js_sys::Math::random() * 1_000_000.0) as u32;
    Topic::of(kind, &format!("{id}{number}")).ok()
}

fn pick(words: [&'static str; 16]) -> &'static str {
    // `random` is below 1, so the index is below the length.
    words[(js_sys::Math::random() * words.len() as f64) as usize]
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}
