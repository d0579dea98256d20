// Starts the npm package telegram-test-api on the loopback port it is given, until its standard input closes.
const { TelegramServer } = require("telegram-test-api/lib/telegramServer");

const server = new TelegramServer({ port: Number(process.argv[2]), host: "127.0.0.1", storeTimeout: 24 * 3600 });
server.start().then(() => console.log("ready"), (error) => { console.error(error.code); process.exit(1); });
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
