// A notice's PDF, read by itself: cross references, object streams, attachments, and the text of each page in the order in which it is drawn.
const LARGEST_FILE = 32 * 2 ** 20, LARGEST_STREAM = 16 * 2 ** 20, LARGEST_INSIDE = 128 * 2 ** 20, MOST_PAGES = 100, MOST_ATTACHMENTS = 16, MOST_SECTIONS = 50, MOST_ENTRIES = 2 ** 20, MOST_PARTS = 8, MOST_DRAWN = 100000;
const SPACE = new Set([0, 9, 10, 12, 13, 32]), ENDS = new Set([...SPACE, ...[..."()<>[]{}/%"].map((one) => one.charCodeAt(0))]);

// Width and height of A4 and US Letter in points.
const PAPERS = [[595.2756, 841.8898], [612, 792]];
// The names of what can change what a reader shows or does, beside the words of the pages; the first of them is said.
const LEADS_OUT = "an action that leads out of it";
const FOREIGN = [
  ["OpenAction", "an action that runs when it is opened"], ["AA", "an action that runs by itself"], ["OCProperties", "layers that can be switched off"], ["JavaScript", "a script"],
  ["XFA", "a form that is drawn in place of its pages"], ["Rotate", "a page that is turned"], ["CropBox", "a page of which a part is cut off"], ["UserUnit", "a page of another scale"],
  ["CharProcs", "letters that are drawings"], ["DecodeParms", "a stream that is compressed in a further way"], ["Encrypt", "a lock on what it holds"], ["XRefStm", "a second list of its objects"], ...["Launch", "URI", "GoToR", "GoToE", "SubmitForm", "ImportData"].map((name) => [name, LEADS_OUT]),
];
const has = (what) => `the file has ${what}, as no notice has`;
// Under these names a reader finds instructions, whatever their stream says of itself: those of a page, of a pattern, of a field or a remark, and of a mask.
const DRAWS = new Set(["Contents", "Pattern", "AP", "G"]);
const IMAGE = "a page holds an image among its instructions, as no notice does", HIDDEN = "a page draws letters otherwise than filled, as no notice does";
const UNREAD = "an object of the file cannot be read", NOT_THERE = "the file's pages are not where they should be";
class Name { constructor(text) { this.text = text; } }
class Ref { constructor(number) { this.number = number; } }
class Command { constructor(text) { this.text = text; } }
class Str { constructor(bytes) { this.bytes = bytes; } }

