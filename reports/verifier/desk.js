// The page itself: what was dropped, told apart by what it is, and the answer as a table of steps.
const given = { policy: null, policyName: "", notices: new Map(), bundles: new Map(), held: [], exports: new Map(), arriving: new Map(), stamps: [], unread: [] };

// Two files of one name that differ are both kept: neither takes the other's place unseen.
function put(map, name, value, alike) {
  let free = name;
  for (let n = 2; map.has(free) && !alike(map.get(free), value); n += 1) free = `${name} (${n})`;
  map.set(free, value);
}
// What is held, and the stamps, lie in lists, each with its own path: a number in its name would be a part of what is looked up.
function keep(list, path, texts) {
  if (!list.some((one) => one.path === path && one.texts.join("") === texts.join(""))) list.push({ path, texts });
}

function take(path, bytes) {
  const name = path.split("/").at(-1), text = () => { try { return freed(bytes); } catch { return ""; } };
  if (latin1(bytes.subarray(0, 5)) === "%PDF-") put(given.notices, name, bytes, same);
  else if (name.endsWith(".bundle") || latin1(bytes.subarray(0, 4)) === "PK\x03\x04") put(given.bundles, name, bytes, same);
  else if (name.endsWith(".toml")) {
    // A policy that cannot be read leaves the page without one: an answer by the former policy would be taken for one by this.
    given.policy = null;
    given.policy = policyIn(bytes);
    given.policyName = name;
  }
  else if (name.endsWith(".stamp") && name !== "checkpoint.stamp") keep(given.stamps, path, [text()]);
  else if (/(^|\/)tile\//.test(path) || name === "checkpoint" || name === "checkpoint.stamp") {
    const folder = /(^|\/)tile\//.test(path) ? path.replace(/\/?tile\/.*$/, "") : path.replace(/\/?checkpoint(\.stamp)?$/, "");
    if (!given.arriving.has(folder)) given.arriving.set(folder, new Map());
    const files = given.arriving.get(folder), part = folder ? path.slice(folder.length + 1) : path;
    // A second checkpoint that lay elsewhere: the first is one that is held.
    if (files.has(part) && !same(files.get(part), bytes) && !hasTiles(files)) kept(folder, files);
    files.set(part, bytes);
  } else if (bytes.length <= LONGEST_HELD && /\n\n\u2014 /.test(text())) keep(given.held, path, notesIn(text()));
  else throw new Differs(`${name} is not a policy, notice, bundle, checkpoint or part of an exported log`);
}

// What was dropped together is of one folder. Where another folder of that path was dropped before, both are kept: neither takes the other's place unseen.
function arrived() {
  for (const [folder, files] of given.arriving) {
    const before = given.exports.get(folder), differs = before && [...files].some(([part, bytes]) => before.has(part) && !same(before.get(part), bytes));
    if (!differs) given.exports.set(folder, new Map([...(before ?? []), ...files]));
    else if (hasTiles(files)) put(given.exports, folder, files, alike);
    else kept(folder, files);
  }
  given.arriving.clear();
}
const alike = (one, other) => one.size === other.size && [...one].every(([part, bytes]) => other.has(part) && same(other.get(part), bytes));
// An export is whole where it has entries; a checkpoint alone is one that is held.
function sorted() {
  arrived();
  for (const [folder, files] of given.exports) {
    if (hasTiles(files)) continue;
    kept(folder, files);
    given.exports.delete(folder);
  }
}
const hasTiles = (files) => [...files.keys()].some((path) => path.startsWith("tile/"));
function kept(folder, files) {
  const path = folder ? `${folder}/checkpoint` : "checkpoint";
  const text = (part, expected) => { try { return files.has(part) ? freed(files.get(part)) : null; } catch { given.unread.push(`${folder ? `${folder}/` : ""}${part} is not text: ${expected} is expected.`); return null; } };
  const held = text("checkpoint", "a checkpoint"), stamp = text("checkpoint.stamp", "a time stamp");
  if (held !== null) keep(given.held, path, notesIn(held));
  if (stamp !== null) keep(given.stamps, `${path}.stamp`, [stamp]);
  files.clear();
}
// Whether a stamp says that it is of this checkpoint: its origin, its size, and the SHA-256 of its first five lines.
async function states(text, notes) {
  try {
    const said = stampIn(text), one = oneNote(notes);
    return one !== null && said.origin === one.origin && said.size === one.size && said.sha256 === (await sha256Hex(stampedBytes(notes[0])));
  } catch { return false; }
}
// What is held, each with the stamp that lies beside it: a file of the same name with `.stamp` after it. Among several of one name a stamp belongs to the one that it states;
// a stamp that states none of them belongs to one that has no other.
async function paired() {
  const held = given.held.map(({ path, texts }) => ({ path, file: path.split("/").at(-1), notes: texts, stamp: null })), stamps = [];
  for (const { path, texts: [text] } of given.stamps) {
    const beside = held.filter((one) => `${one.path}.stamp` === path), stated = [];
    for (const one of beside) if (await states(text, one.notes)) stated.push(one);
    stamps.push({ text, beside, stated, used: false });
  }
  const give = (stamp, among) => { const free = among.find((one) => one.stamp === null); if (free) { free.stamp = stamp.text; stamp.used = true; } };
  for (const stamp of stamps) give(stamp, stamp.stated);
  // One stamp may lie beside the same checkpoint twice, such as one that a trustee has cosigned since.
  for (const stamp of stamps) stamp.stated.forEach((one) => give(stamp, [one]));
  for (const stamp of stamps) if (!stamp.used) give(stamp, stamp.beside);
  return { held, unused: stamps.filter(({ used }) => !used) };
}

