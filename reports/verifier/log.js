// The log: verifier keys, signed notes, inclusion and growth (RFC 6962 and 9162, C2SP signed-note, tlog-proof, tlog-cosignature, tlog-tiles).

const KEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;
async function parseKey(text) {
  const match = KEY.exec(text);
  need(match, "a verifier key cannot be read");
  const [, name, id, encoded] = match, key = base64(encoded);
  need(hex((await sha256(encoder.encode(`${name}\n`), key)).subarray(0, 4)) === id, "a verifier key's own hash is another");
  need(key.length === 33 && (key[0] === 1 || key[0] === 4), "a verifier key is not an Ed25519 key of a log or of a trustee");
  const held = await crypto.subtle.importKey("raw", key.subarray(1), { name: "Ed25519" }, false, ["verify"]);
  return { text, name, id: fromHex(id), kind: key[0] === 1 ? "log" : "trustee", public: key.subarray(1), held };
}

// What counts as a space between the words of a note: as Python reads it, so that both take the same lines.
const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SIGNATURE = new RegExp(`^\u2014 ([^${BLANK}+]+) ([A-Za-z0-9+/]+={0,2})$`), LONGEST_NOTE = 65536;
const hash32 = (text) => { const bytes = base64(text); need(bytes.length === 32, "the proof has a line that is not a SHA-256 hash"); return bytes; };
const rawOf = (text) => { try { return base64(text); } catch { return null; } };

// The text of a note that was signed, and its signature lines.
function splitNote(note) {
  need([...note].length <= LONGEST_NOTE && !/[\x00-\x09\x0b-\x1f]/.test(note), "the checkpoint is too long or holds control characters");
  const cut = note.lastIndexOf("\n\n");
  need(cut >= 0 && cut + 2 < note.length && note.endsWith("\n"), "the checkpoint has no signature lines after an empty line");
  return { text: note.slice(0, cut + 1), lines: note.slice(cut + 2, -1).split("\n") };
}
// What a note says, whoever signed it; nothing of it is proven.
function statedIn(note) {
  const { text } = splitNote(note), [origin, ...rest] = text.slice(0, -1).split("\n");
  need(origin !== "" && rest.length === 2 && WHOLE.test(rest[0]), "a checkpoint is three lines: origin, size and root");
  const root = rawOf(rest[1]);
  need(root?.length === 32, `the checkpoint of ${origin} has no SHA-256 root`);
  return { origin, size: BigInt(rest[0]), root, text };
}
// A note with those who signed it, of the keys that are trusted: each with the time that a trustee vouches for.
async function checkpointOf(note, keys) {
  const found = statedIn(note), signed = new Map();
  for (const line of splitNote(note).lines) {
    const match = SIGNATURE.exec(line), bytes = match ? rawOf(match[2]) : null;
    need(bytes !== null && bytes.length > 4, "the checkpoint has a malformed signature line");
    const key = keys.find((one) => one.name === match[1] && same(one.id, bytes.subarray(0, 4)));
    if (!key) continue;
    const one = await signatureOf(key, found.text, bytes.subarray(4));
    need(one !== null, `the signature of ${key.name} is not over this checkpoint`);
    if (!signed.has(key.text)) signed.set(key.text, one);
  }
  need(signed.size > 0, `no known key signed the checkpoint of ${found.origin}`);
  return { ...found, signed: [...signed.values()] };
}
async function signatureOf(key, text, raw) {
  const holds = (bytes, message) => crypto.subtle.verify("Ed25519", key.held, bytes, encoder.encode(message));
  if (key.kind === "log") return (await holds(raw, text)) ? { key, at: null } : null;
  if (raw.length < 8) return null;
  const seconds = new DataView(raw.buffer, raw.byteOffset, 8).getBigUint64(0), at = new Date(Number(seconds) * 1000);
  return seconds < 253402300800n && (await holds(raw.subarray(8), `cosignature/v1\ntime ${seconds}\n${text}`)) ? { key, at } : null;
}

// The keys of a policy, each of the kind that its list is of, and no key that is both a log's and a trustee's.
async function trustedKeys(policy) {
  const of = async (name, kind) => {
    const found = [];
    for (const [place, text] of policy[name].entries()) {
      const key = await parseKey(text.split(" ")[0]), words = { log: "a log's key", trustee: "a trustee's key, made with --cosigner" };
      need(key.kind === kind, `\`${name}[${place}]\` of the policy is ${words[key.kind]}; ${words[kind]} belongs there`);
      found.push(key);
    }
    return found;
  };
  const logs = await of("log_keys", "log"), trustees = await of("cosigner_keys", "trustee"), ended = (await of("ended_keys", "log")).map((key, place) => ({ key, on: policy.ended_keys[place].split(" ")[1] }));
  const own = new Set([...logs, ...ended.map(({ key }) => key)].map((key) => hex(key.public))), theirs = trustees.map((key) => hex(key.public));
  need(new Set(theirs).size === theirs.length && !theirs.some((one) => own.has(one)), "`cosigner_keys` of the policy holds a log's own key, or one key twice; each trustee has a key of its own");
  return { keys: [...logs, ...trustees], ended };
}

