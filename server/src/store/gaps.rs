//! Where the log's offsets do not follow one another: after the end of a backup that was restored.
//! Everywhere else they do, so events need not be counted one by one.

use colloquy_protocol::position::Offset;
use sqlx::SqliteConnection;

use super::row;

/// Notes that offset `after` is followed by the one behind `last`.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    after: Offset,
    last: Offset,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO gaps (after, length) VALUES (?1, ?2)")
        .bind(row::integer(after))
        .bind(row::integer(last - after))
        .execute(connection)
        .await?;
    Ok(())
}

/// The offset behind which the last `count` events are, when the log's last offset is `head`.
pub(super) async fn behind_the_newest(
    connection: &mut SqliteConnection,
    head: Offset,
    count: u64,
) -> sqlx::Result<Offset> {
    let gaps = sqlx::query("SELECT after, length FROM gaps ORDER BY after DESC")
        .try_map(|found| Ok((row::number(&found, "after")?, row::number(&found, "length")?)))
        .fetch_all(connection)
        .await?;
    let (mut last, mut left) = (head, count);
    for (after, length) in gaps {
        let newer = last.saturating_sub(after + length);
        if left <= newer {
            break;
        }
        (last, left) = (after, left - newer);
    }
    Ok(last.saturating_sub(left))
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;
    use crate::store::database::MIGRATIONS;

    #[tokio::test]
    async fn the_newest_are_counted_across_gaps() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        // 1 to 10, 21 to 25, 31 to 33.
        add(&mut connection, 10, 20).await.unwrap();
        add(&mut connection, 25, 30).await.unwrap();
        for (count, behind) in [(0, 33), (2, 31), (4, 24), (8, 20), (9, 9), (18, 0), (99, 0)] {
            let found = behind_the_newest(&mut connection, 33, count).await.unwrap();
            assert_eq!(found, behind, "{count}");
        }
    }
}
