"""Sees every event of the hub, uses every event of a client, and checks their fields.

1. Start the hub:           cargo xtask serve
2. Install what this needs: pip install -r examples/python/requirements.txt
3. Run it:                  python examples/python/colloquy_tour.py

COLLOQUY_URL says where the hub is, if not at http://127.0.0.1:3000, and COLLOQUY_TOKEN is an
administrator's token where people sign in (see examples/README.md).

It deletes what it creates, and exits with 0 when all was as it should be, else with 1.
"""

import asyncio
import itertools
import json
import os
import sys
import urllib.request
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

HUB = (os.environ.get("COLLOQUY_URL") or "http://127.0.0.1:3000").rstrip("/")
TOKEN = os.environ.get("COLLOQUY_TOKEN")
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}

# What the payload of each event from the hub carries.
SERVER_EVENTS: dict[str, set[str]] = {
    "agent:created": {"agentId", "agent", "userId", "timestamp"},
    "agent:updated": {"agentId", "agent", "userId", "timestamp"},
    "agent:deleted": {"agentId", "userId", "timestamp"},
    "agent:statusChanged": {"agentId", "agent", "userId", "timestamp"},
    "chat:created": {"chatId", "chat", "userId", "timestamp"},
    "chat:updated": {"chatId", "chat", "userId", "timestamp"},
    "chat:deleted": {"chatId", "userId", "timestamp"},
    "chat:messageCreated": {"chatId", "messageId", "userId", "timestamp"},
    "chat:participantJoined": {"chatId", "participantId", "userId", "timestamp"},
    "chat:participantLeft": {"chatId", "participantId", "userId", "timestamp"},
    "chat:receiptUpdated": {"chatId", "messageId", "receipt", "userId", "timestamp"},
    "collection:created": {"collectionId", "metadata", "userId", "timestamp"},
    "collection:updated": {"collectionId", "metadata", "userId", "timestamp"},
    "collection:deleted": {"collectionId", "userId", "timestamp"},
    "system:notification": {"type", "message", "details", "timestamp"},
}
# What it carries besides, so that the state before and the event make the state after.
STATE: dict[str, set[str]] = {
    "chat:messageCreated": {"message"},
    "chat:participantJoined": {"chat"},
    "chat:participantLeft": {"chat"},
    "collection:created": {"collection"},
    "collection:updated": {"collection"},
}
# What the reply to each event of a client carries.
STARTED = {"epoch", "offset"}
RECEIPT = {"messageId", "principalId", "principalKind", "receivedAt", "readAt"}
CLIENT_EVENTS: dict[str, set[str]] = {
    "subscribe:agent": STARTED,
    "unsubscribe:agent": set(),
    "subscribe:chat": STARTED,
    "unsubscribe:chat": set(),
    "subscribe:collection": STARTED,
    "unsubscribe:collection": set(),
    "client:ready": STARTED,
    "client:disconnect": set(),  # said without an id here: the hub closes with 1000
    "message:received": RECEIPT,
    "message:read": RECEIPT,
}

Json = dict[str, Any]


async def rest(method: str, path: str, body: Json | None = None) -> Json:
    """Asks the REST API; an error raises `urllib.error.HTTPError`."""
    request = urllib.request.Request(f"{HUB}/api/v1{path}", None, AUTHORIZATION, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")

    def send() -> Json:
        with urllib.request.urlopen(request) as response:
            answer: Json = json.loads(response.read() or b"{}")
            return answer

    return await asyncio.to_thread(send)


class Connection:
    """A WebSocket to the hub: replies go to whoever asked, events into a queue."""

    def __init__(self, socket: ClientConnection) -> None:
        self.events: asyncio.Queue[Json] = asyncio.Queue()
        self.replies: dict[str, Json] = {}
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}

    async def read(self) -> None:
        """Reads until the connection is closed."""
        async for text in self._socket:
            frame = json.loads(text)
            if "reply" in frame:
                self._waiting.pop(frame["reply"]).set_result(frame)
            elif "offset" in frame:
                self.events.put_nowait(frame)

    async def leave(self) -> None:
        """Tells the hub that this client goes, so that it closes the connection."""
        await self._socket.send(json.dumps({"event": "client:disconnect"}))

    async def say(self, event: str, payload: str | Json | None = None) -> None:
        """Sends an event and waits for its reply."""
        number = next(self._ids)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"event": event, "payload": payload, "id": number}
        await self._socket.send(json.dumps(message))
        frame = await reply
        if "error" in frame:
            raise RuntimeError(f"{event}: {frame['error']['message']}")
        self.replies[event] = frame["ok"]


