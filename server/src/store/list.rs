//! Paging through entities in an order that stays put while rows come and go.
//!
//! A page goes on after the last row of the one before (its sort key and id), not at a count of
//! rows, so nothing is shown twice or left out.

use std::{io, pin::pin};

use colloquy_protocol::time::Timestamp;
use futures_util::{Stream, TryStreamExt};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite};

use crate::error::{Error, Result};

/// A page ends before it has more bytes of JSON than that: answers wait in memory for whoever asked.
pub(crate) const PAGE_BYTES: usize = 1024 * 1024;

/// Which entities a list shows, and how.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// At most that many.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Only those whose id or text contains this.
    pub q: Option<String>,
    /// `createdAt`, `updatedAt`, or the name's field; `-` in front turns it round.
    pub sort: Option<String>,
}

/// An entity that can be listed.
pub(crate) trait Listed: Serialize {
    /// The field of its name, on the wire and as a column. What is only listed in the order in
    /// which it was created needs none.
    const NAME: &'static str = "createdAt";

    /// Its id, name, and when it was created and last changed.
    fn keys(&self) -> Keys<'_>;
}

/// What an entity can be sorted by.
pub(crate) struct Keys<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl<'a> Keys<'a> {
    /// Those of what is only listed in the order in which it was created.
    pub(crate) fn of_creation(id: &'a str, created_at: Timestamp) -> Self {
        Self { id, name: "", created_at, updated_at: created_at }
    }
}

/// The value of a sort key in a cursor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Moment(i64),
    Text(String),
}

/// Where a page ended. On the wire it is JSON in hexadecimal: opaque, and safe in a URL.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    sort: String,
    key: Key,
    id: String,
}

/// A [`ListQuery`] that was checked.
#[derive(Debug)]
pub(crate) struct Paging {
    limit: u32,
    q: Option<String>,
    sort: String,
    column: &'static str,
    descending: bool,
    after: Option<(Key, String)>,
}

impl Paging {
    /// Checks a query against the entity that it lists.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names `sort` or `cursor`.
    pub(crate) fn of<T: Listed>(query: ListQuery) -> Result<Self> {
        let sort = query.sort.unwrap_or_else(|| "createdAt".to_owned());
        let (descending, field) = match sort.strip_prefix('-') {
            Some(field) => (true, field),
            None => (false, sort.as_str()),
        };
        let column = match field {
            "createdAt" => "created_at",
            "updatedAt" => "updated_at",
            field if field == T::NAME => T::NAME,
            _ => {
                let name = T::NAME;
                return Err(Error::invalid(
                    "sort",
                    format!(
                        "sort is createdAt, updatedAt or {name}, with - in front to turn it round"
                    ),
                ));
            }
        };
        let after = query.cursor.map(|text| read_cursor(&text, &sort, column)).transpose()?;
        Ok(Self { limit: query.limit, q: query.q, sort, column, descending, after })
    }

    /// What is searched.
    pub(crate) fn text(&self) -> Option<&str> {
        self.q.as_deref()
    }

    /// Completes `SELECT ... WHERE ...` with the place, the order and the limit.
    pub(crate) fn push(&self, sql: &mut QueryBuilder<Sqlite>) {
        let (compare, order) = if self.descending { ("<", "DESC") } else { (">", "ASC") };
        let column = self.column;
        if let Some((key, id)) = &self.after {
            sql.push(format!(" AND ({column}, id) {compare} ("));
            match key {
                Key::Moment(millis) => sql.push_bind(*millis),
                Key::Text(text) => sql.push_bind(text.clone()),
            };
            sql.push(", ").push_bind(id.clone()).push(")");
        }
        sql.push(format!(" ORDER BY {column} {order}, id {order} LIMIT "));
        sql.push_bind(i64::from(self.limit) + 1);
    }

    /// Takes the page's rows, and makes the cursor of the next page, if there is one.
    pub(crate) async fn page<T: Listed>(
        &self,
        rows: impl Stream<Item = sqlx::Result<T>>,
    ) -> Result<(Vec<T>, Option<String>)> {
        let (items, more) = page_of(rows, self.limit).await?;
        let next = items.last().filter(|_| more).map(|last| self.cursor(last)).transpose()?;
        Ok((items, next))
    }

