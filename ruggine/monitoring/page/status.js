// Asks /metrics every two seconds and draws what has changed. Nothing else is asked of anybody.
"use strict";

const EVERY_MS = 2000, KEPT = 150;
const drawn = {};
let before = null;

const at = (id) => document.getElementById(id);
const show = (id, text) => { at(id).textContent = text; };

// Prometheus text: a name, labels in braces where there are any, and a value in each line.
function read(text) {
  const samples = [];
  for (const line of text.split("\n")) {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found) continue;
    const labels = {};
    for (const [, key, value] of (found[2] || "").matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) labels[key] = value;
    samples.push({ name: found[1], labels, value: Number(found[3].replace("+Inf", "Infinity")) });
  }
  return samples;
}

const all = (samples, name) => samples.filter((s) => s.name === name);
const sum = (samples, name) => all(samples, name).reduce((total, s) => total + s.value, 0);

// The bound below which half of what was observed between two looks lies; null where nothing was.
function half(now, then, name) {
  const earlier = new Map(all(then, name + "_bucket").map((s) => [s.labels.le, s.value]));
  const buckets = all(now, name + "_bucket").map((s) => [s.labels.le, s.value - (earlier.get(s.labels.le) || 0)]);
  const count = buckets.length ? buckets[buckets.length - 1][1] : 0;
  if (count <= 0) return null;
  const within = buckets.find(([, upto]) => upto * 2 >= count);
  return within[0] === "+Inf" ? Infinity : Number(within[0]) * 1000;
}

// All digits as long as they have room.
const whole = (n) => Math.round(n).toLocaleString("en", n < 1e7 ? {} : { notation: "compact", maximumFractionDigits: 2 });
const ms = (n) => n === null ? "–" : n === Infinity ? "over 10 s" : `${n} ms`;
function bytes(n) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 1000 && unit < 4) { n /= 1000; unit += 1; }
  return `${n.toFixed(unit && n < 100 ? 1 : 0)} ${units[unit]}`;
}

// What each chart shows, and how its values are told.
const CHARTS = {
  rate: (n) => n > 0 && n < 10 ? n.toFixed(1) : whole(n),
  delivery: ms, commit: ms, open: whole, cpu: (n) => `${n.toFixed(1)} %`, memory: bytes,
};

// The newest value of a chart; null where there is none.
function keep(id, value) {
  const points = drawn[id] = drawn[id] || [];
  points.push(value);
  if (points.length > KEPT) points.shift();
  draw(at(id + "-chart"), points);
  const known = points.filter((p) => p !== null);
  show(id + "-most", known.length ? `at most ${CHARTS[id](Math.max(...known))}` : "nothing yet");
}

function draw(svg, points) {
  const known = points.filter((p) => p !== null && p !== Infinity);
  const most = Math.max(...known, 1e-9) * 1.1;
  const x = (i) => ((KEPT - points.length + i) / (KEPT - 1) * 100).toFixed(2);
  const y = (p) => (40 - Math.min(p, most) / most * 40).toFixed(2);
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.replaceChildren(element("line", { x1: 0, x2: 100, y1: 40, y2: 40 }));
  // A line for each stretch without a gap; one point alone is a dot.
  let first = null;
  [...points, null].forEach((p, i) => {
    if (p !== null) {
      first = first ?? i;
    } else if (first !== null) {
      const line = points.slice(first, i).map((q, k) => `${x(first + k)} ${y(q)}`).join("L");
      if (i - first > 1) svg.append(element("path", { class: "under", d: `M${line}L${x(i - 1)} 40L${x(first)} 40Z` }));
      svg.append(element("path", { d: `M${line}h0.01` }));
      first = null;
    }
  });
}

function element(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function table(id, samples, label) {
  const rows = samples.filter((s) => s.value > 0).sort((a, b) => b.value - a.value);
  at(id).replaceChildren(...(rows.length ? rows : [null]).map((sample) => {
    const row = document.createElement("tr");
    for (const text of sample ? [sample.labels[label], whole(sample.value)] : ["none"]) {
      const cell = row.insertCell();
      cell.textContent = text;
      if (!sample) cell.className = "none";
    }
    return row;
  }));
}

function showNow(now) {
  const connections = sum(now, "ruggine_connections");
  show("users", whole(sum(now, "ruggine_users_online")));
  show("connections", whole(connections));
  show("ports", all(now, "ruggine_connections").map((s) => `${whole(s.value)}\u00a0${s.labels.port}`).join(", "));
  show("stored", whole(sum(now, "ruggine_messages_stored_total")));
  show("delivered", whole(sum(now, "ruggine_messages_delivered_total")));
  show("outgoing", bytes(sum(now, "ruggine_outgoing_bytes")));
  const redis = all(now, "ruggine_redis_up");
  show("redis", !redis.length ? "not used" : redis[0].value ? "up" : "away");
  show("reconnects", redis.length ? `came back ${whole(sum(now, "ruggine_redis_reconnects_total"))} times` : "");
  show("open", whole(connections));
  keep("open", connections);
  const memory = sum(now, "process_resident_memory_bytes");
  show("memory", bytes(memory));
  keep("memory", memory);
  table("refusals", all(now, "ruggine_refusals_total"), "code");
  table("logins", all(now, "ruggine_logins_total"), "result");
  table("auths", all(now, "ruggine_websocket_auths_total"), "result");
}

function showSince(now, then, seconds) {
  const gained = (name) => (sum(now, name) - sum(then, name)) / seconds;
  const rate = gained("ruggine_messages_stored_total");
  show("rate", CHARTS.rate(rate));
  keep("rate", rate);
  for (const id of ["delivery", "commit"]) {
    const value = half(now, then, `ruggine_${id}_seconds`);
    show(id, ms(value));
    keep(id, value);
  }
  const cpu = gained("process_cpu_seconds_total") * 100;
  show("cpu", CHARTS.cpu(cpu));
  keep("cpu", cpu);
}

function state(text, away) {
  show("state", text);
  at("state").className = away ? "away" : "";
  document.body.className = away ? "stale" : "";
  document.title = away ? "Ruggine does not answer" : "Ruggine";
}

async function look() {
  try {
    const answer = await fetch("metrics", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.status);
    const now = read(await answer.text()), time = performance.now();
    const started = sum(now, "process_start_time_seconds");
    showNow(now);
    // After a restart its counters begin anew: there is nothing to compare with.
    if (before && before.started === started) showSince(now, before.now, (time - before.time) / 1000);
    before = { now, time, started };
    state(started ? `Runs since ${new Date(started * 1000).toLocaleString()}` : "Runs");
  } catch {
    before = null;
    for (const id in drawn) keep(id, null);
    state("The daemon does not answer. Asking again every two seconds …", true);
  }
  setTimeout(look, EVERY_MS);
}

look();
