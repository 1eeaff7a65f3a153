// A second, small verifier of what a notice carries, in another language and from the specifications alone:
// RFC 6962 (Merkle trees), C2SP signed-note and tlog-proof, RFC 8785 (canonical JSON). Node's standard library only.
//
//   node verify.mjs FOLDER LOG_KEY [--held EXPORT] [--cosigner KEY] [--ended KEY DAY]
//   node verify.mjs --lines   reads such arguments as a list in JSON from each line, and answers each on a line with its exit code
//
// FOLDER holds the attachments of one notice, EXPORT the log as tlog-tiles; prints one JSON line; exit code 0, 3, or 4 where the checkpoint is by a
// key that has ended and no later log shows that it is a first part.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

class Differs extends Error {}
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafHash = (body) => sha256(Buffer.of(0), body);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const need = (holds, what) => { if (!holds) throw new Differs(what); };

// RFC 8785 for the values that events hold: no floats, keys in the order of their UTF-16 units.
function canonical(value) {
  if (typeof value === "string") need(value.isWellFormed(), "text that is not Unicode");
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") { need(Number.isSafeInteger(value), "a number that is not whole"); return String(value); }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map((key) => `${canonical(key)}:${canonical(value[key])}`).join(",")}}`;
}

// RFC 9162, 2.1.3.2: the root that an inclusion proof leads to.
function rootFrom(leaf, index, size, path) {
  need(index >= 0n && index < size, "the entry lies outside the log");
  let at = index, last = size - 1n, root = leaf;
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
function parseKey(text, kind = 1) {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text);
  need(match, "the key cannot be read");
  const [, name, id, encoded] = match, key = base64(encoded);
  need(sha256(Buffer.from(`${name}\n`), key).subarray(0, 4).toString("hex") === id, "the key's own hash is another");
  need(key.length === 33 && key[0] === kind, "the key is not an Ed25519 key of its kind");
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.subarray(1).toString("base64url") };
  return { text, name, id: Buffer.from(id, "hex"), public: createPublicKey({ key: jwk, format: "jwk" }) };
}

// A text that is what it says in one way alone: the bytes of UTF-8, a byte order mark being part of them.
const utf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const WHOLE = /^(0|[1-9][0-9]{0,18})$/, HEX = /^[0-9a-f]{64}$/;
const hash32 = (text) => { const bytes = base64(text); need(bytes.length === 32, "a hash of another length"); return bytes; };
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const hasKeys = (value, ...keys) => isObject(value) && Object.keys(value).sort().join("\n") === keys.sort().join("\n");
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SIGNATURE = new RegExp(`^\u2014 ([^${SPACE}+]+) ([A-Za-z0-9+/]+={0,2})$`);

// C2SP signed-note: every line well formed; lines of other keys are passed over; each one of the key must hold.
function checkpoint(note, keys) {
  need([...note].length <= 65536 && !/[\x00-\x09\x0b-\x1f]/.test(note), "the checkpoint is too long or holds control characters");
  const cut = note.lastIndexOf("\n\n");
  need(cut >= 0 && note.endsWith("\n"), "the checkpoint is not a signed note");
  const text = note.slice(0, cut + 1);
  const [origin, size, root, ...rest] = text.split("\n");
  need(origin && WHOLE.test(size) && rest.length === 1 && rest[0] === "", "the checkpoint has another form");
  const by = [];
  for (const line of note.slice(cut + 2, -1).split("\n")) {
    const match = SIGNATURE.exec(line);
    need(match, "a malformed signature line");
    const bytes = base64(match[2]);
    need(bytes.length > 4, "a signature line without a signature");
    const key = keys.find((one) => match[1] === one.name && bytes.subarray(0, 4).equals(one.id));
    if (!key) continue;
    need(verify(null, Buffer.from(text), key.public, bytes.subarray(4)), "the key's signature is not over this checkpoint");
    by.push(key.text);
  }
  need(by.length > 0, "the checkpoint is signed by no key that is trusted");
  return { origin, size: BigInt(size), root: hash32(root), by };
}

// RFC 6962, 2.1: the root over leaves.
function rootOver(leaves) {
  if (leaves.length < 2) return leaves[0] ?? sha256();
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(rootOver(leaves.slice(0, half)), rootOver(leaves.slice(half)));
}

