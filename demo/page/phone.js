// One phone on the page: its chat, its typing box, its menus. It sends what the person does and shows what the server tells.

import { Follower } from "./follow.js";
import { make, makeMessage, updateMessage } from "./message.js";

const SPIN_MS = 15000;

export class Phone {
  /** `act` posts to the server and resolves to true when it worked; `time` formats dates; `say` speaks to screen readers. */
  constructor(place, holder, { act, time, say, onNews }) {
    Object.assign(this, { place, holder, time, say, onNews });
    this.act = (what) => act({ phone: holder.user_id, ...what });
    this.nodes = new Map();
    this.spinning = new Map();
    this.editing = null;
    this.tapped = 0;
    this.build();
  }

  build() {
    this.place.append(document.getElementById("phone").content.cloneNode(true));
    const find = (query) => this.place.querySelector(query);
    Object.assign(this, {
      log: find(".log"), box: find("textarea"), form: find("form"), begin: find(".begin"), toastNode: find(".toast"),
      commands: find(".commands"), slash: find(".slash"), more: find(".more"), moreMenu: find(".more-menu"), replyKeys: find(".reply-keys"),
    });
    find(".who h2").textContent = this.holder.role;
    find(".who p").textContent = this.holder.name;
    this.place.setAttribute("aria-label", `${this.holder.role}: ${this.holder.name}’s phone`);
    this.log.setAttribute("aria-label", `Chat of ${this.holder.name} with the bot`);
    this.box.setAttribute("aria-label", `Message as ${this.holder.name}`);
    this.follower = new Follower(this.log, find(".newer"), (id) => this.nodes.get(id));
    this.listen(find);
  }

