// Takes a whole attempt on one page: shows one question at a time under its own address, keeps each
// change on the device at once, sends what changed within seconds together, counts the time down.
// Without this script the same form saves by its buttons, and each question is a page.
import { all, put, settle, wipe } from "./queue.js";
import { questionPage } from "./question.js";

const form = document.querySelector("#soal");
const page = form.dataset;
const items = JSON.parse(document.querySelector("#semua-soal").textContent);
const view = questionPage(form, items.length);
const prefix = `${page.user}/${page.attempt}/`;
const TYPING = 1500; // a pause in typing, then the number goes, to be echoed as it was read
const GATHER = 12000; // within this time answers wait for one another, kept on the device
const LAST_MINUTE = 60000; // before the deadline each goes at once
const SLOWEST = 30000;
const PATIENCE = 10000; // a lost line says nothing: whoever waits longer waits for ever
const SOON = 3000;
const LARGEST = 12000; // bytes of one request; the server takes 16 KiB

const clientId = (sessionStorage.klinikClient ??= random());
const conflicts = new Map(); // by index: { mine, told }
const refusals = new Map(); // by index: why the last answer was not taken
const unsent = new Set(); // indexes whose newest answer the server has not answered yet
const timers = {};
let current = Number(page.index);
let lastSent = Promise.resolve();
let writing = Promise.resolve();
let isSending = false;
let pause = 1000;
let passes = false;
let endsAt = null;

const itemAt = (index) => items[index - 1];
const addressOf = (index) => `${page.here}${index}/`;

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function nextSeq() {
  const seq = Number(sessionStorage.klinikSeq ?? 0) + 1;
  sessionStorage.klinikSeq = String(seq);
  return seq;
}

