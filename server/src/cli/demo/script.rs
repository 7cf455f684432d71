//! What the three talk about.

/// Something to do for a release.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// What the planner asks for.
    pub(crate) what: &'static str,
    /// What the worker reports.
    pub(crate) result: &'static str,
    /// What the critic finds wrong with it, and what the worker then does about it.
    pub(crate) objection: Option<(&'static str, &'static str)>,
}

/// A release and what belongs to it.
#[derive(Debug)]
pub(crate) struct Release {
    /// How it is called.
    pub(crate) name: &'static str,
    /// In this order.
    pub(crate) tasks: &'static [Task],
}

impl Task {
    /// The task that a message is about.
    pub(crate) fn named_in(text: &str) -> Option<&'static Self> {
        RELEASES.iter().flat_map(|release| release.tasks).find(|task| {
            let fix = task
                .objection
                .is_some_and(|(objection, fix)| text.contains(objection) || text.contains(fix));
            fix || text.contains(task.what) || text.contains(task.result)
        })
    }
}

/// Planned one after the other, over and over.
pub(crate) const RELEASES: &[Release] = &[
    Release {
        name: "Lantern 0.4",
        tasks: &[
            Task {
                what: "read the settings from a file",
                result: "The settings come from lantern.toml now, and --help lists them all.",
                objection: Some((
                    "a misspelt key is silently ignored.",
                    "A misspelt key is an error now, and the message names it.",
                )),
            },
            Task {
                what: "make the search ignore accents",
                result: "Searching for \"cafe\" finds \"café\"; 14 tests cover it.",
                objection: None,
            },
            Task {
                what: "bring the start-up time below half a second",
                result: "It starts in 0.6 s: the index is loaded when it is first asked for.",
                objection: Some((
                    "the goal was half a second, and this is 0.6 s.",
                    "0.4 s: the fonts wait too.",
                )),
            },
            Task {
                what: "write the release notes",
                result: "The notes have three headings and one screenshot.",
                objection: None,
            },
        ],
    },
    Release {
        name: "Harbour 2.1",
        tasks: &[
            Task {
                what: "let people export a table as CSV",
                result: "The Export button writes CSV, with the columns in the order shown.",
                objection: Some((
                    "a field with a comma in it ends up in two columns.",
                    "Fields are quoted as RFC 4180 says.",
                )),
            },
            Task {
                what: "keep drafts when the network is gone",
                result: "Drafts are kept in the browser and sent when the network is back.",
                objection: None,
            },
            Task {
                what: "find out why the nightly import is slow",
                result: "It looked up each customer on its own; one join later it takes 40 s.",
                objection: Some((
                    "nothing would tell us if it became slow again.",
                    "A check fails when the import takes more than two minutes.",
                )),
            },
        ],
    },
    Release {
        name: "Fieldnotes 1.0",
        tasks: &[
            Task {
                what: "rotate photographs by what the camera recorded",
                result: "Photographs stand upright; twelve samples from six cameras agree.",
                objection: None,
            },
            Task {
                what: "show the map without a connection",
                result: "The last region is stored for offline use, up to 200 MB.",
                objection: Some((
                    "nobody can see how much of that is used.",
                    "The settings page shows the space used and has a button to free it.",
                )),
            },
            Task {
                what: "test with a screen reader",
                result: "Every button has a name, and the focus goes where one expects it.",
                objection: None,
            },
            Task {
                what: "tag the release and announce it",
                result: "v1.0 is tagged; the announcement waits for a final look.",
                objection: Some((
                    "the announcement does not say how to update.",
                    "Updating has a paragraph of its own now.",
                )),
            },
        ],
    },
];

/// What the critic says of good work.
pub(crate) const PRAISE: &[&str] =
    &["Good work.", "I tried it, and it holds.", "Nothing to add.", "Exactly what was asked for."];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_names_its_task() {
        for task in RELEASES.iter().flat_map(|release| release.tasks) {
            let (objection, fix) = task.objection.unwrap_or((task.what, task.result));
            for text in [task.what, task.result, objection, fix] {
                assert_eq!(Task::named_in(&format!("@Worker: {text} Please.")), Some(task));
            }
        }
    }
}
