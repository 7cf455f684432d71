//! Who is subscribed to what, in both directions.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use colloquy_protocol::topic::Topic;

/// From topics to clients and from clients to topics.
///
/// `C` is what a client is called. Nothing of a client stays behind after
/// [`remove_client`](Self::remove_client), and nothing of a topic that nobody is subscribed to.
///
/// ```
/// use colloquy_protocol::topic::Topic;
/// use colloquy_server::hub::SubscriptionManager;
///
/// let mut subscriptions = SubscriptionManager::default();
/// let topic: Topic = "agent:agent-123".parse()?;
/// assert!(subscriptions.subscribe("client", topic.clone()));
/// assert!(!subscriptions.subscribe("client", topic.clone()), "twice is once");
/// assert_eq!(subscriptions.subscribers(&topic).collect::<Vec<_>>(), [&"client"]);
/// # Ok::<(), colloquy_protocol::topic::InvalidTopic>(())
/// ```
#[derive(Debug, Clone)]
pub struct SubscriptionManager<C> {
    clients: HashMap<Topic, HashSet<C>>,
    topics: HashMap<C, HashSet<Topic>>,
    count: usize,
}

/// Nobody is subscribed to anything.
impl<C> Default for SubscriptionManager<C> {
    fn default() -> Self {
        Self { clients: HashMap::new(), topics: HashMap::new(), count: 0 }
    }
}

impl<C: Eq + Hash + Clone> SubscriptionManager<C> {
    /// Subscribes a client; whether that is new.
    pub fn subscribe(&mut self, client: C, topic: Topic) -> bool {
        let new = self.topics.entry(client.clone()).or_default().insert(topic.clone());
        if new {
            self.clients.entry(topic).or_default().insert(client);
            self.count += 1;
        }
        new
    }

    /// Ends a subscription; whether there was one.
    pub fn unsubscribe(&mut self, client: &C, topic: &Topic) -> bool {
        let Some(topics) = self.topics.get_mut(client) else { return false };
        if !topics.remove(topic) {
            return false;
        }
        if topics.is_empty() {
            self.topics.remove(client);
        }
        self.forget(client, topic);
        true
    }

    /// Ends all subscriptions of a client, and names them.
    pub fn remove_client(&mut self, client: &C) -> HashSet<Topic> {
        let topics = self.topics.remove(client).unwrap_or_default();
        for topic in &topics {
            self.forget(client, topic);
        }
        topics
    }

    /// Who is subscribed to exactly this topic.
    pub fn subscribers(&self, topic: &Topic) -> impl Iterator<Item = &C> {
        self.clients.get(topic).into_iter().flatten()
    }

    /// Who hears of an entity: the subscribers of its topic and of its kind's `*`, each once.
    pub fn audience(&self, topic: &Topic) -> impl Iterator<Item = &C> {
        let of_one = self.clients.get(topic);
        let of_all = self.clients.get(&Topic::All(topic.kind()));
        let only_of_all = of_all
            .into_iter()
            .flatten()
            .filter(move |client| !of_one.is_some_and(|subscribers| subscribers.contains(*client)));
        of_one.into_iter().flatten().chain(only_of_all)
    }

    /// What a client is subscribed to.
    pub fn topics(&self, client: &C) -> impl Iterator<Item = &Topic> {
        self.topics.get(client).into_iter().flatten()
    }

    /// Whether a client is subscribed to exactly this topic.
    pub fn is_subscribed(&self, client: &C, topic: &Topic) -> bool {
        self.topics.get(client).is_some_and(|topics| topics.contains(topic))
    }

    /// How many topics a client is subscribed to.
    pub fn topic_count(&self, client: &C) -> usize {
        self.topics.get(client).map_or(0, HashSet::len)
    }

    /// How many subscriptions there are in all.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody is subscribed to anything.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty() && self.clients.is_empty()
    }

    fn forget(&mut self, client: &C, topic: &Topic) {
        if let Some(clients) = self.clients.get_mut(topic) {
            clients.remove(client);
            if clients.is_empty() {
                self.clients.remove(topic);
            }
        }
        self.count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn topics() -> Vec<Topic> {
        ["agent:a", "agent:b", "agent:*", "chat:a", "chat:*"]
            .into_iter()
            .map(|text| text.parse().unwrap())
            .collect()
    }

    proptest! {
        /// Whatever is done, both directions agree with a plain set of pairs.
        #[test]
        fn agrees_with_a_set_of_pairs(steps in prop::collection::vec((0..3u8, 0..4u32, 0..5usize), 0..60)) {
            let topics = topics();
            let mut manager = SubscriptionManager::default();
            let mut pairs = BTreeSet::new();
            for (step, client, topic) in steps {
                let pair = (client, topics[topic].clone());
                match step {
                    0 => prop_assert_eq!(
                        manager.subscribe(client, pair.1.clone()),
                        pairs.insert(pair)
                    ),
                    1 => prop_assert_eq!(manager.unsubscribe(&client, &pair.1), pairs.remove(&pair)),
                    _ => {
                        manager.remove_client(&client);
                        pairs.retain(|(one, _)| *one != client);
                    }
                }
            }
            prop_assert_eq!(manager.len(), pairs.len());
            prop_assert_eq!(manager.is_empty(), pairs.is_empty());
            for topic in &topics {
                let expected: BTreeSet<u32> =
                    pairs.iter().filter(|(_, one)| one == topic).map(|(client, _)| *client).collect();
                prop_assert_eq!(manager.subscribers(topic).copied().collect::<BTreeSet<_>>(), expected);
                let all = Topic::All(topic.kind());
                let audience: Vec<u32> = manager.audience(topic).copied().collect();
                let heard: BTreeSet<u32> = pairs
                    .iter()
                    .filter(|(_, one)| one == topic || *one == all)
                    .map(|(client, _)| *client)
                    .collect();
                prop_assert_eq!(audience.len(), heard.len(), "each once");
                prop_assert_eq!(audience.into_iter().collect::<BTreeSet<_>>(), heard);
            }
            for client in 0..4 {
                let expected: BTreeSet<&Topic> =
                    pairs.iter().filter(|(one, _)| *one == client).map(|(_, topic)| topic).collect();
                prop_assert_eq!(manager.topics(&client).collect::<BTreeSet<_>>(), expected.clone());
                prop_assert_eq!(manager.topic_count(&client), expected.len());
                for topic in &topics {
                    prop_assert_eq!(manager.is_subscribed(&client, topic), expected.contains(topic));
                }
            }
        }
    }
}
