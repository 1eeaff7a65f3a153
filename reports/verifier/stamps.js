// A time stamp of a checkpoint: a text beside the note, over the note's first five lines (docs/method/record.md, Independent time).
const STAMP_TITLE = "RFC 3161 time stamp of a checkpoint, over its first five lines", STAMP_FORM = "the time stamp is not in its form, or holds more than one token";
const linesOfToken = (bytes) => btoa(String.fromCharCode(...bytes)).match(/.{1,76}/g) ?? [];
function stampIn(text) {
  const [title, origin, size, sha256, ...lines] = text.split("\n"), token = rawOf(lines.join(""));
  need(title === STAMP_TITLE && WHOLE.test(size ?? "") && lines.length > 0 && token !== null, STAMP_FORM);
  need(text === `${[title, origin, String(BigInt(size)), sha256, ...linesOfToken(token)].join("\n")}\n`, STAMP_FORM);
  return { origin, size: BigInt(size), sha256, token };
}

// When an entry or an event says that it was recorded, in milliseconds; nobody vouches for one that says a later time than its own.
const MOMENT = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d{1,6})?(Z|([+-])([01]\d|2[0-3]):([0-5]\d))?$/;
function recordedAt(name, body) {
  let text;
  try { text = JSON.parse(utf8(body)).recorded_at; } catch { text = null; }
  const match = typeof text === "string" ? MOMENT.exec(text) : null, day = match ? Date.parse(`${match[1]}T00:00:00Z`) : NaN, none = `${name} does not say when it was recorded`;
  // A day that the calendar does not have is read as one of the next month, or not at all.
  need(!Number.isNaN(day) && new Date(day).toISOString().slice(0, 10) === match[1], none);
  const [, , hours, minutes, seconds, part = "", zone, sign, apart = "0", more = "0"] = match;
  need(zone !== undefined, `${name} says when it was recorded without a time zone`);
  const said = day + 1000 * (3600 * hours + 60 * minutes + Number(seconds)) + Number(part.slice(1, 4).padEnd(3, "0")) - (sign === "-" ? -1 : 1) * 6e4 * (60 * apart + Number(more));
  need(said >= EARLIEST && said < LATEST, none);
  return said;
}
const EARLIEST = Date.parse("0001-01-01T00:00:00Z"), LATEST = Date.parse("+010000-01-01T00:00:00Z");
function notAfter(at, name, body, done) {
  const said = recordedAt(name, body);
  need(said - 36e5 <= at, `${name} says that it was recorded at ${minuteOf(said)}, and its log was ${done} at ${minuteOf(at)}`);
}

const firstFive = (note) => `${note.split("\n").slice(0, 5).join("\n")}\n`, stampedBytes = (note) => encoder.encode(firstFive(note));

// When a checkpoint was stamped and by whom, held against the entries that it covers.
async function timeOf(text, note, bodies, keys, policy) {
  const said = stampIn(text), first = firstFive(note), over = stampedBytes(note);
  const head = await checkpointOf(first, keys.filter(({ kind }) => kind === "log"));
  need(said.origin === head.origin && said.size === head.size, `the time stamp is of another checkpoint than ${head.origin} at ${withNoun(head.size, "entry", "entries")}`);
  need(said.sha256 === (await sha256Hex(over)), "the time stamp is over other bytes than the first five lines of this checkpoint");
  const found = await stampedToken(said.token, over, policy);
  if (found.at !== null) bodies.slice(0, Number(head.size)).forEach((body, n) => notAfter(found.at, `entry ${n}`, body, "time-stamped"));
  return found;
}
const timeOfLog = async ({ stamp, note, bodies, lives }, policy) => (stamp === null ? null : timeOf(stamp, note, bodies, lives.keys, policy));
async function stampedToken(bytes, over, policy) {
  try {
    const token = element(bytes);
    need(token.whole.length === bytes.length, STAMP_FORM);
    return await stamped(token, over, policy.time_authorities);
  } catch (error) {
    if (error instanceof Differs && error.message !== NOT_READ) throw error;
    throw new Differs("the time stamp cannot be read: ValueError");
  }
}
const stampFound = async (log, policy) => `its log was ${stampedWords(await timeOfLog(log, policy))}`;

// What somebody holds: a file's name, its checkpoints, and the stamp beside it where one is there.
const HELD_NOTE = /^((?:[^\n\u2014][^\n]*\n){3}\n(?:\u2014 [^\n]+\n)+)/m, LONGEST_HELD = 16 * 2 ** 20;
function freed(bytes) {
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(wide, { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
}
// The checkpoints in a text; where there are several, what stands between them is taken too, so that damage is found and not cut away.
function notesIn(text) {
  const parts = text.split(HELD_NOTE);
  return parts.length > 3 ? parts.filter((part) => part.trim() !== "") : [text];
}
function oneNote(notes) {
  if (notes.length !== 1) return null;
  try { const stated = statedIn(notes[0]); splitNote(notes[0]).lines.forEach((line) => need((rawOf(SIGNATURE.exec(line)?.[2] ?? "")?.length ?? 0) > 4, "malformed")); return stated; } catch { return null; }
}
// The steps of the stamps beside what is held, in the sentences of `headroom verify`.
async function heldStamp({ file, notes, stamp }, log, policy) {
  const said = oneNote(notes), name = said === null ? `held time stamp of ${file}` : `held time stamp of ${said.origin} at ${withNoun(said.size, "entry", "entries")}`;
  try {
    need(said !== null, "the file beside it does not hold exactly one checkpoint");
    if (said.origin !== log.head.origin) return { name, found: `${NOT_COMPARED}: its log is not at hand`, difference: null };
    const fits = said.size <= log.head.size && same(await rootOf(log.leaves.slice(0, Number(said.size))), said.root);
    return { name, found: stampedWords(await timeOf(stamp, notes[0], fits ? log.bodies.slice(0, Number(said.size)) : [], log.lives.keys, policy)), difference: null };
  } catch (error) {
    if (!(error instanceof Differs)) throw error;
    return { name, found: "", difference: error.message };
  }
}
