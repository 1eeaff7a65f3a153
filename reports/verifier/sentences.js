// The sentences that lead page 1, gravest first: the same that the pages have, as plain text.
const statusOf = (line) => line.test?.status ?? null;
const inEffect = (line) => line.trigger?.status === "IN EFFECT";
const pendingCure = (line) => line.trigger?.status === "PENDING CURE";
const urgentLine = (line) => inEffect(line) || pendingCure(line) || ["CURE PERIOD", "EVENT OF DEFAULT"].includes(statusOf(line));
const against = (line) => {
  const { result } = line;
  return result?.measured && result.limit && result.comparison ? `${apartText(result.measured, result.limit, line.rounding)} ${boundOf(result)}` : "no figure";
};
const boundOf = (result) => (result.limit && result.comparison ? `against ${LIMIT[result.comparison]} ${termText(result.limit)}${result.as_of ? `, as of ${longDate(result.as_of)}` : ""}` : "");
// `fails (65.879%), held: not decisive, 2 of 4`: a result that changes nothing because other sellers would turn it; null if it may.
function heldWords({ test, result, rounding }) {
  const run = test?.held ?? null;
  if (run === null || run.counts || !result || !["PASS", "FAIL"].includes(result.verdict)) return null;
  const shown = !result.measured ? "" : ` (${result.limit ? apartText(result.measured, result.limit, rounding) : figureText(result.measured)})`;
  return `${result.verdict === "PASS" ? "passes" : "fails"}${shown}, held: not decisive, ${run.at_most !== null && run.at_most !== undefined ? `${run.run} of ${run.at_most}` : `${run.run} in a row`}`;
}
function underOf({ result }) {
  const bound = result?.measured ? boundOf(result) : "";
  return bound ? `, ${bound}` : "";
}
// A held failure that a trigger would count otherwise.
const notCounted = (line) => (line.trigger && line.test && line.result?.verdict === "FAIL" && heldWords(line) !== null ? ", and is not counted" : "");
const thisDate = (line) => (heldWords(line) === null ? against(line) : `it ${heldWords(line)}${underOf(line)}${notCounted(line)}`);
function standsWords(line, verb) {
  const said = heldWords(line), often = howOften(line);
  return said === null ? `${line.title} ${verb}${often}${figuresOf(line)}` : `${line.title} ${said}${often ? "," : ""}${often}${underOf(line)}.`;
}
const datesWord = (n) => (n === 1 ? "1 date" : `${n} dates`);
const rowOf = (lines, one, many) => (lines.length > 4 ? `${capital(counted(lines.length))} tests ${many}` : `${listed(lines.map(({ title }) => title))} ${lines.length === 1 ? one : many}`);
const figuresOf = (line) => (line.result?.measured ? `: ${against(line)}.` : ".");
const howOften = (line) => (line.run > 1 && line.result?.verdict === "FAIL" ? ` for the ${ordinal(line.run)} date running` : "");
const share = ({ count, needed }) => (needed ? [BigInt(count), BigInt(needed)] : [0n, 1n]);
const less = ([a, b], [c, d]) => a * d < c * b;
function leading(limbs, needAll) {
  return limbs.reduce((best, limb) => {
    if (!best) return limb;
    const one = share(limb), other = share(best);
    if (needAll) return less(one, other) || (!less(other, one) && -limb.needed < -best.needed) ? limb : best;
    return less(other, one) || (!less(one, other) && limb.needed > best.needed) ? limb : best;
  }, null);
}
const leadingBegin = (trigger) => leading(trigger.begins, trigger.begins_need_all ?? false);
const countOf = (trigger) => (trigger.status === "IN EFFECT" ? leading(trigger.ends, trigger.ends_need_all ?? false) : leadingBegin(trigger));

