//! The rows of a list, each of which keeps its elements, and its place in the page for as long as the
//! order lets it.
//!
//! Leptos' own list takes most of its rows out of the page and puts them back when several come at
//! once, or when one changes its place. What is taken out loses the keyboard's focus, and its animation
//! begins anew.

use std::{
    collections::HashMap,
    iter::successors,
    sync::{Arc, Mutex, PoisonError},
};

use leptos::{
    attr::{Attribute, any_attribute::AnyAttribute},
    prelude::*,
    tachys::{
        hydration::Cursor,
        reactive_graph::OwnedView,
        renderer::{
            Rndr,
            types::{Element, Node, Placeholder},
        },
        ssr::StreamBuilder,
        view::{
            Mountable, Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr,
            any_view::AnyViewState,
        },
    },
};

/// A row of a list: its key, and what makes it when it is new. It is one element, and waits for
/// nothing.
pub(super) struct Row {
    pub(super) key: String,
    pub(super) view: Box<dyn FnOnce() -> AnyView + Send>,
}

/// All rows, in their order.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) owner: RowOwner,
}

/// The owner of a list's rows: what a row holds goes with the row, and not when the list changes.
///
/// An owner keeps a trace of each that it ever had below it. So rows have owners in between, which go with
/// the last of their rows.
#[derive(Clone)]
pub(super) struct RowOwner {
    list: Owner,
    between: Arc<Mutex<Between>>,
}

#[derive(Default)]
struct Between {
    owner: Option<Owner>,
    rows: usize,
}

/// How many rows are made below one owner.
const BELOW: usize = 64;

impl RowOwner {
    /// The owner below that of a list.
    pub(super) fn of(list: Owner) -> Self {
        Self { list, between: Arc::default() }
    }

    /// The owner of a new row, and the one above it, which has to be held as long as the row.
    fn make(&self) -> [Owner; 2] {
        // The section under this lock is short and does not panic.
        let mut between = self.between.lock().unwrap_or_else(PoisonError::into_inner);
        if between.rows.is_multiple_of(BELOW) {
            between.owner = None;
        }
        between.rows += 1;
        let above = between.owner.get_or_insert_with(|| self.list.with(Owner::new)).clone();
        [above.with(Owner::new), above]
    }
}

/// The rows that are in the page.
pub(super) struct Shown {
    rows: Vec<(String, AnyViewState)>,
    end: Placeholder,
}

impl Rows {
    /// The keys, and what makes the rows.
    fn views(self) -> impl Iterator<Item = (String, impl FnOnce() -> AnyView)> {
        self.rows.into_iter().map(move |Row { key, view }| {
            let list = self.owner.clone();
            let make = move || {
                let [owner, above] = list.make();
                owner.with(|| on_cleanup(move || drop(above)));
                OwnedView::new_with_owner(owner.with(view), owner).into_any()
            };
            (key, make)
        })
    }
}

impl Render for Rows {
    type State = Shown;

    fn build(self) -> Shown {
        let rows = self.views().map(|(key, view)| (key, view().build())).collect();
        Shown { rows, end: Rndr::create_placeholder() }
    }

    fn rebuild(self, shown: &mut Shown) {
        let focused = shown.focused();
        let mut places = HashMap::new();
        let mut before = Vec::new();
        for (place, (key, row)) in shown.rows.drain(..).enumerate() {
            places.insert(key, place);
            before.push(Some(row));
        }
        let mut origins = Vec::new();
        for (key, view) in self.views() {
            let place = places.remove(&key);
            let known = place.and_then(|place| before[place].take());
            origins.push(place);
            shown.rows.push((key, known.unwrap_or_else(|| view().build())));
        }
        before.iter_mut().flatten().for_each(Mountable::unmount);

        let stays = staying(&origins, focused);
        let mut next: &dyn Mountable = &shown.end;
        for ((_, row), stays) in shown.rows.iter_mut().zip(stays).rev() {
            if !stays {
                next.insert_before_this(row);
            }
            next = row;
        }
    }
}

