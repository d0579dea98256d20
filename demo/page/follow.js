// Keeps a chat at its newest message, unless the person is reading further up.

const NEAR_BOTTOM = 90;
const BURST_MS = 2500;

export class Follower {
  /** `newer` is the button that leads down; `find(id)` gives the node of a message. */
  constructor(log, newer, find) {
    Object.assign(this, { log, newer, find, following: true, burst: null, placed: 0 });
    log.addEventListener("scroll", () => this.scrolled());
    newer.addEventListener("click", () => { this.burst = null; this.follow([]); });
    new ResizeObserver(() => { if (this.following) this.follow([]); }).observe(log);
  }

  /** To the bottom, but never past the start of what just came: of several messages at once the first is the one to read. */
  follow(added) {
    const fresh = added.find((message) => message.bot);
    const now = performance.now();
    if (added.some((message) => !message.bot) || (this.burst && now - this.burst.at > BURST_MS)) this.burst = null;
    if (fresh && !this.burst) this.burst = { at: now, id: fresh.id };
    const start = this.burst && this.find(this.burst.id);
    this.log.scrollTop = start ? Math.min(this.log.scrollHeight, start.offsetTop - this.log.offsetTop + 6) : this.log.scrollHeight;
    this.placed = this.log.scrollTop;
    this.following = true;
    this.newer.hidden = this.atBottom();
  }

  /** Something came: go there if the person is at the bottom or wrote it themselves, else offer the way. */
  came(added) {
    if (this.following || added.some((message) => !message.bot)) this.follow(added);
    else if (added.length) this.newer.hidden = false;
  }

  /** The person moved the chat themselves: stay where they are, until they are at the bottom again. */
  scrolled() {
    if (!this.log.clientHeight || Math.abs(this.log.scrollTop - this.placed) < 2) return;
    this.following = this.atBottom();
    if (this.following) this.newer.hidden = true;
  }

  atBottom() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM; }
}
