// Socket.IO on Node, as its documentation advises where there are many connections: WebSocket
// only, no compression, the first request forgotten. node socket-io.js PORT
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const payload = JSON.parse(Buffer.concat(chunks).toString());
    io.to(request.url.slice(1)).emit("message", payload);
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 0;
const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});
io.engine.on("connection", (socket) => {
  socket.request = null;
});
io.on("connection", (socket) => {
  socket.on("join", (names, joined) => {
    socket.join(names);
    joined();
  });
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