function defaulted(line) {
  const figures = line.result?.measured ? ` This date: ${thisDate(line)}${restored(line.result)}.` : "", { test } = line, first = line.result && line.result.on === test.since;
  const why = test.cure ? `: not cured by ${longDate(test.cure.by)}` : first && test.why ? `: ${withDates(test.why)}` : "";
  return `Event of Default indicated on ${line.title} since ${longDate(test.since)}${why}.${figures} It ends only by a Recorded Act.`;
}
const wayWords = (way) => (way.method === "additional collateral" ? `by pledging ${figureText(way.figure).replace(/ GPUs$/, "")} further GPUs` : `by ${way.method === "prepayment" ? "a prepayment" : "an equity contribution"} of ${figureText(way.figure)}`);
// What would make a test in default pass on this date.
const restored = (result) => (result.verdict === "FAIL" && result.remedies.length ? `, restored ${listed(result.remedies.map(wayWords), "or")}` : "");
function toBeCured(line, due) {
  const verb = line.result?.verdict === "PASS" ? "passes again; its cure is not yet accepted" : line.result?.verdict === "FAIL" ? "fails" : "is NOT DETERMINED in its Cure Period", head = standsWords(line, verb);
  if (!line.test.cure) return `${head} Its Cure Period has not begun to run: ${line.test.why}.`;
  const ways = due.find((one) => one.act === "cure" && one.subject === line.key)?.ways ?? [];
  const said = ways.map(wayWords);
  return `${head} It must be cured by ${longDate(line.test.cure.by)}${said.length ? `, at this date\u2019s Reference Rate ${said.join(" or ")}` : ""}.`;
}
const heldCounts = (lines) => lines.filter(notCounted).map((line) => `${line.title} ${heldWords(line)}, and is not counted.`);
function failedLine(line) {
  const owed = line.obligation, rest = owed ? ` The ${role(owed.by)} must deliver the ${owed.name} by ${longDate(owed.due.by)}${owed.status === "OVERDUE" ? " and is overdue" : ""}.` : "";
  return `${standsWords(line, "fails")}${rest}`;
}
function overdueLine(line) {
  const owed = line.obligation, passes = line.result?.verdict === "PASS" ? ` ${line.title} passes by now.` : "";
  return `${capital(owed.name)} OVERDUE since ${longDate(owed.status_since)}: the ${role(owed.by)} had to deliver it by ${longDate(owed.due.by)} (${owed.due.cite}).${passes}`;
}
function begunLine(line) {
  const count = countOf(line.trigger), ends = count ? ` It has counted ${count.count} of ${datesWord(count.needed)} towards its end.` : "", now = line.result?.measured ? `: this date ${thisDate(line)}` : "";
  const met = line.trigger.first_met, first = met && met !== line.trigger.since ? `, its condition first met on ${longDate(met)}` : "";
  return `${line.triggerTitle} is in effect since ${longDate(line.trigger.since)}${first}${now}.${ends}`;
}
function pendingLine(line) {
  const { trigger } = line, head = `${line.triggerTitle} is PENDING CURE, its condition met on ${longDate(trigger.since)}`;
  return trigger.cure ? `${head}. It must be cured by ${longDate(trigger.cure.by)}; otherwise it is in effect from the day after.` : `${head}: ${trigger.why}.`;
}
function releasedLine(line) {
  const gone = line.released;
  return `${line.triggerTitle} has ended on ${longDate(gone.on)}: the reserve of ${figureText({ value: gone.amount, unit: "USD" })} ${gone.to === "release to borrower" ? "is released to the Borrower" : "is applied in prepayment"} (${gone.cite}).`;
}
function onlyCounted(lines) {
  const waiting = lines.filter((line) => heldWords(line) !== null), others = lines.filter((line) => heldWords(line) === null);
  return [...(others.length ? [`${rowOf(others, "fails", "fail")}: ${others.map(against).join("; ")}.`] : []), ...waiting.map((line) => `${line.title} ${heldWords(line)}${underOf(line)}${notCounted(line)}.`)].join(" ");
}
function quietLine(lines, rates) {
  const tests = lines.filter(({ result }) => result), passed = tests.filter(({ result }) => result.verdict === "PASS"), failing = tests.filter(({ result }) => result.verdict === "FAIL");
  if (!tests.length) return "No test was run on this date.";
  if (failing.length) return onlyCounted(failing);
  if (!passed.length) {
    const missing = [...rates].filter(([, rate]) => rate.value === null).map(([name]) => name), reasons = tests.filter(({ result }) => result.reason).map(({ result }) => result.reason.reason);
    return `No test could be determined${missing.length ? `: there is no Reference Rate of ${listed(missing)}.` : `. ${reasons.length ? `${capital(reasonWords(reasons[0]))}.` : ""}`}`;
  }
  let what = { 1: "The only test passes", 2: "Both tests pass" }[tests.length] ?? `All ${counted(tests.length)} tests pass`;
  if (passed.length < tests.length) what = `${capital(counted(passed.length))} of ${counted(tests.length)} tests ${passed.length === 1 ? "passes" : "pass"}`;
  const near = passed.filter(({ result }) => result.headroom_share !== null && result.headroom_share !== undefined);
  const nearest = near.reduce((best, line) => (!best || less(fraction(line.result.headroom_share), fraction(best.result.headroom_share)) ? line : best), null);
  return `${what}.${nearest ? ` Nearest to its limit is ${nearest.title}: ${against(nearest)}.` : ""}`;
}
function withoutRate(rates) {
  return [...rates].flatMap(([name, rate]) => {
    if (rate.value === null) return [`${capital(reasonWords(rate.reason || `no step of the fallback gives ${name}`))} (${rate.cite}).`];
    return rate.age ? [`The Reference Rate of ${name} is carried: ${rate.step}${rate.publication_date ? ` of ${shortDate(rate.publication_date)}` : ""}.`] : [];
  });
}
function notDetermined(lines, known) {
  const reasons = new Map();
  for (const line of lines) if (line.result?.reason) reasons.set(line.result.reason.reason, [...(reasons.get(line.result.reason.reason) ?? []), line]);
  const said = [...reasons].map(([reason, found]) => `${rowOf(found, "is NOT DETERMINED", "are NOT DETERMINED")}${known.has(reason) ? "" : `: ${reasonWords(reason)}`}.`), all = [...reasons.values()].flat();
  const failed = all.filter((line) => line.test && line.test.rests_on === line.result.on), stays = all.filter((line) => !failed.includes(line));
  if (failed.length) said.push(`${rowOf(failed, "counts", "count")} as failed, by the deal\u2019s rule for a missing report.`);
  if (stays.length) said.push(failed.length ? `${rowOf(stays, "stays", "stay")} as before.` : all.length === 1 ? "Its state is unchanged by it." : "Their states are unchanged by it.");
  return said;
}
function countingLines(lines) {
  return lines.flatMap((line) => {
    const count = line.trigger?.status === "NOT IN EFFECT" ? leadingBegin(line.trigger) : null;
    return count && count.count ? [`${line.triggerTitle} has counted ${count.count} of ${datesWord(count.needed)} and is not in effect.`] : [];
  });
}
function passingLines(lines, othersFail) {
  const passed = lines.filter((line) => line.result?.verdict === "PASS" && statusOf(line) !== "CURE PERIOD" && !inEffect(line)), watched = passed.filter((line) => statusOf(line) === "WATCH");
  return [...(passed.length && othersFail ? [`${rowOf(passed, "passes", "pass")}.`] : []), ...(watched.length ? [`${rowOf(watched, "is", "are")} under early warning.`] : [])];
}
function answerOf(lines, due, rates) {
  const defaults = lines.filter((line) => statusOf(line) === "EVENT OF DEFAULT"), last = (line) => line.test.cure?.by ?? "9999-12-31";
  const curing = lines.filter((line) => statusOf(line) === "CURE PERIOD").map((line, n) => [line, n]).sort(([a, n], [b, m]) => (last(a) < last(b) ? -1 : last(a) > last(b) ? 1 : n - m)).map(([line]) => line);
  const late = lines.filter(({ obligation }) => obligation?.status === "OVERDUE"), failing = lines.filter((line) => line.result?.verdict === "FAIL" && ![...defaults, ...curing, ...late].includes(line));
  let leads = [...defaults.map(defaulted), ...curing.map((line) => toBeCured(line, due)), ...late.map(overdueLine), ...lines.filter(inEffect).map(begunLine), ...lines.filter(pendingCure).map(pendingLine), ...failing.filter((line) => !(line.trigger && line.test)).map(failedLine)];
  const heldThere = leads.length ? lines.filter(inEffect) : lines;
  if (!leads.length) leads = [quietLine(lines, rates)];
  leads.push(...lines.filter(({ released }) => released).map(releasedLine));
  const said = new Set([...rates.values()].filter((rate) => rate.value === null).map((rate) => rate.reason));
  const rest = [...withoutRate(rates), ...notDetermined(lines, said), ...heldCounts(lines.filter((line) => !heldThere.includes(line))), ...countingLines(lines), ...passingLines(lines, failing.length + curing.length + defaults.length > 0)];
  return [...leads, ...(rest.length ? [rest.join(" ")] : [])];
}
function besideOf(lines, due) {
  if (lines.some((line) => urgentLine(line) || line.result?.verdict === "FAIL")) return answerOf(lines, due, new Map()).slice(0, 1);
  const rest = [...passingLines(lines, true), ...notDetermined(lines, new Set())];
  return rest.length ? [rest.join(" ")] : [];
}

