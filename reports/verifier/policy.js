// A policy as TOML: names, texts, whole numbers, true or false, and lists of texts; anything else is refused.
function readPolicy(text) {
  const policy = { log_keys: [], ended_keys: [], cosigner_keys: [], cosignatures_needed: 0, notice_certificates: [], time_authorities: [], signature_needed: true, deals: [], origins: [] };
  const plain = text.replace(/\r\n?/g, "\n").replace(/("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|#[^\n]*/g, (_, quoted) => quoted ?? "");
  const line = /\s*([A-Za-z_]+)\s*=\s*(\[[^\]]*\]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|true|false|\d+)[ \t]*(?:\n|$)/y, texts = /\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*')\s*(,|$)/y;
  const said = new Set();
  const textOfToml = (quoted) => (quoted[0] === '"' ? JSON.parse(quoted) : quoted.slice(1, -1));
  while (line.lastIndex < plain.trimEnd().length) {
    const at = line.lastIndex, match = line.exec(plain);
    need(match, `the policy cannot be read at \`${plain.slice(at).trim().split("\n")[0].slice(0, 60)}\``);
    const [, name, value] = match;
    need(Object.hasOwn(policy, name), `the policy says \`${name}\`, which no policy has; it has ${Object.keys(policy).join(", ")}`);
    need(!said.has(name), `the policy says \`${name}\` twice`);
    said.add(name);
    if (Array.isArray(policy[name])) {
      need(value.startsWith("["), `\`${name}\` of the policy is a list of texts`);
      const inside = value.slice(1, -1).trim();
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
async function verifyExport(files, held, policy) {
  const steps = [];
  try {
    const { keys, ended } = await trustedKeys(policy), exported = await exportedLog(files, { keys, ended });
    need(exported.head.signed.some(({ key }) => key.kind === "log"), `the log is of ${exported.head.origin}, and no log key of the policy signed it`);
    const { head, lives } = exported, by = head.signed.find(({ key }) => key.kind === "log").key, end = endedAlone(head, lives), cosigned = [...new Set(head.signed.filter(({ key }) => key !== by).map(({ key }) => called(key)))];
    const alone = end === null ? "" : `${NOT_COMPARED}: signed by a key that ended on ${end.on}; `, others = cosigned.length ? `; cosigned by ${cosigned.join(", ")}` : "";
    steps.push({ name: "log", found: `${alone}${head.origin}: ${withNoun(head.size, "entry", "entries")}, ${signedBy(by, [lives], policy)}${others}`, difference: null });
    if (exported.stamp !== null) await asStep(steps, "time stamp", () => stampFound(exported, policy));
    for (const note of held.flatMap(({ notes }) => notes)) await asStep(steps, "held checkpoint", () => heldAgainst(note, exported, keys));
    for (const one of held) if (one.stamp !== null) steps.push(await heldStamp(one, exported, policy));
  } catch (error) {
    steps.push({ name: "log", found: "", difference: error instanceof Differs ? error.message : `cannot be read: ${error.name}: ${String(error.message).slice(0, 120)}` });
  }
  return { verified: steps.every(({ difference }) => difference === null), steps };
}