// C2SP tlog-tiles: the entries of an exported log, each with its length in two bytes before it, 256 to a bundle.
function exported(folder) {
  const note = utf8(readFileSync(join(folder, "checkpoint"))), size = Number(note.split("\n")[1]), bodies = [];
  need(Number.isSafeInteger(size), "the checkpoint has another form");
  for (let index = 0; index * 256 < size; index += 1) {
    const width = Math.min(256, size - index * 256), digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.../g);
    const name = [...digits.slice(0, -1).map((one) => `x${one}`), digits.at(-1)].join("/") + (width === 256 ? "" : `.p/${width}`);
    let rest = readFileSync(join(folder, "tile", "entries", name));
    for (let n = 0; n < width; n += 1) {
      need(rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0), "a bundle ends within an entry");
      bodies.push(rest.subarray(2, 2 + rest.readUInt16BE(0)));
      rest = rest.subarray(2 + rest.readUInt16BE(0));
    }
    need(rest.length === 0, "a bundle holds more than its entries");
  }
  return { note, bodies, leaves: bodies.map(leafHash) };
}

// Which key signs from which entry on, as the log's entries say it: both keys sign, or the new one and a cosigner where the old one is lost or stolen.
function lives({ bodies, leaves, note }, trusted, cosigners, ended) {
  const origin = note.split("\n")[0], keys = new Map(trusted.map((key) => [key.text, key])), ends = new Map(ended), seen = new Set();
  bodies.forEach((body, seq) => {
    const event = JSON.parse(utf8(body)), step = event.payload;
    if (event.kind !== "key replaced") return;
    need(hasKeys(step, "old", "new", "why", "size", "root", "signatures") && isDay(event.effective_on), `entry ${seq} replaces a key in another form`);
    const old = parseKey(step.old), next = parseKey(step.new);
    need(step.size >= 0 && step.size <= seq && rootOver(leaves.slice(0, step.size)).equals(hash32(step.root)), `entry ${seq} states another log`);
    need(!(ends.get(old.text)?.seq >= 0) && !seen.has(next.text) && old.text !== next.text, `entry ${seq} replaces a key that had ended`);
    const message = Buffer.from(["headroom/key-replaced/v1", origin, step.old, step.new, step.why, event.effective_on, step.size, step.root, ""].join("\n"));
    const signatures = new Map(step.signatures.map((one) => [one.key, one.signature]));
    const by = (key) => verify(null, message, key.public, Buffer.from(signatures.get(key.text) ?? "", "base64"));
    need(by(next) && (step.why === "replaced" ? by(old) : ["lost", "stolen"].includes(step.why) && cosigners.some(by)), `entry ${seq} is not signed as it must be`);
    if (keys.has(old.text) && !(ends.has(old.text) && step.why === "replaced")) keys.set(next.text, next);
    ends.set(old.text, { on: event.effective_on, seq });
    seen.add(old.text).add(next.text);
  });
  return { keys: [...keys.values()], ends };
}

// Whether all who signed a checkpoint had ended: by an entry before its last one, or at all.
const past = ({ by, size }, ends) => by.every((text) => ends.get(text)?.seq >= 0 && BigInt(ends.get(text).seq) < size);
const endOf = ({ by }, ends) => by.every((text) => ends.has(text)) ? ends.get(by[0]).on : null;

function proofOf(text) {
  const cut = text.indexOf("\n\n");
  need(cut > 0, "the proof has no checkpoint");
  const [head, index, ...path] = text.slice(0, cut).split("\n");
  need(head === "c2sp.org/tlog-proof@v1" && index?.startsWith("index ") && WHOLE.test(index.slice(6)), "this is not a tlog-proof");
  need(path.length <= 63, "the proof is too long");
  return { index: BigInt(index.slice(6)), path: path.map(hash32), note: text.slice(cut + 2) };
}

const NOTICE = ["number", "kind", "subject", "print", "on", "issued_at", "state", "given_by", "to", "supersedes", "supersedes_on", "operator",
  "log_size", "log_head", "renderer"];
const KINDS = ["compliance", "test_failed", "event_of_default", "trigger_event", "cure", "correction", "not_evaluated"];
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$/;
const isDay = (text) => typeof text === "string" && DAY.test(text) && new Date(`${text}T00:00Z`).toISOString().startsWith(text);

