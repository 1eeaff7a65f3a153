// A time stamp of a checkpoint: a text beside the note, over the note's first five lines (docs/method/record.md, Independent time).
const STAMP_TITLE = "RFC 3161 time stamp of a checkpoint, over its first five lines", STAMP_FORM = "the time stamp is not in its form, or holds more than one token";
const linesOfToken = (bytes) => btoa(String.fromCharCode(...bytes)).match(/.{1,76}/g) ?? [];
function stampIn(text) {
  const [title, origin, size, sha256, ...lines] = text.split("\n"), token = rawOf(lines.join(""));
  need(title === STAMP_TITLE && /^\d+$/.test(size ?? "") && lines.length > 0 && token !== null, STAMP_FORM);
  need(text === `${[title, origin, String(BigInt(size)), sha256, ...linesOfToken(token)].join("\n")}\n`, STAMP_FORM);
  return { origin, size: BigInt(size), sha256, token };
}

// When an entry or an event says that it was recorded, in milliseconds; nobody vouches for one that says a later time than its own.
function notAfter(at, name, recorded, done) {
  const said = /(Z|[+-]\d\d:\d\d)$/.test(recorded ?? "") ? Date.parse(recorded) : NaN;
  need(!Number.isNaN(said), `${name} does not say when it was recorded`);
  need(said - 36e5 <= at, `${name} says that it was recorded at ${minuteOf(said)}, and its log was ${done} at ${minuteOf(at)}`);
}

// When an exported log was stamped and by whom: null without a stamp.
async function timeOfLog(log, policy) {
  if (log.stamp === null) return null;
  const said = stampIn(log.stamp), first = `${log.note.split("\n").slice(0, 5).join("\n")}\n`, over = new TextEncoder().encode(first);
  const head = await checkpointOf(first, log.lives.keys.filter(({ kind }) => kind === "log"));
  need(said.origin === head.origin && said.size === head.size, `the time stamp is of another checkpoint than ${head.origin} at ${withNoun(head.size, "entry", "entries")}`);
  need(said.sha256 === (await sha256Hex(over)), "the time stamp is over other bytes than the first five lines of this checkpoint");
  const found = await stampedToken(said.token, over, policy);
  if (found.at !== null) log.bodies.slice(0, Number(head.size)).forEach((body, n) => notAfter(found.at, `entry ${n}`, JSON.parse(utf8(body)).recorded_at, "time-stamped"));
  return found;
}
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
