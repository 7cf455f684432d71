//! Numbers in words.

/// How many there are, by a noun whose plural is regular: "1 message", "2,345 new messages", "0 entries".
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let number = thousands(count);
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("{number} {noun}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {noun}s"),
    }
}

/// A number whose thousands can be told apart: "12,345".
pub(crate) fn thousands(number: u64) -> String {
    let (above, ones) = (number / 1_000, number % 1_000);
    if above == 0 { ones.to_string() } else { format!("{},{ones:03}", thousands(above)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_alone_and_all_others_are_many() {
        assert_eq!(counted(0, "participant"), "0 participants");
        assert_eq!(counted(1, "new message"), "1 new message");
        assert_eq!(counted(2_345, "message"), "2,345 messages");
        assert_eq!(counted(1, "entry"), "1 entry");
        assert_eq!(counted(2, "entry"), "2 entries");
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345), "12,345");
        assert_eq!(thousands(1_000_007), "1,000,007");
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
    }
}