// Reads the objects of PDF (ISO 32000, 7.3) one after the other.
class Reader {
  constructor(bytes, at = 0) { this.bytes = bytes; this.at = at; }
  space() {
    for (;;) {
      while (SPACE.has(this.bytes[this.at])) this.at += 1;
      if (this.bytes[this.at] !== 37) return;
      while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at += 1;
    }
  }
  word() { const from = this.at; while (this.at < this.bytes.length && !ENDS.has(this.bytes[this.at])) this.at += 1; return latin1(this.bytes.subarray(from, this.at)); }
  next(depth = 0) {
    need(depth < 60, "the file's objects are nested too deep");
    this.space();
    const byte = this.bytes[this.at];
    if (byte === undefined) return undefined;
    if (byte === 47) { this.at += 1; return new Name(this.word().replace(/#([0-9A-Fa-f]{2})/g, (_, two) => String.fromCharCode(parseInt(two, 16)))); }
    if (byte === 40) return this.literal();
    if (byte === 60 && this.bytes[this.at + 1] === 60) return this.dictionary(depth);
    if (byte === 60) return this.hexadecimal();
    if (byte === 91) return this.list(depth);
    if (byte === 93 || byte === 125 || byte === 123) { this.at += 1; return new Command(String.fromCharCode(byte)); }
    if (byte === 62) { need(this.bytes[this.at + 1] === 62, UNREAD); this.at += 2; return new Command(">>"); }
    const word = this.word();
    need(word !== "", "the file holds a byte that no object begins with");
    if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) return this.number(word);
    return word === "true" ? true : word === "false" ? false : word === "null" ? null : new Command(word);
  }
  number(word) {
    if (!/^\d+$/.test(word)) return Number(word);
    const match = /^\s+(\d+)\s+R(?![A-Za-z0-9])/.exec(latin1(this.bytes.subarray(this.at, this.at + 24)));
    if (!match) return Number(word);
    this.at += match[0].length;
    return new Ref(Number(word));
  }
  // What stands in instructions, one after the other, however they are damaged; a text is `(`, whatever it holds.
  *tokens() {
    for (;;) {
      this.space();
      const from = this.at, byte = this.bytes[from];
      if (byte === undefined) return;
      if (!ENDS.has(byte)) { yield this.word(); continue; }
      this.at += 1;
      if (byte === 47) yield `/${this.word()}`;
      else if (byte === 40) { if (!this.pastLiteral()) return; yield "("; }
      else {
        if (byte === 60 && this.bytes[this.at] !== 60) { let end = this.at; while (end < this.bytes.length && this.bytes[end] !== 60 && this.bytes[end] !== 62) end += 1; if (this.bytes[end] === 62) this.at = end + 1; }
        yield String.fromCharCode(byte);
      }
    }
  }
  pastLiteral() {
    for (let depth = 1; depth > 0; this.at += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) return false;
      if (byte === 92) this.at += 1;
      else depth += byte === 40 ? 1 : byte === 41 ? -1 : 0;
    }
    return true;
  }
  literal() {
    const out = [];
    let depth = 0;
    for (;;) {
      const byte = this.bytes[this.at++];
      need(byte !== undefined, "a text of the file does not end");
      if (byte === 92) {
        const next = this.bytes[this.at++], octal = /^[0-7]{1,3}/.exec(latin1(this.bytes.subarray(this.at - 1, this.at + 2)));
        if (octal) { this.at += octal[0].length - 1; out.push(parseInt(octal[0], 8) & 255); }
        else if (next === 13) { if (this.bytes[this.at] === 10) this.at += 1; }
        else if (next !== 10) out.push({ 110: 10, 114: 13, 116: 9, 98: 8, 102: 12 }[next] ?? next);
        continue;
      }
      if (byte === 40) { if (depth > 0) out.push(byte); depth += 1; }
      else if (byte === 41) { depth -= 1; if (depth === 0) return new Str(Uint8Array.from(out)); out.push(byte); }
      else out.push(byte);
    }
  }
  hexadecimal() {
    const end = this.bytes.indexOf(62, this.at);
    need(end > 0, "a text of the file does not end");
    const digits = latin1(this.bytes.subarray(this.at + 1, end)).replace(/\s/g, "");
    need(/^[0-9A-Fa-f]*$/.test(digits), "a text of the file is not hexadecimal");
    this.at = end + 1;
    return new Str(fromHex(digits.length % 2 ? `${digits}0` : digits));
  }
  list(depth) {
    this.at += 1;
    const found = [];
    for (;;) {
      const one = this.next(depth + 1);
      need(one !== undefined, "a list of the file does not end");
      if (one instanceof Command && one.text === "]") return found;
      need(!(one instanceof Command), UNREAD);
      found.push(one);
    }
  }
  dictionary(depth) {
    this.at += 2;
    const found = new Map();
    for (;;) {
      const key = this.next(depth + 1);
      need(key !== undefined, "a dictionary of the file does not end");
      if (key instanceof Command && key.text === ">>") return found;
      need(key instanceof Name && !found.has(key.text), "a dictionary of the file says a name twice, or something else than a name");
      const value = this.next(depth + 1);
      need(!(value instanceof Command), UNREAD);
      found.set(key.text, value);
    }
  }
}

class Pdf {
  constructor(bytes) { this.bytes = bytes; this.places = new Map(); this.revisions = new Map(); this.holders = new Set(); this.sections = []; this.read = new Map(); this.known = new Map(); this.streams = new Map(); this.inside = 0; }

