// Posts a Webset's items to the incoming webhook of a chat: those of Slack, Mattermost, Google Chat and others take {"text": "…"}.
//
//   export CHAT_WEBHOOK_URL=https://hooks.slack.com/services/…
//   websets-events-mcp forward --webset WEBSET --items-ready -- node post-to-chat.mjs
//
// stdin: the event as JSON. Where the chat does not take the message this fails, and forward tries it again later.
import { text } from "node:stream/consumers";

const { type, data } = JSON.parse(await text(process.stdin));
const response = await fetch(process.env.CHAT_WEBHOOK_URL, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ text: messageOf(type, data) }),
});
if (!response.ok) {
  console.error(`The chat answered ${response.status}`);
  process.exitCode = 1;
}

function messageOf(type, data) {
  // The end of a Webset is told, too.
  if (!type.startsWith("webset.item.")) return plain(`${type}: ${data.title ?? data.query ?? data.id}`);
  const { properties, enrichments } = data;
  const { name, title } = Object.values(properties).find((one) => one?.name ?? one?.title) ?? {};
  const values = (enrichments ?? []).flatMap(({ result }) => result ?? []);
  return [name ?? title ?? "Found", properties.url, ...values].filter(Boolean).map(plain).join("\n");
}

/** The values are from the web: what a chat would take for a link or a mention stays text. */
function plain(value) {
  return String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/\s+/g, " ");
}
