// The page itself: what was dropped, told apart by what it is, and the answer as a table of steps.
const given = { policy: null, policyName: "", notices: new Map(), bundles: new Map(), notes: new Map(), exports: new Map(), stamps: new Set() };

function take(path, bytes) {
  const name = path.split("/").at(-1), text = () => { try { return utf8(bytes).replace(/^\ufeff/, ""); } catch { return ""; } };
  if (latin1(bytes.subarray(0, 5)) === "%PDF-") given.notices.set(name, bytes);
  else if (name.endsWith(".bundle") || latin1(bytes.subarray(0, 4)) === "PK\x03\x04") given.bundles.set(name, bytes);
  else if (name.endsWith(".toml")) { given.policy = readPolicy(text()); given.policyName = name; }
  else if (name.endsWith(".stamp") && name !== "checkpoint.stamp") given.stamps.add(path);
  else if (/(^|\/)tile\//.test(path) || name === "checkpoint" || name === "checkpoint.stamp") {
    const folder = /(^|\/)tile\//.test(path) ? path.replace(/\/?tile\/.*$/, "") : path.replace(/\/?checkpoint(\.stamp)?$/, "");
    if (!given.exports.has(folder)) given.exports.set(folder, new Map());
    given.exports.get(folder).set(folder ? path.slice(folder.length + 1) : path, bytes);
  } else if (/\n\n\u2014 /.test(text())) given.notes.set(name, text().replace(/\r\n?/g, "\n"));
  else throw new Differs(`${name} is not a policy, notice, bundle, checkpoint or part of an exported log`);
}

// An export is whole where it has entries; a checkpoint alone is one that is held.
function sorted() {
  for (const [folder, files] of given.exports) {
    if ([...files.keys()].some((path) => path.startsWith("tile/")) || !files.has("checkpoint")) continue;
    given.notes.set(`${folder || "checkpoint"}`, utf8(files.get("checkpoint")).replace(/\r\n?/g, "\n"));
    if (files.has("checkpoint.stamp")) given.stamps.add(folder);
    given.exports.delete(folder);
  }
}

async function answers() {
  sorted();
  if (given.policy === null) return { needs: "Give your policy too: a .toml file with the keys that you trust.", answers: [] };
  const found = [], whole = [...given.exports.values()];
  for (const [folder, files] of given.exports) found.push({ what: `The exported log ${folder}`, ...(await verifyExport(files, [...given.notes.values()], given.policy)) });
  for (const [name, bytes] of given.bundles) found.push({ what: name, ...(await verifyBundle(bytes, name, given.policy, given.policyName)) });
  for (const [name, bytes] of given.notices) {
    const deal = [];
    for (const files of whole) if (await ofTheNotice(bytes, files)) deal.push(files);
    found.push({ what: name, ...(await verifyNotice(bytes, name, given.policy, given.policyName, deal)) });
  }
  return { needs: "", answers: found };
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

async function took(files) {
  const said = document.getElementById("given"), wrong = [];
  for (const file of files) {
    try { take(file.webkitRelativePath || file.taken || file.name, new Uint8Array(await file.arrayBuffer())); }
    catch (error) { wrong.push(error.message); }
  }
  const { needs, answers: found } = await answers(), counts = `${given.notices.size} notices, ${given.bundles.size} bundles, ${given.exports.size} exported logs, ${given.notes.size} held checkpoints, ${given.policy ? "a policy" : "no policy"}.`,
    stamps = given.stamps.size ? `${given.stamps.size} of the files are time stamps of held checkpoints, which this page does not check.` : "";
  said.textContent = [counts, stamps, needs, ...wrong].filter(Boolean).join(" ");
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
