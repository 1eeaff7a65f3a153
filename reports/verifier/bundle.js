// A deal in one file: a zip archive read within bounds, and each part of it held against its log (`headroom verify DEAL.bundle` gives the same steps).
const LARGEST_BUNDLE = 512 * 2 ** 20, LARGEST_MEMBER = 64 * 2 ** 20, LARGEST_TOGETHER = 1024 * 2 ** 20, MOST_MEMBERS = 20000, BUNDLE_MANIFEST = "manifest.json";
const MEMBER = /^[A-Za-z0-9@._-]{1,120}(?:\/[A-Za-z0-9@._-]{1,120}){0,7}$/;
const BELONGS_TO_NONE = "the bundle holds bytes that belong to none of its members";
// Some folders take names in other letters' case for the same name, and none holds a file that has files.
function clashes(name, places) {
  const steps = name.split("/");
  return steps.some((_, n) => {
    const part = steps.slice(0, n + 1).join("/"), known = part.toLowerCase(), spelled = `${part} ${n + 1 === steps.length}`;
    if (!places.has(known)) places.set(known, spelled);
    return places.get(known) !== spelled;
  });
}
const plainMember = (name) => MEMBER.test(name) && !name.split("/").some((step) => /^\.*$/.test(step));
const CRCS = Uint32Array.from({ length: 256 }, (_, n) => { let value = n; for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1; return value; });
function crc32(bytes) { let value = 0xffffffff; for (let n = 0; n < bytes.length; n += 1) value = CRCS[(value ^ bytes[n]) & 255] ^ (value >>> 8); return (value ^ 0xffffffff) >>> 0; }

// The members of a zip archive (APPNOTE 4.3) by its central directory: stored or deflated, without a second disk, a key or 64-bit lengths.
async function membersOf(bytes, called) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), odd = (holds) => need(holds, `${called} is not a bundle: BadZipFile`), found = new Map();
  let end = bytes.length - 22;
  const from = Math.max(0, end - 65536);
  while (end >= from && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  odd(end >= from && end >= 0);
  const count = view.getUint16(end + 10, true), size = view.getUint32(end + 12, true), before = end - size - view.getUint32(end + 16, true);
  odd(before >= 0);
  need(count <= MOST_MEMBERS, `the bundle has more than ${MOST_MEMBERS.toLocaleString("en")} members`);
  const places = new Map(), ofOneDisk = view.getUint32(end + 4, true) === 0 && view.getUint16(end + 8, true) === count;
  let at = end - size, whole = 0, next = 0, alone = true;
  for (let n = 0; n < count; n += 1) {
    need(at < end, BELONGS_TO_NONE);
    odd(at + 46 <= end && view.getUint32(at, true) === 0x02014b50);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)], [crc, packed, length] = [16, 20, 24].map((place) => view.getUint32(at + place, true));
    const [named, extra, remark] = [28, 30, 32].map((place) => view.getUint16(at + place, true)), local = before + view.getUint32(at + 42, true);
    const raw = bytes.subarray(at + 46, at + 46 + named), name = flags & 0x800 ? utf8(raw) : latin1(raw);
    const link = ((view.getUint32(at + 38, true) >>> 16) & 0o170000) === 0o120000;
    need((name === BUNDLE_MANIFEST || plainMember(name)) && !link, `the bundle has a member '${name.slice(0, 60)}', which no bundle has`);
    need(!found.has(name), `the bundle has two members ${name}`);
    need(!clashes(name, places), `the bundle has a member ${name} that no folder holds beside another`);
    need(method === 0 || method === 8, `${name} of the bundle is compressed by a method that is not read`);
    odd((flags & 1) === 0 && local + 30 <= bytes.length && view.getUint32(local, true) === 0x04034b50);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    odd(same(bytes.subarray(local + 30, local + 30 + named), raw) && view.getUint16(local + 26, true) === named && start + packed <= bytes.length);
    const inside = bytes.subarray(start, start + packed), most = `${name} of the bundle is longer than ${LARGEST_MEMBER.toLocaleString("en")} bytes`;
    need(length <= LARGEST_MEMBER, most);
    const data = method === 0 ? inside.subarray(0, length) : (await unpackedMember(inside, length, called)).subarray(0, length);
    odd(crc32(data) === crc);
    whole += data.length;
    need(whole <= LARGEST_TOGETHER, `the bundle's members are longer than ${LARGEST_TOGETHER.toLocaleString("en")} bytes together`);
    found.set(name, data);
    alone &&= local === next && extra === 0 && remark === 0;
    next = local + 30 + named + packed;
    at += 46 + named + extra + remark;
  }
  // Bytes before the members, between them or after them: another program may unpack them as further files.
  need(alone && ofOneDisk && next === end - size && at === end && end + 22 === bytes.length, BELONGS_TO_NONE);
  return found;
}
async function unpackedMember(inside, length, called) {
  if (length === 0) return new Uint8Array();
  try { return await inflated(inside, LARGEST_MEMBER + 2 ** 20, "deflate-raw", called, length); } catch { throw new Differs(`${called} is not a bundle: BadZipFile`); }
}

