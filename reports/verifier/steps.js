// The steps of the verification, each with the name and the sentence that `headroom verify` gives it; the first difference ends it.
const NEEDED = ["event.json", "date.jsonl", "observations.csv", "manifest.json"], UNSIGNED = "not signed: the appearance is not bound", NOT_COMPARED = "NOT COMPARED";
const NOTICE = ["number", "kind", "subject", "print", "on", "issued_at", "state", "given_by", "to", "supersedes", "supersedes_on", "operator", "log_size", "log_head", "renderer"];

// A date, and a moment with its zone, in the one form in which Python writes them: each has several spellings, and without a zone a moment would be another one elsewhere.
const isDay = (text) => typeof text === "string" && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00Z`)) && new Date(`${text}T00:00Z`).toISOString().startsWith(text) && text >= "0001";
const ISSUED = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(?!000000)\d{6})?(?!-00:00)[+-](?:[01]\d|2[0-3]):[0-5]\d$/;
const isIssued = (text) => typeof text === "string" && isDay(ISSUED.exec(text)?.[1]);
function readManifest(bytes) {
  const found = readCanonical(bytes, "the manifest"), first = ["deal", "leaf", "seq", "log_size", "files"], second = hasKeys(found, ...first, "version", "notice");
  need(second || hasKeys(found, ...first), "the manifest states other things than deal, leaf, seq, log_size, files and notice");
  need(isObject(found.files) && [found.leaf, ...Object.values(found.files)].every((one) => typeof one === "string" && HEX.test(one)), "the manifest names a file without its SHA-256");
  need(typeof found.deal === "string" && Number.isInteger(found.seq) && Number.isInteger(found.log_size), "the manifest's deal, seq or log_size is of another kind");
  if (!second) return { ...found, notice: null };
  const said = found.notice;
  need(found.version === 2 && hasKeys(said, ...NOTICE) && hasKeys(said.renderer, "sha256", "drawn_by"), "the manifest says other things of its notice than number, kind, print, addressees, state and what drew it");
  need([said.number, said.print, said.log_size].every(Number.isInteger) && typeof said.kind === "string" && Object.hasOwn(DOCUMENTS, said.kind), "the manifest's notice has a number or a kind of another form");
  const plain = Array.isArray(said.to) && [said.renderer.sha256, said.renderer.drawn_by].every((one) => typeof one === "string");
  need(plain && isDay(said.on) && (said.supersedes_on === null || isDay(said.supersedes_on)) && isIssued(said.issued_at), "the manifest's notice is written otherwise than it would be again");
  return found;
}

// A line of date.jsonl, written in one way alone.
function lineOf(text) {
  const one = JSON.parse(text);
  need(hasKeys(one, "seq", "body", "path") && typeof one.body === "string" && Array.isArray(one.path) && Number.isSafeInteger(one.seq) && one.seq >= 0, "a line of date.jsonl holds something else than seq, body and path");
  need(one.path.length <= 63 && one.path.every((step) => typeof step === "string" && HEX.test(step)) && one.body.isWellFormed(), "a path of date.jsonl has a step that is not 64 lower-case hexadecimal digits");
  const path = one.path.map((step) => JSON.stringify(step)).join(", ");
  need(text === `{"seq": ${one.seq}, "body": ${JSON.stringify(one.body)}, "path": [${path}]}`, "a line of date.jsonl is written otherwise: a key twice, a number in another form, or spaces");
  return { seq: one.seq, bytes: encoder.encode(one.body), path: one.path.map(fromHex) };
}
async function entriesIn(bytes, head, which) {
  const text = utf8(bytes);
  need(text.endsWith("\n") && text.length > 1, "date.jsonl does not end with the line of an entry");
  const lines = text.slice(0, -1).split("\n").map(lineOf);
  for (const one of lines) {
    need(await isIn(one.bytes, BigInt(one.seq), head, one.path), `entry ${one.seq} ${which} is not in the log that was signed`);
    one.event = { ...readCanonical(one.bytes, `entry ${one.seq}`), seq: one.seq, leaf: hex(await leafHash(one.bytes)) };
  }
  return lines;
}

class Notice {
  constructor(bytes, name, policy, held) { Object.assign(this, { bytes, name, policy, held, later: [] }); }

  async signature() {
    const seal = await sealOf(this.bytes, this.policy.notice_certificates, this.policy.time_authorities);
    this.stamp = seal?.stamp ?? null;
    if (seal !== null) return `signed by ${seal.fingerprint.slice(0, 16)}, over the whole file${stampWords(this.stamp)}`;
    need(!this.policy.signature_needed, "the file is not signed, so its appearance is not bound; the policy asks for a signature");
    return UNSIGNED;
  }
  async attachments() {
    this.pdf = await Pdf.open(this.bytes);
    await this.pdf.bare();
    this.files = await this.pdf.attachments();
    const missing = NEEDED.filter((name) => !this.files.has(name));
    need(missing.length === 0, `the file carries no ${missing.join(", ")}`);
    return `${withNoun(this.files.size, "attachment", "attachments")}`;
  }
  async manifestStep() {
    this.manifest = readManifest(this.files.get("manifest.json"));
    const others = [...this.files.keys()].filter((name) => name !== "manifest.json"), names = [...new Set([...others, ...Object.keys(this.manifest.files)])].sort(), different = [];
    for (const name of names) if (!this.files.has(name) || name === "manifest.json" || this.manifest.files[name] !== (await sha256Hex(this.files.get(name)))) different.push(name);
    need(different.length === 0, `${different.join(", ")}: not what the manifest states`);
    return `${withNoun(Object.keys(this.manifest.files).length, "file", "files")} as stated`;
  }
  async eventStep() {
    const body = this.files.get("event.json");
    this.event = readCanonical(body, "the event");
    need(hex(await leafHash(body)) === this.manifest.leaf, "the event is not the one whose leaf the manifest states");
    return `${this.event.kind} of ${this.event.effective_on}, recorded ${this.event.recorded_at}`;
  }
  async log() {
    need(this.files.has("event.tlog-proof"), "the notice carries no proof that its event is in the log");
    const proof = proofOf(utf8(this.files.get("event.tlog-proof"))), { policy, manifest } = this, { keys, ended } = await trustedKeys(policy);
    for (const held of this.held) this.later.push(held instanceof Map ? await exportedLog(held, { keys, ended }) : held);
    const lives = this.later.length ? this.later.map((one) => one.lives) : [await keyLives([], [], "", keys, ended)];
    const known = new Map([...lives.flatMap((one) => one.keys), ...keys.filter(({ kind }) => kind === "trustee")].map((key) => [key.text, key]));
    const head = await checkpointOf(proof.note, [...known.values()]);
    need(await isIn(this.files.get("event.json"), proof.index, head, proof.path), `this is not entry ${proof.index} of ${head.origin} at size ${head.size}`);
    const by = head.signed.find(({ key }) => key.kind === "log")?.key;
    need(by, "the checkpoint is signed by no log key of the policy");
    for (const later of this.later) {
      need(later.head.origin === head.origin && later.head.signed.some(({ key }) => key.kind === "log"), `the log that is held is of ${later.head.origin}, or no log key of the policy signed it`);
      need(same(await rootOf(later.leaves.slice(0, Number(head.size))), head.root), `the log that is held did not grow from the notice's, ${head.origin} at size ${head.size}`);
    }
    const cosigned = [head, ...this.later.map((one) => one.head)].flatMap(({ signed }) => signed).filter(({ at }) => at !== null), count = new Set(cosigned.map(({ key }) => key.text)).size;
    need(count >= policy.cosignatures_needed, `cosigned by ${count} trustees; the policy asks for ${policy.cosignatures_needed}`);
    const stamps = [];
    for (const later of this.later) stamps.push(await timeOfLog(later, policy));
    const time = this.time(stamps.filter((one) => one !== null), count, cosigned.map(({ at }) => at).sort((one, other) => one - other)[0] ?? null);
    need(BigInt(manifest.seq) === proof.index && BigInt(manifest.log_size) === head.size, `the manifest names another entry or size than the proof, ${proof.index} at size ${head.size}`);
    need(head.origin.endsWith(`/deal/${manifest.deal}`), `the manifest names the deal ${manifest.deal}; the checkpoint is of ${head.origin}`);
    refuseOtherLog(head.origin, policy);
    this.head = head;
    this.lines = await entriesIn(this.files.get("date.jsonl"), head, "of its date");
    this.wholeDate(Number(proof.index));
    for (const one of lives) { const end = afterItsEnd(head, one); need(end === null, `the checkpoint is signed by a key that ended on ${end?.on}, at entry ${end?.seq}`); }
    const end = lives.map((one) => endedAlone(head, one)).find((one) => one !== null), shown = this.later.some((one) => endedAlone(one.head, one.lives) === null), alone = end && !shown ? `${NOT_COMPARED}: signed by a key that ended on ${end.on}; ` : "";
    return `${alone}entry ${proof.index} of ${head.origin} at size ${head.size}; all ${withNoun(this.lines.length, "entry", "entries")} of its date; ${signedBy(by, lives, policy)}; ${time}`;
  }
  // By when the event was there, as its trustees or an authority vouch; none of them vouches for an event that says it came later.
  time(stamps, count, first) {
    const stamp = this.stamp?.trusted ? this.stamp.at : null;
    for (const [at, done] of [[stamp, "time-stamped"], [first, "cosigned"]]) if (at !== null) notAfter(at, "the event", this.files.get("event.json"), done);
    const best = [...stamps].sort((one, other) => Number(other.trusted) - Number(one.trusted) || one.at - other.at)[0] ?? null, ofLog = best === null ? "" : `the log that is held was ${stampedWords(best)}`;
    if (first === null && best?.trusted && stamp === null) return `there when ${ofLog}`;
    const said = first !== null ? `cosigned by ${count}, first at ${minuteOf(first)} UTC` : stamp === null ? "time asserted by the operator" : "there when it was time-stamped";
    return [said, ofLog].filter(Boolean).join("; ");
  }
  wholeDate(stated) {
    const bodies = this.lines.map(({ event }) => event), last = bodies.at(-1), counted = last.kind === "determined" ? last.payload.entries : 1;
    need(["determined", "not evaluated"].includes(last.kind), `no notice states an event of kind \`${last.kind}\``);
    need(Number.isSafeInteger(counted) && counted >= 1, "the event does not say how many entries tell of its date, so none can be shown to be missing");
    need(counted === this.lines.length && this.lines.every(({ seq }, place) => seq === stated + 1 - counted + place), `date.jsonl is not the whole date: the date has ${withNoun(counted, "entry", "entries")}, up to number ${stated}`);
    for (const one of bodies) {
      need(!OF_A_DATE.includes(one.kind) || one.effective_on === last.effective_on, `date.jsonl holds a ${one.kind} of ${one.effective_on}; the notice is of ${last.effective_on}`);
      need(one.deal_file === last.deal_file, "the entries of the date name different deal files");
    }
  }
  async dealFile() {
    const stated = this.event.deal_file, text = this.files.get("deal.yaml");
    if (stated === null && this.event.kind === "not evaluated") { need(!text, "a deal file is attached that the event does not name"); return "none: the deal was not evaluated"; }
    need(text && (await sha256Hex(text)) === stated, "the deal file is not the one that the event names");
    return `${this.manifest.deal}, ${stated.slice(0, 16)}`;
  }
  async observations() {
    const weeks = weeksOf(utf8(this.files.get("observations.csv")), this.event.version === 1), bodies = this.lines.map(({ event }) => event);
    this.weeks = weeks;
    for (const { payload } of bodies.filter(({ kind }) => kind === "rate")) {
      const used = payload.published, attached = used ? (weeks.get(`${used.index}, ${used.publication_date}`) ?? []).map(([price]) => price) : [];
      const pooled = used?.pooled ? used.pooled.map(micro).sort(byNumber) : [];
      need(!pooled.length || (pooled.length === attached.length && pooled.every((one, n) => one === attached[n])), `${used?.index} of ${used?.publication_date}: the observations attached are not the ones it rests on`);
    }
    const checked = new Set(), without = new Set();
    for (const { payload: { result } } of bodies.filter(({ kind }) => kind === "tested")) {
      for (const one of result.inputs.filter(({ source }) => source.kind === "publication")) {
        const index = one.name.slice(0, one.name.lastIndexOf(", ")), day = one.source.as_of ?? one.name.slice(one.name.lastIndexOf(", ") + 2), prices = (weeks.get(`${index}, ${day}`) ?? []).map(([price]) => price);
        (prices.length ? checked : without).add(one.name);
        if (!prices.length) continue;
        const middle = prices.length >> 1, twice = prices.length % 2 ? 2n * prices[middle] : prices[middle - 1] + prices[middle], value = rounded([twice, 2000000n], 4);
        need(value === rounded(fraction(one.figure.value), 4), `${one.name} is ${rounded(fraction(one.figure.value), 4)}; its observations give ${value}`);
      }
    }
    const said = checked.size ? `${withNoun(checked.size, "rate", "rates")} ${checked.size === 1 ? "is the median of its" : "are the medians of their"} observations` : "no rate here rests on attached observations";
    return said + (without.size ? `; without observations: ${[...without].join(", ")}` : "");
  }
  async results() {
    const results = this.lines.map(({ event }) => event).filter(({ kind }) => kind === "tested").map(({ payload }) => payload.result), first = this.event.version === 1;
    if (this.event.deal_file === null) { need(results.length === 0, "the terms are missing"); return "the deal was not evaluated, so it does not have a result"; }
    const determined = results.filter(({ verdict }) => verdict !== "NOT DETERMINED"), others = results.length - determined.length, weeks = sellersOf(this.weeks);
    for (const result of determined) if (!first) verdictFollows(result);
    const sellers = determined.filter((result) => sellersAgain(result, weeks)).length, intervals = intervalsAgain(this.lines.map(({ event }) => event).filter(({ kind }) => kind === "rate"), weeks);
    const follows = determined.length === 0 ? "" : first ? `; ${withNoun(determined.length, "result was", "results were")} recorded under edition 1 of the rulings` : `; ${withNoun(determined.length, "verdict follows", "verdicts follow")} from the figure and the limit that the log has`;
    const counted = [sellers ? withNoun(sellers, "result", "results") : "", intervals ? withNoun(intervals, "interval", "intervals") : ""].filter(Boolean).join(" and "), again = sellers + intervals === 1 ? "comes" : "come";
    return `${NOT_COMPARED}: no figure was computed again from the deal file${follows}${counted ? `; ${counted} by the subsets of sellers ${again} out again` : ""}${others ? `; ${withNoun(others, "result was", "results were")} not determined` : ""}`;
  }
  async pageOne() {
    const { manifest, files, event } = this, standing = event.payload.standing_sha256;
    if (manifest.notice === null) { need(standing === undefined, "the notice carries no words of its pages; its event says that its notices carry them"); return null; }
    this.words = readPageWords(files.get("page.json"));
    const earlier = files.has("earlier.jsonl") ? await entriesIn(files.get("earlier.jsonl"), this.head, "of an earlier date") : [], all = [...earlier, ...this.lines];
    need(all.every(({ seq }, n) => n === 0 || seq > all[n - 1].seq), "earlier.jsonl holds an entry twice, out of its order, or one of the date itself");
    need(files.has("standing.json") && standing !== undefined && (await sha256Hex(files.get("standing.json"))) === standing, "standing.json is not how everything stands by the event that the notice states");
    const stands = JSON.parse(utf8(files.get("standing.json"))), events = all.map((one) => one.event);
    this.isTold(events);
    this.nothingLeftOut(events, stands);
    const again = new Page({ deal: manifest.deal, facts: manifest.notice, events, stands }).blocks();
    for (const block of again) this.sameBlock(block);
    const names = this.words.blocks.filter(({ page }) => page === "first").map(({ block }) => block);
    need(new Set(names).size === names.length && names[0] === "masthead" && names[1] === "answer", "page.json has a block of page 1 twice, or another order than masthead and answer first");
    const { number, state, kind } = manifest.notice;
    return `No. ${number}, a ${state} of kind ${kind}: masthead, answer and dues come out again of the events that it carries`;
  }
  sameBlock(block) {
    const said = this.words.blocks.find((one) => one.page === "first" && one.block === block.block), there = said?.words ?? [];
    if (canonical(there) === canonical(block.words)) return;
    const place = block.words.findIndex((word, n) => there[n]?.[1] !== word[1]), at = place < 0 ? block.words.length : place;
    const [one, other] = [there, block.words].map((words) => words[at]?.[1] ?? "nothing more");
    let apart = 0;
    while (apart < one.length && apart < other.length && one[apart] === other[apart]) apart += 1;
    const start = Math.max(0, apart >= Math.min(one.length, other.length) ? 0 : apart - 40);
    throw new Differs(`page 1, ${block.block}: the page says \`${one.slice(start, start + 80)}\`; its events make \`${other.slice(start, start + 80)}\``);
  }
  isTold(events) {
    const { notice: facts } = this.manifest, stated = events.at(-1);
    need(facts.on === stated.effective_on, `the manifest's notice is of ${facts.on}, its event of ${stated.effective_on}`);
    need(facts.log_size === stated.seq + 1, `the manifest's notice says ${withNoun(facts.log_size, "entry", "entries")} at issue; its event is entry ${stated.seq}`);
    need((stated.kind === "not evaluated") === (facts.kind === "not_evaluated"), `the event is \`${stated.kind}\`, and the manifest calls its notice \`${facts.kind}\``);
    const told = facts.kind === "correction" ? facts.print === stated.print && events.some(({ kind, payload }) => kind === "correction" && payload.from_on <= facts.on)
      : ["compliance", "not_evaluated"].includes(facts.kind) ? facts.subject === null && facts.print === 1 : facts.print === 1 && events.some((event) => notifiable(event).some(([kind, subject]) => kind === facts.kind && subject === facts.subject));
    need(told, `no event here makes a notice of kind ${facts.kind} of ${facts.subject ?? "the date"} due`);
  }
  nothingLeftOut(events, stands) {
    const stated = events.at(-1), adopted = events.filter(({ kind }) => kind === "deal adopted").at(-1);
    need(stated.deal_file === null || adopted?.payload.file_sha256 === stated.deal_file, "the notice does not carry the adoption of the deal file that its event names");
    let day = stated;
    if (stated.kind === "not evaluated") {
      if (stated.payload.last_determined === undefined) return;
      need(adopted, "the notice does not carry the adoption of its deal");
      day = events.find(({ leaf, kind }) => leaf === stated.payload.last_determined && kind === "determined");
      need(day, "the notice does not carry the date that was determined last");
      const there = new Set(events.map(({ seq }) => seq));
      for (let seq = day.seq + 1 - (day.payload.entries ?? 1); seq <= day.seq; seq += 1) need(there.has(seq), "the notice does not carry the whole of the date that was determined last");
    }
    for (const [test, run] of Object.entries(stands.runs)) {
      const found = events.filter(({ kind, subject }) => kind === "tested" && subject === test).at(-1);
      const carried = stands.carried_as_of !== undefined && run.on <= stands.carried_as_of;
      need(run.on < day.payload.publication_date || carried || found?.payload.result.on === run.on, `the notice does not carry the result of ${test} of ${run.on}, which stands`);
    }
  }
  async allText() {
    const texts = await this.pdf.texts();
    if (!this.words) return null;
    return `${withNoun(allWords(texts, this.words), "string", "strings")} on ${withNoun(texts.length, "page", "pages")}, each as page.json says`;
  }
  async asIssued() {
    if (!this.words) return null;
    const facts = this.manifest.notice, page = await sha256Hex(this.files.get("page.json")), file = await sha256Hex(this.bytes);
    let found = null;
    for (const { bodies } of this.later) {
      const issued = bodies.map(utf8).filter((text) => text.includes('"kind":"notice issued"')).map((text) => JSON.parse(text)).filter(({ kind }) => kind === "notice issued").map(({ payload }) => payload);
      found = issued.find(({ number }) => number === facts.number) ?? found;
      need(found || !issued.some(({ number }) => number > facts.number), `the log that is held issued no notice No. ${facts.number}`);
    }
    if (!found) return null;
    need(found.page_sha256 === page, `the log that is held issued No. ${facts.number} with other words, page.json ${String(found.page_sha256 ?? "None").slice(0, 16)}`);
    need(found.kind === facts.kind && found.supersedes === facts.supersedes && canonical(found.renderer ?? null) === canonical(facts.renderer) && found.operator === facts.operator, `the log that is held issued No. ${facts.number} as ${found.kind}, or with another renderer or operator`);
    return `the log that is held issued No. ${facts.number} with these words${[found.sha256, found.unsigned_sha256].includes(file) ? "" : `, drawn otherwise than the file ${found.sha256.slice(0, 16)} that was issued`}`;
  }
}