    /// Where a page ended, as text.
    fn cursor<T: Listed>(&self, last: &T) -> Result<String> {
        let keys = last.keys();
        let key = match self.column {
            "created_at" => Key::Moment(keys.created_at.as_millis()),
            "updated_at" => Key::Moment(keys.updated_at.as_millis()),
            _ => Key::Text(keys.name.to_owned()),
        };
        let cursor = Cursor { sort: self.sort.clone(), key, id: keys.id.to_owned() };
        let json = serde_json::to_string(&cursor)?;
        Ok(json.bytes().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The first page of those: as many as the limit says, or as have [`PAGE_BYTES`] if these are less, but not
/// none of some; and whether there are more. No more are taken than one after the page: large ones would
/// take their room before they are left out.
pub(crate) async fn page_of<T: Serialize, E>(
    items: impl Stream<Item = Result<T, E>>,
    limit: u32,
) -> Result<(Vec<T>, bool), E> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut items, mut page, mut size) = (pin!(items), Vec::new(), 0);
    while let Some(item) = items.try_next().await? {
        size += bytes(&item);
        if page.len() == limit || size > PAGE_BYTES && !page.is_empty() {
            return Ok((page, true));
        }
        page.push(item);
    }
    Ok((page, false))
}

/// How many bytes of JSON that has.
pub(crate) fn bytes(item: &impl Serialize) -> usize {
    let mut size = Size(0);
    // Our own types can all be written, and counting cannot fail.
    serde_json::to_writer(&mut size, item).ok();
    size.0
}

/// How many bytes were written.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_cursor(text: &str, sort: &str, column: &str) -> Result<(Key, String)> {
    let invalid = || Error::invalid("cursor", "not the nextCursor of a list with this sort");
    let nibbles: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|nibble| u8::try_from(nibble).ok()))
        .collect();
    let nibbles = nibbles.ok_or_else(invalid)?;
    let (pairs, rest) = nibbles.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(invalid());
    }
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    let by_moment = column.ends_with("_at");
    if cursor.sort != sort || by_moment != matches!(cursor.key, Key::Moment(_)) {
        return Err(invalid());
    }
    Ok((cursor.key, cursor.id))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt, stream};

    use super::*;

    #[derive(Serialize)]
    struct Thing;

    fn of<const N: usize>(things: [Thing; N]) -> impl Stream<Item = sqlx::Result<Thing>> {
        stream::iter(things.map(Ok))
    }

    impl Listed for Thing {
        const NAME: &'static str = "name";

        fn keys(&self) -> Keys<'_> {
            let at = Timestamp::from_millis(7);
            Keys { id: "a", name: "b", created_at: at, updated_at: at }
        }
    }

    fn query(sort: &str, cursor: Option<String>) -> ListQuery {
        ListQuery { limit: 1, cursor, q: None, sort: Some(sort.to_owned()) }
    }

    #[tokio::test]
    async fn a_cursor_belongs_to_its_sort() {
        let paging = Paging::of::<Thing>(query("-name", None)).unwrap();
        let (_, cursor) = paging.page(of([Thing, Thing])).await.unwrap();
        assert!(cursor.is_some());
        let again = Paging::of::<Thing>(query("-name", cursor.clone())).unwrap();
        assert_eq!(again.after, Some((Key::Text("b".to_owned()), "a".to_owned())));
        assert!(Paging::of::<Thing>(query("name", cursor)).is_err());
    }

    #[test]
    fn refuses_what_it_did_not_make() {
        for cursor in ["", "0", "zz", "é", "7b7d"] {
            let refused = Paging::of::<Thing>(query("name", Some(cursor.to_owned())));
            assert!(matches!(refused, Err(Error::Invalid(_))), "{cursor}");
        }
        assert!(Paging::of::<Thing>(query("title", None)).is_err());
    }

    #[test]
    fn a_page_ends_where_it_would_be_too_large() {
        let third = "x".repeat(PAGE_BYTES / 3);
        let cut = |items: Vec<&str>, limit| {
            let page = page_of(stream::iter(items.into_iter().map(Ok::<_, Infallible>)), limit);
            let Ok((page, more)) = page.now_or_never().unwrap();
            (page.len(), more)
        };
        assert_eq!(cut(vec![&third; 6], 5), (2, true));
        assert_eq!(cut(vec![&third; 2], 5), (2, false));
        assert_eq!(cut(vec![&third; 2], 1), (1, true));
        let large = third.repeat(4);
        assert_eq!(cut(vec![&large; 2], 5), (1, true));
        assert_eq!(cut(vec![&large], 5), (1, false));
        assert_eq!(cut(vec![], 5), (0, false));
    }

    #[tokio::test]
    async fn the_last_page_has_no_cursor() {
        let paging = Paging::of::<Thing>(query("createdAt", None)).unwrap();
        let (_, cursor) = paging.page(of([Thing])).await.unwrap();
        assert_eq!(cursor, None);
    }
}