// The files of a bundle, each as its manifest states it, and what the manifest says that it is about.
async function unpackedBundle(bytes, called) {
  need(bytes.length <= LARGEST_BUNDLE, `${called} has more than ${LARGEST_BUNDLE.toLocaleString("en")} bytes`);
  const files = await membersOf(bytes, called), data = files.get(BUNDLE_MANIFEST), stated = statedBundle(data);
  files.delete(BUNDLE_MANIFEST);
  const there = new Map(), said = new Map(Object.entries(stated.files));
  for (const [name, one] of files) there.set(name, await sha256Hex(one));
  const different = [...new Set([...there.keys(), ...said.keys()])].sort().find((name) => there.get(name) !== said.get(name));
  need(different === undefined, `${different} is not what the bundle's manifest states, or is missing`);
  return { files, about: stated.about };
}
function statedBundle(data) {
  try {
    const found = readCanonical(data, "the manifest");
    need(hasKeys(found, "version", "about", "files") && found.version === 1 && isObject(found.files) && isObject(found.about) && [...Object.values(found.files), ...Object.values(found.about)].every((one) => typeof one === "string"), "another form");
    return found;
  } catch { throw new Differs("the bundle's manifest is missing, or is not in its form"); }
}

const eventsOf = (log, kind) => log.bodies.map(utf8).filter((text) => text.includes(`"kind":"${kind}"`)).map((text) => JSON.parse(text)).filter((event) => event.kind === kind);
const inFolder = (files, folder) => [...files].filter(([name]) => name.startsWith(`${folder}/`)).map(([name, data]) => [name.slice(folder.length + 1), data]);
async function hashesIn(files, folder) { const found = new Map(); for (const [name, data] of inFolder(files, folder)) found.set(name, await sha256Hex(data)); return found; }
const firstOf = (names, holds) => [...new Set(names)].sort().find(holds);