// Version 2 says what the notice is: number, kind, print, addressees, state at issue, and what drew it.
function noticeOf(manifest) {
  const said = manifest.notice;
  need(manifest.version === 2 && hasKeys(said, ...NOTICE) && hasKeys(said.renderer, "sha256", "drawn_by"), "the manifest says other things of its notice");
  need([said.number, said.print, said.log_size].every(Number.isInteger) && KINDS.includes(said.kind), "a number or a kind of another form");
  need(isDay(said.on) && (said.supersedes_on === null || isDay(said.supersedes_on)), "a date of another form");
  need(typeof said.issued_at === "string" && MOMENT.test(said.issued_at) && !Number.isNaN(Date.parse(said.issued_at)), "a time of another form");
  need(typeof said.renderer.sha256 === "string" && typeof said.renderer.drawn_by === "string" && Array.isArray(said.to), "a value of another kind");
}

function manifestOf(bytes) {
  const manifest = JSON.parse(utf8(bytes));
  need(canonical(manifest) === utf8(bytes), "the manifest is not canonical");
  const stated = ["deal", "leaf", "seq", "log_size", "files"], second = hasKeys(manifest, ...stated, "version", "notice");
  need((second || hasKeys(manifest, ...stated)) && isObject(manifest.files), "the manifest states other things");
  if (second) noticeOf(manifest);
  need([manifest.leaf, ...Object.values(manifest.files)].every((one) => typeof one === "string" && HEX.test(one)), "a file without its SHA-256");
  need(typeof manifest.deal === "string" && Number.isInteger(manifest.seq) && Number.isInteger(manifest.log_size), "a value of another kind");
  return manifest;
}

// A line of date.jsonl, written in one way alone: so no key twice, no number in another form, no space elsewhere.
function lineOf(text) {
  const one = JSON.parse(text);
  need(hasKeys(one, "seq", "body", "path") && typeof one.body === "string" && Array.isArray(one.path), "a line holds something else");
  need(Number.isSafeInteger(one.seq) && one.seq >= 0, "a number of another kind");
  need(one.path.length <= 63 && one.path.every((step) => typeof step === "string" && HEX.test(step)), "a step that is not a hash");
  need(one.body.isWellFormed(), "text that is not Unicode");
  const path = one.path.map((step) => JSON.stringify(step)).join(", ");
  need(text === `{"seq": ${one.seq}, "body": ${JSON.stringify(one.body)}, "path": [${path}]}`, "a line that is written otherwise");
  return { seq: BigInt(one.seq), body: Buffer.from(one.body), path: one.path.map((step) => Buffer.from(step, "hex")) };
}

const OF_A_DATE = ["rate", "tested", "suspended", "counted", "swept", "determined"];

// The event that is stated says how many entries tell of its date: they stand one after the other, and it is the last of them.
function wholeDate(lines, stated) {
  const bodies = lines.map(({ body }) => { const one = JSON.parse(utf8(body)); need(canonical(one) === utf8(body), "an entry is not canonical"); return one; });
  const last = bodies.at(-1);
  need(["determined", "not evaluated"].includes(last.kind), "no notice states an event of this kind");
  const counted = last.kind === "determined" ? last.payload.entries : 1;
  need(Number.isSafeInteger(counted) && counted >= 1 && counted === lines.length, "date.jsonl is not the whole date");
  need(lines.every(({ seq }, place) => seq === stated + 1n - BigInt(counted - place)), "date.jsonl is not the whole date");
  for (const one of bodies) {
    need(!OF_A_DATE.includes(one.kind) || one.effective_on === last.effective_on, "an entry of another date");
    need(one.deal_file === last.deal_file, "entries of different deal files");
  }
}

// The listings of each index and Publication Date by seller; prices in millionths. A seller is a number, nothing where it is unknown.
function listings(text) {
  const lines = text.split("\n");
  need(lines.shift() === "index,publication_date,usd_per_gpu_hour,seller" && lines.pop() === "", "observations.csv has another form");
  const weeks = new Map();
  for (const line of lines) {
    const match = /^([^,]{1,100}),(\d{4}-\d{2}-\d{2}),(\d{1,9})(?:\.(\d{1,6}))?,([1-9]\d{0,5})?$/.exec(line);
    need(match, "observations.csv has a line of another form");
    const [, index, day, whole, part = "", seller = ""] = match, key = `${index}, ${day}`;
    const price = BigInt(whole) * 1000000n + BigInt(part.padEnd(6, "0"));
    const week = weeks.get(key) ?? new Map();
    week.set(seller, [...(week.get(seller) ?? []), price]);
    weeks.set(key, week);
  }
  return weeks;
}

