//! The session against a model of the hub ([`hub`]), over a network that loses connections at any
//! moment ([`world`]): nothing is lost, nothing comes twice, and the cursor never moves back.
//! [`scenarios`] has the cases worth a name.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests may panic as tests do"
)]

mod hub;
mod scenarios;
mod world;

use colloquy_protocol::topic::Topic;
use proptest::{prelude::*, sample::select};

use self::{
    hub::Habits,
    world::{Step, World},
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_covered_event_comes_once_whatever_happens(
        habits in habits(),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut world = World::new(habits);
        for step in steps {
            world.take(step);
        }
        world.settle();
        world.check_that_nothing_is_missing();
    }
}

fn habits() -> impl Strategy<Value = Habits> {
    any::<(bool, bool, bool)>().prop_map(|(merges, interleaves, keeps_replaying)| Habits {
        merges,
        interleaves,
        keeps_replaying,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => about().prop_map(Step::Append),
        8 => (1..6usize).prop_map(Step::ReadByHub),
        8 => prop::collection::vec(0..4usize, 1..6).prop_map(Step::Serve),
        8 => (1..8usize).prop_map(Step::ReadByClient),
        4 => Just(Step::Heartbeat),
        2 => Just(Step::Load),
        2 => topic().prop_map(Step::SubscribeLoaded),
        3 => (topic(), prop::option::of(0..12usize))
            .prop_map(|(topic, back)| Step::Subscribe(topic, back)),
        2 => topic().prop_map(Step::Unsubscribe),
        2 => Just(Step::Break),
        3 => Just(Step::WaitForDeadline),
        1 => Just(Step::Wake),
        1 => Just(Step::Reconnect),
        1 => Just(Step::DisconnectAndConnect),
        1 => (0..8usize).prop_map(Step::Forget),
        1 => (0..20usize).prop_map(Step::Restore),
    ]
}

fn about() -> impl Strategy<Value = Option<Topic>> {
    let entities = ["agent:a", "agent:b", "chat:a", "chat:b"];
    prop::option::weighted(0.8, select(entities.to_vec()).prop_map(|text| text.parse().unwrap()))
}

fn topic() -> impl Strategy<Value = Topic> {
    let topics = ["agent:a", "agent:b", "agent:*", "chat:a", "chat:*"];
    select(topics.to_vec()).prop_map(|text| text.parse().unwrap())
}
