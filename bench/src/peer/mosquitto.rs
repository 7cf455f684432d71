//! mosquitto, over plain MQTT: Debian builds it without WebSockets.

use std::{env::join_paths, fs, process::Command};

use anyhow::Result;
use colloquy_protocol::position::Position;

use super::{Peer, Place, Turn, debian};
use crate::wire::{Wire, mqtt};

#[derive(Debug)]
pub(super) struct Mosquitto;

impl Peer for Mosquitto {
    fn name(&self) -> &'static str {
        "mosquitto"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let configuration = place.folder.join("mosquitto.conf");
        let port = place.port;
        fs::write(
            &configuration,
            // By itself it drops messages of QoS 0 for whom more than a thousand wait.
            format!(
                "listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence false
max_queued_messages 0
connection_messages false
log_dest none
user root
"
            ),
        )?;
        let libraries =
            fs::read_dir(debian("usr/lib")?)?.filter_map(|entry| Some(entry.ok()?.path()));
        let mut command = Command::new(debian("usr/sbin/mosquitto")?);
        command.arg("-c").arg(&configuration).env("LD_LIBRARY_PATH", join_paths(libraries)?);
        Ok(command)
    }

    fn wire(&self) -> Wire {
        Wire::Mqtt
    }

    fn converse(
        &self,
        heard: Option<(u8, &[u8])>,
        rooms: &[usize],
        _since: Option<&Position>,
    ) -> Turn {
        match heard {
            None => Turn::Say(mqtt::connect()),
            Some((mqtt::CONNACK, _)) if !rooms.is_empty() => {
                Turn::Say(mqtt::subscribe(rooms.iter().map(usize::to_string)))
            }
            Some((mqtt::CONNACK | mqtt::SUBACK, _)) => Turn::Subscribed,
            Some(_) => Turn::Wait,
        }
    }

    fn publish(&self, room: usize, payload: &str) -> Vec<u8> {
        mqtt::publish(&room.to_string(), payload.as_bytes())
    }
}