// Subsets of sellers by the sum of 2 x (listings below) - listings, one seller at a time: how many have a sum of at least `least`.
function subsets(week, below, least) {
  let sums = new Map([[0, 1n]]);
  for (const held of week.values()) {
    const surplus = 2 * held.filter(below).length - held.length, next = new Map(sums);
    for (const [sum, ways] of sums) next.set(sum + surplus, (next.get(sum + surplus) ?? 0n) + ways);
    sums = next;
  }
  return [...sums].reduce((total, [sum, ways]) => sum >= least ? total + ways : total, 0n);
}
const every = (week) => [...week.values()].flat();
const lowBelow = (week, price) => subsets(week, (one) => one < price, 0) - 1n + (every(week).some((one) => one < price) ? 1n : 0n);
const highBelow = (week, price) => subsets(week, (one) => one < price, 1) + (every(week).every((one) => one < price) ? 1n : 0n);

// The ends of the interval by sellers at 4 decimals, half to even.
function interval(week) {
  const prices = every(week).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), all = 1n << BigInt(week.size);
  const low = prices.find((price) => 40n * lowBelow(week, price + 1n) > all);
  const high = prices.findLast((price) => 40n * (all - highBelow(week, price)) > all);
  return [low, high].map((micro) => {
    const rest = micro % 100n, down = micro / 100n, up = rest > 50n || (rest === 50n && down % 2n === 1n);
    const text = String(down + (up ? 1n : 0n)).padStart(5, "0");
    return `${text.slice(0, -4)}.${text.slice(-4)}`;
  });
}

const fraction = (text) => { const [top, under = "1"] = text.split("/"); return [BigInt(top), BigInt(under)]; };

// What a result of one rate says of its sellers, and the interval of each rate, computed again; how many results that was.
function sellers(bodies, weeks) {
  let counted = 0;
  for (const { payload } of bodies.filter(({ kind }) => kind === "rate")) {
    const used = payload.published;
    if (!used || used.seller_low === null || used.seller_low === undefined) continue;
    const week = weeks.get(`${used.index}, ${used.publication_date}`);
    need(week, `no listings of ${used.index} of ${used.publication_date}`);
    const [low, high] = interval(week);
    need(low === used.seller_low && high === used.seller_high, `the interval of ${used.index} by sellers is ${low} to ${high}`);
  }
  for (const { payload: { result } } of bodies.filter(({ kind }) => kind === "tested")) {
    const said = result.bearing, rates = (result.inputs ?? []).filter(({ source }) => source.kind === "publication");
    const prints = new Set(rates.map(({ name, source }) => `${name.slice(0, name.lastIndexOf(", "))}, ${source.as_of}`));
    if (!said || said.replicates === null || said.drawn || prints.size !== 1 || !result.break_even[0]?.fails) continue;
    const week = weeks.get([...prints][0]);
    need(week, `no listings behind ${result.test}`);
    const all = 1n << BigInt(week.size), listed = every(week).length, unknown = (week.get("") ?? []).length;
    const named = week.size - (week.has("") ? 1 : 0), fails = result.break_even[0].fails === "below", passed = result.verdict === "PASS";
    let failing, apart;
    if (said.turns_at === null) {
      const [top, under] = fraction(said.share_failing_sellers);
      need(top === 0n || top === under, `${result.test}: every listing gives one verdict, and the share says two`);
      [failing, apart] = [top === 0n ? 0n : 2n * all, (top === 0n) === passed ? 0n : all];
    } else {
      const at = BigInt(said.turns_at.replace(".", "")), low = lowBelow(week, at), high = highBelow(week, at);
      failing = fails ? low + high : 2n * all - low - high;
      apart = fails === passed ? low : all - high;
    }
    const [top, under] = fraction(said.share_failing_sellers);
    need(BigInt(said.replicates) === all && said.sellers === named, `${result.test}: ${named} sellers, ${all} subsets`);
    need(BigInt(said.apart) === apart, `${result.test}: ${apart} subsets are apart`);
    need(top * 2n * all === failing * under, `${result.test}: another share of subsets fails`);
    for (const [level, tail, least] of [[95, 40n, 6], [80, 10n, 4]]) {
      const decisive = 5 * unknown <= listed && named >= least && tail * apart <= all;
      need(said[`decisive_${level}`] === decisive, `${result.test}: decisive at ${level}% is ${decisive}`);
    }
    counted += 1;
  }
  return counted;
}