async function answers() {
  sorted();
  const { held, unused } = await paired(), waiting = waitingFor(unused.length), found = [], whole = [...given.exports.values()];
  if (given.policy === null) return { needs: "Give your policy too: a .toml file with the keys that you trust.", waiting, answers: [] };
  for (const [folder, files] of given.exports) found.push({ what: `The exported log ${folder}`, ...(await verifyExport(files, held, given.policy, folder, given.policyName)) });
  for (const [name, bytes] of given.bundles) found.push({ what: name, ...(await verifyBundle(bytes, name, given.policy, given.policyName)) });
  for (const [name, bytes] of given.notices) {
    const deal = [];
    for (const files of whole) if (await ofTheNotice(bytes, files)) deal.push(files);
    found.push({ what: name, ...(await verifyNotice(bytes, name, given.policy, given.policyName, deal)) });
  }
  return { needs: "", waiting, answers: found };
}

// Whether an exported log is the one that a notice is of: the names in their checkpoints are the same.
async function ofTheNotice(bytes, files) {
  try {
    const proof = proofOf(utf8((await (await Pdf.open(bytes)).attachments()).get("event.tlog-proof")));
    return proof.note.split("\n")[0] === utf8(files.get("checkpoint")).split("\n")[0];
  } catch { return true; }
}

function shown(answer) {
  const part = document.createElement("section"), add = (tag, text, into = part, kind = "") => { const one = document.createElement(tag); one.textContent = text; one.className = kind; into.append(one); return one; };
  add("h2", answer.what);
  const table = add("table", "");
  for (const step of answer.steps) {
    const row = add("tr", "", table, step.difference === null ? "" : "differs");
    add("td", step.difference !== null ? "DIFFERS" : step.found.startsWith(NOT_COMPARED) ? "open" : "holds", row);
    add("td", step.name, row);
    add("td", step.difference ?? step.found, row);
  }
  if (answer.closing) add("p", answer.closing, part, "closing");
  return part;
}

const counts = () => `${given.notices.size} notices, ${given.bundles.size} bundles, ${given.exports.size} exported logs, ${given.held.length} files of held checkpoints, ${given.policy ? "a policy" : "no policy"}.`;
// What was given and cannot be checked, or not yet; so many of the stamps have no checkpoint.
function waitingFor(lonely) {
  return [...given.unread, given.held.length && !given.exports.size ? "What is held is checked once you give the exported log." : "", lonely ? `${lonely} of the time stamps ${lonely === 1 ? "lies" : "lie"} beside no checkpoint that you gave.` : ""].filter(Boolean).join(" ");
}

async function took(files) {
  const said = document.getElementById("given"), wrong = [];
  for (const file of files) {
    try { take(file.webkitRelativePath || file.taken || file.name, new Uint8Array(await file.arrayBuffer())); }
    catch (error) { wrong.push(error.message); }
  }
  const { needs, waiting, answers: found } = await answers();
  said.textContent = [counts(), waiting, needs, ...wrong].filter(Boolean).join(" ");
  document.getElementById("answer").replaceChildren(...found.map(shown));
  document.body.dataset.done = String(Number(document.body.dataset.done ?? 0) + 1);
}

if (typeof document !== "undefined") {
  const drop = document.getElementById("drop");
  for (const id of ["files", "folder"]) document.getElementById(id).addEventListener("change", (event) => took([...event.target.files]));
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); took([...event.dataTransfer.files]); });
}
