// The log: verifier keys, signed notes, inclusion and growth (RFC 6962 and 9162, C2SP signed-note, tlog-proof, tlog-cosignature, tlog-tiles).

async function parseKey(text) {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text);
  need(match, "a verifier key cannot be read");
  const [, name, id, encoded] = match, key = base64(encoded);
  need(hex((await sha256(encoder.encode(`${name}\n`), key)).subarray(0, 4)) === id, "a verifier key's own hash is another");
  need(key.length === 33 && (key[0] === 1 || key[0] === 4), "a verifier key is not an Ed25519 key of a log or of a trustee");
  const held = await crypto.subtle.importKey("raw", key.subarray(1), { name: "Ed25519" }, false, ["verify"]);
  return { text, name, id: fromHex(id), kind: key[0] === 1 ? "log" : "trustee", held };
}

const SIGNATURE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;
const hash32 = (text) => { const bytes = base64(text); need(bytes.length === 32, "a hash of another length"); return bytes; };

// A note with those who signed it, of the keys that are trusted: each with the time that a trustee vouches for.
async function checkpointOf(note, keys) {
  need(note.length <= 65536, "the checkpoint is longer than any");
  const cut = note.indexOf("\n\n");
  need(cut > 0 && note.endsWith("\n"), "the checkpoint has another form");
  const text = note.slice(0, cut + 1), [origin, size, root, ...rest] = text.split("\n");
  need(WHOLE.test(size) && rest.length === 1 && rest[0] === "" && origin !== "", "the checkpoint has another form");
  const signed = [];
  for (const line of note.slice(cut + 2, -1).split("\n")) {
    const match = SIGNATURE.exec(line);
    need(match, "a malformed signature line");
    const bytes = base64(match[2]);
    need(bytes.length > 4, "a signature line without a signature");
    const key = keys.find((one) => one.name === match[1] && same(one.id, bytes.subarray(0, 4)));
    if (!key) continue;
    if (key.kind === "log") {
      need(await crypto.subtle.verify("Ed25519", key.held, bytes.subarray(4), encoder.encode(text)), "the key's signature is not over this checkpoint");
      signed.push({ key, at: null });
    } else {
      const seconds = new DataView(bytes.buffer, bytes.byteOffset + 4, 8).getBigUint64(0), message = encoder.encode(`cosignature/v1\ntime ${seconds}\n${text}`);
      need(await crypto.subtle.verify("Ed25519", key.held, bytes.subarray(12), message), "a cosignature is not over this checkpoint");
      signed.push({ key, at: new Date(Number(seconds) * 1000) });
    }
  }
  return { origin, size: BigInt(size), root: hash32(root), signed, text };
}

// RFC 9162, 2.1.3.2: the root that an inclusion proof leads to.
async function rootFrom(leaf, index, size, path) {
  need(index >= 0n && index < size, "the entry lies outside the log");
  let at = index, last = size - 1n, root = leaf;
  for (const step of path) {
    need(last > 0n, "the proof is too long");
    if ((at & 1n) === 1n || at === last) {
      root = await nodeHash(step, root);
      while ((at & 1n) === 0n && at !== 0n) { at >>= 1n; last >>= 1n; }
    } else root = await nodeHash(root, step);
    at >>= 1n; last >>= 1n;
  }
  need(last === 0n, "the proof is too short");
  return root;
}

// The root over leaves (RFC 6962, 2.1).
async function rootOf(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leaves[0];
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(await rootOf(leaves.slice(0, half)), await rootOf(leaves.slice(half)));
}

function proofOf(text) {
  const cut = text.indexOf("\n\n");
  need(cut > 0, "the proof has no checkpoint");
  const [head, index, ...path] = text.slice(0, cut).split("\n");
  need(head === "c2sp.org/tlog-proof@v1" && index?.startsWith("index ") && WHOLE.test(index.slice(6)), "this is not a tlog-proof");
  need(path.length <= 63, "the proof is too long");
  return { index: BigInt(index.slice(6)), path: path.map(hash32), note: text.slice(cut + 2) };
}

// Keys have lives: which key signs a log from which entry on, as its own entries say it, each signed; what an ended key signs counts as a first part alone.
const KEY_REPLACED = "key replaced", REPLACEMENT = "headroom/key-replaced/v1";
const called = (key) => `${key.name} (${hex(key.id)})`;

async function endedKeys(policy) {
  return Promise.all(policy.ended_keys.map(async (text) => { const [key, on] = text.split(" "); return { key: await parseKey(key), on }; }));
}

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
    need(step.size >= 0 && step.size <= seq && same(await rootOf(leaves.slice(0, step.size)), base64(step.root)), `entry ${seq} replaces a key; the entries before it are not the ones that it states`);
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

// The entries of an exported log: bundles of `tile/entries`, in the order of their numbers, up to the checkpoint's size.
async function exportedLog(files, keys, ended) {
  const note = utf8(files.get("checkpoint")), stated = await checkpointOf(note, []), bodies = [];
  for (let index = 0; BigInt(bodies.length) < stated.size; index += 1) {
    const width = Number(stated.size) - index * 256 >= 256 ? 256 : Number(stated.size) - index * 256;
    const groups = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.../g);
    const name = [...groups.slice(0, -1).map((one) => `x${one}`), groups.at(-1)].join("/"), path = `tile/entries/${name}${width === 256 ? "" : `.p/${width}`}`;
    const data = files.get(path);
    need(data, `${path} of the exported log is not there`);
    let at = 0;
    for (let n = 0; n < width; n += 1) {
      need(at + 2 <= data.length, `${path} ends within an entry`);
      const length = data[at] * 256 + data[at + 1];
      need(at + 2 + length <= data.length, `${path} ends within an entry`);
      bodies.push(data.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    need(at === data.length, `${path} holds more than its ${width} entries`);
  }
  const leaves = await Promise.all(bodies.map(leafHash)), lives = await keyLives(bodies, leaves, stated.origin, keys, ended), head = await living(note, lives, keys);
  need(head.signed.some(({ key }) => key.kind === "log"), `the log that is held is of ${head.origin}, or no log key of the policy signed it`);
  need(same(await rootOf(leaves), head.root), "the exported log's entries are not the ones that were signed");
  return { head, bodies, leaves, note, lives };
}
