// The values of a PDF (ISO 32000, 7.3): names, numbers, texts, lists and dictionaries, and the instructions of a page.
const SPACE = new Set([0, 9, 10, 12, 13, 32]), ENDS = new Set([...SPACE, ...[..."()<>[]{}/%"].map((one) => one.charCodeAt(0))]);
const UNREAD = "an object of the file cannot be read", TWICE = "a dictionary of the file says a name twice, or something else than a name";
// These names are read in one spelling alone, for a reader may look for them in the bytes.
const FILTERS = new Set(["Filter", "F", "FFilter"]);
class Name { constructor(text, escaped) { this.text = text; this.escaped = escaped; } }
// A number that is not written as a whole one: it has a sign or a fraction.
class Real { constructor(value) { this.value = value; } }
class Ref { constructor(number) { this.number = number; } }
class Command { constructor(text) { this.text = text; } }
class Str { constructor(bytes) { this.bytes = bytes; } }

// Reads the objects of PDF (ISO 32000, 7.3) one after the other.
class Reader {
  constructor(bytes, at = 0, ofFile = false) { this.bytes = bytes; this.at = at; this.ofFile = ofFile; }
  space() {
    for (;;) {
      while (SPACE.has(this.bytes[this.at])) this.at += 1;
      if (this.bytes[this.at] !== 37) return;
      while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at += 1;
    }
  }
  word() { const from = this.at; while (this.at < this.bytes.length && !ENDS.has(this.bytes[this.at])) this.at += 1; return latin1(this.bytes.subarray(from, this.at)); }
  next(depth = 0) {
    need(depth <= 60, UNREAD);
    this.space();
    const byte = this.bytes[this.at];
    if (byte === undefined) return undefined;
    if (byte === 47) return this.name();
    if (byte === 40) return this.literal();
    if (byte === 60 && this.bytes[this.at + 1] === 60) return this.dictionary(depth);
    if (byte === 60) return this.hexadecimal();
    if (byte === 91) return this.list(depth);
    if (byte === 93 || byte === 125 || byte === 123) { this.at += 1; return new Command(String.fromCharCode(byte)); }
    if (byte === 62) { need(this.bytes[this.at + 1] === 62, UNREAD); this.at += 2; return new Command(">>"); }
    const word = this.word();
    need(word !== "", UNREAD);
    if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) return this.number(word);
    return word === "true" ? true : word === "false" ? false : word === "null" ? null : new Command(word);
  }
  // A value of an object, which is no instruction.
  value() { const found = this.next(); need(found !== undefined && !(found instanceof Command), UNREAD); return found; }
  name() {
    this.at += 1;
    const word = this.word(), text = word.replace(/#([0-9A-Fa-f]{2})/g, (_, two) => String.fromCharCode(parseInt(two, 16)));
    need(!(this.ofFile && text !== word && FILTERS.has(text)), "a filter is named in escapes, which is not read");
    return new Name(text, text !== word);
  }
  number(word) {
    if (!/^\d+$/.test(word)) return new Real(Number(word));
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
      need(byte !== undefined, UNREAD);
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
    const digits = latin1(this.bytes.subarray(this.at + 1, end)).replace(/\s/g, "");
    need(end > 0 && /^[0-9A-Fa-f]*$/.test(digits), "a text of the file is not hexadecimal");
    this.at = end + 1;
    return new Str(fromHex(digits.length % 2 ? `${digits}0` : digits));
  }
  list(depth) {
    this.at += 1;
    const found = [];
    for (;;) {
      const one = this.next(depth + 1);
      if (one instanceof Command && one.text === "]") return found;
      need(one !== undefined && !(one instanceof Command), UNREAD);
      found.push(one);
    }
  }
  dictionary(depth) {
    this.at += 2;
    const items = [], found = new Map();
    for (;;) {
      const one = this.next(depth + 1);
      if (one instanceof Command && one.text === ">>") break;
      need(one !== undefined && !(one instanceof Command), UNREAD);
      items.push(one);
    }
    need(items.length % 2 === 0 && items.every((one, n) => n % 2 === 1 || one instanceof Name), TWICE);
    for (let n = 0; n < items.length; n += 2) found.set(items[n].text, items[n + 1]);
    need(found.size * 2 === items.length, TWICE);
    return found;
  }
}

const isWhole = (value) => Number.isSafeInteger(value), areWhole = (values) => Array.isArray(values) && values.every(isWhole);
const numberOf = (value) => (value instanceof Real ? value.value : typeof value === "number" ? value : NaN);
const textOf = (bytes) => bytes[0] === 254 && bytes[1] === 255 ? new TextDecoder("utf-16be").decode(bytes.subarray(2)) : latin1(bytes);

// Refuses instructions that two readers could take apart differently: a text without its end, half a list.
function refuseUnreadable(instructions) {
  const reader = new Reader(instructions);
  for (let one = reader.next(); one !== undefined; one = reader.next()) need(!(one instanceof Command && ENDS.has(one.text.charCodeAt(0))), UNREAD);
}