async def tour(hub: Connection) -> dict[str, Json]:
    """Makes everything happen; the payload of each event that was seen."""
    # Ids may be chosen, and subscribed to before there is anything of that id.
    run = uuid.uuid4().hex[:8]
    agent, chat, collection = f"agent-{run}", f"chat-{run}", f"collection-{run}"
    await hub.say("subscribe:agent", agent)
    await hub.say("subscribe:chat", chat)
    await hub.say("subscribe:collection", collection)
    await hub.say("client:ready")

    await rest("POST", "/agents", {"id": agent, "name": "Tourist"})
    await rest("PATCH", f"/agents/{agent}", {"description": "Looks at everything once"})
    status = {"status": "working", "statusDetail": "On tour"}
    await rest("PUT", f"/agents/{agent}/status", status)

    await rest("POST", "/chats", {"id": chat, "title": "Sights"})
    await rest("PATCH", f"/chats/{chat}", {"title": "Sights and sounds"})
    joining = {"participantId": agent, "kind": "agent"}
    await rest("POST", f"/chats/{chat}/participants", joining)
    message = await rest("POST", f"/chats/{chat}/messages", {"content": "Hello, hub!"})
    await hub.say("message:received", {"messageId": message["id"]})
    await hub.say("message:read", {"messageId": message["id"]})
    await rest("DELETE", f"/chats/{chat}/participants/{agent}")

    await rest("POST", "/collections", {"id": collection, "name": "Souvenirs"})
    await rest("PATCH", f"/collections/{collection}", {"metadata": {"weight": 3}})

    await rest("DELETE", f"/collections/{collection}")
    await rest("DELETE", f"/chats/{chat}")
    await rest("DELETE", f"/agents/{agent}")
    over = f"Tour {run} is over"
    await rest("POST", "/notifications", {"type": "success", "message": over})

    # Events come in the order of the log: with the last one here, all of them are.
    seen: dict[str, Json] = {}
    try:
        async with asyncio.timeout(10):
            while seen.get("system:notification", {}).get("message") != over:
                event = await hub.events.get()
                seen[event["event"]] = event["payload"]
    except TimeoutError:
        print("The last event did not come.")

    await hub.say("unsubscribe:agent", agent)
    await hub.say("unsubscribe:chat", chat)
    await hub.say("unsubscribe:collection", collection)
    await hub.leave()
    return seen


def report(title: str, expected: dict[str, set[str]], seen: dict[str, Json]) -> bool:
    """Prints a row for each event; whether all are there with just these fields."""
    print(f"\n{title}")
    complete = True
    for event, fields in expected.items():
        fields = fields | STATE.get(event, set())
        found = set(seen[event]) if event in seen else None
        complete &= found == fields
        if found is None:
            print(f"  ✗ {event:24} was not seen")
        elif found == fields:
            print(f"  ✓ {event:24} {', '.join(seen[event]) or '-'}")
        else:
            lacks, adds = sorted(fields - found), sorted(found - fields)
            print(f"  ✗ {event:24} lacks {lacks}, has besides {adds}")
    return complete


async def main() -> int:
    url = f"{HUB.replace('http', 'ws', 1)}/ws"
    async with asyncio.timeout(60), connect(url, additional_headers=AUTHORIZATION) as socket:
        hub = Connection(socket)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hub.read())
            seen = await tour(hub)
    if socket.close_code == 1000:
        hub.replies["client:disconnect"] = {}
    seen_all = report("From the hub, and what it carries:", SERVER_EVENTS, seen)
    used_all = report("To the hub, and what it replies:", CLIENT_EVENTS, hub.replies)
    print("\nThat is all." if seen_all and used_all else "\nThat is not all.")
    return 0 if seen_all and used_all else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
