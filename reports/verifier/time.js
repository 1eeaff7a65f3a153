// A time stamp over a signature (RFC 3161): its statement, its own signature, its certificate and chain. Whose authority is believed is the policy's.
const TST_INFO = oid(...PKCS, 9, 16, 1, 4), EXTENDED_USAGE = oid(0x55, 0x1d, 0x25), BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13), STAMPS_TIME = oid(0x2b, 6, 1, 5, 5, 7, 3, 8);
const EC_KEY = oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1), RSA_KEY = oid(...PKCS, 1, 1);
const byOid = (...pairs) => new Map(pairs.map(([octets, value]) => [hex(oid(...octets)), value])), SHA2 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2];
const DIGESTS = byOid([[...SHA2, 1], "SHA-256"], [[...SHA2, 2], "SHA-384"], [[...SHA2, 3], "SHA-512"]);
const CURVES = byOid([[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], ["P-256", 32]], [[0x2b, 0x81, 4, 0, 0x22], ["P-384", 48]], [[0x2b, 0x81, 4, 0, 0x23], ["P-521", 66]]);
const SIGNED_BY = byOid([[...PKCS, 1, 5], ["RSA", "SHA-1"]], [[...PKCS, 1, 11], ["RSA", "SHA-256"]], [[...PKCS, 1, 12], ["RSA", "SHA-384"]], [[...PKCS, 1, 13], ["RSA", "SHA-512"]],
  [[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], ["EC", "SHA-256"]], [[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], ["EC", "SHA-384"]], [[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], ["EC", "SHA-512"]]);
const NOT_READ = "the signature cannot be read: ValueError";
// A signature that WebCrypto has no means to check: neither believed nor refused.
class Unknown extends Error {}

const partOf = (parts, place) => { need(parts[place], NOT_READ); return parts[place]; };
const minuteOf = (at) => new Date(at).toISOString().slice(0, 16).replace("T", " ");
const UNCHECKED = "by a kind of key that this browser cannot check: it proves no time here";
function stampWords(stamp) {
  if (stamp === null) return "";
  return stamp.at === null ? `; with a time stamp ${UNCHECKED}` : `; ${stampedWords(stamp)}`;
}
function stampedWords(stamp) {
  if (stamp.at === null) return `time-stamped ${UNCHECKED}`;
  const by = stamp.fingerprint.slice(0, 16);
  return `time-stamped at ${minuteOf(stamp.at)} UTC by ${by}${stamp.trusted ? "" : ", whom the policy does not name: it proves no time"}`;
}

// A moment as DER writes it (UTCTime until 2049, GeneralizedTime after), in milliseconds.
function momentOf({ tag, content }) {
  const text = latin1(content), match = (tag === 0x17 ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?Z$/).exec(text);
  if (!match || (tag !== 0x17 && tag !== 0x18)) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number), whole = tag === 0x17 ? year + (year < 50 ? 2000 : 1900) : year;
  const at = Date.UTC(whole, month - 1, day, hour, minute, second), read = new Date(at);
  need(read.getUTCMonth() === month - 1 && read.getUTCDate() === day && hour < 24 && minute < 60 && second < 60, NOT_READ);
  return at + Number(`0.${match[7] ?? 0}`) * 1000;
}

// A certificate (RFC 5280), as far as a chain needs it.
function certificateOf({ whole }) {
  const one = element(whole), [body, algorithm, signature] = exactly(partsOf(one), 3), parts = partsOf(body), fields = parts.slice(parts[0].tag === 0xa0 ? 1 : 0);
  const [serial, own, issuer, validity, subject, key] = [0, 1, 2, 3, 4, 5].map((place) => partOf(fields, place)), [from, to] = partsOf(validity).map(momentOf);
  need(one.tag === 0x30 && body.tag === 0x30 && serial.tag === 2 && same(own.whole, algorithm.whole) && signature.tag === 3 && signature.content[0] === 0 && Number.isFinite(from) && Number.isFinite(to), NOT_READ);
  const extensions = new Map(), listed = fields.slice(6).find(({ tag }) => tag === 0xa3);
  for (const one of listed ? partsOf(onlyPart(listed, 0x30)) : []) {
    const inside = partsOf(one), name = hex(inside[0].whole);
    need(inside.at(-1).tag === 4 && !extensions.has(name), NOT_READ);
    extensions.set(name, element(inside.at(-1).content));
  }
  return { whole, body, algorithm, signature: signature.content.subarray(1), serial, issuer, subject, key, from, to, extensions };
}
const maySign = ({ extensions }) => { const said = extensions.get(hex(BASIC_CONSTRAINTS)), first = said ? partsOf(said)[0] : null; return first?.tag === 1 && first.content[0] === 255; };