function check(folder, keyText, { held, cosigners = [], ended = [] }) {
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  const file = (name) => { need(files.has(name), `there is no ${name}`); return files.get(name); };
  const manifest = manifestOf(file("manifest.json")), stated = Object.entries(manifest.files);
  need(stated.length === files.size - 1 && !("manifest.json" in manifest.files), "other files than the manifest states");
  for (const [name, hash] of stated) need(sha256(file(name)).toString("hex") === hash, `${name} is not what the manifest states`);
  const body = file("event.json");
  need(canonical(JSON.parse(utf8(body))) === utf8(body), "the event is not canonical");
  need(leafHash(body).toString("hex") === manifest.leaf, "the event is not the one that the manifest states");
  const proof = proofOf(utf8(file("event.tlog-proof"))), log = held ? exported(held) : { bodies: [], leaves: [], note: "" };
  const trusted = [keyText, ...ended.map(([text]) => text)].map((text) => parseKey(text)), { keys, ends } = lives(log, trusted, cosigners, ended);
  const head = checkpoint(proof.note, keys);
  need(!past(head, ends), "the checkpoint is signed by a key that had ended");
  let end = endOf(head, ends);
  if (held) {
    const later = checkpoint(log.note, keys);
    need(!past(later, ends), "the log that is held is signed by a key that had ended");
    need(rootOver(log.leaves).equals(later.root) && later.origin === head.origin && later.size >= head.size, "the log that is held is another");
    need(rootOver(log.leaves.slice(0, Number(head.size))).equals(head.root), "the log that is held did not grow from the notice's");
    if (endOf(later, ends) === null) end = null;
  }
  need(rootFrom(leafHash(body), proof.index, head.size, proof.path).equals(head.root), "the event is not in the log");
  need(BigInt(manifest.seq) === proof.index && BigInt(manifest.log_size) === head.size, "the manifest names another entry or size");
  need(head.origin.endsWith(`/deal/${manifest.deal}`), "the manifest names another deal than the checkpoint");
  const text = utf8(file("date.jsonl"));
  need(text.endsWith("\n"), "date.jsonl ends within a line");
  const lines = text.slice(0, -1).split("\n").map(lineOf);
  for (const one of lines) need(rootFrom(leafHash(one.body), one.seq, head.size, one.path).equals(head.root), `entry ${one.seq} is not in the log`);
  wholeDate(lines, proof.index);
  const standing = JSON.parse(utf8(body)).payload.standing_sha256;
  need((manifest.version === 2) === (standing !== undefined), "the manifest is of another version than its event");
  if (standing !== undefined) need(sha256(file("standing.json")).toString("hex") === standing, "standing.json is not how everything stands by the event");
  const earlier = files.has("earlier.jsonl") ? utf8(file("earlier.jsonl")).slice(0, -1).split("\n").map(lineOf) : [];
  for (const one of earlier) need(rootFrom(leafHash(one.body), one.seq, head.size, one.path).equals(head.root), `entry ${one.seq} is not in the log`);
  const by_sellers = sellers(lines.map(({ body: one }) => JSON.parse(utf8(one))), listings(utf8(file("observations.csv"))));
  return { verified: true, origin: head.origin, size: Number(head.size), index: Number(proof.index), by_sellers, ended: end };
}

// What is said of these arguments, and the exit code that goes with it.
function answerTo([folder, key, ...more]) {
  const options = { cosigners: [], ended: [] };
  let answer;
  try {
    while (more.length > 0) {
      const option = more.shift(), value = more.shift();
      if (option === "--held") options.held = value;
      if (option === "--cosigner") options.cosigners.push(parseKey(value, 4));
      if (option === "--ended") options.ended.push([value, { on: more.shift(), seq: -1 }]);
    }
    answer = check(folder, key, options);
  }
  catch (error) { answer = { verified: false, difference: error.message }; }
  return { answer, code: !answer.verified ? 3 : answer.ended ? 4 : 0 };
}

if (process.argv[2] === "--lines") {
  for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(answerTo(JSON.parse(line))));
} else {
  const { answer, code } = answerTo(process.argv.slice(2));
  console.log(JSON.stringify(answer));
  process.exit(code);
}
