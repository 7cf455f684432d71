//! Conditional requests (RFC 9110, section 13): the entity tags that a header lists.

use axum::http::{HeaderMap, HeaderValue, header};
use colloquy_protocol::position::Offset;

use crate::{error::Error, http::problem::Problem};

/// The versions that `If-Match` asks for; none: any, because it is absent or `*`.
///
/// A weak tag, or one that is not a version, matches nothing and is left out.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<Offset>>, Problem> {
    let mut versions = Vec::new();
    let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    for value in values {
        if value == "*" {
            return Ok(None);
        }
        let tags = value.to_str().ok().and_then(entity_tags).ok_or_else(|| {
            Error::invalid("If-Match", "expected entity tags such as \"12\", \"15\", or *")
        })?;
        versions
            .extend(tags.into_iter().filter(|tag| !tag.weak).filter_map(|tag| version(tag.tag)));
    }
    Ok(Some(versions))
}

/// Whether one of the lists (or `*`) in `If-None-Match` names that entity tag.
pub(crate) fn names<'a>(lists: impl IntoIterator<Item = &'a HeaderValue>, tag: &str) -> bool {
    let tag = tag.trim_matches('"');
    let is_named = |tags: Vec<EntityTag<'_>>| tags.iter().any(|one| one.tag == tag);
    let mut lists = lists.into_iter().filter_map(|list| list.to_str().ok());
    lists.any(|list| list == "*" || entity_tags(list).is_some_and(is_named))
}

struct EntityTag<'a> {
    weak: bool,
    tag: &'a str,
}

fn entity_tags(list: &str) -> Option<Vec<EntityTag<'_>>> {
    let mut tags = Vec::new();
    // Elements may be empty (RFC 9110, section 5.6.1.2), all of them may not.
    let mut rest = list.trim_matches([' ', '\t', ',']);
    loop {
        let strong = rest.strip_prefix("W/").unwrap_or(rest);
        let (tag, after) = strong.strip_prefix('"')?.split_once('"')?;
        tags.push(EntityTag { weak: strong.len() < rest.len(), tag });
        let next = after.trim_start();
        if next.is_empty() {
            return Some(tags);
        }
        rest = next.strip_prefix(',')?.trim_start_matches([' ', '\t', ',']);
    }
}

/// The version that a tag names; `"007"` is not the tag of version 7.
fn version(tag: &str) -> Option<Offset> {
    tag.parse().ok().filter(|version: &Offset| version.to_string() == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Result<Option<Vec<Offset>>, Problem> {
        if_match(&HeaderMap::from_iter([(header::IF_MATCH, value.parse().unwrap())]))
    }

    #[test]
    fn strong_tags_are_versions() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
        assert_eq!(asked("*").unwrap(), None);
        assert_eq!(asked("\"12\"").unwrap(), Some(vec![12]));
        assert_eq!(asked("\"12\" ,\"13\"").unwrap(), Some(vec![12, 13]));
        assert_eq!(asked(", \"12\",, \"13\",").unwrap(), Some(vec![12, 13]));
    }

    #[test]
    fn other_tags_match_nothing() {
        assert_eq!(asked("W/\"12\"").unwrap(), Some(vec![]));
        assert_eq!(asked("\"abc\", \"007\", \"+7\", \"a,b\"").unwrap(), Some(vec![]));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for value in ["", ",", "12", "\"12", "\"1\" \"2\"", "*, \"1\""] {
            assert!(asked(value).is_err(), "{value}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let names = |list: &'static str| names([&HeaderValue::from_static(list)], "\"7\"");
        assert!(names("*") && names("\"7\"") && names("\"1\", W/\"7\""));
        assert!(!names("\"8\"") && !names("7") && !names("\"77\""));
    }
}
