// The demo's clock: shows the time the engine believes in, running on between two tellings, in the clinic's zone.

export class Clock {
  constructor(node, zone) {
    this.node = node;
    this.zone = zone;
    this.offset = 0;
    const form = (options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
    this.hourForm = form({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.dayForm = form({ weekday: "long", day: "numeric", month: "long" });
    this.shortForm = form({ weekday: "short", day: "numeric", month: "short" });
    setInterval(() => this.draw(), 1000);
  }

  hour(ms) { return this.hourForm.format(ms); }

  day(ms) { return this.dayForm.format(ms); }

  set(now) {
    this.offset = now - Date.now();
    this.draw();
  }

  now() { return Date.now() + this.offset; }

  draw() {
    const now = this.now();
    const [hour, day] = [this.hour(now), this.shortForm.format(now)];
    if (this.drawn === hour + day) return;
    this.drawn = hour + day;
    this.node.querySelector(".hour").textContent = hour;
    this.node.querySelector(".hour").dateTime = new Date(now).toISOString();
    this.node.querySelector(".day").textContent = day;
    this.node.querySelector(".moment").title = `${this.day(now)}, ${this.zone}`;
  }
}
