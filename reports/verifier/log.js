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

// The entries of an exported log: bundles of `tile/entries`, in the order of their numbers, up to the checkpoint's size.
async function exportedLog(files, keys) {
  const note = utf8(files.get("checkpoint")), head = await checkpointOf(note, keys), bodies = [];
  need(head.signed.some(({ key }) => key.kind === "log"), `the log that is held is of ${head.origin}, or no log key of the policy signed it`);
  for (let index = 0; BigInt(bodies.length) < head.size; index += 1) {
    const width = Number(head.size) - index * 256 >= 256 ? 256 : Number(head.size) - index * 256;
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
  const leaves = await Promise.all(bodies.map(leafHash));
  need(same(await rootOf(leaves), head.root), "the exported log's entries are not the ones that were signed");
  return { head, bodies, leaves, note };
}