  static async open(bytes) {
    need(bytes.length <= LARGEST_FILE, `the file has more than ${LARGEST_FILE.toLocaleString("en")} bytes`);
    need(latin1(bytes.subarray(0, 5)) === "%PDF-", "this is not a PDF");
    const file = new Pdf(bytes), tail = latin1(bytes.subarray(-2048)), found = [...tail.matchAll(/startxref\s+(\d+)/g)].at(-1);
    need(found, "the file has no cross references");
    const seen = new Set();
    for (let place = Number(found[1]); place !== undefined;) {
      need(!seen.has(place) && seen.size < MOST_SECTIONS, "the file's cross references go in a circle");
      seen.add(place);
      const about = await file.references(place);
      for (const [name, what] of FOREIGN) need(!about.has(name), has(what));
      file.sections.push(about);
      place = about.get("Prev");
    }
    return file;
  }
  get trailer() { return this.sections[0]; }
  // What a section says of an object: the newest alone says where a reader finds it, and every one where an object is.
  noted(number, kind, one) {
    if (!this.places.has(number)) this.places.set(number, kind === 0 ? null : { kind, one });
    if (kind === 1) this.revisions.set(number, (this.revisions.get(number) ?? new Set()).add(one));
    else if (kind === 2) this.holders.add(one);
    need(this.places.size <= MOST_ENTRIES, "the file has more cross references than are followed");
  }
  async references(place) {
    const reader = new Reader(this.bytes, place), first = reader.next();
    if (first instanceof Command && first.text === "xref") return this.table(reader);
    need(typeof first === "number", "the file's cross references lead to no object");
    const stream = this.indirect(place), { dictionary } = stream, data = await this.data(stream);
    const widths = dictionary.get("W"), index = dictionary.get("Index") ?? [0, dictionary.get("Size")], row = widths[0] + widths[1] + widths[2];
    let at = 0;
    for (let n = 0; n < index.length; n += 2) {
      for (let number = index[n]; number < index[n] + index[n + 1]; number += 1, at += row) {
        need(widths[0] <= 1 && widths[1] > 0 && at + row <= data.length, "the file's cross references end too early");
        const field = (from, width) => { let value = 0; for (let k = 0; k < width; k += 1) value = value * 256 + data[from + k]; return value; };
        this.noted(number, widths[0] === 0 ? 1 : field(at, widths[0]), field(at + widths[0], widths[1]));
      }
    }
    return dictionary;
  }
  table(reader) {
    for (;;) {
      const first = reader.next();
      if (first instanceof Command && first.text === "trailer") return reader.next();
      const count = reader.next();
      for (let n = 0; n < count; n += 1) {
        const place = reader.next();
        reader.next();
        this.noted(first + n, reader.next().text === "n" ? 1 : 0, place);
      }
    }
  }
  // The object at a place of the file: `N G obj ... endobj`, with its stream where it has one.
  indirect(place, number = null) {
    if (!this.read.has(place)) this.read.set(place, this.parsed(place));
    const { said, value } = this.read.get(place);
    // Another reader finds nothing there, and would show something else.
    need(number === null || said === number, "the file's cross references lead to another object than they name");
    return value;
  }
  parsed(place) {
    const reader = new Reader(this.bytes, place), said = reader.next();
    need(typeof said === "number" && typeof reader.next() === "number" && reader.next()?.text === "obj", "the file's cross references lead to no object");
    const value = reader.next();
    reader.space();
    const after = reader.word();
    need(after === "endobj" || (after === "stream" && value instanceof Map), "an object of the file does not end");
    if (after === "endobj") return { said, value };
    if (this.bytes[reader.at] === 13) reader.at += 1;
    need(this.bytes[reader.at] === 10, "a stream does not begin on a line of its own");
    return { said, value: { dictionary: value, at: reader.at + 1 } };
  }
  async get(value) {
    if (!(value instanceof Ref)) return value;
    if (!this.known.has(value.number)) {
      const place = this.places.get(value.number);
      this.known.set(value.number, !place ? null : place.kind === 1 ? this.indirect(place.one, value.number) : await this.packed(place.one, value.number));
    }
    return this.known.get(value.number);
  }
  async packed(holder, number) {
    const found = (await this.packedIn(await this.get(new Ref(holder)))).findLast(([one]) => one === number);
    need(found, "an object of the file is not where it should be");
    return found[1];
  }
  // Every object in a stream of objects, with its number.
  async packedIn(stream) {
    need(stream.dictionary.get("Type")?.text === "ObjStm", "objects lie in a stream that is not for objects");
    if (!this.streams.has(stream.at)) {
      const data = await this.data(stream), heads = new Reader(data), found = [], there = new Set();
      for (let n = 0; n < stream.dictionary.get("N"); n += 1) {
        const number = heads.next(), place = heads.next();
        need(typeof place === "number", "an object of the file is not where it should be");
        need(!there.has(number), "a stream of objects holds one of them twice");
        there.add(number);
        found.push([number, new Reader(data, stream.dictionary.get("First") + place).next()]);
      }
      this.streams.set(stream.at, found);
    }
    return this.streams.get(stream.at);
  }
  async data(stream) {
    const length = await this.get(stream.dictionary.get("Length")), raw = this.bytes.subarray(stream.at, stream.at + length), after = new Reader(this.bytes, stream.at + length);
    after.space();
    need(after.word() === "endstream", "a stream of the file is longer than it says");
    need(!stream.dictionary.has("DecodeParms"), has(FOREIGN.find(([name]) => name === "DecodeParms")[1]));
    let filter = await this.get(stream.dictionary.get("Filter"));
    if (Array.isArray(filter)) { need(filter.length === 1, "a stream is compressed twice, which is not read"); [filter] = filter; }
    const alone = filter === undefined || filter === null;
    need(alone || filter.text === "FlateDecode", `a stream is compressed by ${filter?.text}, which is not read`);
    const plain = alone ? raw : await inflated(raw, LARGEST_STREAM);
    // What is read counts like what comes of it: streams that lie in each other are read again and again.
    this.inside += raw.length + plain.length;
    need(this.inside <= LARGEST_INSIDE, `the file's streams are longer than ${LARGEST_INSIDE.toLocaleString("en")} bytes together`);
    return plain;
  }
  async dictionary(value) { const found = await this.get(value); return found instanceof Map ? found : found?.dictionary ?? new Map(); }

