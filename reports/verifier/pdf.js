// A notice's PDF, read by itself: cross references, object streams, attachments, and the text of each page in the order in which it is drawn.
const LARGEST_FILE = 32 * 2 ** 20, LARGEST_STREAM = 16 * 2 ** 20, LARGEST_INSIDE = 128 * 2 ** 20, MOST_PAGES = 100, MOST_ATTACHMENTS = 16, MOST_SECTIONS = 50, MOST_ENTRIES = 2 ** 18, MOST_PARTS = 8, DEEPEST = 40, MOST_WITHIN = 11, MOST_DRAWN = 2 ** 22, MOST_MARKS = 2 ** 12, MOST_WRITTEN = 2 ** 23, LONGEST_MAP = 2 ** 16, EACH_PART = 64, LONGEST_DRAWN = 2 ** 20;

// Width and height of A4 and US Letter in points.
const PAPERS = [[595.2756, 841.8898], [612, 792]];
// The names of what can change what a reader shows or does, beside the words of the pages; the first of them is said.
const LEADS_OUT = "an action that leads out of it";
const FOREIGN = [
  ["OpenAction", "an action that runs when it is opened"], ["AA", "an action that runs by itself"], ["OCProperties", "layers that can be switched off"], ["JavaScript", "a script"],
  ["XFA", "a form that is drawn in place of its pages"], ["Rotate", "a page that is turned"], ["CropBox", "a page of which a part is cut off"], ["UserUnit", "a page of another scale"],
  ["CharProcs", "letters that are drawings"], ["DecodeParms", "a stream that is compressed in a further way"], ["Encrypt", "a lock on what it holds"], ["XRefStm", "a second list of its objects"], ["Linearized", "a second list of its objects"], ...["Launch", "URI", "GoToR", "GoToE", "SubmitForm", "ImportData"].map((name) => [name, LEADS_OUT]),
];
const has = (what) => `the file has ${what}, as no notice has`;
// Under these names a reader finds instructions, whatever their stream says of itself: those of a page, of a pattern, of a field or a remark, and of a mask.
const DRAWS = new Set(["Contents", "Pattern", "AP", "G"]);
const IMAGE = "a page holds an image among its instructions, as no notice does", HIDDEN = "a page draws letters otherwise than filled, as no notice does";
const NOT_THERE = "the file's pages are not where they should be", TOO_DEEP = "the drawings of a page are nested too deep";
const FILTERED = "a stream is compressed otherwise than once by FlateDecode, which is not read", NOT_LISTED = "the file's cross references cannot be read";
const NO_OBJECT = "the file's cross references lead to no object", NOT_PACKED = "an object of the file is not where it should be";
// A row of a table of cross references; of shorter rows one reader makes nothing, and looks for objects.
const ROW = /^(\d{10}) \d{5} ([nf])(?: \r| \n|\r\n)$/;

class Pdf {
  constructor(bytes) { this.bytes = bytes; this.places = new Map(); this.revisions = new Map(); this.holders = new Set(); this.sections = []; this.read = new Map(); this.known = new Map(); this.streams = new Map(); this.plain = new Map(); this.inside = this.listed = this.looked = this.unpacked = 0; }

