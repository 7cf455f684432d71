#!/bin/sh
# Tests a running hub against its own OpenAPI document: no server error, no undocumented answer.
#   python3 -m venv /tmp/schemathesis && /tmp/schemathesis/bin/pip install schemathesis
#   target/release/colloquy serve --listen 127.0.0.1:3100 --data-dir /tmp/tested-hub
#   PATH=/tmp/schemathesis/bin:$PATH examples/schemathesis.sh http://127.0.0.1:3100
set -eu
hub=${1:?the address of a hub, such as http://127.0.0.1:3100}; shift
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"

# Not every valid value is acceptable: agents that act must exist, and cursors are the hub's own.
# The first person would end local mode, and with it the test; in local mode nobody needs a token.
run() {
  st run "$hub/api/v1/openapi.json" --exclude-checks positive_data_acceptance,ignored_auth \
    --exclude-operation-id invite "$@"
}
run "$@"

# Once more as an agent that exists and with conditions that hold, so that more changes succeed.
agent=$(curl -fsS "$hub/api/v1/agents" -H 'Content-Type: application/json' \
  -d '{"name": "Schemathesis"}' | sed 's/.*"id":"\([^"]*\)".*/\1/')
cat > schemathesis.toml <<END
[parameters]
"header.Colloquy-Act-As" = "$agent"
"header.If-Match" = "*"
END
run "$@"