  async attachments() {
    const names = await this.dictionary((await this.dictionary((await this.dictionary(this.trailer.get("Root"))).get("Names"))).get("EmbeddedFiles")), found = new Map();
    const walk = async (node, depth) => {
      need(depth < 8, "the attachments are nested too deep");
      const list = (await this.get(node.get("Names"))) ?? [];
      for (let n = 0; n < list.length; n += 2) {
        const specification = await this.dictionary(list[n + 1]), named = specification.get("UF") ?? specification.get("F") ?? list[n];
        const name = textOf((await this.get(named)).bytes), stream = await this.get((await this.dictionary(specification.get("EF"))).get("F"));
        need(!found.has(name), `two attachments are named '${name}'`);
        found.set(name, await this.data(stream));
        need(found.size <= MOST_ATTACHMENTS, `more than ${MOST_ATTACHMENTS} attachments`);
      }
      for (const kid of (await this.get(node.get("Kids"))) ?? []) await walk(await this.dictionary(kid), depth + 1);
    };
    await walk(names, 0);
    return found;
  }
  async pages() {
    const found = [], known = new Map();
    const walk = async (node, depth) => {
      need(depth < 40 && found.length <= MOST_PAGES, `more than ${MOST_PAGES} pages`);
      const page = await this.dictionary(node), kids = await this.get(page.get("Kids")), number = found.length + 1;
      // Of a page that has pages, one reader shows the page and another its pages.
      need((page.get("Type")?.text === "Pages") === Array.isArray(kids), "a page of the file has pages of its own");
      if (kids) { for (const kid of kids) await walk(kid, depth + 1); return; }
      need(page.has("Resources"), `page ${number} has no resources of its own`);
      const parts = [await this.get(page.get("Contents"))].flat();
      need(parts.length <= MOST_PARTS, `page ${number} is drawn by more than ${MOST_PARTS} streams`);
      const drawn = await this.drawnBy(await Promise.all(parts.map((one) => this.get(one))), page.get("Resources"), known);
      need(drawn <= MOST_DRAWN, `page ${number} draws more than ${MOST_DRAWN.toLocaleString("en")} parts`);
      found.push({ page, parts, resources: await this.dictionary(page.get("Resources")) });
    };
    await walk((await this.dictionary(this.trailer.get("Root"))).get("Pages"), 0);
    return found;
  }
  // How many parts instructions draw at most, if each call draws the part that draws most.
  async drawnBy(instructions, resources, known) {
    let most = 0, calls = 0;
    const own = await this.get(resources), parts = own instanceof Map && own.has("XObject") ? await this.get(own.get("XObject")) : new Map();
    need(own instanceof Map && parts instanceof Map, NOT_THERE);
    for (const { number } of parts.values()) {
      if (!known.has(number)) {
        known.set(number, MOST_DRAWN + 1); // until it is known: one that draws itself draws too many
        const part = await this.get(new Ref(number)), about = part?.dictionary;
        need(about, NOT_THERE);
        known.set(number, 1 + (about.get("Subtype")?.text === "Image" ? 0 : await this.drawnBy([part], about.get("Resources"), known)));
        if (about.get("Subtype")?.text !== "Image") await this.refuseOfThePage(part);
      }
      most = Math.max(most, known.get(number));
    }
    if (most > 0) for (const one of instructions) if (one) calls += latin1(await this.data(one)).split("Do").length - 1;
    return calls * most;
  }
  // A part that draws what its own resources do not name takes it from the page's in some readers, where the part itself may be.
  async refuseOfThePage(part) {
    const own = (await this.get((await this.dictionary(part.dictionary.get("Resources"))).get("XObject"))) ?? new Map();
    let before = "";
    for (const token of new Reader(await this.data(part)).tokens()) {
      need(token !== "Do" || (before[0] === "/" && own.has(before.slice(1))), "a part of a page draws what its own resources do not name");
      before = token;
    }
  }
  // Nothing stands beside the words of the pages, and all of each page is shown: no action, layer, script, form, remark, turn or cut, and no letters that are not filled.
  async bare() {
    const { names, drawing } = await this.everything();
    for (const [name, what] of FOREIGN) need(!names.has(name), has(what));
    for (const stream of drawing) refuseDrawn(await this.data(stream));
    for (const [n, { page }] of (await this.pages()).entries()) {
      const found = (await this.get(page.get("Annots"))) ?? [];
      need(found.length <= (n === 0 ? 1 : 0) && (found.length === 0 || (await this.unseen(found[0]))), `page ${n + 1} has a field or a remark beside its words, as no notice has`);
      // The page's own box alone: one reader takes a box of the pages together in its place, and another none.
      const box = (await this.get(page.get("MediaBox"))) ?? [], whole = box[0] === 0 && box[1] === 0 && PAPERS.some(([width, height]) => Math.abs(box[2] - width) < 1 && Math.abs(box[3] - height) < 1);
      need(whole, `page ${n + 1} does not say that its size is A4 or US Letter`);
    }
  }
  // Every name in an object of the file, whatever leads to the object and in whichever revision, and the streams of instructions that a reader may draw, as they lie in the file.
  async everything() {
    const names = new Set(), all = new Map(), waiting = [], drawing = new Set(), seen = new Set();
    const references = (value) => value instanceof Ref ? [value.number] : value instanceof Map ? [...value.values()].flatMap(references) : Array.isArray(value) ? value.flatMap(references) : [];
    const note = (value) => {
      if (value instanceof Name) names.add(value.text);
      else if (Array.isArray(value)) value.forEach(note);
      else if (value instanceof Map) for (const [key, one] of value) {
        names.add(key);
        note(one);
        if (DRAWS.has(key) || key === "XObject") waiting.push(...references(one).map((number) => [number, key === "XObject"]));
      }
    };
    const keep = (number, value) => { note(value?.dictionary ?? value); all.set(number, [...(all.get(number) ?? []), value]); };
    this.sections.forEach(note);
    for (const [number, places] of this.revisions) {
      for (const place of places) {
        const value = this.indirect(place, number);
        keep(number, value);
        if (value?.dictionary) await this.data(value);
        if (this.holders.has(number) || value?.dictionary?.get("Type")?.text === "ObjStm") for (const [one, inside] of await this.packedIn(value)) keep(one, inside);
        if (value?.dictionary?.get("Subtype")?.text === "Form") drawing.add(value);
      }
    }
    while (waiting.length) {
      const [number, placed] = waiting.pop(), once = `${number} ${placed}`;
      if (seen.has(once)) continue;
      seen.add(once);
      for (const value of all.get(number) ?? []) {
        if (!value?.dictionary) waiting.push(...references(value).map((other) => [other, placed]));
        // What is placed on a page as a picture is drawn as its points, and not as instructions.
        else if (!(placed && value.dictionary.get("Subtype")?.text === "Image")) drawing.add(value);
      }
    }
    return { names, drawing: [...drawing].sort((one, other) => one.at - other.at) };
  }
  // Whether an annotation is a field without an extent, as the signature's is.
  async unseen(value) {
    const one = await this.dictionary(value), box = (await this.get(one.get("Rect"))) ?? [];
    return (await this.get(one.get("Subtype")))?.text === "Widget" && box.length === 4 && box.every((place) => place === 0);
  }
  // The text of each page as it is drawn, string after string, without a thought for where it stands.
  async texts() {
    const texts = [];
    for (const { parts, resources } of await this.pages()) {
      const instructions = [];
      for (const one of parts) instructions.push(await this.data(await this.get(one)), Uint8Array.of(10));
      texts.push(await this.drawn(joined(...instructions), resources, 0));
    }
    return texts;
  }
  async drawn(content, resources, depth) {
    need(depth < 12, "the drawings of a page are nested too deep");
    const reader = new Reader(content), fonts = await this.dictionary(resources.get("Font")), forms = await this.dictionary(resources.get("XObject")), out = [];
    let operands = [], font = null;
    const saved = [];
    const show = (one) => { need(font, "a page shows text without a font"); out.push(font(one.bytes)); };
    for (;;) {
      const one = reader.next();
      if (one === undefined) return out.join("");
      if (!(one instanceof Command)) { operands.push(one); continue; }
      if (one.text === "Tf") font = await this.font(fonts.get(operands[0].text));
      else if (one.text === "q") saved.push(font);
      else if (one.text === "Q") font = saved.pop() ?? null;
      else if (one.text === "Tj" || one.text === "'" || one.text === '"') show(operands.at(-1));
      else if (one.text === "TJ") operands[0].filter((part) => part instanceof Str).forEach(show);
      else if (one.text === "Do") {
        const form = await this.get(forms.get(operands[0].text));
        if ((await this.get(form?.dictionary?.get("Subtype")))?.text === "Form") out.push(await this.drawn(await this.data(form), form.dictionary.has("Resources") ? await this.dictionary(form.dictionary.get("Resources")) : resources, depth + 1));
      }
      operands = [];
    }
  }
  // From the codes of a font to text, by its ToUnicode map.
  async font(reference) {
    this.fonts ??= new Map();
    const key = reference instanceof Ref ? reference.number : reference;
    if (!this.fonts.has(key)) {
      const font = await this.dictionary(reference), stream = await this.get(font.get("ToUnicode"));
      need(stream?.dictionary, "a font does not say which text its signs are");
      this.fonts.set(key, reads(mapOf(latin1(await this.data(stream)))));
    }
    return this.fonts.get(key);
  }
}

const textOf = (bytes) => bytes[0] === 254 && bytes[1] === 255 ? new TextDecoder("utf-16be").decode(bytes.subarray(2)) : latin1(bytes);

// What instructions draw that no notice has.
function refuseDrawn(instructions) {
  let before = "", hidden = false;
  for (const token of new Reader(instructions).tokens()) {
    need(token !== "BI", IMAGE);
    hidden ||= token === "Tr" && before !== "0";
    before = token;
  }
  need(!hidden, HIDDEN);
}

function mapOf(text) {
  const map = new Map(), signs = (digits) => textOf(Uint8Array.from([254, 255, ...fromHex(digits)]));
  for (const [, block] of text.matchAll(/beginbfchar([^]*?)endbfchar/g)) for (const [, code, to] of block.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>/g)) map.set(code.toLowerCase(), signs(to));
  for (const [, block] of text.matchAll(/beginbfrange([^]*?)endbfrange/g)) {
    for (const [, from, to, first] of block.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g)) {
      for (let code = parseInt(from, 16); code <= Math.min(parseInt(to, 16), parseInt(from, 16) + 65535); code += 1) map.set(code.toString(16).padStart(from.length, "0"), String.fromCodePoint(parseInt(first, 16) + code - parseInt(from, 16)));
    }
  }
  return map;
}

// Codes of two bytes, as composite fonts have them.
const reads = (map) => (bytes) => { let text = ""; for (let n = 0; n + 1 < bytes.length; n += 2) text += map.get(hex(bytes.subarray(n, n + 2))) ?? ""; return text; };
