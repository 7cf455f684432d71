"""An agent that answers people in a chat, and resumes when its connection is lost.

1. Start the hub:           cargo xtask serve
2. Install what this needs: pip install -r examples/python/requirements.txt
3. Run it:                  python examples/python/agent.py

COLLOQUY_URL says where the hub is, if not at http://127.0.0.1:3000, and COLLOQUY_TOKEN is the agent's
token where people sign in (see examples/README.md).
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

HUB = (os.environ.get("COLLOQUY_URL") or "http://127.0.0.1:3000").rstrip("/")
# A token is bound to its agent, which is there already.
TOKEN = os.environ.get("COLLOQUY_TOKEN")
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
AGENT = "echo"
CHAT = "echo-room"
AS_AGENT = {} if TOKEN else {"Colloquy-Act-As": AGENT}

# The hub does not want a client back that it closed with one of these.
FINAL = {1000, 1002, 1007, 1009, 4001, 4002, 4004}

Json = dict[str, Any]


def rest(method: str, path: str, body: Json, headers: Mapping[str, str] = {}) -> None:
    """Asks the REST API. That something is there already (409) is fine.

    What may pass (429, 5xx) is raised.
    """
    request = urllib.request.Request(
        f"{HUB}/api/v1{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **AUTHORIZATION, **headers},
        method=method,
    )
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as error:
        if error.code == 429 or error.code >= 500:
            raise
        if error.code != 409:
            sys.exit(f"{method} {path}: {error.read().decode()}")


async def answer(hub: ClientConnection, message: Json) -> None:
    """Acknowledges what a person says, and answers it once however often it comes."""
    if message["senderKind"] != "user":
        return
    acknowledged = {"messageId": message["id"]}
    await hub.send(json.dumps({"event": "message:received", "payload": acknowledged}))
    reply = {"content": f"You said: {message['content']}", "replyTo": message["id"]}
    once = {**AS_AGENT, "Idempotency-Key": f"answer-{message['id']}"}
    await asyncio.to_thread(rest, "POST", f"/chats/{CHAT}/messages", reply, once)
    await hub.send(json.dumps({"event": "message:read", "payload": acknowledged}))
    print(f"Answered {message['senderId']}: {message['content']}")


async def live(hub: ClientConnection, cursor: Json) -> None:
    """Handles what comes after the cursor, and moves it on behind what was handled."""
    ready = {"since": cursor} if cursor else {}
    await hub.send(json.dumps({"event": "subscribe:chat", "payload": CHAT}))
    await hub.send(json.dumps({"event": "client:ready", "payload": ready, "id": 1}))
    started = False
    async for text in hub:
        match json.loads(text):
            case {"reply": 1, "error": _}:
                return
            case {"reply": 1, "ok": {"recovered": True}}:
                started = True
            case {"reply": 1, "ok": {"epoch": epoch, "offset": offset}}:
                # The first time; or the log no longer holds what came after the cursor,
                # and an agent with a state of its own would load it afresh now.
                started = True
                cursor.update(epoch=epoch, offset=offset)
            case {"event": "hub:heartbeat", "payload": {"offset": offset}} if started:
                cursor.update(offset=offset)
            case {"event": event, "payload": payload, "offset": offset}:
                if event == "chat:messageCreated":
                    await answer(hub, payload["message"])
                cursor.update(offset=offset)


async def main() -> None:
    if not TOKEN:
        rest("POST", "/agents", {"id": AGENT, "name": "Echo"})
    rest("POST", "/chats", {"id": CHAT, "title": "Echo"})
    joining = {"participantId": AGENT, "kind": "agent"}
    rest("POST", f"/chats/{CHAT}/participants", joining)
    rest("PUT", f"/agents/{AGENT}/status", {"status": "idle"}, AS_AGENT)
    print(f"Say something at {HUB}/chats/{CHAT}")

    cursor: Json = {}
    # While the hub cannot be reached, `connect` tries again, waiting longer each time.
    url = f"{HUB.replace('http', 'ws', 1)}/ws{'' if TOKEN else f'?actAs={AGENT}'}"
    async for hub in connect(url, additional_headers=AUTHORIZATION):
        with contextlib.suppress(ConnectionClosed, OSError):
            await live(hub, cursor)
        if hub.close_code in FINAL:
            break
        # 4006: it said too much, and may say as much again in a minute.
        await asyncio.sleep(60 if hub.close_code == 4006 else random.random())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