Page.prototype.said = function said() {
  const { facts, lines, due, subject: line } = this;
  if (facts.kind === "compliance") return answerOf(lines, due, this.rates);
  if (facts.kind === "not_evaluated") {
    const reason = this.of("not evaluated").at(-1)?.payload.reason;
    return [`The deal was not evaluated on ${longDate(facts.on)}: ${reason === undefined ? "the reason is not in the log" : withDates(reason)}.`, "No test was run and no state has changed. Below are the states as they were last determined; deadlines run on."];
  }
  if (facts.kind === "correction") {
    const changed = this.changes();
    return [`This document corrects ${facts.supersedes ? `No. ${facts.supersedes}` : "an earlier document"}. ${capital(counted(changed))} ${changed === 1 ? "result was" : "results were"} determined again, set out below beside what was said.`, ...answerOf(lines, due, this.rates).slice(0, 1)];
  }
  if (!line) return ["The subject of this document is not a clause of the deal."];
  const lead = { trigger_event: () => this.began(line), test_failed: () => (statusOf(line) === "CURE PERIOD" ? toBeCured(line, due) : failedLine(line)), event_of_default: () => defaulted(line), cure: () => this.cured(line) }[facts.kind]();
  const owed = due.find((one) => one.act === "pay into reserve" && one.subject === line.key);
  const paid = owed ? [`On ${longDate(owed.by)} the ${role(owed.who)} pays excess cash flow into the reserve account${owed.figure ? `: ${figureText(owed.figure)} by the report on hand` : ""}.`] : [];
  return [lead, ...paid, ...besideOf(lines.filter(({ key }) => key !== facts.subject), due)];
};
Page.prototype.began = function began(line) {
  const { trigger } = line;
  if (!trigger || trigger.status !== "IN EFFECT") return `${line.triggerTitle} is not in effect since ${longDate(trigger ? trigger.since : this.facts.on)}: its condition to end is met.`;
  const limb = leadingBegin(trigger);
  let count = !limb ? "" : limb.dates !== "state" ? ` ${this.limbWords(limb)}: ${limb.count} of ${limb.needed}.` : ` ${this.limbWords(limb)}.`;
  if (line.result?.measured && limb) count = ` ${limb.count} of ${datesWord(limb.needed)} counted; this date ${thisDate(line)}.`;
  return `${line.triggerTitle} is in effect from ${longDate(trigger.since)}.${count}`;
};
Page.prototype.cured = function cured(line) {
  const since = line.test ? line.test.since : this.facts.on, figures = line.result?.measured ? `: ${thisDate(line)}` : "";
  const acts = this.of("act recorded").map(({ payload }) => payload).filter((act) => act.act === "cure accepted" && act.clause === line.key && act.effective_on === since);
  const how = acts.at(-1)?.document ? ` The cure was accepted: ${acts.at(-1).document}.` : " It was cured by retest.", why = line.test?.cured_on.includes(since) ? how : "";
  return `${line.title} is cured and stands at ${PRINTED_STATUS(line.test?.status ?? "COMPLIANT")} since ${longDate(since)}${figures}.${why}`;
};
// A count's condition with its clause by name; a record of before as it stands.
Page.prototype.limbWords = function limbWords(limb) {
  const { leaf, dates, needed, out_of: outOf } = limb;
  if (!leaf) return withDates(limb.what);
  if (leaf.on_or_after) return `${shortDate(leaf.on_or_after)} has come`;
  if (leaf.announced) return `${leaf.announced} of ${leaf.index} announced`;
  const asked = leaf.comparison && leaf.level !== undefined ? `${leaf.comparison} ${termText({ value: leaf.level, unit: "USD per GPU-hour" })}` : leaf.result ?? leaf.state ?? "";
  const each = dates === "state" ? "" : needed !== outOf ? ` for ${needed} of the last ${outOf} ${dates}` : needed === 1 ? ` on one ${dates.replace(/s$/, "")}` : ` for ${needed} consecutive ${dates}`;
  const title = this.title(leaf.test ?? leaf.trigger ?? ""), said = conditionOf(`${asked}${each}`);
  return title ? `${title} ${said}` : said;
};
function conditionOf(rest) {
  const titled = (text) => text.split(" ").map(capital).join(" ");
  const dated = rest.replace(/\b(?:for|on) (one|\d+ consecutive|\d+ of the last \d+) (determination|publication) (dates?)\b/g, (_, count, kind, dates) => `on ${count} ${titled(kind)} ${titled(dates)}`);
  for (const [word, said] of [["FAIL", "fails"], ["PASS", "passes"], ["NOT DETERMINED", "is NOT DETERMINED"]]) if (dated === word || dated.startsWith(`${word} `)) return said + dated.slice(word.length);
  if (["NOT YET TESTED", "COMPLIANT", "WATCH", "PENDING", "CURE PERIOD", "EVENT OF DEFAULT", "WAIVED", "SUSPENDED", "CLOSED", "NOT IN EFFECT", "IN EFFECT", "PENDING CURE"].includes(dated)) return `stands at ${PRINTED_STATUS(dated)}`;
  return /^(at|below|above|more|less) /.test(dated) ? `is ${dated}` : dated;
}
// How many results and counts of its dates the newest correction changed.
Page.prototype.changes = function changes() {
  const last = this.of("correction").sort((one, other) => one.seq - other.seq).at(-1), since = last ? last.payload.from_on : this.facts.on, was = new Map(), now = new Map();
  const key = (event) => `${event.kind}|${event.subject}|${event.effective_on}`, said = ({ kind, payload }) => (kind === "counted" ? payload.state.status : `${payload.result.verdict}${payload.result.measured ? `, ${figureText(payload.result.measured)}` : ""}; ${PRINTED_STATUS(payload.state.status)}`);
  for (const event of this.withdrawn) if (["tested", "counted"].includes(event.kind) && event.effective_on >= since) was.set(key(event), event);
  for (const event of [...this.of("tested"), ...this.of("counted")]) now.set(key(event), event);
  return [...was].filter(([name, event]) => said(event) !== (now.has(name) ? said(now.get(name)) : "withdrawn")).length;
};

