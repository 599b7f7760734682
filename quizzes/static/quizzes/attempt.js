// Saves each change of the answer, keeps unsent ones on the device, and counts the time down.
// Without this script the same form saves by its buttons.
import { all, get, put, settle, wipe } from "./queue.js";

const form = document.querySelector("#soal");
const page = form.dataset;
const index = Number(page.index);
const prefix = `${page.user}/${page.attempt}/`;
const key = prefix + index;
const IDLE = 1500;
const LONGEST = 5000;
const SLOWEST = 30000;
const PATIENCE = 10000; // a lost line says nothing: whoever waits longer waits for ever
const SOON = 3000;

const clientId = (sessionStorage.klinikClient ??= random());
let lastSent = Promise.resolve();
let isSending = false;
let pause = 1000;
const timers = {};
let passes = false;

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function nextSeq() {
  const seq = Number(sessionStorage.klinikSeq ?? 0) + 1;
  sessionStorage.klinikSeq = String(seq);
  return seq;
}

// --- the answer of the form ---------------------------------------------------------------------
const inputs = () => [...form.querySelectorAll('[name^="jawaban"]')];

function read() {
  const fields = inputs();
  if (page.type === "matching") {
    const pairs = fields.filter((field) => field.value);
    if (!pairs.length) return null;
    return Object.fromEntries(pairs.map((field) => [field.name.slice("jawaban-".length), field.value]));
  }
  if (page.type === "numeric") return fields[0].value.trim() ? { raw: fields[0].value } : null;
  const chosen = fields.filter((field) => field.checked).map((field) => field.value);
  if (page.type === "multiple") return chosen.length ? chosen : null;
  return chosen[0] ?? null;
}

function write(value) {
  sayReading("");
  for (const field of inputs()) {
    if (page.type === "matching") field.value = value?.[field.name.slice("jawaban-".length)] ?? "";
    else if (page.type === "numeric") field.value = value?.raw ?? "";
    else field.checked = Array.isArray(value) ? value.includes(field.value) : field.value === value;
  }
}

function inWords(value) {
  if (value === null || value === undefined) return page.wordEmpty;
  if (value.raw !== undefined) return value.raw;
  const label = (one) => {
    const field = inputs().find((each) => each.value === one && each.type !== "select-one");
    return field ? field.closest("label").textContent.trim() : one;
  };
  if (page.type !== "matching") return [].concat(value).map(label).join("; ");
  return Object.entries(value)
    .map(([prompt, target]) => {
      const select = inputs().find((each) => each.name === `jawaban-${prompt}`);
      const option = [...select.options].find((each) => each.value === target);
      return `${select.labels[0].textContent.trim()}: ${option?.textContent ?? ""}`;
    })
    .join("; ");
}

// --- words about the state ----------------------------------------------------------------------
const stateBox = document.querySelector("#keadaan");

function say(text, isGood) {
  stateBox.textContent = text;
  stateBox.className = `save-state ${isGood ? "ok" : "warn"}`;
}

function clock(moment) {
  const parts = { hour: "2-digit", minute: "2-digit", timeZone: page.zone };
  return new Intl.DateTimeFormat("id", parts).format(new Date(moment));
}

// How a typed number was read: "1.500" is a thousand and a half.
function sayReading(text) {
  const box = form.querySelector("[data-reading]");
  if (box && box.textContent !== text) box.textContent = text;
}

async function sayWaiting() {
  const waiting = await all(prefix);
  if (waiting.length) say(page.wordWaiting.replace("{n}", waiting.length), false);
}

// --- saving -------------------------------------------------------------------------------------
const revField = form.elements.base_rev;

async function keep(value = read()) {
  clearTimeout(timers.idle);
  clearTimeout(timers.longest);
  clearTimeout(timers.slow);
  timers.idle = timers.longest = null;
  // An emptied answer is saved by "Clear answer" only: it must be meant.
  if (value === null) return;
  await put(key, {
    index,
    client_id: clientId,
    seq: nextSeq(),
    base_rev: Number(revField.value),
    value,
  });
  say(page.wordSaving, true);
  timers.slow = setTimeout(sayWaiting, SOON);
  send();
}

function send() {
  lastSent = lastSent.then(sendAll);
  return lastSent;
}

async function sendAll() {
  if (isSending) return;
  isSending = true;
  clearTimeout(timers.retry);
  timers.retry = null;
  try {
    for (const entry of await all(prefix)) {
      if (!(await sendOne(entry, true))) break;
    }
  } finally {
    isSending = false;
  }
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
  sayWaiting();
  timers.retry = setTimeout(send, pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, SLOWEST);
}

