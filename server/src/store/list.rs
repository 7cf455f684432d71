//! Paging through entities in an order that stays put while rows come and go.
//!
//! A page goes on after the last row of the one before (its sort key and id), not at a count of
//! rows, so nothing is shown twice or left out.

use colloquy_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite};

use crate::error::{Error, Result};

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
pub(crate) trait Listed {
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
    pub(super) fn text(&self) -> Option<&str> {
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

    /// Cuts the surplus row off and makes the cursor of the next page, if there is one.
    pub(crate) fn next_cursor<T: Listed>(&self, items: &mut Vec<T>) -> Result<Option<String>> {
        if !cut(items, self.limit) {
            return Ok(None);
        }
        let Some(last) = items.last() else { return Ok(None) };
        let keys = last.keys();
        let key = match self.column {
            "created_at" => Key::Moment(keys.created_at.as_millis()),
            "updated_at" => Key::Moment(keys.updated_at.as_millis()),
            _ => Key::Text(keys.name.to_owned()),
        };
        let cursor = Cursor { sort: self.sort.clone(), key, id: keys.id.to_owned() };
        let json = serde_json::to_string(&cursor)?;
        Ok(Some(json.bytes().map(|byte| format!("{byte:02x}")).collect()))
    }
}

/// Cuts what was read to see whether there is more, and says whether there is.
pub(super) fn cut<T>(items: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    more
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
    use super::*;

    struct Thing;

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

    #[test]
    fn a_cursor_belongs_to_its_sort() {
        let paging = Paging::of::<Thing>(query("-name", None)).unwrap();
        let cursor = paging.next_cursor(&mut vec![Thing, Thing]).unwrap();
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
    fn the_last_page_has_no_cursor() {
        let paging = Paging::of::<Thing>(query("createdAt", None)).unwrap();
        assert_eq!(paging.next_cursor(&mut vec![Thing]).unwrap(), None);
    }
}