  listen(find) {
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
      if (event.key === "ArrowUp" && !this.commands.hidden) { event.preventDefault(); this.commands.querySelector("button:last-child")?.focus(); }
    });
    this.box.addEventListener("input", () => { this.grow(); this.showCommands(this.box.value.startsWith("/") && !/\s/.test(this.box.value)); });
    this.slash.addEventListener("click", () => this.showCommands(this.commands.hidden, true));
    this.more.addEventListener("click", () => this.showMore(this.moreMenu.hidden));
    this.moreMenu.addEventListener("click", (event) => { const what = event.target.dataset.do; if (what) { this.showMore(false); this.act({ do: what }); } });
    this.begin.addEventListener("click", () => this.start());
    find(".stop-editing").addEventListener("click", () => this.stopEditing());
    this.log.addEventListener("click", (event) => this.clicked(event.target.closest("button")));
    this.replyKeys.addEventListener("click", (event) => this.reply(event.target.closest("button")));
    this.place.addEventListener("keydown", (event) => { if (event.key === "Escape") this.escape(); });
    document.addEventListener("click", (event) => {
      if (!this.more.contains(event.target)) this.showMore(false);
      if (!this.form.contains(event.target)) this.showCommands(false);
    });
  }

  // -- what the server tells

  show(state, chat, messages, taps) {
    const first = state.first;
    this.follower.scrolled(); // before anything moves by itself: the event of the person's own move may still be on its way
    if (first) this.forget(messages);
    this.setChat(state, chat);
    const added = messages.filter((message) => this.put(message, first));
    for (const tap of taps) this.settle(tap, first);
    if (first) this.follower.follow([]);
    else this.follower.came(added);
    if (!first && added.some((message) => message.bot)) this.onNews(added.filter((message) => message.bot).length);
    if (first) requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
  }

  setChat(state, chat) {
    const now = JSON.stringify([state.bot, chat]);
    if (this.chatState === now) return;
    this.chatState = now;
    this.chat = chat;
    this.place.querySelector(".bot strong").textContent = state.bot.name;
    this.place.querySelector(".state").textContent = chat.typing ? "typing…" : "bot";
    clearTimeout(this.typing);
    if (chat.typing) this.typing = setTimeout(() => { this.place.querySelector(".state").textContent = "bot"; }, 5000);
    this.begin.hidden = chat.started && !chat.blocked;
    this.form.hidden = !this.begin.hidden;
    this.begin.textContent = chat.blocked ? "Unblock the bot" : this.holder.side === "patient" ? "Open your invitation" : "Start";
    this.slash.hidden = !chat.commands.length;
    const block = this.moreMenu.querySelector("[data-do=block], [data-do=unblock]");
    block.dataset.do = chat.blocked ? "unblock" : "block";
    block.textContent = chat.blocked ? "Unblock the bot" : "Block the bot";
    this.box.placeholder = chat.hint || "Message";
    this.showReplyKeys(chat.keyboard);
    this.showWelcome(state.bot);
  }

  showWelcome(bot) {
    const welcome = this.log.querySelector(".welcome");
    welcome.hidden = this.nodes.size > 0;
    const title = this.holder.side === "patient" ? `${this.holder.name} has a link from the clinic` : `${this.holder.name}’s phone`;
    const words = bot.description || (this.holder.side === "patient" ? "It opens this chat." : "Pages arrive here.");
    welcome.replaceChildren(make("strong", "", title), make("p", "", words));
  }

  /** Adds or updates one message; true when it is new. */
  put(message, first) {
    const known = this.nodes.get(message.id);
    if (message.deleted) {
      known?.remove();
      this.nodes.delete(message.id);
      return false;
    }
    const node = known || makeMessage(message, message.bot ? "Bot" : this.holder.name);
    const before = node.dataset.words;
    updateMessage(node, message, this.time.hour(message.date));
    if (known) {
      if (before !== node.dataset.words && message.bot && this.tapped === message.id) { this.tapped = 0; this.say(message.text); }
      return false;
    }
    if (!first) node.classList.add("fresh");
    this.dayLine(message);
    this.log.append(node);
    this.nodes.set(message.id, node);
    this.log.querySelector(".welcome").hidden = true;
    return true;
  }

  /** After a restart of the server: what it no longer knows goes. */
  forget(messages) {
    const known = new Set(messages.map((message) => message.id));
    for (const [id, node] of this.nodes) {
      if (!known.has(id)) { node.remove(); this.nodes.delete(id); }
    }
  }

  dayLine(message) {
    const day = this.time.day(message.date);
    if (day === this.lastDay) return;
    this.lastDay = day;
    this.log.append(make("div", "day-line", day));
  }

  settle(tap, first) {
    const key = this.spinning.get(tap.message + " " + tap.data);
    if (!tap.answered) return;
    key?.removeAttribute("aria-busy");
    this.spinning.delete(tap.message + " " + tap.data);
    if (!first && tap.text) this.toast(tap.text);
  }

  toast(text) {
    this.toastNode.textContent = text;
    this.toastNode.hidden = false;
    clearTimeout(this.toasting);
    this.toasting = setTimeout(() => { this.toastNode.hidden = true; }, 5000);
  }

  ring() {
    const phone = this.place.querySelector(".phone");
    phone.classList.add("ring");
    setTimeout(() => phone.classList.remove("ring"), 1600);
  }

  // -- what the person does

  async send() {
    const text = this.box.value.trim();
    const editing = this.editing;
    if (!text) return;
    this.stopEditing();
    this.showCommands(false);
    const done = await (editing === null ? this.act({ do: "text", text }) : this.act({ do: "edit", message: editing, text }));
    if (!done && !this.box.value) this.fill(text);
  }

  fill(text) {
    this.box.value = text;
    this.grow();
    this.box.focus();
  }

  /** Words that are not sent yet. Who has no chat with the bot so far opens it first. */
  async offer(text) {
    if (!this.begin.hidden && !(await this.start())) return false;
    this.form.hidden = false;
    this.fill(text);
    return true;
  }

  start() {
    if (this.chat.blocked) return this.act({ do: "unblock" });
    return this.act(this.holder.side === "patient" ? { do: "invitation" } : { do: "text", text: "/start" });
  }

  clicked(button) {
    if (!button) return;
    if (button.dataset.command) this.act({ do: "text", text: button.dataset.command });
    if (button.dataset.edit) this.startEditing(Number(button.dataset.edit));
    if (button.dataset.copy) navigator.clipboard?.writeText(button.dataset.copy).then(() => this.toast("Copied."), () => {});
    if (button.dataset.data) this.tap(button);
  }

  async tap(key) {
    if (key.getAttribute("aria-busy")) return;
    key.setAttribute("aria-busy", "true");
    const message = Number(key.dataset.message);
    const name = message + " " + key.dataset.data;
    this.spinning.set(name, key);
    this.tapped = message;
    setTimeout(() => key.removeAttribute("aria-busy"), SPIN_MS);
    if (!(await this.act({ do: "tap", message, data: key.dataset.data }))) key.removeAttribute("aria-busy");
  }

  reply(button) {
    if (!button) return;
    if (button.dataset.contact) this.act({ do: "contact", text: "+15550100" });
    else this.act({ do: "text", text: button.textContent });
  }

  startEditing(id) {
    this.editing = id;
    this.place.querySelector(".editing").hidden = false;
    this.fill(this.nodes.get(id).querySelector(".words").textContent);
  }

  stopEditing() {
    this.editing = null;
    this.place.querySelector(".editing").hidden = true;
    this.box.value = "";
    this.grow();
  }

  grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight + 2}px`;
  }

  // -- menus

  showCommands(open, focus = false) {
    const typed = this.box.value.startsWith("/") ? this.box.value.slice(1).toLowerCase() : "";
    const fitting = (this.chat?.commands || []).filter((each) => each.command.startsWith(typed));
    this.commands.replaceChildren(...fitting.map((each) => {
      const button = make("button", "", make("b", "", `/${each.command}`), make("span", "", each.description));
      button.type = "button";
      button.addEventListener("click", () => { this.showCommands(false); this.box.value = ""; this.act({ do: "text", text: `/${each.command}` }); this.box.focus(); });
      return button;
    }));
    this.commands.hidden = !open || !fitting.length;
    this.slash.setAttribute("aria-expanded", String(!this.commands.hidden));
    if (focus && !this.commands.hidden) this.commands.querySelector("button").focus();
  }

  showMore(open) {
    this.moreMenu.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (open) this.moreMenu.querySelector("button").focus();
  }

  escape() {
    if (!this.moreMenu.hidden) { this.showMore(false); this.more.focus(); }
    if (!this.commands.hidden) { this.showCommands(false); this.box.focus(); }
    if (this.editing !== null) this.stopEditing();
  }

  showReplyKeys(rows) {
    this.replyKeys.hidden = !rows.length;
    this.replyKeys.replaceChildren(...rows.map((row) => make("div", "key-row", ...row.map((each) => {
      const key = make("button", "key", each.text);
      key.type = "button";
      if (each.request_contact) key.dataset.contact = "yes";
      return key;
    }))));
  }
}
