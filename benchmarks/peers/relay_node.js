// A relay on ws and better-sqlite3: node relay_node.js PORT DATABASE. A session token is a name, a group everybody.
"use strict";
const { WebSocketServer } = require("ws");
const Database = require("better-sqlite3");

const [port, path] = process.argv.slice(2);
const database = new Database(path);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("CREATE TABLE entries (chat, seq, sender, content, PRIMARY KEY (chat, seq))");
const insert = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?)");
const here = new Map(), last = new Map();
let waiting = [];

const commit = database.transaction((batch) => {
  for (const { name, said } of batch) {
    const chat = said.group_id || [name, said.to_user].sort().join("/");
    said.seq = (last.get(chat) || 0) + 1;
    last.set(chat, said.seq);
    insert.run(chat, said.seq, name, said.content);
  }
});

// What arrives in one turn is one batch.
function store() {
  const batch = waiting;
  waiting = [];
  commit(batch);
  for (const { there, name, said } of batch) {
    const { content, ...place } = { ...said, timestamp: Date.now() / 1000 };
    there.send(JSON.stringify({ ...place, message_type: "message_sent" }));
    const text = Buffer.from(JSON.stringify({ ...place, message_type: "incoming_message", from: name, content }));
    const all = said.group_id ? server.clients : [here.get(name), here.get(said.to_user)];
    for (const one of all) one?.send(text, { binary: false });
  }
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), perMessageDeflate: false });
server.on("connection", (there) => {
  let name = null;
  there.on("message", (data) => {
    const said = JSON.parse(data);
    if (name === null) {
      name = said.session_token;
      here.set(name, there);
      there.send(JSON.stringify({ message_type: "auth_response", success: true }));
    } else {
      if (waiting.length === 0) setImmediate(store);
      waiting.push({ there, name, said });
    }
  });
});