/// Which rows stay, by the places that they had before (new ones had none): the most that are in their
/// order already. The one with the keyboard's focus, by its place before, is among them.
fn staying(origins: &[Option<usize>], focused: Option<usize>) -> Vec<bool> {
    let focus = origins.iter().position(|origin| focused.is_some() && *origin == focused);
    let may_stay = |row: usize, origin: usize| match (focus, focused) {
        (Some(focus), Some(focused)) => row.cmp(&focus) == origin.cmp(&focused),
        _ => true,
    };
    // The last rows of the best sequences of each length, and the row before each row in its sequence.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; origins.len()];
    for (row, origin) in origins.iter().enumerate() {
        if !origin.is_some_and(|origin| may_stay(row, origin)) {
            continue;
        }
        let length = ends.partition_point(|end| origins[*end] < *origin);
        previous[row] = length.checked_sub(1).map(|last| ends[last]);
        ends.splice(length..ends.len().min(length + 1), [row]);
    }
    let mut stays = vec![false; origins.len()];
    for row in successors(ends.last().copied(), |row| previous[*row]) {
        stays[row] = true;
    }
    stays
}

impl Shown {
    /// The place of the row that has the keyboard's focus.
    fn focused(&self) -> Option<usize> {
        let focused = document().active_element()?;
        self.rows.iter().position(|(_, row)| {
            row.elements().iter().any(|element| element.contains(Some(&focused)))
        })
    }
}

impl Mountable for Shown {
    fn unmount(&mut self) {
        self.rows.iter_mut().for_each(|(_, row)| row.unmount());
        self.end.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.rows.iter_mut().for_each(|(_, row)| row.mount(parent, marker));
        self.end.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.rows.first() {
            Some((_, row)) => row.insert_before_this(child),
            None => self.end.insert_before_this(child),
        }
    }

    fn elements(&self) -> Vec<Element> {
        self.rows.iter().flat_map(|(_, row)| row.elements()).collect()
    }
}

impl RenderHtml for Rows {
    type AsyncOutput = Vec<AnyView>;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Vec<AnyView> {
        let views: Vec<_> = self.views().map(|(_, view)| view()).collect();
        views.resolve().await
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        let views: Vec<_> = self.views().map(|(_, view)| view()).collect();
        views.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    /// What a row holds stays until the page is written: the title stands in its head.
    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        let views: Vec<_> = self.views().map(|(_, view)| view()).collect();
        views.to_html_async_with_buf::<OUT_OF_ORDER>(
            buf,
            position,
            escape,
            mark_branches,
            extra_attrs,
        );
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Shown {
        // As on the server, all rows are made before the first one is written.
        let views: Vec<_> = self.views().map(|(key, view)| (key, view())).collect();
        let hydrate =
            |(key, view): (String, AnyView)| (key, view.hydrate::<FROM_SERVER>(cursor, position));
        let rows = views.into_iter().map(hydrate).collect();
        let end = cursor.next_placeholder(position);
        position.set(Position::NextChild);
        Shown { rows, end }
    }

    fn into_owned(self) -> Self {
        self
    }
}

impl AddAnyAttr for Rows {
    type Output<A: Attribute> = Self;

    /// Rows have their own attributes.
    fn add_any_attr<A: Attribute>(self, _attr: A) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(origins: &[Option<usize>], focused: Option<usize>) -> Vec<usize> {
        let stays = staying(origins, focused);
        (0..origins.len()).filter(|row| origins[*row].is_some() && !stays[*row]).collect()
    }

    #[test]
    fn what_comes_and_goes_moves_nothing() {
        assert_eq!(moved(&[None, None, None, Some(0), Some(1)], None), [0; 0]);
        assert_eq!(moved(&[None, Some(0), None, Some(3), Some(7)], Some(3)), [0; 0]);
        assert_eq!(moved(&[], Some(3)), [0; 0]);
    }

    #[test]
    fn one_that_changes_its_place_is_all_that_moves() {
        let to_the_top = [Some(3), Some(0), Some(1), Some(2), Some(4)];
        assert_eq!(moved(&to_the_top, None), [0]);
        let to_the_end = [Some(1), Some(2), Some(3), Some(0)];
        assert_eq!(moved(&to_the_end, Some(2)), [3]);
    }

    #[test]
    fn the_focused_one_stays_and_the_others_move_around_it() {
        let to_the_top = [Some(3), Some(0), Some(1), Some(2), Some(4)];
        assert_eq!(moved(&to_the_top, Some(3)), [1, 2, 3]);
        let turned = [Some(2), Some(1), Some(0)];
        for focused in 0..3 {
            assert!(!moved(&turned, Some(focused)).contains(&(2 - focused)));
        }
    }
}
