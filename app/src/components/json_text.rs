//! JSON as people type it: where the mistake is, and what Tab does to the lines.

use colloquy_protocol::model::Metadata;
use serde_json::error::Category;

/// One step of indentation.
const STEP: &str = "  ";

/// Why a text is not a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Line {line}, column {column}: {message}.")]
pub struct Mistake {
    /// The line, from 1 on.
    pub line: usize,
    /// The character in that line, from 1 on.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

/// Reads an object; no text at all is an empty one.
///
/// # Errors
/// With the place of the first mistake.
pub fn parse_object(text: &str) -> Result<Metadata, Mistake> {
    if text.trim().is_empty() {
        return Ok(Metadata::new());
    }
    serde_json::from_str(text).map_err(|error| {
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let end = lines.map(str::len).sum::<usize>() + error.column();
        // It ends with the character that is wrong.
        let mut read = &text[..text.ceil_char_boundary(end)];
        // A line that ends too early is wrong at its end, and not where the next one begins.
        let is_cut = error.is_syntax() && read.ends_with('\n');
        if is_cut {
            read = read.trim_end();
        }
        let line = 1 + read.matches('\n').count();
        let column = read.rsplit('\n').next().unwrap_or_default().chars().count().max(1);
        Mistake { line, column, message: message(&error, is_cut) }
    })
}

/// The object, one member in a line.
pub fn pretty(object: &Metadata) -> String {
    // A map of JSON values can always be written.
    serde_json::to_string_pretty(object).unwrap_or_default()
}

/// A part of a text that is replaced, and what is selected then. All places are in UTF-16 units,
/// as the browser counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) text: String,
    pub(crate) selected: (u32, u32),
}

/// What Tab does (`back`: with Shift) while the text between `start` and `end` is selected: within
/// a line it goes on to the right; over several lines, and back, the lines move.
pub(crate) fn indent(text: &str, start: u32, end: u32, back: bool) -> Edit {
    let (from, to) = (byte_at(text, start), byte_at(text, end));
    let several = text[from..to].contains('\n');
    if !several && !back {
        let caret = start + units(STEP);
        return Edit { from: start, to: end, text: STEP.to_owned(), selected: (caret, caret) };
    }
    let first = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let last = text[to..].find('\n').map_or(text.len(), |at| to + at);
    let lines: Vec<_> = text[first..last].split('\n').map(|line| moved(line, back)).collect();
    let moved = lines.join("\n");
    let begin = units(&text[..first]);
    let selected = if several {
        (begin, begin + units(&moved))
    } else {
        let shorter = units(&text[first..last]) - units(&moved);
        let caret = start.saturating_sub(shorter).max(begin);
        (caret, caret)
    };
    Edit { from: begin, to: units(&text[..last]), text: moved, selected }
}

fn moved(line: &str, back: bool) -> String {
    if back {
        line.strip_prefix(STEP).or_else(|| line.strip_prefix(' ')).unwrap_or(line).to_owned()
    } else if line.is_empty() {
        String::new()
    } else {
        format!("{STEP}{line}")
    }
}

/// What is wrong, without the parser's own words; `is_cut`: it is that a line ends there.
fn message(error: &serde_json::Error, is_cut: bool) -> String {
    if error.classify() == Category::Data {
        return "an object is expected here, such as {\"team\": \"blue\"}".to_owned();
    }
    let told = error.to_string();
    let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what);
    if let Some(within) = told.strip_prefix("EOF while parsing ") {
        return format!("the text ends within {within}");
    }
    let words = match told {
        "expected ident" => "true, false or null is expected here",
        "expected value" => "a value is expected here",
        "expected `:`" => "a colon is expected here",
        "expected `,` or `]`" => "a comma or ] is expected here",
        "expected `,` or `}`" => "a comma or } is expected here",
        "key must be a string" => "a name in double quotes is expected here",
        "trailing comma" => "the comma before this is one too many",
        "trailing characters" => "nothing may follow the object",
        "invalid number" => "this is not a number as JSON has them",
        "number out of range" => "this number is too large",
        "invalid escape" => "a backslash has to be written twice",
        _ if told.starts_with("control character") && is_cut => "the closing quote is missing",
        _ if told.starts_with("control character") => "a tab is written as \\t here",
        _ => told,
    };
    words.to_owned()
}

fn units(text: &str) -> u32 {
    text.chars().map(|one| one.len_utf16() as u32).sum()
}

/// The place in bytes of a place in UTF-16 units.
fn byte_at(text: &str, place: u32) -> usize {
    let mut passed = 0;
    let found = text.char_indices().find(|(_, one)| {
        let here = passed >= place;
        passed += one.len_utf16() as u32;
        here
    });
    found.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        parse_object(text).unwrap_err().to_string()
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        assert_eq!(
            told("{\n  \"a\": 1\n  \"b\": 2\n}"),
            "Line 3, column 3: a comma or } is expected here."
        );
        assert_eq!(told("{\"ü😀\": x}"), "Line 1, column 8: a value is expected here.");
        assert_eq!(told("{\"ü\": ü}"), "Line 1, column 7: a value is expected here.");
        assert_eq!(told("{\"a\": [1"), "Line 1, column 8: the text ends within a list.");
        assert_eq!(
            told("{\n  \"a\": 1,\n}"),
            "Line 3, column 1: the comma before this is one too many."
        );
        assert_eq!(told("{\"a\": \"\t\"}"), "Line 1, column 8: a tab is written as \\t here.");
        assert!(told("\n[1]").starts_with("Line 2, column 1: an object is expected"));
        assert_eq!(parse_object(" \n"), Ok(Metadata::new()));
    }

    #[test]
    fn a_line_that_ends_too_early_is_the_wrong_one() {
        let ident = "true, false or null is expected here";
        let number = "this is not a number as JSON has them";
        for (value, column, message) in [
            ("tru", 10, ident),
            ("fals", 11, ident),
            ("1.", 9, number),
            ("-", 8, number),
            ("\"blue", 12, "the closing quote is missing"),
            ("\"blue, ", 13, "the closing quote is missing"),
        ] {
            let text = format!("{{\n  \"a\": 1,\n  \"b\": {value}\n}}");
            assert_eq!(told(&text), format!("Line 3, column {column}: {message}."));
        }
    }

    /// The text with a bar where the selection begins and where it ends, after Tab.
    fn after_tab(text: &str, back: bool) -> String {
        let bars: Vec<_> = text.match_indices('|').map(|(at, _)| at).collect();
        let plain = text.replace('|', "");
        let (start, end) = (units(&text[..bars[0]]), units(&text[..bars[1]]) - 1);
        let edit = indent(&plain, start, end, back);
        let (from, to) = (byte_at(&plain, edit.from), byte_at(&plain, edit.to));
        let mut result = format!("{}{}{}", &plain[..from], edit.text, &plain[to..]);
        result.insert(byte_at(&result, edit.selected.1), '|');
        result.insert(byte_at(&result, edit.selected.0), '|');
        result
    }

    #[test]
    fn tab_moves_what_is_selected() {
        assert_eq!(after_tab("a😀||b", false), "a😀  ||b");
        assert_eq!(after_tab("a\nb|c\n\nd|e\nf", false), "a\n|  bc\n\n  de|\nf");
        assert_eq!(after_tab("a\n  b|c\n d|e\nf", true), "a\n|bc\nde|\nf");
        assert_eq!(after_tab("a\n   b||c", true), "a\n b||c");
        assert_eq!(after_tab(" |  |", true), "|| ");
        assert_eq!(after_tab("||", true), "||");
    }
}
