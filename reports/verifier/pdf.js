// A notice's PDF, read by itself: cross references, object streams, attachments, and the text of each page in the order in which it is drawn.
const LARGEST_FILE = 32 * 2 ** 20, LARGEST_STREAM = 16 * 2 ** 20, LARGEST_INSIDE = 128 * 2 ** 20, MOST_PAGES = 100, MOST_ATTACHMENTS = 16;
const SPACE = new Set([0, 9, 10, 12, 13, 32]), ENDS = new Set([...SPACE, ...[..."()<>[]{}/%"].map((one) => one.charCodeAt(0))]);

// Width and height of A4 and US Letter in points.
const PAPERS = [[595.2756, 841.8898], [612, 792]];
// The names of what can change what a reader shows or does, beside the words of the pages; the first of them is said.
const LEADS_OUT = "an action that leads out of it";
const FOREIGN = [
  ["OpenAction", "an action that runs when it is opened"], ["AA", "an action that runs by itself"], ["OCProperties", "layers that can be switched off"], ["JavaScript", "a script"],
  ["XFA", "a form that is drawn in place of its pages"], ...["Launch", "URI", "GoToR", "GoToE", "SubmitForm", "ImportData"].map((name) => [name, LEADS_OUT]),
];
class Hidden extends Differs {}
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
    if (byte === 62) { this.at += this.bytes[this.at + 1] === 62 ? 2 : 1; return new Command(">>"); }
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
      found.set(key.text, this.next(depth + 1));
    }
  }
}

class Pdf {
  constructor(bytes) { this.bytes = bytes; this.places = new Map(); this.known = new Map(); this.streams = new Map(); this.inside = 0; }

