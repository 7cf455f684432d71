//! Frames that break RFC 6455, or only seem to.

use serde_json::Value;

use crate::{
    LEEWAY, TIMES, at_once, is_empty, memory, often,
    raw::{FIN, Raw, TEXT, close, frame},
    still_serves,
    support::Server,
};

const CONTINUATION: u8 = 0x0;
const BINARY: u8 = 0x2;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const CLOSE: u8 = 0x8;

/// The most bytes of a message.
const MOST: usize = 64 * 1024;

/// What breaks the protocol: what it is, its bytes, and the code that it is closed with.
fn mistakes() -> Vec<(String, Vec<u8>, u16)> {
    let mut all = Vec::new();
    let mut add = |what: &str, bytes: Vec<u8>, code| all.push((what.to_owned(), bytes, code));
    let text = |payload: &[u8]| frame(FIN | TEXT, payload);
    let begun = |payload: &[u8]| frame(TEXT, payload);
    let last = |payload: &[u8]| frame(FIN | CONTINUATION, payload);

    add("64 KiB and 1", text(&[b' '; MOST + 1]), 1009);
    add("64 KiB and 1, binary", frame(FIN | BINARY, &[0; MOST + 1]), 1009);
    let halves = [begun(&[b' '; MOST / 2]), last(&[b' '; MOST / 2 + 1])];
    add("64 KiB and 1 in fragments", halves.concat(), 1009);
    let header = |length: u64| [&[FIN | TEXT, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    add("the header of 2^63 - 1 bytes", header(u64::MAX >> 1), 1009);
    add("the header of 2^64 - 1 bytes", header(u64::MAX), 1009);

    add("not masked", vec![FIN | TEXT, 2, b'{', b'}'], 1002);
    add("not masked and empty", vec![FIN | TEXT, 0], 1002);
    add("a ping that is not masked", vec![FIN | PING, 0], 1002);
    for bit in [0x40, 0x20, 0x10] {
        for opcode in [TEXT, BINARY, PING, PONG, CLOSE] {
            add(
                &format!("reserved bit {bit:#x} on {opcode}"),
                frame(FIN | bit | opcode, b""),
                1002,
            );
        }
        let bytes = [begun(b"{"), frame(FIN | bit | CONTINUATION, b"}")].concat();
        add(&format!("reserved bit {bit:#x} on a continuation"), bytes, 1002);
    }
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        add(&format!("reserved opcode {opcode}"), frame(FIN | opcode, b""), 1002);
    }
    add("a continuation of nothing", last(b"{}"), 1002);
    add("a continuation after the end", [text(b"{}"), last(b"")].concat(), 1002);
    add("a text within a text", [begun(b"{"), text(b"{}")].concat(), 1002);
    add("binary within a text", [begun(b"{"), frame(BINARY, b"")].concat(), 1002);

    for (what, bytes) in [
        ("a byte that is in no UTF-8", &b"{\xff}"[..]),
        ("a longer encoding than needed", b"\xc0\x80"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("beyond the last character", b"\xf4\x90\x80\x80"),
        ("a continuation byte alone", b"\x80"),
        ("a cut character", b"\xe2\x82"),
    ] {
        add(&format!("{what}, in one frame"), text(bytes), 1007);
        let pieces: Vec<_> = bytes.chunks(1).map(|byte| frame(CONTINUATION, byte)).collect();
        add(&format!("{what}, split"), [begun(b""), pieces.concat(), last(b"")].concat(), 1007);
    }
    let early = [begun(b"\xe2\x82"), frame(CONTINUATION, b"(")].concat();
    add("a character that goes wrong in the second fragment of many", early, 1007);

    for opcode in [PING, PONG, CLOSE] {
        add(&format!("a control frame {opcode} in fragments"), frame(opcode, b""), 1002);
        let long = frame(FIN | opcode, &[b'x'; 126]);
        add(&format!("a control frame {opcode} of 126 bytes"), long, 1002);
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        add(&format!("a close code of {code}"), close(code, b""), 1002);
    }
    add("half a close code", frame(FIN | CLOSE, &[3]), 1002);
    add("a reason that is not UTF-8", close(1000, b"\xff"), 1007);
    let during = [begun(b"{"), close(1005, b"")].concat();
    add("a bad close code within a message", during, 1002);
    all
}

/// What looks like a mistake and is none: what it is, and its bytes. Each is one message that is no
/// JSON.
fn allowed() -> Vec<(String, Vec<u8>)> {
    let fragments = |number| {
        let between = frame(CONTINUATION, b"").repeat(number);
        [frame(TEXT, b""), between, frame(FIN | CONTINUATION, b"")].concat()
    };
    let split: Vec<_> = "né€😀".bytes().map(|byte| frame(CONTINUATION, &[byte])).collect();
    let split = [frame(TEXT, b""), split.concat(), frame(FIN | CONTINUATION, b"")].concat();
    vec![
        ("64 KiB".to_owned(), frame(FIN | TEXT, &[b' '; MOST])),
        ("100 empty fragments".to_owned(), fragments(100)),
        ("characters split over fragments".to_owned(), split),
        ("binary".to_owned(), frame(FIN | BINARY, &[0xff])),
        ("a pong that nobody asked for".to_owned(), {
            [frame(FIN | PONG, b"?"), frame(FIN | TEXT, b"")].concat()
        }),
    ]
}

async fn everything(server: &Server, times: usize) {
    for (what, bytes, code) in &mistakes() {
        at_once(times, || async {
            let mut raw = Raw::welcomed(server).await;
            raw.send(bytes).await;
            assert_eq!(raw.closed().await, Some(*code), "{what}");
            assert_eq!(raw.next().await, None, "{what}: it hangs up, and waits for no answer");
        })
        .await;
    }
    for (what, bytes) in &allowed() {
        at_once(TIMES, || async {
            let mut raw = Raw::welcomed(server).await;
            raw.send(bytes).await;
            let error: Value = serde_json::from_str(&raw.text().await).unwrap();
            assert_eq!(error["payload"]["code"], "invalid_json", "{what}");
            raw.send(&close(1000, b"")).await;
            assert_eq!(raw.closed().await, Some(1000), "{what}");
        })
        .await;
    }
}

/// Does all of it, each mistake so many times at once.
async fn leaves_nothing_behind(times: usize) {
    let server = Server::start().await;
    everything(&server, times.div_ceil(10)).await;
    is_empty(&server).await;
    let before = memory();
    everything(&server, times).await;
    is_empty(&server).await;
    let after = memory();
    let number = times * mistakes().len() + TIMES * allowed().len();
    println!("{number} connections: {before} KiB before, {after} KiB after");
    assert!(after < before + LEEWAY, "{before} KiB before, {after} KiB after");
    still_serves(&server).await;
}

/// There are at least three of each kind.
#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_the_protocol_is_told_by_its_code_and_leaves_nothing_behind() {
    leaves_nothing_behind(TIMES.div_ceil(3)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a while: for `cargo xtask soak`"]
async fn a_hundred_of_each_mistake_leave_nothing_behind() {
    leaves_nothing_behind(TIMES).await;
}

/// Whoever closes in the middle of a message is answered with their code, and what follows does not
/// count.
#[tokio::test]
async fn a_close_during_a_message_ends_it() {
    let server = Server::start().await;
    for code in [1000, 1001, 1003, 1007, 1014, 3000, 4999] {
        often(|| async {
            let mut raw = Raw::welcomed(&server).await;
            let after = frame(FIN | CONTINUATION, b"\xff");
            raw.send(&[frame(TEXT, b"{"), close(code, b"bye"), after].concat()).await;
            assert_eq!(raw.next().await, Some((CLOSE, code.to_be_bytes().to_vec())));
            assert_eq!(raw.next().await, None);
        })
        .await;
    }
    often(|| async {
        let mut raw = Raw::welcomed(&server).await;
        raw.send(&[frame(TEXT, b"{"), frame(FIN | CLOSE, b"")].concat()).await;
        assert_eq!(raw.next().await, Some((CLOSE, Vec::new())), "without a code, as it came");
    })
    .await;
    is_empty(&server).await;
    still_serves(&server).await;
}

/// Whoever is gone in the middle of a frame leaves nothing behind.
#[tokio::test]
async fn hanging_up_within_a_frame_is_noticed() {
    let server = Server::start().await;
    let whole = [frame(TEXT, b"{"), frame(FIN | CONTINUATION, &[b' '; MOST / 2])].concat();
    for length in [1, 2, 6, 8, 10, 14, MOST / 2] {
        often(|| async {
            let mut raw = Raw::welcomed(&server).await;
            assert!(raw.send(&whole[..length]).await);
        })
        .await;
    }
    is_empty(&server).await;
    still_serves(&server).await;
}
