// Bun: its own server and topics. bun bun.js PORT
const server = Bun.serve({
  port: Number(process.argv[2]),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request, server) {
    const rooms = new URL(request.url).pathname.slice(1);
    if (request.method !== "POST") {
      return server.upgrade(request, { data: rooms.split(",") })
        ? undefined
        : new Response(null, { status: 426 });
    }
    server.publish(rooms, await request.text());
    return new Response(null, { status: 204 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    open(socket) {
      socket.data.forEach((room) => socket.subscribe(room));
    },
    message() {},
  },
});
