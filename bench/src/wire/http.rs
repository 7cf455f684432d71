//! The heads of HTTP/1.1 messages.

/// What a publish is answered with.
pub const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// The head of an HTTP message: where its body begins, and how long the body is.
#[derive(Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The request or status line.
    pub line: &'a str,
    /// The headers, as they came.
    pub headers: &'a str,
    /// How long the head is, the empty line included.
    pub length: usize,
}

impl<'a> Head<'a> {
    /// The head that `bytes` begins with, once it is whole and if it is text.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let text = std::str::from_utf8(&bytes[..end]).ok()?;
        let (line, headers) = text.split_once("\r\n").unwrap_or((text, ""));
        Some(Self { line, headers, length: end + 4 })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// How long the whole message is; a body without a length is none.
    pub fn message_length(&self) -> usize {
        let body = self.header("content-length").and_then(|length| length.parse().ok());
        self.length + body.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_body() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-length: 3\r\nX: y\r\n\r\nabcHTTP";
        let head = Head::read(answer).unwrap();
        assert_eq!(head.line, "HTTP/1.1 201 Created");
        assert_eq!(head.message_length(), answer.len() - 4);
        assert_eq!(Head::read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().message_length(), 27);
        assert_eq!(Head::read(&answer[..30]), None);
    }
}
