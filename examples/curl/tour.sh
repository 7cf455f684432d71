#!/usr/bin/env bash
# Makes all events of the hub but chat:receiptUpdated happen, with nothing but curl (7.83 or later).
#
# 1. Start the hub:  cargo xtask serve
# 2. Watch:          open http://127.0.0.1:3000/demo/websocket and subscribe to everything there
# 3. Run it:         examples/curl/tour.sh
#
# COLLOQUY_URL says where the hub is, if not there, and COLLOQUY_TOKEN is an administrator's token where
# people sign in (see examples/README.md).
#
# It deletes what it creates, and fails when one of the events is not in the log at the end.
set -euo pipefail

api="${COLLOQUY_URL:-http://127.0.0.1:3000}/api/v1"
run="$(date +%s)-$$"
agent="agent-$run" chat="chat-$run" collection="collection-$run"

# Who asks. Where people sign in a token says so; elsewhere Colloquy-Act-As makes it an agent.
who=() as_agent=(--header "Colloquy-Act-As: $agent")
if [ -n "${COLLOQUY_TOKEN:-}" ]; then
  who=(--header "Authorization: Bearer $COLLOQUY_TOKEN") as_agent=()
fi

# Asks the API and shows the answer; an error of the API ends the script.
ask() {
  local method="$1" path="$2"
  shift 2
  printf '\n%s %s\n' "$method" "$path"
  curl --silent --show-error --fail-with-body --request "$method" "${who[@]}" \
    "$api$path" "$@"
  echo
}

# A header of the answer to GET.
header() {
  curl --silent --show-error --fail --output /dev/null --write-out "%header{$2}" "${who[@]}" "$api$1"
}

# Everything that is read says which place in the log it shows: where to go on from, later.
offset="$(header /agents colloquy-offset)"
echo "The log is at $offset of epoch $(header /agents colloquy-epoch)."

ask POST /agents --json '{"id": "'"$agent"'", "name": "Curl"}'
ask PUT "/agents/$agent/status" --json '{"status": "working", "statusDetail": "On tour"}'

# If-Match: only if nobody changed it since it was read (412 otherwise).
ask PATCH "/agents/$agent" --header "If-Match: $(header "/agents/$agent" etag)" \
  --json '{"description": "Knows one protocol very well"}'

ask POST /chats --json '{"id": "'"$chat"'", "title": "Sights"}'
ask PATCH "/chats/$chat" --json '{"title": "Sights and sounds"}'
ask POST "/chats/$chat/participants" --json '{"participantId": "'"$agent"'", "kind": "agent"}'

# Idempotency-Key: asked twice, said once.
for _ in 1 2; do
  ask POST "/chats/$chat/messages" --header "Idempotency-Key: hello-$run" "${as_agent[@]}" \
    --json '{"content": "Hello, hub!"}'
done
ask DELETE "/chats/$chat/participants/$agent"

ask POST /collections --json '{"id": "'"$collection"'", "name": "Souvenirs"}'
ask PATCH "/collections/$collection" --json '{"metadata": {"weight": 3}}'

ask DELETE "/collections/$collection"
ask DELETE "/chats/$chat"
ask DELETE "/agents/$agent"
ask POST /notifications --json '{"type": "success", "message": "The tour is over"}'

# The log itself: what a client that was away would be sent.
log="$(ask GET "/events?since=$offset&limit=200")"
echo
missing=0
for event in agent:{created,updated,deleted,statusChanged} \
  chat:{created,updated,deleted,messageCreated,participantJoined,participantLeft} \
  collection:{created,updated,deleted} system:notification; do
  case "$log" in
    *'"event":"'"$event"'"'*) echo "✓ $event" ;;
    *) echo "✗ $event" && missing=1 ;;
  esac
done
exit "$missing"
