//! nchan, nginx's module, with one worker and without a store of messages.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use super::{Peer, Place, debian, list, post};

#[derive(Debug)]
pub(super) struct Nchan;

impl Peer for Nchan {
    fn name(&self) -> &'static str {
        "nchan"
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let configuration = place.folder.join("nginx.conf");
        let module = debian("usr/lib/nginx/modules/ngx_nchan_module.so")?;
        let (port, module) = (place.port, module.display());
        // The module has nginx make a folder in there, whatever the configuration says.
        fs::create_dir_all("/var/lib/nginx").context("nchan cannot do without /var/lib/nginx")?;
        fs::write(
            &configuration,
            format!(
                "load_module {module};
                daemon off;
                worker_processes 1;
                user root;
                pid nginx.pid;
                error_log stderr crit;
                events {{ worker_connections 12000; }}
                http {{
                    access_log off;
                    tcp_nodelay on;
                    keepalive_timeout 1h;
                    keepalive_requests 1000000000;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    nchan_store_messages off;
                    server {{
                        listen 127.0.0.1:{port} backlog=4096;
                        location = /subscribe {{
                            nchan_subscriber websocket;
                            nchan_channel_id $arg_rooms;
                            nchan_channel_id_split_delimiter ',';
                        }}
                        location = /publish {{
                            nchan_publisher http;
                            nchan_channel_id $arg_room;
                        }}
                    }}
                }}"
            ),
        )?;
        let mut command = Command::new(debian("usr/sbin/nginx")?);
        command.arg("-p").arg(&place.folder).arg("-c").arg(&configuration);
        command.args(["-e", "stderr"]);
        Ok(command)
    }

    fn path(&self, rooms: &[usize]) -> String {
        format!("/subscribe?rooms={}", list(rooms))
    }

    fn publish(&self, room: usize, payload: &str) -> Vec<u8> {
        post(&format!("/publish?room={room}"), "application/json", payload)
    }
}