// RFC 9162, 2.1.3.2: the root that an inclusion proof leads to; null where it is too short, too long, or of an entry outside the log.
async function rootFrom(leaf, index, size, path) {
  if (index >= size) return null;
  let at = index, last = size - 1n, root = leaf;
  for (const step of path) {
    if (last === 0n) return null;
    if ((at & 1n) === 1n || at === last) {
      root = await nodeHash(step, root);
      while ((at & 1n) === 0n && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else root = await nodeHash(root, step);
    at >>= 1n; last >>= 1n;
  }
  return last === 0n ? root : null;
}
async function isIn(body, index, head, path) { const root = await rootFrom(await leafHash(body), index, head.size, path); return root !== null && same(root, head.root); }

// The root over leaves (RFC 6962, 2.1).
async function rootOf(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leaves[0];
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(await rootOf(leaves.slice(0, half)), await rootOf(leaves.slice(half)));
}

function proofOf(text) {
  const cut = text.indexOf("\n\n"), [head, index, ...path] = text.slice(0, Math.max(cut, 0)).split("\n");
  const whole = cut >= 0 && head === "c2sp.org/tlog-proof@v1" && index?.startsWith("index ") && WHOLE.test(index.slice(6)) && path.length <= 63;
  need(whole, "this is not a proof: it does not begin with c2sp.org/tlog-proof@v1 and the index of an entry");
  need(path.every((one) => rawOf(one)?.length === 32), "the proof has a line that is not a SHA-256 hash");
  return { index: BigInt(index.slice(6)), path: path.map(hash32), note: text.slice(cut + 2) };
}

// Keys have lives: which key signs a log from which entry on, as its own entries say it, each signed; what an ended key signs counts as a first part alone.
const KEY_REPLACED = "key replaced", REPLACEMENT = "headroom/key-replaced/v1";
const called = (key) => `${key.name} (${hex(key.id)})`;

async function keyLives(bodies, leaves, origin, keys, ended) {
  const cosigners = keys.filter(({ kind }) => kind === "trustee"), trusted = new Map(keys.filter(({ kind }) => kind === "log").map((key) => [key.text, key]));
  const ends = new Map(), followed = new Map(), seen = new Set(), said = new Set(ended.map(({ key }) => key.text));
  for (const { key, on } of ended) { trusted.set(key.text, key); ends.set(key.text, { on, seq: null, by: null }); }
  for (const [seq, body] of bodies.entries()) {
    const text = utf8(body);
    if (!text.includes(`"kind":"${KEY_REPLACED}"`)) continue;
    const event = JSON.parse(text), step = event.payload;
    if (event.kind !== KEY_REPLACED) continue;
    const readable = hasKeys(step, "old", "new", "why", "size", "root", "signatures") && Array.isArray(step.signatures) && ["replaced", "lost", "stolen"].includes(step.why) && Number.isSafeInteger(step.size);
    need(readable && /^\d{4}-\d\d-\d\d$/.test(event.effective_on), `entry ${seq} replaces a key and cannot be read`);
    const old = await parseKey(step.old), next = await parseKey(step.new);
    need(old.kind === "log" && next.kind === "log", `entry ${seq} replaces a log's key by a trustee's, or the other way round`);
    need(step.size >= 0 && step.size <= seq && same(await rootOf(leaves.slice(0, step.size)), rawOf(step.root) ?? []), `entry ${seq} replaces a key; the entries before it are not the ones that it states`);
    const again = (ends.get(old.text)?.seq ?? null) !== null || seen.has(next.text) || old.text === next.text;
    need(!again, `entry ${seq} replaces a key that had ended, or by one that had signed before: ${old.name}`);
    const message = encoder.encode([REPLACEMENT, origin, old.text, next.text, step.why, event.effective_on, step.size, step.root].map((one) => `${one}\n`).join(""));
    const by = async (key) => { const one = step.signatures.findLast((item) => item.key === key.text); try { return Boolean(one) && await crypto.subtle.verify("Ed25519", key.held, base64(one.signature), message); } catch { return false; } };
    need(await by(next), `entry ${seq} replaces the key of ${origin}, and the new key did not sign that`);
    if (step.why === "replaced") need(await by(old), `entry ${seq} replaces the key of ${origin}, and the old key did not sign that`);
    else need((await Promise.all(cosigners.map(by))).some(Boolean), `entry ${seq} replaces the key of ${origin}, which was ${step.why}, and no cosigner that you trust signed that`);
    const handsOn = (trusted.has(old.text) || followed.has(old.text)) && (!said.has(old.text) || step.why !== "replaced");
    if (handsOn && !trusted.has(next.text)) followed.set(next.text, next);
    ends.set(old.text, { on: event.effective_on, seq, by: next.text, old });
    seen.add(old.text).add(next.text);
  }
  return { keys: [...trusted.values(), ...followed.values()], ends };
}

const endsOf = (found, lives) => found.signed.filter(({ key }) => key.kind === "log").map(({ key }) => lives.ends.get(key.text));
// The end of the key that signed a checkpoint after the entry that ended it; and of one that no living key signed, which counts as a shown first part alone.
const afterItsEnd = (found, lives) => { const ends = endsOf(found, lives); return ends.length && ends.every((end) => end && end.seq !== null && BigInt(end.seq) < found.size) ? ends[0] : null; };
const endedAlone = (found, lives) => { const ends = endsOf(found, lives); return ends.length && ends.every(Boolean) ? ends[0] : null; };

async function living(note, lives, keys) {
  const found = await checkpointOf(note, [...lives.keys, ...keys.filter(({ kind }) => kind === "trustee")]), end = afterItsEnd(found, lives);
  need(end === null, `the checkpoint of ${found.origin} at ${found.size} entries is signed by a key that ended on ${end?.on}, at entry ${end?.seq}`);
  return found;
}

// Whose key signed: one that the policy names, or one that followed it.
function signedBy(key, lives, policy) {
  if (policy.log_keys.includes(key.text)) return `signed by ${called(key)}, a key of the policy`;
  const end = lives.flatMap(({ ends }) => [...ends.values()]).find(({ by }) => by === key.text);
  return end ? `signed by ${called(key)}, which followed ${called(end.old)} on ${end.on}` : `signed by ${called(key)}, which the policy says has ended`;
}

// Where a tile or a bundle of entries lies: its level (or `entries`), its number by three digits, its width where it is partial.
const WIDTH = 256;
function tilePath(level, index, width = WIDTH) {
  const groups = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.../g), name = [...groups.slice(0, -1).map((one) => `x${one}`), groups.at(-1)].join("/");
  return `tile/${level}/${name}${width === WIDTH ? "" : `.p/${width}`}`;
}
function* tilePaths(level, count) {
  for (let index = 0; index * WIDTH < count; index += 1) { const width = Math.min(WIDTH, count - index * WIDTH); yield [tilePath(level, index, width), width]; }
}
function* expectedTiles(size) {
  yield* tilePaths("entries", size);
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / WIDTH)) yield* tilePaths(level, count);
}

