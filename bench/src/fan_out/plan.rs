//! What is measured on whom, part by part.

use super::{Case, Seconds, Shape};
use crate::peer::{self, Peer};

/// A part of the benchmark: every server in turn, so many times over.
#[derive(Debug)]
pub struct Part {
    /// Its name in arguments.
    pub name: &'static str,
    /// Who is in which room.
    pub shapes: Vec<Shape>,
    /// The servers.
    pub servers: Vec<&'static dyn Peer>,
    /// What is measured once everybody is connected.
    pub cases: Vec<Case>,
    /// How often.
    pub rounds: usize,
    /// For how long.
    pub seconds: Seconds,
}

/// Every part: in full, or for a look.
pub fn parts(quick: bool) -> Vec<Part> {
    let seconds = if quick { Seconds::QUICK } else { Seconds::FULL };
    let rounds = if quick { 1 } else { 3 };
    let cases = vec![Case::Rate, Case::InFlight(16), Case::InFlight(128)];
    let all = || peer::ALL.to_vec();
    let part = |name, shape, servers| {
        let (shapes, cases) = (vec![shape], cases.clone());
        Part { name, shapes, servers, cases, rounds, seconds }
    };
    let growth = growth().into_iter().flat_map(|series| series.shapes);
    vec![
        part("base", base(), all()),
        part("large", large(), without(&["ours-durable", "ours-forgetful"])),
        part("skewed", Shape::skewed(), without(&["ours-durable", "ours-forgetful"])),
        Part {
            cases: Vec::new(),
            ..part("idle", idle(), without(&["ceiling-batched", "ours-forgetful"]))
        },
        Part { cases: vec![Case::Storm], ..part("storm", large(), only(&["ours-durable"])) },
        Part {
            shapes: growth.collect(),
            cases: vec![Case::Rate],
            rounds: rounds.min(2),
            ..part("growth", base(), only(&["ceiling", "ours"]))
        },
    ]
}

/// 1,000 connections in 10 rooms.
pub fn base() -> Shape {
    Shape::even(1_000, 10, 100)
}

/// 10,000 connections in 100 rooms.
pub fn large() -> Shape {
    Shape::even(10_000, 100, 100)
}

/// 10,000 connections with two subscriptions each.
pub fn idle() -> Shape {
    Shape::even(10_000, 100, 200)
}

/// Something that is doubled again and again.
#[derive(Debug)]
pub struct Series {
    /// What is doubled, and what it begins with.
    pub title: &'static str,
    /// Each twice the one before.
    pub shapes: Vec<Shape>,
}

/// What the cost of a delivery should not depend on.
pub fn growth() -> [Series; 3] {
    let doubled =
        |times: u32, shape: fn(usize) -> Shape| (0..times).map(|power| shape(1 << power)).collect();
    [
        Series {
            title: "rooms of 100, from 10 on, with 1,000 connections",
            shapes: doubled(5, |factor| Shape::even(1_000, 10 * factor, 100)),
        },
        Series {
            title: "subscribers of each of 10 rooms, from 100 on, with 1,600 connections",
            shapes: doubled(5, |factor| Shape::even(1_600, 10, 100 * factor)),
        },
        Series {
            title: "connections, from 1,000 on, in rooms of 100",
            shapes: doubled(4, |factor| Shape::even(1_000 * factor, 10 * factor, 100)),
        },
    ]
}

fn without(names: &[&str]) -> Vec<&'static dyn Peer> {
    peer::ALL.into_iter().filter(|peer| !names.contains(&peer.name())).collect()
}

fn only(names: &[&str]) -> Vec<&'static dyn Peer> {
    peer::ALL.into_iter().filter(|peer| names.contains(&peer.name())).collect()
}