// What the first paragraph says of results that other sellers would turn: listings, sellers, the interval, and the reasons.
Page.prototype.answer = function answer() {
  const said = this.said(), line = this.subject, about = this.facts.kind === "compliance" ? this.lines : line ? [line] : [];
  return said.length ? [said[0] + this.doubt(about), ...said.slice(1)] : said;
};
const priceText = (value) => rounded(fraction(value), 4).replaceAll(",", "");
const wholeText = (value) => (value === null || value === undefined ? NONE : Number(value).toLocaleString("en-US"));
function undecidedOf(bearing) {
  if (bearing.decisive) return null;
  const [low, high] = bearing.decisive_at === 80 ? [bearing.low_80, bearing.high_80] : [bearing.low, bearing.high];
  return bearing.note !== null || !low || !high ? bearing.note ?? "the limit lies inside the interval by sellers" : `the limit lies inside ${printed(low)} to ${printed(high)}, by sellers`;
}
function subsetsFailing(bearing) {
  if (bearing.share_failing_sellers === null || bearing.share_failing_sellers === undefined) return null;
  const [top, under] = fraction(bearing.share_failing_sellers), near = top > 0n && top * 100n < under ? "<1%" : top * 100n > under * 99n && top < under ? "99%" : null;
  return `${near ?? `${rounded([top * 100n, under], 0)}%`} of ${bearing.drawn ? `${wholeText(bearing.replicates)} drawn ` : ""}subsets`;
}
Page.prototype.doubt = function doubt(lines) {
  const found = lines.filter(({ result }) => result?.bearing && undecidedOf(result.bearing)), open = [...found.filter(({ result }) => result.verdict === "FAIL"), ...found.filter(({ result }) => result.verdict !== "FAIL")];
  if (!open.length) return "";
  const said = [...this.rates.values()].map(({ published }) => published).filter((one) => one && one.value !== null && one.observations).map((one) => `USD ${priceText(one.value)} on ${standsOn(one)}.`), reasons = new Map();
  for (const { title, result: { bearing } } of open) {
    const failing = bearing.note === null ? subsetsFailing(bearing) : null, why = withDates(undecidedOf(bearing)) + (failing ? `; ${failing} of sellers fail` : "");
    reasons.set(why, [...(reasons.get(why) ?? []), title]);
  }
  const told = [...reasons].slice(0, 3).map(([why, titles]) => `Not decisive: ${listed(titles)}; ${why}.`), more = [...reasons].slice(3).reduce((sum, [, titles]) => sum + titles.length, 0);
  return ` ${[...said, ...told, ...(more ? [`Nor ${more === 1 ? "is" : "are"} ${counted(more)} more.`] : [])].join(" ")}`;
};
function standsOn(one) {
  const share = one.largest_host_share ?? null, largest = share !== null && Number(share) ? ` (largest ${(Number(share) * 100).toFixed(0)}%)` : "";
  const sellers = one.hosts ? ` of ${one.hosts_at_least ? "at least " : ""}${wholeText(one.hosts)} seller${Number(one.hosts) === 1 ? "" : "s"}${largest}` : "", ends = one.seller_low !== null && one.seller_low !== undefined && one.seller_high !== null && one.seller_high !== undefined;
  const pooled = one.pooled?.length ? [...one.pooled].sort((a, b) => byNumber(micro(a), micro(b))) : null;
  const by = ends ? `; with other sellers of the same kind ${priceText(one.seller_low)} to ${priceText(one.seller_high)}` : pooled ? `; no interval by sellers: listings from ${priceText(pooled[0])} to ${priceText(pooled.at(-1))}` : "";
  return `${wholeText(one.observations)} listings${sellers}${by}`;
}
