// The PAdES signature over a whole file: one way of writing it, a P-256 certificate that the policy names, nothing beside it that is not signed.
const derLength = (content) => { if (content.length < 128) return [content.length]; const bytes = []; for (let n = content.length; n > 0; n = Math.floor(n / 256)) bytes.unshift(n % 256); return [128 | bytes.length, ...bytes]; };
const der = (tag, ...parts) => { const content = joined(...parts); return joined(Uint8Array.of(tag, ...derLength(content)), content); };
const oid = (...octets) => der(6, Uint8Array.from(octets));
const PKCS = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];
const DATA = oid(...PKCS, 7, 1), SIGNED_DATA = oid(...PKCS, 7, 2), MESSAGE_DIGEST = oid(...PKCS, 9, 4), CONTENT_TYPE = oid(...PKCS, 9, 3), TOKEN = oid(...PKCS, 9, 16, 2, 14);
const SHA256 = der(0x30, oid(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01), der(5)), ECDSA_WITH_SHA256 = der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const P256 = der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01), oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)), VERSION = der(2, Uint8Array.of(1));
const MORE = "the signature carries parts that it does not sign: more signers, certificates, or unsigned attributes";

// The element at the beginning of bytes, in the one way in which DER writes it.
function element(bytes) {
  need(bytes.length >= 2 && (bytes[0] & 31) !== 31, "the signature cannot be read: ValueError");
  let start = 2, length = bytes[1];
  if (length & 128) {
    start += length & 127;
    length = 0;
    for (const byte of bytes.subarray(2, start)) length = length * 256 + byte;
    need(length >= 128 && start <= bytes.length && bytes[2] !== 0 && start - 2 <= 4, "the signature cannot be read: ValueError");
  }
  need(start + length <= bytes.length, "the signature cannot be read: ValueError");
  return { tag: bytes[0], content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}
function partsOf(one) {
  need(one.tag & 32, "the signature cannot be read: ValueError");
  const found = [];
  for (let rest = one.content; rest.length > 0; rest = rest.subarray(found.at(-1).whole.length)) found.push(element(rest));
  return found;
}
const onlyPart = (one, tag) => { const parts = partsOf(one); need(parts.length === 1 && parts[0].tag === tag, "the signature cannot be read: ValueError"); return parts[0]; };
const count = (parts, expected) => { need(parts.length === expected, MORE); return parts; };

// An ECDSA signature from DER to two numbers of a curve's width; null where it is no such pair.
function fixedWidth(signature, width) {
  try {
    const one = element(signature), pair = count(partsOf(one), 2);
    if (one.tag !== 0x30 || one.whole.length !== signature.length || pair.some(({ tag, content }) => tag !== 2 || content.length === 0 || content[0] & 128)) return null;
    return joined(...pair.map(({ content }) => { const digits = content[0] === 0 ? content.subarray(1) : content; need(digits.length <= width, ""); return joined(new Uint8Array(width - digits.length), digits); }));
  } catch { return null; }
}

// The signature of a file: the certificate's fingerprint with the time stamp where it has one, and null where nobody signed.
async function sealOf(bytes, trusted, authorities) {
  const text = latin1(bytes), ranges = [...text.matchAll(/\/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]/g)];
  if (ranges.length === 0) return null;
  need(ranges.length === 1, `${withNoun(ranges.length, "signature", "signatures")} where there should be one`);
  const [start, length, after, rest] = ranges[0].slice(1).map(Number);
  need(start === 0 && after + rest === bytes.length && length > 0 && length < after && text[length] === "<" && text[after - 1] === ">", "the signature does not cover the whole file");
  const written = text.slice(length + 1, after - 1);
  need(written.length <= 65536, "the signature has more than 65,536 digits");
  need(/^([0-9A-F]{2})+$/.test(written), "the signature is not written in hexadecimal digits as signing writes them");
  const contents = fromHex(written), info = element(contents);
  need(info.tag === 0x30 && contents.subarray(info.whole.length).every((one) => one === 0), "something other than the signature stands in its place");
  const [kind, content] = count(partsOf(info), 2), [version, digests, inner, certificates, signers] = count(partsOf(onlyPart(content, 0x30)), 5);
  need(same(kind.whole, SIGNED_DATA) && content.tag === 0xa0 && certificates.tag === 0xa0 && signers.tag === 0x31, "the signature is of another kind than signed data with its certificate");
  need(partsOf(certificates).length === 1 && partsOf(signers).length === 1, MORE);
  const certificate = onlyPart(certificates, 0x30), inside = partsOf(onlyPart(signers, 0x30)), beside = inside.length === 7 ? inside.pop() : null;
  const [own, who, digest, attributes, algorithm, signature] = count(inside, 6);
  need(same(digests.whole, der(0x31, SHA256)) && same(digest.whole, SHA256) && same(algorithm.whole, ECDSA_WITH_SHA256), "the signature names other algorithms than ECDSA with SHA-256");
  need(same(inner.whole, der(0x30, DATA)), "the signature is over another kind of content than a file's bytes");
  const [, serial, , issuer] = partsOf(partsOf(certificate)[0]);
  need(same(version.whole, VERSION) && same(own.whole, VERSION) && same(who.whole, der(0x30, issuer.whole, serial.whole)), "the signature names another version, signer or issuer than its certificate");
  need(attributes.tag === 0xa0 && signature.tag === 4, "the signature has no attributes that are signed");
  const token = beside === null ? null : tokenIn(beside);
  const said = new Map();
  for (const one of partsOf(attributes)) {
    const [name, values] = count(partsOf(one), 2), [value] = count(partsOf(values), 1);
    need(!said.has(hex(name.whole)), "the signature cannot be read: ValueError");
    said.set(hex(name.whole), value.whole);
  }
  const own_digest = await sha256(bytes.subarray(0, length), bytes.subarray(after));
  need(same(said.get(hex(MESSAGE_DIGEST)) ?? new Uint8Array(), der(4, own_digest)), "the file has been changed since it was signed");
  const fingerprint = await sha256Hex(certificate.whole);
  need(trusted.includes(fingerprint), `signed by a certificate that is not trusted: ${fingerprint}`);
  const key = partsOf(partsOf(certificate)[0])[6], [curve, point] = partsOf(key);
  need(same(curve.whole, P256), "the signature's key is of another kind than P-256");
  const held = await crypto.subtle.importKey("raw", point.content.subarray(1), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  const raw = fixedWidth(signature.content, 32), signs = { name: "ECDSA", hash: "SHA-256" }, holds = raw !== null && (await crypto.subtle.verify(signs, held, raw, der(0x31, attributes.content)));
  need(holds, "the signature does not hold");
  return { fingerprint, stamp: token === null ? null : await stamped(token, signature.content, authorities) };
}

// The one unsigned attribute that may stand there: a time stamp over the signature.
function tokenIn(beside) {
  const parts = beside.tag === 0xa1 ? partsOf(beside) : [];
  need(parts.length === 1, MORE);
  const [kind, values] = count(partsOf(parts[0]), 2), found = values.tag === 0x31 ? partsOf(values) : [];
  need(same(kind.whole, TOKEN) && found.length === 1, MORE);
  return found[0];
}