// Several choices are the same in any order.
function isSame(one, other) {
  const ordered = (value) => {
    if (Array.isArray(value)) return [...value].sort();
    return value && typeof value === "object" ? Object.entries(value).sort() : value;
  };
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

function clock(moment) {
  const parts = { hour: "2-digit", minute: "2-digit", timeZone: page.zone };
  return new Intl.DateTimeFormat("id", parts).format(new Date(moment));
}

// --- words about the state ----------------------------------------------------------------------
function say(text, isGood) {
  view.say(text, isGood);
}

function sayWaiting() {
  if (unsent.size) say(page.wordWaiting.replace("{n}", unsent.size), false);
}

function refuse(index, detail) {
  const where = index === current ? "" : ` (${page.wordQuestion.replace("{n}", index)})`;
  say(`${page.wordRefused}${where}: ${detail}`, false);
}

function sayState() {
  if (refusals.has(current)) return refuse(current, refusals.get(current));
  if (conflicts.has(current)) return say(page.wordRefused, false);
  if (unsent.size) return timers.retry ? sayWaiting() : say(page.wordSaving, true);
  say(itemAt(current).rev ? page.wordSaved : "", true);
}

// --- one question at a time ---------------------------------------------------------------------
function show(index, { isNew = true } = {}) {
  if (!itemAt(index)) return;
  current = index;
  if (isNew) history.pushState(null, "", addressOf(index));
  view.draw(itemAt(index));
  view.list(items, index);
  view.conflict(conflicts.get(index), choices(index));
  sayState();
  view.focus();
}

function indexHere() {
  const found = location.pathname.slice(page.here.length).match(/^(\d+)\/$/);
  return location.pathname.startsWith(page.here) && found ? Number(found[1]) : 0;
}

// Where the answers are looked over and handed in is a page of its own: all must be stored first.
async function check() {
  await flush();
  const stopped = [...conflicts.keys(), ...refusals.keys()].sort((one, other) => one - other)[0];
  if (stopped) return show(stopped);
  if (unsent.size) return sayWaiting();
  passes = true;
  location.assign(page.check);
}

// --- saving -------------------------------------------------------------------------------------
// Keeps the answer on the device at once; it is sent after the pause that its kind needs.
function keep(index, value, delay, { clear = false } = {}) {
  const item = itemAt(index);
  const entry = { index, client_id: clientId, seq: nextSeq(), base_rev: item.rev, value, clear };
  Object.assign(item, { value, seq: entry.seq });
  refusals.delete(index);
  unsent.add(index);
  view.list(items, current);
  say(page.wordSaving, true);
  writing = writing.then(() => put(prefix + index, entry));
  sendSoon(delay);
}

function change(delay) {
  const value = view.read(itemAt(current));
  // An emptied answer is saved by "Clear answer" only: it must be meant.
  if (value !== null) keep(current, value, delay);
}

// Nothing waits longer than GATHER; who goes on typing puts off only what was typed.
function sendSoon(delay) {
  const now = performance.now();
  const isLate = endsAt !== null && endsAt - now < LAST_MINUTE;
  timers.latest ??= now + GATHER;
  const planned = delay === TYPING ? timers.latest : (timers.due ?? timers.latest);
  timers.due = isLate ? now : Math.min(now + delay, planned);
  clearTimeout(timers.send);
  timers.send = setTimeout(send, timers.due - now);
}

function send() {
  clearTimeout(timers.send);
  timers.send = timers.latest = timers.due = null;
  clearTimeout(timers.slow);
  timers.slow = setTimeout(sayWaiting, SOON);
  lastSent = lastSent.then(() => writing).then(sendAll);
  return lastSent;
}

// Sends what waits and returns when the server has answered, or when it takes too long.
function flush() {
  return Promise.race([send(), new Promise((resolve) => setTimeout(resolve, SOON))]);
}

async function sendAll() {
  if (isSending) return;
  isSending = true;
  clearTimeout(timers.retry);
  timers.retry = null;
  try {
    let together = Infinity;
    for (;;) {
      const waiting = (await all(prefix)).filter((entry) => !conflicts.has(entry.index));
      if (!waiting.length) break;
      const answer = await sendTogether(fitting(waiting, together), true);
      if (answer === "one by one") together = 1;
      else if (answer === "stop") break;
    }
  } finally {
    isSending = false;
  }
}

function fitting(entries, most) {
  const size = (some) => JSON.stringify(some).length;
  const chosen = entries.slice(0, Math.min(most, 50));
  while (chosen.length > 1 && size(chosen) > LARGEST) chosen.pop();
  return chosen;
}

function call(path, method, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  return fetch(page.api + path, {
    method,
    headers,
    body: body && JSON.stringify(body),
    keepalive: true,
    signal: AbortSignal.timeout?.(PATIENCE),
  });
}

function later() {
  timers.retry = setTimeout(send, pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, SLOWEST);
  sayWaiting();
  return "stop";
}

// An entry leaves the device only when the server has decided on it.
async function sendTogether(entries, mayRenew) {
  let reply;
  try {
    reply = await call("/replay", "POST", { events: entries });
  } catch {
    return later();
  }
  if (reply.status === 403 && mayRenew && (await renewToken())) return sendTogether(entries, false);
  if (reply.status === 401 || reply.status === 403) {
    say(page.wordSignIn, false);
    timers.retry = setTimeout(send, SLOWEST);
    return "stop";
  }
  if (reply.status === 429 || reply.status >= 500) return later();
  pause = 1000;
  const told = await reply.json();
  if (!reply.ok) {
    if (entries.length > 1) return "one by one";
    await decide(entries[0], { outcome: "refused", detail: told.detail ?? told.title ?? "" }, told);
    return "go on";
  }
  if (told.state !== "in_progress") return finish();
  for (const [place, entry] of entries.entries()) await decide(entry, told.results[place], told);
  syncTime(told);
  view.list(items, current);
  if (!unsent.size) clearTimeout(timers.slow);
  return "go on";
}

async function decide(entry, result, told) {
  const { index } = entry;
  const item = itemAt(index);
  const isNewest = !item.seq || item.seq === entry.seq;
  if (result.outcome === "conflict") {
    unsent.delete(index);
    conflicts.set(index, { entry, told: result });
    if (index === current) view.conflict(conflicts.get(index), choices(index));
    return refuse(index, result.detail);
  }
  await settle(prefix + index, entry.seq);
  if (isNewest) unsent.delete(index);
  if (result.outcome === "refused") {
    if (isNewest) refusals.set(index, result.detail);
    return refuse(index, result.detail);
  }
  item.rev = result.rev;
  if (isNewest) item.reading = result.reading;
  if (index === current && isNewest) view.reading(result.reading);
  if (!unsent.size && !refusals.size) say(`${page.wordSaved} ${clock(told.server_now)}`, true);
  tabs?.postMessage({ index, rev: result.rev, value: entry.value });
}

async function finish() {
  await wipe(prefix);
  unsent.clear();
  passes = true;
  location.assign(page.result);
  return "stop";
}

async function renewToken() {
  try {
    const reply = await call("/clock", "GET");
    if (!reply.ok) return false;
    form.elements.csrfmiddlewaretoken.value = (await reply.json()).csrf;
    return true;
  } catch {
    return false;
  }
}

async function mark() {
  const item = itemAt(current);
  try {
    const reply = await call(`/items/${item.index}/flag`, "PUT", { flagged: !item.flagged });
    if (!reply.ok) throw new Error(reply.status);
    item.flagged = (await reply.json()).flagged;
    if (item.index === current) view.mark(item.flagged);
    view.list(items, current);
  } catch {
    say(page.wordRefused, false);
  }
}

// --- two copies ---------------------------------------------------------------------------------
// The answer of this page waits on the device until the person has chosen.
function choices(index) {
  const choose = async (act) => {
    const { entry, told } = conflicts.get(index);
    view.conflict(undefined);
    await settle(prefix + index, entry.seq);
    // Until it has left the device the entry counts as stopped, or a send meanwhile would take it.
    if (!conflicts.delete(index)) return; // a second press
    itemAt(index).rev = told.rev;
    act(entry, told);
  };
  return {
    server: () =>
      choose((_entry, told) => {
        itemAt(index).value = told.value;
        view.write(itemAt(index));
        view.list(items, current);
        sayState();
      }),
    mine: () =>
      choose((entry) => {
        view.write({ ...itemAt(index), value: entry.value });
        keep(index, entry.value, 0, { clear: entry.clear });
      }),
  };
}

const tabs = "BroadcastChannel" in window ? new BroadcastChannel(`klinik-${page.attempt}`) : null;
if (tabs) {
  tabs.onmessage = ({ data }) => {
    if (unsent.has(data.index) || conflicts.has(data.index)) return;
    Object.assign(itemAt(data.index), { rev: data.rev, value: data.value });
    if (data.index === current) view.write(itemAt(current));
    view.list(items, current);
  };
}

// --- time ---------------------------------------------------------------------------------------
const timeBox = document.querySelector("#waktu span");
const spokenBox = document.querySelector("#waktu-ucap");
const SPOKEN = [10, 5, 1];

function syncTime(told) {
  if (!told.deadline_at) return;
  endsAt = performance.now() + (Date.parse(told.deadline_at) - Date.parse(told.server_now));
  // Only the hour is anew: the zone behind it is the server's word.
  page.ends = page.ends.replace(/^\d\d\D\d\d/, clock(told.deadline_at));
}

async function tick() {
  if (endsAt === null) return;
  const left = endsAt - performance.now();
  const minutes = Math.max(0, Math.ceil(left / 60000));
  const count = minutes === 1 ? page.minute : page.minutes.replace("2", minutes);
  const words = page.wordLeft.replace("{left}", count);
  const shown = `${words}, ${page.wordUntil.replace("{at}", page.ends)}`;
  if (timeBox.textContent !== shown) timeBox.textContent = shown;
  if (SPOKEN.includes(minutes) && spokenBox.dataset.said !== String(minutes)) {
    spokenBox.dataset.said = String(minutes);
    spokenBox.textContent = words;
  }
  if (left <= 0) {
    endsAt = null;
    await timeOver();
  }
}

// The hand-in carries what is not stored yet.
async function timeOver() {
  try {
    await writing;
    const pending = fitting(await all(prefix), Infinity);
    const reply = await call("/submit", "POST", { reason: "timeout", pending });
    const told = await reply.json();
    if (told.state === "in_progress") return syncTime(told);
    await finish();
  } catch {
    setTimeout(timeOver, 2000);
  }
}

async function askTime() {
  try {
    const reply = await call("/clock", "GET");
    if (!reply.ok) return;
    const told = await reply.json();
    form.elements.csrfmiddlewaretoken.value = told.csrf;
    if (told.state === "in_progress") return syncTime(told);
    passes = true;
    location.assign(page.result);
  } catch {
    return; // no network: the countdown runs on
  }
}

if (page.deadline) {
  syncTime({ deadline_at: page.deadline, server_now: page.serverNow });
  setInterval(tick, 1000);
  setInterval(askTime, 30000);
}

// --- events -------------------------------------------------------------------------------------
form.addEventListener("change", (event) => {
  if (event.target.name?.startsWith("jawaban") && event.target.type !== "text") change(GATHER);
});
form.addEventListener("input", (event) => {
  if (event.target.type !== "text") return;
  view.reading("");
  change(TYPING);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, value } = event.submitter ?? {};
  if (name === "hapus") {
    view.write({ ...itemAt(current), value: null, reading: "" });
    keep(current, null, 0, { clear: true });
  } else if (value === "tandai") mark();
  else if (value === "periksa") check();
  else show(Number(value) || current + 1);
});
form.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const index = Number(link.closest("#daftar") && link.pathname.slice(page.here.length).replace("/", ""));
  if (!index && link.id !== "ke-periksa") return;
  event.preventDefault();
  if (index) show(index);
  else check();
});
addEventListener("popstate", () => {
  const index = indexHere();
  if (index) show(index, { isNew: false });
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && unsent.size) send();
  if (!document.hidden && page.deadline) askTime();
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("online", send);
addEventListener("beforeunload", (event) => {
  if (!passes && unsent.size) event.preventDefault();
});

// What was chosen before this script had come is a change like any other; what the server has just
// refused is not: the person has still to say.
const early = "refused" in page ? null : view.read(itemAt(current));
if (early !== null && !isSame(early, itemAt(current).value)) change(GATHER);
await writing;

// A reload shows what was changed and not yet stored. What was changed since is known already, and
// may even have been answered by the server while this was read.
for (const entry of await all(prefix)) {
  const item = itemAt(entry.index);
  if (!item || item.seq) continue;
  Object.assign(item, { value: entry.value, seq: entry.seq });
  unsent.add(entry.index);
  if (entry.index === current) view.write(item);
}
view.list(items, current);
if (unsent.size) {
  sayWaiting();
  send();
}
