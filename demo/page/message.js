// One message as the page shows it: its words with their entities, what is attached, its stamp and its keyboard.

const WRAPS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };
const ICONS = { photo: ["🖼", "Photo"], voice: ["🎤", "Voice message"], video: ["🎬", "Video"], document: ["📄", "File"], location: ["📍", "Location"], contact: ["👤", "Phone number"] };

/** An element with a class and children; text is never read as HTML. */
export function make(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** Words cut at their entities; the offsets are UTF-16 units, as JavaScript counts too. */
function renderWords(text, entities, from = 0, to = text.length) {
  const out = [];
  let at = from;
  entities.forEach((entity, index) => {
    const start = entity.offset, end = entity.offset + entity.length;
    if (start < at || end > to) return;
    const inside = entities.slice(index + 1).filter((other) => other.offset >= start && other.offset + other.length <= end);
    const mark = entity.type === "bot_command" ? text.slice(end, to).match(/^[.,:;!?)]*/)[0] : "";
    const piece = wrap(entity, text.slice(start, end), renderWords(text, inside, start, end));
    out.push(text.slice(at, start), mark ? make("span", "together", piece, mark) : piece);
    at = end + mark.length;
  });
  out.push(text.slice(at, to));
  return out.filter((piece) => piece !== "");
}

function wrap(entity, plain, inner) {
  const kind = entity.type;
  if (kind === "text_link" || kind === "url") {
    const link = make("a", "", ...inner);
    const target = entity.url || plain;
    if (/^(https?|tel|mailto):/.test(target)) Object.assign(link, { href: target, target: "_blank", rel: "noopener noreferrer" });
    return link;
  }
  if (kind === "bot_command") {
    const command = make("button", "command", ...inner);
    command.type = "button";
    command.dataset.command = plain;
    return command;
  }
  if (kind === "spoiler") {
    const spoiler = make("span", "spoiler", ...inner);
    spoiler.tabIndex = 0;
    return spoiler;
  }
  return make(WRAPS[kind] || "span", "", ...inner);
}

function renderMedia(message) {
  if (message.kind === "text") return [];
  if (message.kind === "sticker") return [make("div", "media big", make("span", "icon", message.emoji))];
  if (message.kind === "photo" && message.file) {
    const picture = make("img");
    picture.src = `/demo/file/${message.file}`;
    picture.alt = message.text || "Picture from the bot";
    return [make("div", "media", picture)];
  }
  const [icon, name] = ICONS[message.kind] || ["📎", message.kind];
  const sign = make("span", "icon", icon);
  sign.setAttribute("aria-hidden", "true");
  const label = message.file_name || name;
  if (message.kind !== "document" || !message.file) return [make("div", "media", sign, label)];
  const link = make("a", "", label);
  Object.assign(link, { href: `/demo/file/${message.file}`, download: label });
  return [make("div", "media", sign, link)];
}

function renderKeys(message) {
  return message.rows.map((row) => make("div", "key-row", ...row.map((button) => renderKey(message, button))));
}

function renderKey(message, button) {
  if (button.url) {
    const link = make("a", "key", button.text);
    Object.assign(link, { href: button.url, target: "_blank", rel: "noopener noreferrer" });
    return link;
  }
  const key = make("button", "key", button.text);
  key.type = "button";
  if (button.callback_data) Object.assign(key.dataset, { data: button.callback_data, message: message.id });
  if (button.copy_text) key.dataset.copy = button.copy_text.text;
  return key;
}

/** A link with a code shows as Telegram's apps show it: without the code. */
const START = /^\/start(@\w+)? \S+$/;

/** Makes the node of a message; `updateMessage` fills and refills it. */
export function makeMessage(message, speaker) {
  const bubble = make("div", "bubble", make("span", "hidden", `${speaker}: `), make("div", "content"), make("p", "stamp"));
  const node = make("div", message.bot ? "message" : "message own", bubble);
  node.dataset.id = message.id;
  return node;
}

/** Brings a node up to date, touching only what changed, so that focus and scroll stay where they are. */
export function updateMessage(node, message, time) {
  const words = JSON.stringify([message.kind, message.text, message.entities, message.file]);
  if (node.dataset.words !== words) {
    node.dataset.words = words;
    const text = message.bot ? message.text : message.text.replace(START, "/start$1");
    const content = text ? [make("div", "words", ...renderWords(text, message.entities))] : [];
    node.querySelector(".content").replaceChildren(...renderMedia(message), ...content);
  }
  const stamp = [message.pinned ? "pinned" : "", message.edited ? "edited" : "", time].filter(Boolean).join(" · ");
  if (node.dataset.stamp !== stamp) {
    node.dataset.stamp = stamp;
    const edit = make("button", "edit", "Edit");
    edit.type = "button";
    edit.dataset.edit = message.id;
    const own = !message.bot && message.kind === "text";
    node.querySelector(".stamp").replaceChildren(...(own ? [edit] : []), stamp);
  }
  const rows = JSON.stringify(message.rows);
  if ((node.dataset.rows || "[]") !== rows) {
    node.dataset.rows = rows;
    showKeys(node, message);
  }
}

function showKeys(node, message) {
  const old = node.querySelector(".keys");
  const held = old !== null && old.contains(document.activeElement);
  old?.remove();
  if (!message.rows.length) return;
  const keys = make("div", "keys", ...renderKeys(message));
  keys.setAttribute("role", "group");
  keys.setAttribute("aria-label", "Answers");
  node.append(keys);
  if (held) keys.querySelector(".key")?.focus({ preventScroll: true });
}