  static async open(bytes) {
    need(bytes.length <= LARGEST_FILE, `the file has more than ${LARGEST_FILE.toLocaleString("en")} bytes`);
    need(latin1(bytes.subarray(0, 5)) === "%PDF-", "this is not a PDF");
    const file = new Pdf(bytes), tail = latin1(bytes.subarray(-2048)), found = [...tail.matchAll(/startxref\s+(\d+)/g)].at(-1);
    need(found, "the file has no cross references");
    const seen = new Set();
    let place = Number(found[1]);
    while (place !== undefined) {
      need(!seen.has(place) && seen.size < 50, "the file's cross references go in a circle");
      seen.add(place);
      place = await file.references(place);
    }
    return file;
  }
  async references(place) {
    const reader = new Reader(this.bytes, place), first = reader.next();
    if (first instanceof Command && first.text === "xref") return this.table(reader);
    need(typeof first === "number", "the file's cross references cannot be read");
    const stream = this.indirect(place), dictionary = stream.dictionary, data = await this.data(stream);
    const widths = dictionary.get("W"), index = dictionary.get("Index") ?? [0, dictionary.get("Size")], row = widths[0] + widths[1] + widths[2];
    this.trailer ??= dictionary;
    let at = 0;
    for (let n = 0; n < index.length; n += 2) {
      for (let number = index[n]; number < index[n] + index[n + 1]; number += 1, at += row) {
        need(at + row <= data.length, "the file's cross references end too early");
        const field = (from, width) => { let value = 0; for (let k = 0; k < width; k += 1) value = value * 256 + data[from + k]; return value; };
        const kind = widths[0] === 0 ? 1 : field(at, widths[0]);
        if (!this.places.has(number)) this.places.set(number, kind === 0 ? null : { kind, one: field(at + widths[0], widths[1]), two: field(at + widths[0] + widths[1], widths[2]) });
      }
    }
    return dictionary.get("Prev");
  }
  async table(reader) {
    for (;;) {
      const first = reader.next();
      if (first instanceof Command && first.text === "trailer") break;
      const count = reader.next();
      for (let n = 0; n < count; n += 1) {
        const place = reader.next();
        reader.next();
        const used = reader.next().text === "n";
        if (!this.places.has(first + n)) this.places.set(first + n, used ? { kind: 1, one: place, two: 0 } : null);
      }
    }
    const dictionary = reader.next();
    this.trailer ??= dictionary;
    if (dictionary.has("XRefStm")) await this.references(dictionary.get("XRefStm"));
    return dictionary.get("Prev");
  }
  // The object at a place of the file: `N G obj ... endobj`, with its stream where it has one.
  indirect(place, number = null) {
    const reader = new Reader(this.bytes, place), said = reader.next();
    // Another reader finds nothing there, and would show something else.
    need(number === null || typeof said !== "number" || said === number, "the file's cross references lead to another object than they name");
    need(typeof said === "number" && typeof reader.next() === "number" && reader.next()?.text === "obj", "the file's cross references lead to no object");
    const value = reader.next();
    reader.space();
    if (latin1(this.bytes.subarray(reader.at, reader.at + 6)) !== "stream") return value;
    reader.at += 6;
    if (this.bytes[reader.at] === 13) reader.at += 1;
    return { dictionary: value, at: reader.at + 1 };
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
    if (!this.streams.has(holder)) {
      const stream = await this.get(new Ref(holder)), data = await this.data(stream), reader = new Reader(data), places = new Map();
      for (let n = 0; n < stream.dictionary.get("N"); n += 1) { const one = reader.next(); places.set(one, reader.next()); }
      this.streams.set(holder, { data, places, first: stream.dictionary.get("First") });
    }
    const { data, places, first } = this.streams.get(holder);
    need(places.has(number), "an object of the file is not where it should be");
    return new Reader(data, first + places.get(number)).next();
  }
  async data(stream) {
    const length = await this.get(stream.dictionary.get("Length")), raw = this.bytes.subarray(stream.at, stream.at + length);
    let filter = await this.get(stream.dictionary.get("Filter"));
    if (Array.isArray(filter)) { need(filter.length === 1, "a stream is compressed twice, which is not read"); [filter] = filter; }
    if (filter === undefined || filter === null) return raw;
    need(filter.text === "FlateDecode", `a stream is compressed by ${filter.text}, which is not read`);
    const plain = await inflated(raw, LARGEST_STREAM);
    this.inside += plain.length;
    need(this.inside <= LARGEST_INSIDE, `the file's streams are longer than ${LARGEST_INSIDE.toLocaleString("en")} bytes together`);
    const parameters = await this.get(stream.dictionary.get("DecodeParms"));
    return parameters instanceof Map && parameters.get("Predictor") > 1 ? unpredicted(plain, parameters) : plain;
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
    const found = [];
    const boxOf = async (page, name, above) => { const own = await this.get(page.get(name)); return Array.isArray(own) ? Promise.all(own.map((one) => this.get(one))) : above; };
    const walk = async (node, resources, depth, above) => {
      need(depth < 40 && found.length <= MOST_PAGES, `more than ${MOST_PAGES} pages`);
      const page = await this.dictionary(node), own = page.has("Resources") ? await this.dictionary(page.get("Resources")) : resources;
      const media = await boxOf(page, "MediaBox", above.media), crop = await boxOf(page, "CropBox", above.crop), turn = page.has("Rotate") ? await this.get(page.get("Rotate")) : above.turn, frame = { media, crop, turn };
      if (page.get("Type")?.text !== "Pages") {
        found.push({ page, resources: own, box: media ?? [], turned: turn !== 0 || (crop !== null && String(crop) !== String(media)) });
        return;
      }
      for (const kid of await this.get(page.get("Kids"))) await walk(kid, own, depth + 1, frame);
    };
    await walk((await this.dictionary(this.trailer.get("Root"))).get("Pages"), new Map(), 0, { media: null, crop: null, turn: 0 });
    return found;
  }
  // Nothing stands beside the words of the pages, and all of each page is shown: no action, layer, script, form, remark, turn or cut, and no letters that are not filled.
  async bare() {
    const names = await this.names();
    for (const [name, what] of FOREIGN) need(!names.has(name), `the file has ${what}, as no notice has`);
    for (const [n, { page, box, turned }] of (await this.pages()).entries()) {
      const found = (await this.get(page.get("Annots"))) ?? [], [wide, high] = [box[2], box[3]];
      need(found.length <= (n === 0 ? 1 : 0) && (found.length === 0 || (await this.unseen(found[0]))), `page ${n + 1} has a field or a remark beside its words, as no notice has`);
      const whole = !turned && box[0] === 0 && box[1] === 0 && PAPERS.some(([width, height]) => Math.abs(wide - width) < 1 && Math.abs(high - height) < 1);
      need(whole, `page ${n + 1} is turned, cut, or of another size than A4 or US Letter`);
    }
    try { this.kept = await this.texts(); } catch (error) { if (error instanceof Hidden) throw error; }
  }
  // Every name in an object of the file, whatever leads to the object.
  async names() {
    const found = new Set(), note = (value) => {
      if (value instanceof Name) found.add(value.text);
      else if (Array.isArray(value)) value.forEach(note);
      else if (value instanceof Map) for (const [key, one] of value) { found.add(key); note(one); }
      else if (value?.dictionary) note(value.dictionary);
    };
    note(this.trailer);
    for (const number of this.places.keys()) note(await this.get(new Ref(number)));
    return found;
  }
  // Whether an annotation is a field without an extent, as the signature's is.
  async unseen(value) {
    const one = await this.dictionary(value), box = (await this.get(one.get("Rect"))) ?? [];
    return (await this.get(one.get("Subtype")))?.text === "Widget" && box.length === 4 && box.every((place) => place === 0);
  }
  // The text of each page as it is drawn, string after string, without a thought for where it stands.
  async texts() {
    if (this.kept) return this.kept;
    const texts = [];
    for (const { page, resources } of await this.pages()) {
      const contents = await this.get(page.get("Contents")), parts = [];
      for (const one of Array.isArray(contents) ? contents : [contents]) parts.push(await this.data(await this.get(one)), Uint8Array.of(10));
      texts.push(await this.drawn(joined(...parts), resources, 0));
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
      else if (one.text === "Tr" && operands.at(-1) !== 0) throw new Hidden("a page draws letters otherwise than filled, as no notice does");
      else if (one.text === "q") saved.push(font);
      else if (one.text === "Q") font = saved.pop() ?? null;
      else if (one.text === "Tj" || one.text === "'" || one.text === '"') show(operands.at(-1));
      else if (one.text === "TJ") operands[0].filter((part) => part instanceof Str).forEach(show);
      else if (one.text === "BI") throw new Differs("the page holds an image with a filter of its own, which is not read");
      else if (one.text === "Do") {
        const form = await this.get(forms.get(operands[0].text));
        if (form?.dictionary?.get("Subtype")?.text === "Form") out.push(await this.drawn(await this.data(form), form.dictionary.has("Resources") ? await this.dictionary(form.dictionary.get("Resources")) : resources, depth + 1));
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

function unpredicted(data, parameters) {
  const columns = parameters.get("Columns") ?? 1, rows = Math.floor(data.length / (columns + 1)), out = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const kind = data[row * (columns + 1)];
    for (let n = 0; n < columns; n += 1) {
      const left = n > 0 ? out[row * columns + n - 1] : 0, up = row > 0 ? out[(row - 1) * columns + n] : 0, corner = n > 0 && row > 0 ? out[(row - 1) * columns + n - 1] : 0;
      const guess = left + up - corner, [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      const added = [0, left, up, (left + up) >> 1, a <= b && a <= c ? left : b <= c ? up : corner][kind];
      need(added !== undefined, "a stream of the file has another predictor");
      out[row * columns + n] = data[row * (columns + 1) + 1 + n] + added;
    }
  }
  return out;
}
