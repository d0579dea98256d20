// The panel of Bot API calls: newest first, closed until one wants to look inside.

import { make } from "./message.js";

const MOST = 200;

function describe(call, time, names) {
  const name = make("span", "name", call.method);
  const chat = call.params.chat_id;
  const to = make("span", "to", chat ? `→ ${names.get(chat) || chat}` : "");
  const status = make("span", "status", call.status ? String(call.status) : "cut");
  const summary = make("summary", "", status, name, to, make("span", "took", time.hour(call.at)));
  const params = make("dl", "", ...Object.entries(call.params).flatMap(([key, value]) => [make("dt", "", key), make("dd", "", value)]));
  const answer = make("pre", "", call.answer);
  answer.tabIndex = 0;
  answer.setAttribute("aria-label", `Answer to ${call.method}`);
  const node = make("details", call.status !== 200 ? "call refused" : call.method === "getUpdates" ? "call idle" : "call", summary, params, answer);
  summary.title = `${call.ms} ms`;
  return node;
}

/** Puts new calls on top; those opened stay open and in place. `names` tells whose chat an id is. */
export function showCalls(list, calls, time, names) {
  for (const call of calls) {
    const above = list.scrollTop;
    const node = describe(call, time, names);
    list.prepend(node);
    if (above > 0) list.scrollTop = above + node.offsetHeight;
  }
  while (list.children.length > MOST) list.lastChild.remove();
}