// Whether a signature by a certificate's key is over these bytes.
async function holdsBy(key, digest, bytes, signature) {
  const [algorithm] = partsOf(key), [kind, parameter] = partsOf(algorithm);
  if (same(kind.whole, RSA_KEY)) {
    const held = await crypto.subtle.importKey("spki", key.whole, { name: "RSASSA-PKCS1-v1_5", hash: digest }, false, ["verify"]);
    return crypto.subtle.verify("RSASSA-PKCS1-v1_5", held, signature, bytes);
  }
  need(same(kind.whole, EC_KEY), "the time stamp's key is of another kind than RSA or an elliptic curve");
  const curve = CURVES.get(hex(parameter?.whole ?? []));
  if (!curve) throw new Unknown("a curve");
  const raw = fixedWidth(signature, curve[1]), held = await crypto.subtle.importKey("spki", key.whole, { name: "ECDSA", namedCurve: curve[0] }, false, ["verify"]);
  return raw !== null && crypto.subtle.verify({ name: "ECDSA", hash: digest }, held, raw, bytes);
}
// What a token says of the bytes that it is over: when, by whose certificate, and whether the policy names that authority.
async function stamped(token, over, authorities) {
  const [kind, content] = exactly(partsOf(token), 2), signed = partsOf(onlyPart(content, 0x30));
  need(same(kind.whole, SIGNED_DATA) && (signed.length === 4 || signed.length === 5), "the time stamp is of another kind than signed data");
  const [, , inner, certificates, signers] = exactly(signed, 5), named = partsOf(inner);
  need(same(partOf(named, 0).whole, TST_INFO) && certificates.tag === 0xa0 && partsOf(signers).length === 1, "the time stamp is not a token of an authority with its certificate");
  const info = onlyPart(partOf(named, 1), 4).content, at = await saidIn(info, over), signer = partsOf(partsOf(signers)[0]), held = partsOf(certificates).map(certificateOf);
  const [issuer, serial] = exactly(partsOf(partOf(signer, 1)), 2), mine = held.filter((one) => same(one.serial.content, serial.content) && same(one.issuer.whole, issuer.whole));
  need(mine.length === 1, "the time stamp does not carry the certificate of who made it");
  try {
    await signedBySigner(signer, info, mine[0]);
    mayStamp(mine[0], at);
    return { at, fingerprint: await sha256Hex(mine[0].whole), trusted: await chained(mine[0], held, authorities, at) };
  } catch (error) {
    if (error instanceof Unknown) return { at: null, fingerprint: "", trusted: false };
    throw error;
  }
}
const exactly = (parts, expected) => { need(parts.length === expected, NOT_READ); return parts; };

// The time of a statement (RFC 3161, 2.4.2), whose imprint must be of the bytes.
async function saidIn(info, over) {
  const whole = element(info), parts = partsOf(whole);
  need(whole.whole.length === info.length, "the time stamp holds more than its statement");
  const [algorithm, digest] = exactly(partsOf(partOf(parts, 2)), 2);
  need(DIGESTS.get(hex(partOf(partsOf(algorithm), 0).whole)) === "SHA-256" && same(digest.content, await sha256(over)), "the time stamp is over other bytes than this signature");
  const moment = partOf(parts, 4), at = moment.tag === 0x18 ? momentOf(moment) : null;
  need(at !== null, "the time stamp says no time in UTC");
  return at;
}
async function signedBySigner(parts, info, certificate) {
  need(parts.length >= 6 && parts[3].tag === 0xa0 && parts[5].tag === 4, "the time stamp has no attributes that are signed");
  const digest = DIGESTS.get(hex(partOf(partsOf(parts[2]), 0).whole)), said = new Map(partsOf(parts[3]).map((one) => { const [name, values] = partsOf(one); return [hex(name.whole), values]; }));
  need(digest, "the time stamp names another hash than SHA-256, SHA-384 or SHA-512");
  const own = said.get(hex(MESSAGE_DIGEST)), kind = said.get(hex(CONTENT_TYPE));
  need(own && same(onlyPart(own, 4).content, new Uint8Array(await crypto.subtle.digest(digest, info))), "the time stamp's signature is over another statement");
  need(kind && same(partOf(partsOf(kind), 0).whole, TST_INFO), "the time stamp's signature is over another kind of statement");
  need(await holdsBy(certificate.key, digest, der(0x31, parts[3].content), parts[5].content), "the time stamp's signature does not hold");
}
function mayStamp({ extensions, from, to }, at) {
  const usage = extensions.get(hex(EXTENDED_USAGE)), kinds = usage ? partsOf(usage) : [];
  need(kinds.length === 1 && same(kinds[0].whole, STAMPS_TIME), "the time stamp is by a certificate that stamps no time");
  need(from <= at && at <= to, `the time stamp says ${minuteOf(at)} UTC, when its certificate was not valid`);
}
// Whether the policy names the certificate, or one that certifies it, through those that the token carries.
async function chained(certificate, held, authorities, at) {
  let now = certificate;
  for (let seen = 0; seen <= held.length; seen += 1) {
    if (authorities.includes(await sha256Hex(now.whole))) return true;
    let above = null;
    for (const other of held) if (above === null && !same(other.whole, now.whole) && other.from <= at && at <= other.to && (await issued(now, other))) above = other;
    if (above === null) return false;
    now = above;
  }
  return false;
}
async function issued(certificate, by) {
  if (!maySign(by) || !same(certificate.issuer.whole, by.subject.whole)) return false;
  const [kind] = partsOf(certificate.algorithm), found = SIGNED_BY.get(hex(kind.whole));
  if (!found) throw new Unknown("an algorithm");
  const isRsa = same(partsOf(partsOf(by.key)[0])[0].whole, RSA_KEY);
  return isRsa === (found[0] === "RSA") && holdsBy(by.key, found[1], certificate.body.whole, certificate.signature);
}
