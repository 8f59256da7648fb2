// The page: a terminal, and the websocket to the session behind it.
//
// Binary messages are what a terminal sends and gets; text messages are lists in JSON. Nothing that comes from the
// session is ever put into the document as markup, opened, or run.
import { Terminal } from "./xterm.mjs";
import { FitAddon } from "./addon-fit.mjs";
import { Unicode11Addon } from "./addon-unicode11.mjs";
import { WebglAddon } from "./addon-webgl.mjs";

const ENDED = 4000;
const TAKEN_OVER = 4001;
const MALFORMED = 1003;
const CHUNK_BYTES = 64 * 1024;
const LONGEST_WAIT_MS = 16000;
const COPY_LIMIT = 8 * 1024 * 1024;

const note = document.getElementById("note");
const over = document.getElementById("over");
const copyBox = document.getElementById("copy");
const encoder = new TextEncoder();

let socket = null;
let waitMs = 500;
let retry = 0;
let unsaved = false;
let finished = false;

// The token comes in the fragment, which browsers send to nobody, and goes at once into the storage of this tab.
function takeToken() {
  if (location.hash.length > 1) {
    sessionStorage.setItem("token", location.hash.slice(1));
    history.replaceState(null, "", "/");
  }
  return sessionStorage.getItem("token") ?? "";
}

const token = takeToken();
addEventListener("hashchange", () => {
  takeToken();
  location.reload();
});

const terminal = new Terminal({
  allowProposedApi: true, // the widths of characters
  cursorInactiveStyle: "none",
  fontFamily: '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSize: 14,
  linkHandler: { activate() {} },
  macOptionIsMeta: true,
  scrollback: 0,
  theme: { background: "#10151c", foreground: "#d7dce2" },
});
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.loadAddon(new Unicode11Addon());
terminal.unicode.activeVersion = "11";
terminal.open(document.getElementById("terminal"));
try {
  const webgl = new WebglAddon();
  webgl.onContextLoss(() => webgl.dispose());
  terminal.loadAddon(webgl);
} catch {
  // The terminal draws by elements of the document then.
}

function size() {
  fit.fit();
  return [terminal.cols, terminal.rows];
}

function say(...words) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(words));
}

function tell(words) {
  note.textContent = words;
  note.hidden = !words;
}

function finish(words, label, act) {
  finished = true;
  unsaved = false;
  tell("");
  over.querySelector("p").textContent = words;
  const button = over.querySelector("button");
  button.textContent = label;
  button.hidden = !act;
  button.onclick = act;
  if (!over.open) over.showModal();
}

function beginAnew() {
  sessionStorage.removeItem("session");
  location.reload();
}

function connect() {
  clearTimeout(retry);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const session = sessionStorage.getItem("session");
  const protocols = ["sloth", `token.${token}`, ...(session ? [`session.${session}`] : [])];
  socket = new WebSocket(`${scheme}://${location.host}/socket`, protocols);
  socket.binaryType = "arraybuffer";
  let opened = false;
  socket.onopen = () => {
    opened = true;
    waitMs = 500;
    tell("");
    terminal.reset();
    say("begin", ...size());
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") heed(...JSON.parse(data));
    else terminal.write(new Uint8Array(data));
  };
  socket.onclose = ({ code }) => closed(code, opened);
}

function heed(kind, value, resumed) {
  if (kind === "unsaved") unsaved = value;
  if (kind === "ended") finish(value || "The session has ended.", "Start another", beginAnew);
  if (kind === "session") {
    if (!resumed && sessionStorage.getItem("session")) tellBriefly("The session had ended: this is a new one.");
    sessionStorage.setItem("session", value);
  }
}

function tellBriefly(words) {
  tell(words);
  setTimeout(() => note.textContent === words && tell(""), 4000);
}

async function closed(code, opened) {
  if (finished) return;
  if (code === ENDED) return finish("The session has ended.", "Start another", beginAnew);
  if (code === TAKEN_OVER) {
    return finish("This session is shown in another tab or window now.", "Show it here", () => location.reload());
  }
  if (code === MALFORMED) return finish("The server did not understand this page.", "Reload", () => location.reload());
  if (!opened && (await refused())) return;
  tell("The connection is lost. Trying again …");
  retry = setTimeout(connect, waitMs);
  waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
}

// A page is not told why its websocket was refused, so it asks.
async function refused() {
  const answer = await fetch("/socket", { headers: { Authorization: `Bearer ${token}` } }).catch(() => null);
  if (answer?.status === 401) {
    finish("The token is not valid. Open the address that sloth-runner web printed when it was last started.", "");
  } else if (answer?.status === 503) {
    finish("As many sessions are open as there may be. Close another page first.", "Try again", () => location.reload());
  } else {
    return false;
  }
  return true;
}

function send(text) {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(bytes.subarray(at, at + CHUNK_BYTES));
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = copyBox.querySelector("textarea");
    area.value = text;
    if (!copyBox.open) copyBox.showModal();
    area.select();
  }
}

// What the app copies. A question for what the clipboard holds is never answered.
terminal.parser.registerOscHandler(52, (data) => {
  const encoded = data.slice(data.indexOf(";") + 1);
  if (encoded && encoded !== "?" && encoded.length < COPY_LIMIT) {
    try {
      copy(new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))));
    } catch {
      // It is no base64.
    }
  }
  return true;
});

// Keys that stay the browser's: sizes, paste, reload, full screen, developer tools.
function isBrowsers({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (metaKey) return true;
  if (key === "F11" || key === "F12") return true;
  if (!ctrlKey || altKey) return false;
  if (["+", "-", "=", "0"].includes(key)) return true;
  return shiftKey ? ["c", "i", "j", "n", "r", "t", "v", "w"].includes(key.toLowerCase()) : ["v", "r"].includes(key);
}

terminal.attachCustomKeyEventHandler((event) => !isBrowsers(event));
terminal.onData(send);
terminal.onResize(({ cols, rows }) => say("resize", cols, rows));
new ResizeObserver(() => fit.fit()).observe(document.getElementById("terminal"));
copyBox.addEventListener("close", () => terminal.focus());
addEventListener("focus", () => terminal.focus());
addEventListener("online", () => socket?.readyState === WebSocket.CLOSED && !finished && connect());
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

terminal.focus();
if (token) connect();
else finish("This address has no token. Open the one that sloth-runner web printed, to its end.", "");
