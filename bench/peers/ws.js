// `ws` on Node: rooms are sets of sockets. node ws.js PORT
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const rooms = new Map();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const payload = Buffer.concat(chunks);
    for (const socket of rooms.get(request.url.slice(1)) ?? []) {
      socket.send(payload, { binary: false });
    }
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 0;
server.on("upgrade", (request, stream, head) => {
  sockets.handleUpgrade(request, stream, head, (socket) => {
    const names = request.url.slice(1).split(",");
    for (const name of names) {
      if (!rooms.has(name)) rooms.set(name, new Set());
      rooms.get(name).add(socket);
    }
    socket.on("close", () => names.forEach((name) => rooms.get(name).delete(socket)));
  });
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