// Returns whether the next entry may follow. An entry goes only when the server has decided on it.
async function sendOne({ index: item, ...save }, mayRenew) {
  let reply;
  try {
    reply = await call(`/items/${item}`, "PUT", save);
  } catch {
    later();
    return false;
  }
  if (reply.status === 403 && mayRenew && (await renewToken())) {
    return sendOne({ index: item, ...save }, false);
  }
  if (reply.status === 401 || reply.status === 403) {
    say(page.wordSignIn, false);
    timers.retry = setTimeout(send, SLOWEST);
    return false;
  }
  if (reply.status === 429 || reply.status >= 500) {
    later();
    return false;
  }
  pause = 1000;
  return decided(item, save, reply.status, await reply.json());
}

async function decided(item, save, status, told) {
  if (status === 410) {
    await wipe(prefix);
    passes = true;
    location.assign(page.result);
    return false;
  }
  if (status === 409 && item !== index) return true;
  await settle(prefix + item, save.seq);
  if (item !== index) return true;
  if (status === 409) return conflict(save.value, told);
  if (status === 422) {
    say(`${page.wordRefused}: ${told.detail}`, false);
    return true;
  }
  revField.value = told.rev;
  syncTime(told);
  sayReading(told.reading);
  say(`${page.wordSaved} ${clock(told.server_now)}`, true);
  tabs?.postMessage({ index, rev: told.rev, value: save.value });
  return true;
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

// --- two copies ---------------------------------------------------------------------------------
function conflict(mine, told) {
  const box = document.querySelector("#benturan");
  const inner = box.querySelector("div");
  const line = (text) => Object.assign(document.createElement("p"), { textContent: text });
  const button = (text, kind, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    made.className = `button ${kind}`;
    made.onclick = () => {
      box.hidden = true;
      revField.value = told.rev;
      act();
    };
    return made;
  };
  box.setAttribute("role", "alert");
  const choice = Object.assign(document.createElement("div"), { className: "actions" });
  choice.append(
    button(page.wordKeepServer, "secondary", () => {
      write(told.value);
      say(page.wordSaved, true);
    }),
    button(page.wordKeepMine, "secondary", () => {
      write(mine);
      keep(mine);
    }),
  );
  inner.replaceChildren(
    inner.firstElementChild,
    line(`${page.wordServer} ${inWords(told.value)}`),
    line(`${page.wordHere} ${inWords(mine)}`),
    choice,
  );
  box.hidden = false;
  say(page.wordRefused, false);
  return false;
}

const tabs = "BroadcastChannel" in window ? new BroadcastChannel(`klinik-${page.attempt}`) : null;
if (tabs) {
  tabs.onmessage = async ({ data }) => {
    if (data.index !== index || (await get(key))) return;
    revField.value = data.rev;
    write(data.value);
  };
}

// --- time ---------------------------------------------------------------------------------------
let endsAt = null;
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

async function timeOver() {
  try {
    const pending = await all(prefix);
    const told = await (await call("/submit", "POST", { reason: "timeout", pending })).json();
    if (told.state === "in_progress") return syncTime(told);
    await wipe(prefix);
    passes = true;
    location.assign(page.result);
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
  if (event.target.name?.startsWith("jawaban")) keep();
});
form.addEventListener("input", (event) => {
  if (event.target.type !== "text") return;
  sayReading("");
  clearTimeout(timers.idle);
  timers.idle = setTimeout(keep, IDLE);
  timers.longest ??= setTimeout(keep, LONGEST);
});
form.addEventListener("submit", async (event) => {
  if (passes || event.submitter?.name === "hapus") {
    passes = true;
    return;
  }
  event.preventDefault();
  if (timers.idle) await keep();
  await Promise.race([send(), new Promise((resolve) => setTimeout(resolve, SOON))]);
  if (await get(key)) return sayWaiting();
  passes = true;
  form.requestSubmit(event.submitter);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && timers.idle) keep();
  if (!document.hidden && page.deadline) askTime();
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("online", send);
addEventListener("beforeunload", (event) => {
  if (!passes && (timers.retry || timers.idle)) event.preventDefault();
});

// A reload shows what was typed and not yet sent.
const held = await get(key);
if (held) write(held.value);
if ((await all(prefix)).length) {
  await sayWaiting();
  send();
}
