// What nobody can have meant in a text that decides something: the characters that `headroom verify` refuses in a policy (engine/basics/files.py).
// The last two lines are Unicode's Default_Ignorable_Code_Point, without what joins letters or chooses their shape, and signs whose shape is empty.
const STRANGE = new RegExp([
  "[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\ufeff\\ufff9-\\uffff\\ud800-\\udfff",
  "\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2060-\\u206f\\u2800\\u3164\\uffa0\\ufff0-\\ufff8",
  "\\u{13441}\\u{13442}\\u{16fe4}\\u{1bca0}-\\u{1bca3}\\u{1d159}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e00ff}\\u{e01f0}-\\u{e0fff}]",
].join(""), "u");
const LARGEST_TOML = 1e6;
// A policy's file is UTF-8, with or without its mark.
function policyIn(bytes) {
  need(bytes.length <= LARGEST_TOML, `the policy has more than ${LARGEST_TOML.toLocaleString("en")} bytes`);
  let text;
  try { text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { throw new Differs("the policy is not UTF-8; save it as UTF-8"); }
  return readPolicy(text);
}
function refuseStrange(text) {
  const found = STRANGE.exec(text);
  if (found === null) return;
  const before = text.slice(0, found.index).split(/\r\n?|\n/), code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  throw new Differs(`the policy has a character that does not show, U+${code}, in line ${before.length}, column ${[...before.at(-1)].length + 1}; remove it`);
}

// A policy as TOML: names, texts, whole numbers, true or false, and lists of texts; anything else is refused.
function readPolicy(text) {
  const policy = { log_keys: [], ended_keys: [], cosigner_keys: [], cosignatures_needed: 0, notice_certificates: [], time_authorities: [], signature_needed: true, deals: [], origins: [] };
  refuseStrange(text);
  const whole = text.replaceAll("\r\n", "\n");
  need(!whole.includes("\r"), "the policy has a line end that TOML does not have; save it with other line ends");
  const plain = whole.replace(/("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|#[^\n]*/g, (_, quoted) => quoted ?? "");
  // Blanks are those of TOML alone: `\s` takes a dozen more, which do not show.
  const line = /[ \t\n]*([A-Za-z_]+)[ \t]*=[ \t]*(\[[^\]]*\]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|true|false|0|[1-9]\d*)[ \t]*(?:\n|$)/y, texts = /[ \t\n]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t\n]*(,|$)/y;
  const trimmed = (one) => one.replace(/^[ \t\n]+|[ \t\n]+$/g, "");
  const said = new Set();
  const textOfToml = (quoted) => {
    if (quoted[0] !== '"') return quoted.slice(1, -1);
    need(/^"(?:[^"\\\t]|\\(?:[btnfr"\\]|u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}))*"$/.test(quoted), `the policy cannot be read at \`${quoted.slice(0, 60)}\``);
    return JSON.parse(quoted);
  };
  const end = plain.replace(/[ \t\n]+$/, "").length;
  while (line.lastIndex < end) {
    const at = line.lastIndex, match = line.exec(plain);
    need(match, `the policy cannot be read at \`${trimmed(plain.slice(at)).split("\n")[0].slice(0, 60)}\``);
    const [, name, value] = match;
    need(Object.hasOwn(policy, name), `the policy says \`${name}\`, which no policy has; it has ${Object.keys(policy).join(", ")}`);
    need(!said.has(name), `the policy says \`${name}\` twice`);
    said.add(name);
    if (Array.isArray(policy[name])) {
      need(value.startsWith("["), `\`${name}\` of the policy is a list of texts`);
      const inside = trimmed(value.slice(1, -1));
      texts.lastIndex = 0;
      policy[name] = [];
      while (texts.lastIndex < inside.length) { const one = texts.exec(inside); need(one, `\`${name}\` of the policy is a list of texts`); policy[name].push(textOfToml(one[1])); }
    } else if (typeof policy[name] === "boolean") { need(value === "true" || value === "false", `\`${name}\` of the policy is true or false`); policy[name] = value === "true"; }
    else { need(/^\d+$/.test(value), `\`${name}\` of the policy is a whole number`); policy[name] = Number(value); }
  }
  for (const name of ["notice_certificates", "time_authorities"]) {
    policy[name] = policy[name].map((one) => one.replaceAll(":", "").toLowerCase());
    policy[name].forEach((one, place) => need(HEX.test(one), `\`${name}[${place}]\` of the policy is not a SHA-256 fingerprint of 64 hexadecimal digits`));
  }
  need(policy.ended_keys.every((one) => /^\S+ \d{4}-\d\d-\d\d$/.test(one)), "an ended key of the policy is not a key with its last day after a space");
  need(policy.cosignatures_needed <= policy.cosigner_keys.length, `\`cosignatures_needed\` is ${policy.cosignatures_needed} and \`cosigner_keys\` has ${policy.cosigner_keys.length}`);
  return policy;
}

// A log that the policy does not ask for, of another deal or another operator, is refused; one that is not a deal's is not asked about by its deal.
function refuseOtherLog(origin, policy) {
  const at = origin.lastIndexOf("/deal/"), deal = origin.slice(at + 6);
  need(at < 0 || !policy.deals.length || policy.deals.includes(deal), `a log of ${deal}; the policy asks for ${policy.deals.join(", ")}`);
  need(!policy.origins.length || policy.origins.includes(origin), `the log is ${origin}; the policy asks for ${policy.origins.join(", ")}`);
}

// A checkpoint that somebody kept, held against an exported log: it is a first part of it, and what came after is listed.
async function heldAgainst(note, exported, keys) {
  const { origin } = statedIn(note);
  if (origin !== exported.head.origin) return `${NOT_COMPARED}: it is of ${origin}`;
  const held = await living(note, exported.lives, keys);
  need(held.signed.some(({ key }) => key.kind === "log"), "the held checkpoint is signed by no log key of the policy");
  need(held.size <= exported.head.size, `the held checkpoint has ${withNoun(held.size, "entry", "entries")}, the log ${exported.head.size}: entries were taken away`);
  need(same(await rootOf(exported.leaves.slice(0, Number(held.size))), held.root), `the first ${withNoun(held.size, "entry", "entries")} of the log are not the ones that the held checkpoint signed`);
  return `${exported.head.origin}: the ${withNoun(held.size, "entry", "entries")} of the held checkpoint are its first; ${exported.head.size - held.size} came after`;
}

async function asStep(steps, name, ask) {
  try { steps.push({ name, found: await ask(), difference: null }); }
  catch (error) { if (!(error instanceof Differs)) throw error; steps.push({ name, found: "", difference: error.message }); }
}

// An exported log by itself, with what is held: checkpoints, and the time stamps beside them.
async function verifyExport(files, held, policy, folder = "", policyName = "") {
  const steps = [];
  try {
    const { keys, ended } = await trustedKeys(policy), exported = await exportedLog(files, { keys, ended });
    need(exported.head.signed.some(({ key }) => key.kind === "log"), `the log is of ${exported.head.origin}, and no log key of the policy signed it`);
    refuseOtherLog(exported.head.origin, policy);
    const { head, lives } = exported, by = head.signed.find(({ key }) => key.kind === "log").key, end = endedAlone(head, lives), cosigned = [...new Set(head.signed.filter(({ key }) => key !== by).map(({ key }) => called(key)))];
    const alone = end === null ? "" : `${NOT_COMPARED}: signed by a key that ended on ${end.on}; `, others = cosigned.length ? `; cosigned by ${cosigned.join(", ")}` : "";
    steps.push({ name: "log", found: `${alone}${head.origin}: ${withNoun(head.size, "entry", "entries")}, ${signedBy(by, [lives], policy)}${others}`, difference: null });
    if (exported.stamp !== null) await asStep(steps, "time stamp", () => stampFound(exported, policy));
    for (const note of held.flatMap(({ notes }) => notes)) await asStep(steps, "held checkpoint", () => heldAgainst(note, exported, keys));
    for (const one of held) if (one.stamp !== null) steps.push(await heldStamp(one, exported, policy));
  } catch (error) {
    steps.push({ name: "log", found: "", difference: error instanceof Differs ? error.message : `cannot be read: ${error.name}: ${String(error.message).slice(0, 120)}` });
  }
  const verified = steps.every(({ difference }) => difference === null);
  return { verified, steps, closing: verified ? closingOfLog(steps, folder.split("/").at(-1) || "The exported log", policyName) : "" };
}
// The last line of an exported log: what was compared.
function closingOfLog(steps, folder, policyName) {
  const holding = (begins) => steps.filter(({ name, found }) => begins(name) && !found.startsWith(NOT_COMPARED)).length;
  const held = holding((name) => name === "held checkpoint"), stamps = holding((name) => name.startsWith("held time stamp of")), parts = ["every entry with the root that your keys signed"];
  if (steps.some(({ name }) => name === "time stamp")) parts.push("its time stamp");
  if (held) parts.push(`${withNoun(held, "held checkpoint", "held checkpoints")} with its first entries`);
  if (stamps) parts.push(`${withNoun(stamps, "time stamp", "time stamps")} beside what is held`);
  return `${folder} is what it says as far as was compared, by ${policyName}. Compared: ${parts.join("; ")}. Not compared: what its entries say.`;
}
