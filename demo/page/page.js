// Puts the page together: the phones, the clock, the cards, the calls, and one stream of what changes.

import { showCalls } from "./calls.js";
import { Clock } from "./clock.js";
import { make } from "./message.js";
import { Phone } from "./phone.js";

const query = new URLSearchParams(location.search);
const body = document.body;
const phones = new Map();
const tried = new Set();
const names = new Map();
let clock, cardsShown = "", refreshing = 0;

function say(text) {
  const node = document.getElementById("said");
  node.textContent = "";
  requestAnimationFrame(() => { node.textContent = text; });
}

function notice(text) {
  const node = document.getElementById("notice");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { node.hidden = true; }, 6000);
}

async function post(path, what) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(what) });
    const said = await answer.json();
    if (!answer.ok) notice(said.error || "That did not work.");
    return answer.ok;
  } catch {
    notice("The demo does not answer. Is it still running?");
    return false;
  }
}

/** What comes next on either phone is an answer to this. */
function act(what) {
  for (const phone of phones.values()) phone.follower.burst = null;
  return post("/demo/act", what);
}

const fetchSetup = () => fetch(`/demo/setup${query.has("patient") ? `?patient=${encodeURIComponent(query.get("patient"))}` : ""}`).then((answer) => answer.json());

// -- which part is in view on a small screen

/** The small phones are in view together. */
const viewOf = (side) => (side === "backup" || side === "supervisor" ? "further" : side);

function view(name) {
  const following = [...phones.values()].filter((phone) => viewOf(phone.holder.side) === name && phone.follower.following);
  body.dataset.view = name;
  for (const button of document.querySelectorAll(".views button")) {
    const here = button.dataset.view === name;
    button.setAttribute("aria-current", String(here));
    if (here) badge(name, 0);
  }
  requestAnimationFrame(() => { for (const phone of following) phone.follower.follow([]); });
}

function badge(side, count) {
  const node = document.querySelector(`.views [data-view=${side}] .badge`);
  if (!node) return;
  const total = count ? Number(node.dataset.count || 0) + count : 0;
  node.dataset.count = total;
  node.hidden = !total;
  node.replaceChildren(String(total), make("span", "hidden", " new"));
}

function news(side, count) {
  if (body.dataset.view !== viewOf(side)) badge(viewOf(side), count);
  if (side !== "patient") phones.get(side).ring();
}

// -- the clock

/** Offers the next step of the ladder while one waits for an answer; `at` is when it falls due. */
function offerNext(at) {
  const button = document.querySelector("[data-step=next]");
  button.hidden = at === null;
  button.querySelector(".roomy").textContent = at === null ? "" : ` ${clock.hour(at)}`;
}

async function turn(step) {
  const bar = document.querySelector(".clock");
  if (bar.getAttribute("aria-busy") === "true") return;
  bar.setAttribute("aria-busy", "true");
  try {
    if (await post("/demo/turn", { step })) await refresh();
  } finally {
    bar.removeAttribute("aria-busy");
  }
  say(`It is now ${clock.day(clock.now())}, ${clock.hour(clock.now())}.`);
}

// -- things to try

const doers = {
  invitation: () => act({ phone: phones.get("patient").holder.user_id, do: "invitation" }),
  fill: (card) => phones.get(card.phone).offer(card.value),
  play: () => act({ phone: phones.get("patient").holder.user_id, do: "play" }),
  send: (card) => act({ phone: phones.get(card.phone).holder.user_id, do: "text", text: card.value }),
  press: (card) => act({ phone: phones.get(card.phone).holder.user_id, do: "press", text: card.value }),
  turn: (card) => turn(card.value).then(() => true),
  weekly: (card) => { window.open(weeklyAddress(card.value), "_blank", "noopener"); return true; },
};

async function tryCard(card, node) {
  const button = node.querySelector("button");
  if (button.getAttribute("aria-busy")) return;
  if (card.do !== "weekly") {
    view(viewOf(card.phone));
    phones.get(card.phone).place.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  button.setAttribute("aria-busy", "true");
  if (await doers[card.do](card)) {
    tried.add(card.id);
    node.classList.add("done");
  }
  await refresh().catch(() => {});
  button.removeAttribute("aria-busy");
}

function showCards(cards) {
  const now = JSON.stringify(cards);
  if (now === cardsShown) return;
  cardsShown = now;
  const list = document.querySelector(".cards");
  const held = list.contains(document.activeElement);
  list.replaceChildren(...cards.map((card) => {
    const button = make("button", "", card.button);
    button.type = "button";
    const node = make("li", tried.has(card.id) ? "card done" : "card", make("h3", "", card.title), make("p", "", card.detail), button);
    button.addEventListener("click", () => tryCard(card, node));
    return node;
  }));
  if (held) list.querySelector("button")?.focus();
}

const weeklyAddress = (code = query.get("code")) => `/demo/weekly${code ? `?patient=${encodeURIComponent(code)}` : ""}`;

async function refresh() {
  const setup = await fetchSetup();
  clock.set(setup.now);
  tell(setup);
}

/** What stands beside the phones, as it is now. */
function tell(setup) {
  for (const [id, name] of Object.entries(setup.names)) names.set(id, name);
  offerNext(setup.next);
  showCards(setup.suggestions);
}

function refreshSoon() {
  if (refreshing) return;
  refreshing = setTimeout(() => { refreshing = 0; refresh().catch(() => {}); }, 1500);
}

// -- the stream

function follow() {
  const chats = [...phones.values()].map((phone) => `chat=${phone.holder.user_id}`).join("&");
  const source = new EventSource(`/demo/stream?${chats}`);
  const list = document.querySelector(".calls-list");
  source.addEventListener("time", (event) => clock.set(JSON.parse(event.data).now));
  source.addEventListener("message", (event) => {
    const state = JSON.parse(event.data);
    clock.set(state.now);
    if (state.first) list.replaceChildren();
    for (const phone of phones.values()) {
      const mine = (each) => each.chat === phone.holder.user_id;
      const chat = state.chats.find((each) => each.id === phone.holder.user_id);
      if (chat) phone.show(state, chat, state.messages.filter(mine), state.taps.filter(mine));
    }
    showCalls(list, state.calls, clock, names);
    if (state.first ? body.dataset.ready : state.messages.length || state.taps.length) refreshSoon();
    body.dataset.ready = "yes";
  });
  window.addEventListener("pagehide", () => source.close());
}

function showCallsPanel(open) {
  body.classList.toggle("with-calls", open);
  document.getElementById("calls-toggle").setAttribute("aria-expanded", String(open));
}

async function start() {
  const setup = await fetchSetup();
  if (setup.error) { notice(setup.error); return; }
  clock = new Clock(document.querySelector(".clock"), setup.zone);
  clock.set(setup.now);
  for (const holder of setup.phones) {
    const place = document.getElementById(holder.side);
    phones.set(holder.side, new Phone(place, holder, { act, time: clock, say, onNews: (count) => news(holder.side, count) }));
  }
  tell(setup);
  for (const button of document.querySelectorAll(".views button")) button.addEventListener("click", () => view(button.dataset.view));
  for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => turn(button.dataset.step));
  for (const link of document.querySelectorAll("[data-weekly]")) link.href = weeklyAddress();
  const toggle = document.getElementById("calls-toggle");
  toggle.addEventListener("click", () => showCallsPanel(!body.classList.contains("with-calls")));
  showCallsPanel(window.innerWidth >= 1800);
  view("patient");
  follow();
}

start();
