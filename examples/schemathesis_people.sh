#!/bin/sh
# Tests a hub where people sign in as some of them: nothing without a token, nothing of others' chats.
#   python3 -m venv /tmp/schemathesis && /tmp/schemathesis/bin/pip install schemathesis
#   PATH=/tmp/schemathesis/bin:$PATH examples/schemathesis_people.sh target/release/colloquy
set -eu
colloquy=$(realpath "${1:?the executable, such as target/release/colloquy}"); shift
folder=$(mktemp -d); cd "$folder"
hub=http://127.0.0.1:3101
export COLLOQUY_DATA_DIR="$folder/data" COLLOQUY_LISTEN=127.0.0.1:3101 COLLOQUY_AUTH=required
export COLLOQUY_LIMIT_REQUESTS=1000000 COLLOQUY_LIMIT_MESSAGES=1000000
export COLLOQUY_LIMIT_SIGN_INS=1000000
"$colloquy" serve > hub.log 2>&1 &
hub_id=$!; trap 'kill "$hub_id"; cd /; rm -rf "$folder"' EXIT
curl -fsS --retry 50 --retry-connrefused --retry-delay 1 "$hub/ready" > ready.json

# An administrator, without whom nobody else can be; then two members and a viewer with tokens.
"$colloquy" user add admin@example.org --name Admin --role admin > admin.link
token() {
  "$colloquy" user add "$1@example.org" --name "$1" --role "$2" > "$1.link"
  "$colloquy" token create --user "$1@example.org" --name Schemathesis \
    --scope read,messages,chats,collections,agents,notifications
}
owner=$(token owner member); other=$(token other member); viewer=$(token viewer viewer)

# A chat that only its owner is in, and what is said there.
post() {
  curl -fsS "$hub/api/v1$1" -H "Authorization: Bearer $owner" \
    -H 'Content-Type: application/json' -d "$2"
}
export SECRET=Hush-hush
post /chats "{\"id\": \"secret\", \"title\": \"$SECRET\", \"visibility\": \"participants\"}" > chat.json
message=$(post /chats/secret/messages "{\"content\": \"$SECRET\"}" | sed 's/.*"id":"\([^"]*\)".*/\1/')

cat > hooks.py <<END
import os

import schemathesis

OWNED = ("/api/v1/chats/{id}", "/api/v1/messages/{id}")


@schemathesis.check
def others_chats_do_not_exist(ctx, response, case):
    """What one may not see is told by no status and no byte of an answer."""
    # Not written out: what is written here may be generated, and sent back rightly.
    assert os.environ["SECRET"] not in response.text, "it tells of a private chat"
    which = (case.path_parameters or {}).get("id")
    if case.path.startswith(OWNED) and which in ("secret", "$message"):
        assert response.status_code >= 400, "it was done"
        # Else it is refused before anybody looks: without a token, or for its form.
        if response.status_code not in (400, 401, 403, 405, 408, 413, 415, 422):
            assert response.status_code == 404, "it says that there is something"
END

# Not every valid value is acceptable: cursors are the hub's own, and a token acts as nobody else.
run() {
  SCHEMATHESIS_HOOKS=hooks st run "$hub/api/v1/openapi.json" \
    --exclude-checks positive_data_acceptance "$@"
}
at() {
  printf '[parameters]\n"path.id" = "%s"\n' "$1" > schemathesis.toml
}
echo "As another member and as a viewer, at the owner's chat and message:"
for token in "$other" "$viewer"; do
  at secret; run -H "Authorization: Bearer $token" --include-path-regex '/chats/[{]id[}]' "$@"
  at "$message"; run -H "Authorization: Bearer $token" --include-path-regex '/messages/' "$@"
done
rm schemathesis.toml
echo "As both, at whatever there is:"
for token in "$other" "$viewer"; do
  run -H "Authorization: Bearer $token" "$@"
done