// An exported log, read as `headroom verify` reads it: no file missing or too long, the entries by the checkpoint, the tiles by the entries.
async function exportedLog(files, { keys, ended }) {
  const data = files.get("checkpoint");
  need(data, "checkpoint of the exported log cannot be read: No such file or directory");
  need(data.length <= LONGEST_NOTE, "checkpoint is longer than a file of its kind can be");
  const note = freed(data), stated = statedIn(note), size = Number(stated.size), missing = [], bodies = [];
  for (const [path] of expectedTiles(size)) { if (!files.has(path)) missing.push(path); if (missing.length > 5) break; }
  need(missing.length === 0, `the exported log lacks ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? " and more" : ""}; copy the folder whole, or export it again`);
  for (const [path, width] of tilePaths("entries", size)) bodies.push(...unbundled(files.get(path), path, width));
  const leaves = await Promise.all(bodies.map(leafHash)), lives = await keyLives(bodies, leaves, stated.origin, keys, ended), head = await living(note, lives, keys);
  need(same(await rootOf(leaves), head.root), "the entries are not the ones that the checkpoint was signed over");
  await sameTiles(files, leaves);
  const beside = files.get("checkpoint.stamp");
  return { head, bodies, leaves, note, lives, stamp: beside ? freed(beside) : null };
}
function unbundled(data, path, width) {
  need(data.length <= width * 65537, `${path} is longer than a file of its kind can be`);
  const found = [];
  let at = 0;
  for (let n = 0; n < width; n += 1) {
    const length = at + 2 <= data.length ? data[at] * 256 + data[at + 1] : Infinity;
    need(at + 2 + length <= data.length, `${path} ends within an entry`);
    found.push(data.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  need(at === data.length, `${path} holds more than its ${withNoun(width, "entry", "entries")}`);
  return found;
}
async function sameTiles(files, leaves) {
  for (let level = 0, hashes = leaves; hashes.length > 0; level += 1) {
    const full = [];
    for (const [index, [path, width]] of [...tilePaths(level, hashes.length)].entries()) {
      const group = hashes.slice(index * WIDTH, index * WIDTH + width), there = files.get(path);
      need(there.length <= width * 32, `${path} is longer than a file of its kind can be`);
      need(same(there, joined(...group)), `the hashes in ${path} are not over the entries`);
      if (width === WIDTH) full.push(await rootOf(group));
    }
    hashes = full;
  }
}
