#!/bin/sh
# Tests a hub where people sign in as two of them: nothing without a token, nothing of others' chats.
#   python3 -m venv /tmp/schemathesis && /tmp/schemathesis/bin/pip install schemathesis
#   PATH=/tmp/schemathesis/bin:$PATH examples/schemathesis_people.sh target/release/colloquy
set -eu
colloquy=$(realpath "${1:?the executable, such as target/release/colloquy}"); shift
folder=$(mktemp -d); cd "$folder"
hub=http://127.0.0.1:3101
export COLLOQUY_DATA_DIR="$folder/data" COLLOQUY_LISTEN=127.0.0.1:3101 COLLOQUY_AUTH=required
export COLLOQUY_LIMIT_REQUESTS=1000000 COLLOQUY_LIMIT_MESSAGES=1000000
COLLOQUY_LIMIT_SIGN_INS=1000000 "$colloquy" serve > hub.log 2>&1 &
hub_id=$!; trap 'kill "$hub_id"; cd /; rm -rf "$folder"' EXIT
curl -fsS --retry 50 --retry-connrefused --retry-delay 1 "$hub/ready" > ready.json

# An administrator, without whom nobody else can be; a member and a viewer, each with a token.
"$colloquy" user add admin@example.org --name Admin --role admin > admin.link
for role in member viewer; do
  "$colloquy" user add "$role@example.org" --name "$role" --role "$role" > "$role.link"
  "$colloquy" token create --user "$role@example.org" --name Schemathesis \
    --scope read,messages,chats,collections,agents,notifications > "$role.token"
done
member=$(cat member.token); viewer=$(cat viewer.token)

# A chat that only the member is in, and what is said there.
post() {
  curl -fsS "$hub/api/v1$1" -H "Authorization: Bearer $member" \
    -H 'Content-Type: application/json' -d "$2"
}
post /chats '{"id": "secret", "title": "Hush-hush", "visibility": "participants"}' > chat.json
message=$(post /chats/secret/messages '{"content": "Hush-hush"}' | sed 's/.*"id":"\([^"]*\)".*/\1/')

cat > hooks.py <<'END'
import schemathesis


@schemathesis.check
def others_chats_do_not_exist(ctx, response, case):
    """What one may not see is told by no status and no byte of an answer."""
    assert "Hush-hush" not in response.text, f"{case.method} {case.path} tells of a private chat"
    if case.path.startswith(("/api/v1/chats/{id}", "/api/v1/messages/{id}")):
        own = (case.path_parameters or {}).get("id") in ("secret", MESSAGE)
        assert not own or response.status_code >= 400, f"{case.method} {case.path}: it was done"
        if own and case.method == "GET":
            # 401: a try without the token; 422: a query that is none.
            assert response.status_code in (401, 404, 422), response.status_code
END
sed -i "s/MESSAGE)/\"$message\")/" hooks.py

# Not every valid value is acceptable: cursors are the hub's own, and a token acts as nobody else.
run() {
  SCHEMATHESIS_HOOKS=hooks st run "$hub/api/v1/openapi.json" \
    --exclude-checks positive_data_acceptance "$@"
}
echo "As the member, whose chat it is:"
SCHEMATHESIS_HOOKS='' st run "$hub/api/v1/openapi.json" \
  --exclude-checks positive_data_acceptance -H "Authorization: Bearer $member" \
  --exclude-path-regex '^/api/v1/connections/' "$@"
echo "As the viewer, at whatever there is:"
run -H "Authorization: Bearer $viewer" "$@"
echo "As the viewer, at the member's chat:"
cat > schemathesis.toml <<END
[parameters]
"path.id" = "secret"
END
run -H "Authorization: Bearer $viewer" --include-path-regex '^/api/v1/chats/[{]id[}]' "$@"
cat > schemathesis.toml <<END
[parameters]
"path.id" = "$message"
END
run -H "Authorization: Bearer $viewer" --include-path-regex '^/api/v1/messages/' "$@"