// Whose key signed the bundle's log.
function signedBundle(log, policy, about) {
  const { head, lives } = log, by = head.signed.find(({ at }) => at === null)?.key, end = endedAlone(head, lives);
  need(by, "the bundle's log is signed by no log key of the policy");
  refuseOtherLog(head.origin, policy);
  const ofDeal = head.origin.lastIndexOf("/deal/"), deal = ofDeal < 0 ? head.origin : head.origin.slice(ofDeal + 6);
  need(hasKeys(about, "deal", "origin") && about.deal === deal && about.origin === head.origin, `the bundle's manifest says that it is of another log than ${head.origin}`);
  const said = `${head.origin}: ${withNoun(log.bodies.length, "entry", "entries")}, signed by ${called(by)}`;
  if (end !== null) return `${NOT_COMPARED}: signed by a key that ended on ${end.on}; ${said}`;
  return `${said}, ${policy.log_keys.includes(by.text) ? "a key of the policy" : "a key that followed one of the policy"}`;
}
// Each deal file is one that the log adopted, and none is missing.
async function dealFilesIn(files, log) {
  const adopted = new Set(eventsOf(log, "deal adopted").map(({ payload }) => payload.file_sha256)), there = new Map([...(await hashesIn(files, "deals"))].map(([name, hash]) => [name.replace(/\.yaml$/, ""), hash]));
  const wrong = firstOf([...adopted, ...there.keys()], (name) => there.get(name) !== name || !adopted.has(name));
  need(wrong === undefined, `the deal file ${wrong?.slice(0, 16)} is missing, is another, or was never adopted`);
  return `${withNoun(there.size, "file", "files")}, each that the log adopted`;
}
// Every notice that the log issued is there with its bytes, and no other.
async function noticesIn(files, log) {
  const issued = new Map(eventsOf(log, "notice issued").map(({ payload }) => [payload.file.split("/").at(-1), payload.sha256])), there = await hashesIn(files, "notices");
  const wrong = firstOf([...issued.keys(), ...there.keys()], (name) => issued.get(name) !== there.get(name));
  need(wrong === undefined, `${wrong} is missing, is not the file that the log issued, or was never issued`);
  return `${withNoun(there.size, "file", "files")}, each as the log issued it`;
}
// Every report that the log received is there with its bytes, and no other.
async function reportsIn(files, log) {
  const received = new Set(eventsOf(log, "report received").map(({ payload }) => payload.sha256)), there = new Map([...(await hashesIn(files, "reports"))].map(([name, hash]) => [hash, name]));
  const missing = firstOf(received, (hash) => !there.has(hash)), more = firstOf([...there].filter(([hash]) => !received.has(hash)).map(([, name]) => name), () => true);
  need(missing === undefined, `the report ${missing?.slice(0, 16)} is missing or was changed`);
  need(more === undefined, `${more} was never received`);
  return `${withNoun(there.size, "file", "files")}, each as the log received it`;
}

// Every step of a bundle up to the first difference of each part, and the last line.
async function verifyBundle(bytes, called, policy, policyName) {
  const steps = [], asked = async (name, ask) => {
    try { steps.push({ name, found: await ask(), difference: null }); return true; }
    catch (error) { steps.push({ name, found: "", difference: error instanceof Differs ? error.message : `cannot be read: ${error.name}: ${String(error.message).slice(0, 120)}` }); return false; }
  };
  let files, log, about;
  const opened = await asked("bundle", async () => {
    const found = await unpackedBundle(bytes, called);
    ({ files, about } = found);
    return `${withNoun(files.size, "file", "files")} as its manifest states, of ${found.about.deal ?? "no deal"}`;
  });
  const read = opened && (await asked("log", async () => { log = await exportedLog(new Map(inFolder(files, "log")), await trustedKeys(policy)); return signedBundle(log, policy, about); }));
  if (read) {
    if (log.stamp !== null) await asked("time stamp", () => stampFound(log, policy));
    for (const [name, ask] of [["deal files", dealFilesIn], ["notices", noticesIn], ["reports", reportsIn]]) await asked(name, () => ask(files, log));
    for (const [name, data] of inFolder(files, "notices").sort(([one], [other]) => (one < other ? -1 : 1))) {
      const { steps: its } = await verifyNotice(data, name, policy, policyName, [log]), differing = its.find(({ difference }) => difference !== null), holding = its.filter(({ found }) => !found.startsWith(NOT_COMPARED));
      steps.push(differing ? { name, found: "", difference: `${differing.name}: ${differing.difference}` } : { name, found: `${withNoun(holding.length, "step", "steps")} hold; ${its.at(-1).found}`, difference: null });
    }
  }
  const verified = steps.every(({ difference }) => difference === null);
  const compared = `the log with your keys${log?.stamp ? ", its time stamp" : ""}; each notice by itself, its words with those that the log issued; each deal file and each report with the log`;
  const closing = `${called} is what it says as far as was compared. Compared: ${compared}. Not compared: the results of the notices, which this page does not compute again; the drawing of the notices.`;
  return { notice: called, verified, steps, closing: verified ? closing : "" };
}
