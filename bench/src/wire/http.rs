//! HTTP/1.1 messages.

/// What a publish is answered with.
pub const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// An HTTP message, a request or an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The request or status line.
    pub line: &'a str,
    /// As long as `Content-Length` says; without it there is none.
    pub body: &'a [u8],
    /// How long all of it is, in bytes.
    pub length: usize,
    headers: &'a str,
}

impl<'a> Message<'a> {
    /// The message that `bytes` begins with, once it is whole and if its head is text.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let text = std::str::from_utf8(&bytes[..end]).ok()?;
        let (line, headers) = text.split_once("\r\n").unwrap_or((text, ""));
        let head = Self { line, body: &[], length: end + 4, headers };
        let body = head.header("content-length").and_then(|length| length.parse().ok());
        let body = bytes[head.length..].get(..body.unwrap_or(0))?;
        Some(Self { body, length: head.length + body.len(), ..head })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The path that a request asks for, without its first slash.
    pub fn path(&self) -> Option<&'a str> {
        self.line.split(' ').nth(1)?.strip_prefix('/')
    }

    /// The status of an answer.
    pub fn status(&self) -> Option<u16> {
        self.line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_body() {
        let bytes = b"HTTP/1.1 201 Created\r\nContent-length: 3\r\nX: y\r\n\r\nabcHTTP";
        let answer = Message::read(bytes).unwrap();
        assert_eq!((answer.status(), answer.body), (Some(201), &b"abc"[..]));
        assert_eq!((answer.length, answer.header("x")), (bytes.len() - 4, Some("y")));
        assert_eq!(Message::read(&bytes[..bytes.len() - 5]), None);
        assert_eq!(Message::read(&bytes[..30]), None);
        assert_eq!(Message::read(NO_CONTENT).unwrap().length, NO_CONTENT.len());
    }

    #[test]
    fn a_request_has_a_path() {
        let request = Message::read(b"POST /1,2 HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((request.path(), request.status()), (Some("1,2"), None));
    }
}
