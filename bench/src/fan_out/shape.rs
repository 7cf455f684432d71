//! Who is in which room.

/// Who is in which room, and how often each is published into.
#[derive(Debug, Clone)]
pub struct Shape {
    /// For tables.
    pub name: String,
    /// The rooms of each connection.
    pub rooms_of: Vec<Vec<usize>>,
    /// How many are in each room.
    pub members: Vec<usize>,
    /// The rooms in the order in which they are published into.
    pub turns: Vec<usize>,
}

impl Shape {
    /// So many connections, so many rooms of one size, each published into equally often.
    /// Connections are in one room each, or in as many as it takes.
    pub fn even(connections: usize, rooms: usize, size: usize) -> Self {
        let name = match connections == rooms * size {
            true => format!("{connections} in {rooms} rooms"),
            false => format!("{connections} in {rooms} rooms of {size}"),
        };
        Self::new(name, connections, vec![size; rooms], (0..rooms).collect())
    }

    /// 1,000 connections in 1,000 rooms: the first has 1,000 members, the second 500, the third
    /// 333 and so on. Whoever is in a room speaks in it equally often, so a room of 1,000 is
    /// published into a thousand times as often as a room of one.
    pub fn skewed() -> Self {
        const MANY: usize = 1000;
        let members: Vec<usize> = (1..=MANY).map(|rank| MANY / rank).collect();
        let speakers = members.iter().enumerate();
        let mut turns: Vec<usize> =
            speakers.flat_map(|(room, size)| std::iter::repeat_n(room, *size)).collect();
        shuffle(&mut turns);
        Self::new("1000 in 1000 rooms of 1 to 1000".to_owned(), MANY, members, turns)
    }

    /// The mean number of deliveries that a publish causes.
    pub fn fan_out(&self) -> f64 {
        let deliveries: usize = self.turns.iter().map(|room| self.members[*room]).sum();
        deliveries as f64 / self.turns.len() as f64
    }

    fn new(name: String, connections: usize, members: Vec<usize>, turns: Vec<usize>) -> Self {
        let mut rooms_of = vec![Vec::new(); connections];
        let places = members.iter().enumerate();
        let places = places.flat_map(|(room, size)| std::iter::repeat_n(room, *size));
        for (place, room) in places.enumerate() {
            rooms_of[place % connections].push(room);
        }
        Self { name, rooms_of, members, turns }
    }
}

/// Puts them into an order that looks like chance but is always the same.
fn shuffle(turns: &mut [usize]) {
    let mut state: u64 = 1;
    for last in (1..turns.len()).rev() {
        // The constants are those of Knuth's MMIX.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        turns.swap(last, (state >> 33) as usize % (last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rooms_are_as_large_as_they_are_said_to_be() {
        let shapes = [Shape::even(100, 10, 10), Shape::even(100, 7, 100), Shape::skewed()];
        for shape in shapes {
            let mut members = vec![0; shape.members.len()];
            for rooms in &shape.rooms_of {
                assert_eq!(rooms.iter().collect::<HashSet<_>>().len(), rooms.len(), "each once");
                rooms.iter().for_each(|room| members[*room] += 1);
            }
            assert_eq!(members, shape.members, "{}", shape.name);
        }
    }

    #[test]
    fn the_large_rooms_of_the_skewed_shape_are_busy() {
        let shape = Shape::skewed();
        assert_eq!((shape.members[0], shape.members[999]), (1000, 1));
        assert!((200.0..300.0).contains(&shape.fan_out()), "{}", shape.fan_out());
        assert!((Shape::even(1000, 10, 100).fan_out() - 100.0).abs() < 1e-9);
    }
}
