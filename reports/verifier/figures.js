// Figures, dates and names as the pages write them: exact fractions, rounded for print alone and never onto a limit.
const MINUS = "\u2212", NONE = "\u2013", UNBROKEN = "\u00a0";
const UNITS = { USD: 2, "USD per GPU-hour": 4, "%": 3, points: 3, x: 3, count: 0, days: 0, GPUs: 0, "GPU-hours": 0 };
const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const fraction = (text) => {
  const [top, under = "1"] = String(text).split("/"), [whole, part = ""] = top.split(".");
  return [BigInt(whole + part), BigInt(under) * 10n ** BigInt(part.length)];
};
const absolute = (value) => (value < 0n ? -value : value);
const sameFraction = ([a, b], [c, d]) => a * d === c * b;

// Half to even, at so many decimals, with commas between thousands.
function rounded([top, under], places) {
  const scaled = absolute(top) * 10n ** BigInt(places), down = scaled / under, rest = 2n * (scaled % under), up = rest > under || (rest === under && down % 2n === 1n);
  const digits = String(down + (up ? 1n : 0n)).padStart(places + 1, "0"), whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  const text = places > 0 ? `${whole}.${digits.slice(-places)}` : whole;
  return top < 0n ? `-${text}` : text;
}
const inPercent = (unit) => unit === "%" || unit === "points";
const shownOf = ({ value, unit }) => { const [top, under] = fraction(value); return inPercent(unit) ? [top * 100n, under] : [top, under]; };
function withUnit(number, unit) {
  if (unit === "USD" || unit === "USD per GPU-hour") return number.startsWith("-") ? `-USD ${number.slice(1)}` : `USD ${number}`;
  if (unit === "%" || unit === "x") return `${number}${unit}`;
  return unit === "count" ? number : `${number} ${unit}`;
}
const printed = (figure, places = null) => withUnit(rounded(shownOf(figure), places ?? UNITS[figure.unit]), figure.unit);
function printedApart(figure, limit, least = null) {
  let places = least ?? UNITS[figure.unit];
  while (!sameFraction(fraction(figure.value), fraction(limit.value)) && printed(figure, places) === printed(limit, places)) places += 1;
  return printed(figure, places);
}
function trimmed(figure) {
  const [top, under] = shownOf(figure);
  for (let places = figure.unit.startsWith("USD") ? 2 : 0; places < 13; places += 1) if ((top * 10n ** BigInt(places)) % under === 0n) return printed(figure, places);
  return printed(figure);
}
function ratioDecimals(rounding, unit) {
  const [ratios, multiples = "unrounded"] = rounding.split("; multiples "), rule = { "%": ratios, points: ratios, x: multiples || "unrounded" }[unit] ?? "unrounded";
  return rule === "unrounded" ? null : Number(rule[0]);
}
const minus = (text) => text.replace(/(?<![\p{L}\p{N}_)])-(?=\d|USD)/gu, MINUS);
const figureText = (figure) => minus(printed(figure));
const termText = (figure) => minus(trimmed(figure));
const apartText = (figure, limit, rounding) => minus(printedApart(figure, limit, ratioDecimals(rounding, figure.unit)));

const dayOf = (text) => { const [year, month, day] = text.split("-").map(Number); return { year, month, day, week: new Date(Date.UTC(year, month - 1, day)).getUTCDay() }; };
const longDate = (text) => { const one = dayOf(text); return `${DAYS[one.week]} ${one.day} ${MONTHS[one.month - 1]} ${one.year}`; };
const shortDate = (text) => { const one = dayOf(text); return `${one.day} ${MONTHS[one.month - 1].slice(0, 3)} ${one.year}`; };
const tableDate = (text) => `${DAYS[dayOf(text).week].slice(0, 3)} ${shortDate(text)}`;
const after = (text, days) => new Date(Date.parse(`${text}T00:00Z`) + days * 864e5).toISOString().slice(0, 10);
const daysBetween = (from, to) => Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / 864e5);
const withDates = (text) => minus(text.replace(/(?<![\p{L}\p{N}_-])\d{4}-\d\d-\d\d(?![\p{L}\p{N}_-])/gu, shortDate));
// What the deal file names, for people: `h100` as `H100`, `fall_in_window` in words; of a reason each figure by its name.
const modelNames = (text) => text.replace(/\b[a-z]{1,3}\d{2,4}\b/g, (found) => found.toUpperCase());
const classNames = (text) => text.replace(/\b(?:class )?class_(\w)\b/g, (whole, letter) => `Class ${letter.toUpperCase()}`);
const inPlain = (text) => modelNames(classNames(text)).replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (found) => found.replaceAll("_", " "));
const figureName = (text) => modelNames(classNames(text)).replaceAll("gpu_hours", "GPU-hours").replaceAll("gpus", "GPUs").replace(/(?<=\w)\.(?=[A-Za-z])/g, ", ").replaceAll("_", " ");
const reasonWords = (text) => inPlain(withDates(text).replace(/`([a-z_]+(?:\.[A-Za-z0-9_-]+)*)`/g, (whole, found) => figureName(found)));
// A moment in a zone, with its offset from UTC: `5 Nov 2026, 14:05 UTC-05:00`.
function instant(moment, zone) {
  const at = new Date(moment), parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(at).map((one) => [one.type, one.value]));
  const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute), minutes = Math.round((local - Math.floor(at / 6e4) * 6e4) / 6e4);
  const two = (n) => String(n).padStart(2, "0"), offset = minutes === 0 ? "UTC" : `UTC${minutes < 0 ? MINUS : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${shortDate(`${parts.year}-${parts.month}-${parts.day}`)}, ${parts.hour}:${parts.minute} ${offset}`;
}

const CAPITALS = { ltv: "LTV", dscr: "DSCR", oc: "OC", gpu: "GPU", gpus: "GPUs" }, SMALL = ["of", "the", "to", "and"];
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const role = (key) => key.replace(/[_-]/g, " ").split(/\s+/).filter(Boolean).map((word) => (SMALL.includes(word) ? word : CAPITALS[word] ?? capital(word))).join(" ");
const listed = (items, joiner = "and") => (items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} ${joiner} ${items.at(-1)}`);
const COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
// A count with its noun: `1 entry`, `1,024 entries`.
const withNoun = (n, one, many) => `${Number(n).toLocaleString("en")} ${Number(n) === 1 ? one : many}`;
const counted = (n) => COUNTS[n] ?? String(n);
const ORDINALS = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const ordinal = (n) => ORDINALS[n] ?? `${n}${[11, 12, 13].includes(n % 100) ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th"}`;
function triggerName(key, title) {
  const words = key.replace(/[_-]/g, " "), named = title.endsWith(" level") ? title.slice(0, -6) : title;
  return named.toLowerCase().includes(words.toLowerCase()) ? named : capital(words.split(/\s+/).map((word) => CAPITALS[word] ?? word).join(" "));
}