  static async open(bytes) {
    need(bytes.length <= LARGEST_FILE, `the file has more than ${LARGEST_FILE.toLocaleString("en")} bytes`);
    need(latin1(bytes.subarray(0, 5)) === "%PDF-", "this is not a PDF");
    const file = new Pdf(bytes), tail = latin1(bytes.subarray(-2048)), found = [...tail.matchAll(/startxref\s+(\d+)/g)].at(-1);
    need(found, "the file has no cross references");
    const seen = new Set();
    for (let place = Number(found[1]); place !== undefined;) {
      need(!seen.has(place) && seen.size < MOST_SECTIONS, "the file's cross references go in a circle");
      seen.add(place);
      file.section = new Set();
      const about = await file.references(place);
      for (const [name, what] of FOREIGN) need(!about.has(name), has(what));
      file.sections.push(about);
      place = about.get("Prev") ?? undefined;
      need(place === undefined || isWhole(place), NOT_LISTED);
    }
    return file;
  }
  get trailer() { return this.sections[0]; }
  // What a section says of an object: the newest alone says where a reader finds it, and every one where an object is.
  noted(number, kind, one) {
    // One reader takes the first place of an object that a list names twice, another the last.
    need(!this.section.has(number), "the file's cross references name an object twice");
    this.section.add(number);
    if (!this.places.has(number)) this.places.set(number, kind === 0 ? null : { kind, one });
    if (kind === 1) this.revisions.set(number, (this.revisions.get(number) ?? new Set()).add(one));
    else if (kind === 2) this.holders.add(one);
  }
  list(count) { this.listed += count; need(this.listed <= MOST_ENTRIES, "the file has more cross references than are followed"); }
  async references(place) {
    const reader = new Reader(this.bytes, place, true), first = reader.next();
    if (first instanceof Command && first.text === "xref") return this.table(reader);
    const stream = this.indirect(place), dictionary = stream?.dictionary ?? new Map(), widths = dictionary.get("W"), index = dictionary.get("Index") ?? [0, dictionary.get("Size")];
    need(dictionary.get("Type")?.text === "XRef" && areWhole(widths) && widths.length === 3 && areWhole(index) && index.length % 2 === 0, NOT_LISTED);
    this.list(index.reduce((sum, many, n) => sum + (n % 2 ? many : 0), 0));
    const data = await this.data(stream), row = widths[0] + widths[1] + widths[2];
    let at = 0;
    for (let n = 0; n < index.length; n += 2) {
      need(widths[0] <= 1 && widths[1] > 0 && at + index[n + 1] * row <= data.length, "the file's cross references end too early");
      for (let number = index[n]; number < index[n] + index[n + 1]; number += 1, at += row) {
        const field = (from, width) => { let value = 0; for (let k = 0; k < width; k += 1) value = value * 256 + data[from + k]; return value; };
        this.noted(number, widths[0] === 0 ? 1 : field(at, widths[0]), field(at + widths[0], widths[1]));
      }
    }
    return dictionary;
  }
  table(reader) {
    const whole = (found) => { need(isWhole(found), NOT_LISTED); return found; };
    for (;;) {
      const first = reader.next();
      if (first instanceof Command && first.text === "trailer") { const about = reader.next(); need(about instanceof Map, NOT_LISTED); return about; }
      const from = whole(first), count = whole(reader.next());
      this.list(count);
      while (SPACE.has(this.bytes[reader.at])) reader.at += 1;
      for (let n = 0; n < count; n += 1, reader.at += 20) {
        const row = ROW.exec(latin1(this.bytes.subarray(reader.at, reader.at + 20)));
        need(row, NOT_LISTED);
        this.noted(from + n, row[2] === "n" ? 1 : 0, Number(row[1]));
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
    const reader = new Reader(this.bytes, place, true), head = reader.tokens(), [own, generation, begun] = [0, 1, 2].map(() => head.next().value), said = Number(own);
    need([own, generation].every((one) => /^\d+$/.test(one)) && begun === "obj", NO_OBJECT);
    const value = reader.value();
    reader.space();
    const after = reader.word();
    need(after === "endobj" || (after === "stream" && value instanceof Map), "an object of the file does not end");
    if (after === "endobj") { this.count(reader.at - place); return { said, value }; }
    if (this.bytes[reader.at] === 13) reader.at += 1;
    need(this.bytes[reader.at] === 10, "a stream does not begin on a line of its own");
    const at = reader.at + 1, length = value.get("Length"), end = new Reader(this.bytes, at + length);
    need(isWhole(length), "a stream does not say how long it is");
    end.space();
    need(end.word() === "endstream", "a stream of the file is longer than it says");
    this.count(end.at - place);
    return { said, value: { dictionary: value, at, length } };
  }
  // Refuses objects that lie in each other, of which a short file could hold very many.
  count(length) { this.looked += length; need(this.looked <= 2 * (this.bytes.length + this.unpacked), "objects of the file lie in each other"); }
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
    need(found, NOT_PACKED);
    return found[1];
  }
  // Every object in a stream of objects, with its number.
  async packedIn(stream) {
    need(stream.dictionary.get("Type")?.text === "ObjStm", "objects lie in a stream that is not for objects");
    if (!this.streams.has(stream)) {
      const data = await this.data(stream), first = stream.dictionary.get("First"), many = stream.dictionary.get("N"), found = [], there = new Set();
      need(areWhole([first, many]), NOT_PACKED);
      const heads = latin1(data.subarray(0, first)).split(/[\t-\r ]+/).filter(Boolean);
      need(heads.length > 0 && heads.length === 2 * many && heads.every((one) => /^\d+$/.test(one)), NOT_PACKED);
      this.unpacked += data.length;
      for (let n = 0; n < heads.length; n += 2) {
        const number = Number(heads[n]), place = Number(heads[n + 1]), reader = new Reader(data, first + place);
        need(!there.has(number), "a stream of objects holds one of them twice");
        there.add(number);
        found.push([number, reader.value()]);
        this.count(reader.at - first - place);
      }
      this.streams.set(stream, found);
    }
    return this.streams.get(stream);
  }
  // What a stream holds, which is read once.
  async data(stream) {
    if (!this.plain.has(stream)) {
      const { dictionary, at, length } = stream, raw = this.bytes.subarray(at, at + length);
      need(!dictionary.has("DecodeParms"), has(FOREIGN.find(([name]) => name === "DecodeParms")[1]));
      const said = dictionary.get("Filter"), filter = Array.isArray(said) && said.length === 1 ? said[0] : said, packed = dictionary.has("Filter");
      need(!packed || (filter instanceof Name && filter.text === "FlateDecode" && !filter.escaped), FILTERED);
      const plain = packed ? await inflated(raw, LARGEST_STREAM) : raw;
      this.inside += raw.length + plain.length;
      need(this.inside <= LARGEST_INSIDE, `the file's streams are longer than ${LARGEST_INSIDE.toLocaleString("en")} bytes together`);
      this.plain.set(stream, plain);
    }
    return this.plain.get(stream);
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
  // The pages in their order. Within the walk all is refused that would make it long: 30 nodes that name the next one twice lead to a billion pages.
  async nodes() {
    const found = [], seen = new Set();
    const add = async (value, depth) => {
      need(value instanceof Ref, NOT_THERE);
      need(!seen.has(value.number), "the file's pages name one of their objects twice");
      need(depth <= DEEPEST, "the file's pages are nested too deep");
      seen.add(value.number);
      const node = await this.get(value), before = found.length;
      need(node instanceof Map, NOT_THERE);
      const kids = await this.get(node.get("Kids"));
      // Of a page that has pages, one reader shows the page and another its pages.
      need((node.get("Type")?.text === "Pages") === Array.isArray(kids), "a page of the file has pages of its own");
      if (!Array.isArray(kids)) { found.push(node); need(found.length <= MOST_PAGES, `more than ${MOST_PAGES} pages`); return; }
      for (const kid of kids) await add(kid, depth + 1);
      need((await this.get(node.get("Count"))) === found.length - before, "the file has another number of pages than it says");
    };
    const root = await this.get(this.trailer.get("Root"));
    need(root instanceof Map, NOT_THERE);
    await add(root.get("Pages"), 0);
    return found;
  }
  async pages() {
    const found = [], drawn = { known: new Map(), length: 0, ofParts: 0 };
    for (const [n, page] of (await this.nodes()).entries()) {
      need(page.has("Resources"), `page ${n + 1} has no resources of its own`);
      const parts = [await this.get(page.get("Contents"))].flat();
      need(parts.length <= MOST_PARTS, `page ${n + 1} is drawn by more than ${MOST_PARTS} streams`);
      const written = [];
      for (const one of parts) { const stream = await this.get(one); if (stream?.dictionary) written.push(await this.data(stream)); }
      const { length, marks } = await this.drawnBy(written, page.get("Resources"), drawn, 0);
      need(length <= MOST_DRAWN, `page ${n + 1} draws more than ${MOST_DRAWN.toLocaleString("en")} bytes of instructions`);
      need(marks <= MOST_MARKS, `page ${n + 1} has more than ${MOST_MARKS.toLocaleString("en")} marks in its instructions`);
      const instructions = joined(...written.flatMap((one) => [one, Uint8Array.of(10)]));
      readInstructions(instructions, drawn);
      found.push({ page, instructions, resources: await this.dictionary(page.get("Resources")) });
    }
    return found;
  }
  // How many bytes instructions draw at most, if each call draws the part that draws most, how many marks of content begin there, and how many parts lie in each other within them.
  async drawnBy(written, resources, drawn, within) {
    const most = { length: 0, marks: 0, within: 0 }, found = { length: 0, marks: 0 }, own = await this.get(resources);
    const parts = own instanceof Map && own.has("XObject") ? await this.get(own.get("XObject")) : new Map();
    need(own instanceof Map && parts instanceof Map, NOT_THERE);
    await this.refuseLongMaps(own);
    for (const one of parts.values()) {
      const part = await this.part(one, drawn, within + 1);
      for (const what of Object.keys(most)) most[what] = Math.max(most[what], part[what]);
    }
    for (const one of written) {
      const text = latin1(one), count = (what) => text.split(what).length - 1, calls = count("Do");
      found.length += text.length + calls * most.length;
      found.marks += count("BMC") + count("BDC") + calls * most.marks;
    }
    return { ...found, within: most.within };
  }
  // A line of a font's map from signs to text tells of 65,536 signs.
  async refuseLongMaps(resources) {
    const fonts = await this.get(resources.get("Font"));
    for (const font of fonts instanceof Map ? fonts.values() : []) {
      const said = await this.get(font), map = said instanceof Map ? await this.get(said.get("ToUnicode")) : null;
      need(!map?.dictionary || (await this.data(map)).length <= LONGEST_MAP, `a font says in more than ${LONGEST_MAP.toLocaleString("en")} bytes which text its signs are`);
    }
  }
  async part(value, drawn, within) {
    need(value instanceof Ref, NOT_THERE);
    need(within + (drawn.known.get(value.number)?.within ?? 1) <= MOST_WITHIN + 1, TOO_DEEP);
    if (!drawn.known.has(value.number)) {
      drawn.known.set(value.number, { length: MOST_DRAWN + 1, marks: 0, within: 1 }); // until it is known: one that draws itself draws too much
      const part = await this.get(value), about = part?.dictionary;
      need(about, NOT_THERE);
      let inside = { length: 0, marks: 0, within: 0 };
      if (about.get("Subtype")?.text !== "Image") {
        inside = await this.drawnBy([await this.data(part)], about.get("Resources"), drawn, within);
        await this.refuseOfThePage(part, drawn);
      }
      drawn.known.set(value.number, { length: EACH_PART + inside.length, marks: inside.marks, within: 1 + inside.within });
    }
    return drawn.known.get(value.number);
  }
  // A part that draws what its own resources do not name takes it from the page's in some readers, where the part itself may be.
  async refuseOfThePage(part, drawn) {
    const instructions = await this.data(part), own = (await this.get((await this.dictionary(part.dictionary.get("Resources"))).get("XObject"))) ?? new Map();
    drawn.ofParts += instructions.length;
    need(drawn.ofParts <= LONGEST_DRAWN, `the parts of the pages have more than ${LONGEST_DRAWN.toLocaleString("en")} bytes together`);
    readInstructions(instructions, drawn);
    let before = "";
    for (const token of new Reader(instructions).tokens()) {
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
      const box = (await this.get(page.get("MediaBox"))) ?? [], [left, low, wide, high] = [0, 1, 2, 3].map((n) => numberOf(box[n])), whole = left === 0 && low === 0 && PAPERS.some(([width, height]) => Math.abs(wide - width) < 1 && Math.abs(high - height) < 1);
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
    return (await this.get(one.get("Subtype")))?.text === "Widget" && box.length === 4 && box.every((place) => numberOf(place) === 0);
  }
  // The text of each page as it is drawn, string after string, without a thought for where it stands.
  async texts() {
    const texts = [];
    for (const { instructions, resources } of await this.pages()) texts.push(await this.drawn(instructions, resources, 0));
    return texts;
  }
  async drawn(content, resources, depth) {
    need(depth <= MOST_WITHIN, TOO_DEEP);
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

// Counts instructions and reads them, those of all pages and parts together.
function readInstructions(instructions, drawn) {
  drawn.length += instructions.length;
  need(drawn.length <= MOST_WRITTEN, `the pages have more than ${MOST_WRITTEN.toLocaleString("en")} bytes of instructions together`);
  refuseUnreadable(instructions);
}

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

// From a code to its text. A line may tell of 65,536 codes, so the text is made of those that are asked for.
function mapOf(text) {
  const known = new Map(), ranges = [], signs = (digits) => textOf(Uint8Array.from([254, 255, ...fromHex(digits)]));
  for (const [, block] of text.matchAll(/beginbfchar([^]*?)endbfchar/g)) for (const [, code, to] of block.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>/g)) known.set(code.toLowerCase(), signs(to));
  for (const [, block] of text.matchAll(/beginbfrange([^]*?)endbfrange/g)) {
    for (const [, from, to, first] of block.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g)) ranges.push({ digits: from.length, from: parseInt(from, 16), to: parseInt(to, 16), first: parseInt(first, 16) });
  }
  const asked = new Map(), textFor = (code) => {
    const number = parseInt(code, 16), range = ranges.findLast(({ digits, from, to }) => from <= number && number <= to && number.toString(16).padStart(digits, "0") === code);
    return range ? String.fromCodePoint(range.first + number - range.from) : known.get(code) ?? "";
  };
  return (code) => { if (!asked.has(code)) asked.set(code, textFor(code)); return asked.get(code); };
}

// Codes of two bytes, as composite fonts have them.
const reads = (map) => (bytes) => { let text = ""; for (let n = 0; n + 1 < bytes.length; n += 2) text += map(hex(bytes.subarray(n, n + 2))); return text; };
