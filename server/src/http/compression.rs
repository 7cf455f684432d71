//! Answers made as small as the client can take them: brotli or gzip (RFC 9110, section 8.4).

use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, DefaultPredicate,
        predicate::{And, Predicate, SizeAbove},
    },
};

/// Smaller bodies fit one packet anyway.
const WORTHWHILE_BYTES: u16 = 1024;

/// Of both codings: nearly as small as it gets, at a fraction of the time.
const QUALITY: i32 = 4;

/// Compresses what is large enough and not compressed yet. A page that is streamed is flushed
/// whenever its next part is not there yet.
///
/// `ETag` stays as it is, the entity's version: clients send it back as `If-Match`.
pub(crate) fn layer() -> CompressionLayer<And<DefaultPredicate, SizeAbove>> {
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(QUALITY))
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(WORTHWHILE_BYTES)))
}
