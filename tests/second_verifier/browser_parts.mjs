// The parts of headroom-verify.html in Node: the same code without a page. Each line of standard input is a question as JSON, and each line of the answer is JSON.
//
//   node browser_parts.mjs PARTS_FOLDER PART...   < {"policy": TOML, "notices": [PATH], "bundles": [PATH], "attachments": FOLDER, "held": [FOLDER], "notes": [PATH],
//     "evidence": [{"folder": FOLDER, "upto": STEP, "texts": [TEXT]}], "seals": [{"file": PATH, "changes": [[PLACE, BYTE]]}],
//     "strange": true, "given": [[NAME, PATH]]}, where `strange` asks for every character that no policy has, and `given` is what was dropped on the page, each file with the name or path that the browser tells,
//     after what was dropped `before`, a list of such lists; `moments` are events with a time that they may not say a later one than,
//     `words` what may be a page.json, `plain` texts of which the spaces and the forms of letters count for nothing
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { createInterface } from "node:readline";

const [folder, ...parts] = process.argv.slice(2);
const code = parts.map((part) => readFileSync(join(folder, `${part}.js`), "utf-8")).join("\n");
const names = "Differs, Notice, NOT_COMPARED, STEPS, freed, notesIn, readPolicy, sealOf, stampWords, take, answers, STRANGE, verifyBundle, verifyExport, verifyNotice, notAfter, readPageWords, plainText";
const loaded = new Function(`${code}; return { ${names} };`);

// The answer to one question, by parts that have seen nothing yet: they are run anew, as a browser runs them for a page that is opened.
async function answerTo(asked) {
  const { Differs, Notice, NOT_COMPARED, STEPS, freed, notesIn, readPolicy, sealOf, stampWords, take, answers, STRANGE, verifyBundle, verifyExport, verifyNotice, notAfter, readPageWords, plainText } = loaded();
  const heldIn = (path) => ({ file: basename(path), notes: notesIn(freed(readFileSync(path))), stamp: existsSync(`${path}.stamp`) ? freed(readFileSync(`${path}.stamp`)) : null });
  const within = (root, at = root) => readdirSync(at).flatMap((name) => (statSync(join(at, name)).isDirectory() ? within(root, join(at, name)) : [relative(root, join(at, name))]));
  const filesOf = (root) => new Map(within(root).map((name) => [name, new Uint8Array(readFileSync(join(root, name)))]));

  // The log step alone, of the attachments in a folder.
  async function evidence(root, policy, held) {
    const notice = new Notice(new Uint8Array(), "notice", policy, held);
    notice.files = filesOf(root);
    try {
      await notice.manifestStep();
      await notice.eventStep();
      const found = await notice.log();
      return { verdict: found.startsWith(NOT_COMPARED) ? "open" : "holds", said: found };
    } catch (error) { return { verdict: "DIFFERS", said: error.message }; }
  }

  // The steps from the manifest on, of the attachments in a folder with the texts of pages that were never drawn: the first that differs.
  async function forged({ folder: root, upto, texts }, policy, held) {
    const notice = new Notice(new Uint8Array(), "notice", policy, held);
    notice.files = filesOf(root);
    notice.pdf = { texts: async () => texts };
    for (const [name, method] of STEPS.slice(2)) {
      if (name === "all text" && !texts) continue;
      try { await notice[method](); } catch (error) { return { step: name, said: error instanceof Differs ? error.message : `cannot be read: ${error.name}` }; }
      if (name === upto) break;
    }
    return { step: "", said: "" };
  }
  // The seal of a file with some of its bytes changed: what is said of its time, or why it is refused.
  async function sealed({ file, changes }, policy) {
    const bytes = new Uint8Array(readFileSync(file));
    for (const [place, byte] of changes ?? []) bytes[place] = byte;
    try {
      const seal = await sealOf(bytes, policy.notice_certificates, policy.time_authorities);
      return { said: seal === null ? "not signed" : `signed by ${seal.fingerprint}${stampWords(seal.stamp)}`, trusted: seal?.stamp?.trusted ?? false, at: seal?.stamp?.at ?? null, refused: "" };
    } catch (error) { return { said: "", trusted: false, at: null, refused: error instanceof Differs ? error.message : `cannot be read: ${error.name}: ${error.message}` }; }
  }

  const policy = readPolicy(asked.policy), held = (asked.held ?? []).map(filesOf);
  const answer = { notices: [], bundles: [], exports: [], forged: [], seals: [], evidence: null };
  for (const one of asked.evidence ?? []) answer.forged.push(await forged(one, policy, held));
  for (const one of asked.seals ?? []) answer.seals.push(await sealed(one, policy));
  for (const path of asked.notices ?? []) answer.notices.push(await verifyNotice(new Uint8Array(readFileSync(path)), basename(path), policy, "trustee.toml", held));
  for (const path of asked.bundles ?? []) answer.bundles.push(await verifyBundle(new Uint8Array(readFileSync(path)), basename(path), policy, "trustee.toml"));
  for (const files of asked.notes ? held : []) answer.exports.push(await verifyExport(files, asked.notes.map(heldIn), policy));
  if (asked.attachments) answer.evidence = await evidence(asked.attachments, policy, held);
  if (asked.strange) answer.strange = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => STRANGE.test(`a${String.fromCodePoint(code)}`));
  if (asked.moments) answer.moments = asked.moments.map(([body, at]) => { try { notAfter(at, "the event", Buffer.from(body, "base64"), "cosigned"); return ""; } catch (error) { return error.message; } });
  if (asked.words) answer.words = asked.words.map((data) => { try { readPageWords(Buffer.from(data, "base64")); return true; } catch { return false; } });
  if (asked.plain) answer.plain = asked.plain.map(plainText);
  for (const files of asked.before ?? []) { for (const [name, path] of files) take(name, new Uint8Array(readFileSync(path))); await answers(); }
  if (asked.given) {
    const wrong = [];
    for (const [name, path] of asked.given) { try { take(name, new Uint8Array(readFileSync(path))); } catch (error) { wrong.push(error.message); } }
    answer.given = { ...(await answers()), wrong };
  }
  return answer;
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try { answer = await answerTo(JSON.parse(line)); } catch (error) { answer = { broken: error.stack }; }
  console.log(JSON.stringify(answer));
}
