//! Rows of receipts: who received and who read a message.

use colloquy_protocol::{
    id::{MessageId, Principal},
    model::Receipt,
};
use serde_json::Value;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::row;

/// What is known of one principal and one message.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    message: &MessageId,
    who: &Principal,
) -> sqlx::Result<Option<Receipt>> {
    sqlx::query(
        "SELECT * FROM receipts \
         WHERE message_id = ?1 AND principal_id = ?2 AND principal_kind = ?3",
    )
    .bind(message.as_str())
    .bind(who.id.as_str())
    .bind(who.kind.as_str())
    .try_map(|found| receipt(&found))
    .fetch_optional(connection)
    .await
}

/// Every receipt of these messages, which who asks sees, in their order, and of one in the order in
/// which it was received.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    messages: impl IntoIterator<Item = &MessageId>,
) -> sqlx::Result<Vec<Receipt>> {
    let ids: Vec<&str> = messages.into_iter().map(MessageId::as_str).collect();
    sqlx::query(
        "SELECT receipts.* FROM json_each(?1) AS listed JOIN receipts ON message_id = listed.value \
         ORDER BY listed.key, received_at, principal_id, principal_kind",
    )
    .bind(Value::from(ids).to_string())
    .try_map(|found| receipt(&found))
    .fetch_all(connection)
    .await
}

/// Adds a receipt, or puts it in the place of the one before.
pub(crate) async fn put(connection: &mut SqliteConnection, receipt: &Receipt) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO receipts \
         (message_id, principal_id, principal_kind, received_at, read_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(receipt.message_id.as_str())
    .bind(receipt.principal_id.as_str())
    .bind(receipt.principal_kind.as_str())
    .bind(receipt.received_at.as_millis())
    .bind(receipt.read_at.map(|moment| moment.as_millis()))
    .execute(connection)
    .await?;
    Ok(())
}

fn receipt(found: &SqliteRow) -> sqlx::Result<Receipt> {
    Ok(Receipt {
        message_id: row::text(found, "message_id")?,
        principal_id: row::text(found, "principal_id")?,
        principal_kind: row::text(found, "principal_kind")?,
        received_at: row::moment(found, "received_at")?,
        read_at: row::optional_moment(found, "read_at")?,
    })
}
