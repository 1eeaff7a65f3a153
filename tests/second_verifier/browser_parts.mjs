// The parts of headroom-verify.html in Node: the same code without a page. One question as JSON on standard input, the answer as JSON.
//
//   node browser_parts.mjs PARTS_FOLDER PART...   < {"policy": TOML, "notices": [PATH], "attachments": FOLDER, "held": [FOLDER], "notes": [TEXT]}
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";

const [folder, ...parts] = process.argv.slice(2);
const code = parts.map((part) => readFileSync(join(folder, `${part}.js`), "utf-8")).join("\n");
const { Notice, NOT_COMPARED, readPolicy, verifyExport, verifyNotice } = new Function(`${code}; return { Notice, NOT_COMPARED, readPolicy, verifyExport, verifyNotice };`)();

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

const asked = JSON.parse(readFileSync(0, "utf-8")), policy = readPolicy(asked.policy), held = (asked.held ?? []).map(filesOf);
const answer = { notices: [], exports: [], evidence: null };
for (const path of asked.notices ?? []) answer.notices.push(await verifyNotice(new Uint8Array(readFileSync(path)), basename(path), policy, "trustee.toml", held));
for (const files of asked.notes ? held : []) answer.exports.push(await verifyExport(files, asked.notes, policy));
if (asked.attachments) answer.evidence = await evidence(asked.attachments, policy, held);
console.log(JSON.stringify(answer));