// Which notices an event makes due: the one rule that the engine has.
function notifiable({ kind, payload }) {
  if (kind === "deadline passed") return [["event_of_default", payload.state.test]];
  if (kind === "tested") {
    const { state, before, result } = payload, found = [];
    const heldFirst = state.held && state.held.failing_since === result.on && !state.held.counts;
    if (["default", "obligation"].includes(result.breach) && (state.episode_began === result.on || heldFirst)) found.push("test_failed");
    if (state.status === "EVENT OF DEFAULT" && before !== state.status) found.push("event_of_default");
    else if (before === "CURE PERIOD" && ["COMPLIANT", "WATCH"].includes(state.status)) found.push("cure");
    return found.map((one) => [one, state.test]);
  }
  if (kind === "act applied" && payload.test?.status === "EVENT OF DEFAULT" && payload.before !== "EVENT OF DEFAULT") return [["event_of_default", payload.test.test]];
  if (kind === "act applied" && payload.trigger?.status === "IN EFFECT" && payload.before !== "IN EFFECT") return [["trigger_event", payload.trigger.trigger]];
  if (kind === "counted" && payload.state.status === "IN EFFECT" && payload.before !== "IN EFFECT") return [["trigger_event", payload.state.trigger]];
  return [];
}

const byNumber = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
const micro = (text) => { const [whole, part = ""] = String(text).split("."); return BigInt(whole + part.slice(0, 6).padEnd(6, "0")); };
// The prices of each week in rising order, in millionths, each with its seller's number.
function weeksOf(text, beforeSellers) {
  const head = `index,publication_date,usd_per_gpu_hour${beforeSellers ? "" : ",seller"}`, lines = text.split("\n"), weeks = new Map();
  need(lines.shift() === head && lines.pop() === "", `observations.csv does not begin with \`${head}\`, or ends within a line`);
  lines.forEach((line, n) => {
    const match = /^([^,]{1,100}),(\d{4}-\d{2}-\d{2}),(\d{1,9}(?:\.\d{1,9})?),([1-9]\d{0,5})?$/.exec(beforeSellers ? `${line},` : line);
    need(match, `observations.csv:${n + 2}: not an index, a date, a price and a seller's number`);
    const key = `${match[1]}, ${match[2]}`;
    weeks.set(key, [...(weeks.get(key) ?? []), [micro(match[3]), match[4] ?? ""]]);
  });
  for (const rows of weeks.values()) rows.sort(([one], [other]) => byNumber(one, other));
  return weeks;
}

