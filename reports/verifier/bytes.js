// Bytes, hashes and the one form of each text: what every other part stands on. WebCrypto alone; nothing here reaches a network.
"use strict";

class Differs extends Error {}
const need = (holds, what) => { if (!holds) throw new Differs(what); };
const encoder = new TextEncoder();
const utf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const latin1 = (bytes) => { let text = ""; for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192)); return text; };
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
const joined = (...parts) => { const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0)); let at = 0; for (const one of parts) { whole.set(one, at); at += one.length; } return whole; };
const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
const sha256Hex = async (bytes) => hex(await sha256(bytes));
const leafHash = (body) => sha256(Uint8Array.of(0), body);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const hasKeys = (value, ...keys) => isObject(value) && Object.keys(value).sort().join("\n") === keys.sort().join("\n");
const HEX = /^[0-9a-f]{64}$/, WHOLE = /^(0|[1-9][0-9]{0,18})$/;

function base64(text) {
  let raw;
  try { raw = atob(text); } catch { throw new Differs("base64 that cannot be read"); }
  need(btoa(raw) === text, "base64 that is not in its own form");
  return Uint8Array.from(raw, (one) => one.charCodeAt(0));
}

// RFC 8785 for the values that events hold: no floats, keys in the order of their UTF-16 units.
function canonical(value) {
  if (typeof value === "string") need(value.isWellFormed(), "text that is not Unicode");
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") { need(Number.isSafeInteger(value), "a number that is not whole"); return String(value); }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map((key) => `${canonical(key)}:${canonical(value[key])}`).join(",")}}`;
}

// A JSON text in its canonical form, read; anything else is refused.
function readCanonical(bytes, what) {
  const text = utf8(bytes), value = JSON.parse(text);
  need(canonical(value) === text, `${what} is not in canonical form`);
  return value;
}

// Deflate within a bound: what is longer is refused before it fills the memory. `enough` ends the reading early, where no more than that is asked for.
async function inflated(bytes, most, form = "deflate", what = "a stream of the file", enough = Infinity) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(form));
  const reader = stream.getReader(), parts = [];
  let length = 0;
  for (;;) {
    let step;
    try { step = await reader.read(); } catch { throw new Differs(`${what} cannot be inflated`); }
    if (step.done) break;
    length += step.value.length;
    if (length > most) { await reader.cancel().catch(() => undefined); throw new Differs(`${what} is longer than ${most.toLocaleString("en")} bytes`); }
    parts.push(step.value);
    if (length >= enough) { await reader.cancel().catch(() => undefined); break; }
  }
  return joined(...parts);
}
