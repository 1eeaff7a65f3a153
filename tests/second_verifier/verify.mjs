// A second, small verifier of what a notice carries, in another language and from the specifications alone:
// RFC 6962 (Merkle trees), C2SP signed-note and tlog-proof, RFC 8785 (canonical JSON). Node's standard library only.
//
//   node verify.mjs FOLDER LOG_KEY     FOLDER holds the attachments of one notice; prints one JSON line; exit code 0 or 3
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

class Differs extends Error {}
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafHash = (body) => sha256(Buffer.of(0), body);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const need = (holds, what) => { if (!holds) throw new Differs(what); };

// RFC 8785 for the values that events hold: no floats, keys in the order of their UTF-16 units.
function canonical(value) {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") { need(Number.isSafeInteger(value), "a number that is not whole"); return String(value); }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

// RFC 9162, 2.1.3.2: the root that an inclusion proof leads to.
function rootFrom(leaf, index, size, path) {
  need(index < size, "the entry lies outside the log");
  let at = BigInt(index), last = BigInt(size) - 1n, root = leaf;
  for (const step of path) {
    need(last > 0n, "the proof is too long");
    if ((at & 1n) === 1n || at === last) {
      root = nodeHash(step, root);
      while ((at & 1n) === 0n && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else root = nodeHash(root, step);
    at >>= 1n; last >>= 1n;
  }
  need(last === 0n, "the proof is too short");
  return root;
}

const base64 = (text) => {
  const bytes = Buffer.from(text, "base64");
  need(bytes.toString("base64") === text, "base64 that is not in its own form");
  return bytes;
};

// C2SP signed-note: name+hash+key; the hash is the first four bytes of SHA-256(name, newline, key).
function parseKey(text) {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  need(match, "the key cannot be read");
  const [, name, id, encoded] = match, key = base64(encoded);
  need(sha256(Buffer.from(`${name}\n`), key).subarray(0, 4).toString("hex") === id, "the key's own hash is another");
  need(key.length === 33 && key[0] === 1, "the key is no Ed25519 key of a log");
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.subarray(1).toString("base64url") };
  return { name, id: Buffer.from(id, "hex"), public: createPublicKey({ key: jwk, format: "jwk" }) };
}

function checkpoint(note, key) {
  const cut = note.indexOf("\n\n");
  need(cut > 0 && note.endsWith("\n"), "the checkpoint is no signed note");
  const text = note.slice(0, cut + 1), lines = note.slice(cut + 2, -1).split("\n");
  const signed = lines.some((line) => {
    const match = /^\u2014 (\S+) (\S+)$/.exec(line);
    if (!match || match[1] !== key.name) return false;
    const bytes = base64(match[2]);
    return bytes.subarray(0, 4).equals(key.id) && verify(null, Buffer.from(text), key.public, bytes.subarray(4));
  });
  need(signed, "the checkpoint is not signed by the key");
  const [origin, size, root, ...rest] = text.split("\n");
  need(origin && /^(0|[1-9]\d*)$/.test(size) && rest.length === 1, "the checkpoint has another form");
  return { origin, size: Number(size), root: base64(root) };
}

function proofOf(text) {
  const cut = text.indexOf("\n\n");
  need(cut > 0, "the proof has no checkpoint");
  const [head, index, ...path] = text.slice(0, cut).split("\n");
  need(head === "c2sp.org/tlog-proof@v1" && /^index (0|[1-9]\d*)$/.test(index ?? ""), "this is no tlog-proof");
  return { index: Number(index.slice(6)), path: path.map(base64), note: text.slice(cut + 2) };
}

function check(folder, keyText) {
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  const file = (name) => { need(files.has(name), `there is no ${name}`); return files.get(name); };
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const manifest = JSON.parse(utf8.decode(file("manifest.json")));
  need(canonical(manifest) === utf8.decode(file("manifest.json")), "the manifest is not canonical");
  const stated = Object.keys(manifest.files).sort().join(), there = [...files.keys()].filter((name) => name !== "manifest.json").sort().join();
  need(stated === there, "other files than the manifest states");
  for (const [name, hash] of Object.entries(manifest.files)) need(sha256(file(name)).toString("hex") === hash, `${name} is not what the manifest states`);
  const body = file("event.json");
  need(canonical(JSON.parse(utf8.decode(body))) === utf8.decode(body), "the event is not canonical");
  need(leafHash(body).toString("hex") === manifest.leaf, "the event is not the one that the manifest states");
  const proof = proofOf(utf8.decode(file("event.tlog-proof"))), head = checkpoint(proof.note, parseKey(keyText));
  need(rootFrom(leafHash(body), proof.index, head.size, proof.path).equals(head.root), "the event is not in the log");
  for (const line of utf8.decode(file("date.jsonl")).split("\n").filter(Boolean)) {
    const one = JSON.parse(line), path = one.path.map((step) => Buffer.from(step, "hex"));
    need(rootFrom(leafHash(Buffer.from(one.body)), one.seq, head.size, path).equals(head.root), `entry ${one.seq} is not in the log`);
  }
  return { verified: true, origin: head.origin, size: head.size, index: proof.index };
}

const [folder, key] = process.argv.slice(2);
let answer;
try { answer = check(folder, key); }
catch (error) { answer = { verified: false, difference: error.message }; }
console.log(JSON.stringify(answer));
process.exit(answer.verified ? 0 : 3);