const STEPS = [["signature", "signature"], ["attachments", "attachments"], ["manifest", "manifestStep"], ["event", "eventStep"], ["log", "log"], ["deal file", "dealFile"], ["observations", "observations"], ["results", "results"], ["page 1", "pageOne"], ["all text", "allText"], ["as issued", "asIssued"]];
const COMPARED = {
  signature: "the signature over the whole file", log: "the place of every entry of its date in the signed log", observations: "the rates with their listings",
  "page 1": "page 1's masthead, answer and dues, composed again of its events", "all text": "every string of its pages with page.json", "as issued": "every string with what the log issued",
};
const LEFT = {
  signature: "its appearance, for nobody has signed the file", log: "its place in a log that a living key signed: give that log with --held", results: "the results, which this page does not compute again", "all text": "its words, for the file carries no page.json",
  "as issued": "its words beyond page 1's masthead, answer and dues with the log: give the log that is held", drawing: "the drawing was not looked at",
};

// Every step up to the first that differs, and the last line.
async function verifyNotice(bytes, name, policy, policyName, held) {
  const notice = new Notice(bytes, name, policy, held), steps = [];
  for (const [step, method] of STEPS) {
    try {
      const found = await notice[method]();
      if (found !== null) steps.push({ name: step, found, difference: null });
    } catch (error) {
      steps.push({ name: step, found: "", difference: error instanceof Differs ? error.message : `cannot be read: ${error.name}: ${String(error.message).slice(0, 120)}` });
      return { notice: name, verified: false, signed: false, steps, closing: "" };
    }
  }
  const found = new Map(steps.filter((one) => !one.found.startsWith(NOT_COMPARED)).map((one) => [one.name, one.found])), signed = found.get("signature") !== UNSIGNED;
  const compared = Object.keys(COMPARED).filter((one) => found.has(one) && (one !== "signature" || signed)).map((one) => COMPARED[one]);
  const left = Object.keys(LEFT).filter((one) => (one === "signature" ? !signed : !found.has(one)) && !(one === "as issued" && !found.has("all text"))).map((one) => LEFT[one]);
  const head = signed ? `${name} is what it says as far as was compared, by ${policyName}.` : `${name} is NOT SIGNED: its evidence holds by ${policyName}, and nobody stands for its pages.`;
  return { notice: name, verified: true, signed, steps, closing: `${head} Compared: ${compared.join("; ")}. Not compared: ${left.join("; ")}.` };
}
