// Page 1's masthead, answer and dues, composed again of the events that the notice carries: the same sentences as the pages have.
const PRINTED_STATUS = (status) => (status === "EVENT OF DEFAULT" ? "Event of Default indicated" : status);
const LIMIT = { "at least": "a minimum of", "more than": "a limit that must be exceeded, of", "at most": "a maximum of", "less than": "a limit that must not be reached, of" };
const DOCUMENTS = { compliance: "Compliance Notice", trigger_event: "Trigger Event Notice", test_failed: "Failed Test Notice", event_of_default: "Event of Default Notice", cure: "Cure Notice", correction: "Correction Notice", not_evaluated: "Notice of a Date Not Evaluated" };
const DUE_PLACE = { compliance: 2, trigger_event: 2, test_failed: 2, event_of_default: 2, cure: 2, correction: 2, not_evaluated: 3 };

// The events that stand: a correction withdraws what was determined from its date on.
const OF_A_DATE = ["rate", "tested", "suspended", "counted", "swept", "determined"];
const DETERMINED = [...OF_A_DATE, "deadline passed", "act applied", "obligation", "notice owed", "reserve released"];
function standing(events) {
  let kept = [];
  for (const event of events) {
    if (event.kind === "correction") {
      const cut = kept.reduce((last, one, place) => (OF_A_DATE.includes(one.kind) && one.effective_on < event.payload.from_on ? place : last), -1) + 1;
      kept = kept.filter((one, place) => place < cut || !DETERMINED.includes(one.kind));
    }
    kept.push(event);
  }
  return kept;
}

class Page {
  constructor({ deal, facts, events, stands }) {
    Object.assign(this, { name: deal, facts, stands, events });
    const known = events.filter((event) => event.effective_on <= facts.on || event.kind === "deal adopted").sort((one, other) => one.seq - other.seq);
    this.past = standing(known);
    const kept = new Set(this.past);
    this.withdrawn = known.filter((event) => !kept.has(event));
    this.adopted = this.of("deal adopted").at(-1)?.payload ?? null;
    if (!this.adopted) return;
    this.deal = this.factsOn(facts.on);
    this.determined = this.of("determined").at(-1) ?? null;
    this.dated = this.determined ? this.determined.effective_on : facts.on;
    this.due = this.determined?.payload.due ?? [];
    this.duty = this.dutyOf(facts);
    this.clauses = this.clausesOn(facts.on);
    this.rates = new Map(this.deal.indices.map(({ name }) => [name, this.of("rate", name).at(-1)?.payload]).filter(([, rate]) => rate));
    this.lines = this.clauses.map((clause) => this.line(clause));
  }
  of(kind, subject = null) {
    const found = this.past.filter((event) => event.kind === kind && (subject === null || event.subject === subject));
    return found.sort((one, other) => (one.effective_on < other.effective_on ? -1 : one.effective_on > other.effective_on ? 1 : one.seq - other.seq));
  }
  // Who owes the notice: a Correction Notice is owed by the giver of what it corrects, where something was given.
  dutyOf({ kind, on }) {
    const duty = this.deal.duties.find((one) => one.kind === kind) ?? null;
    if (duty === null || duty.given_by !== "the giver") return duty;
    const owed = this.of("notice owed").map(({ payload }) => payload).filter((one) => one.on === on && one.kind === kind).at(-1);
    return owed ? { ...duty, given_by: owed.given_by, to: owed.to } : null;
  }
  factsOn(on) {
    const later = this.adopted.later_facts.filter((one) => one.since <= on).at(-1);
    return later ? { ...this.adopted, debt: later.debt, assets: later.assets, indices: later.indices, duties: later.duties } : this.adopted;
  }
  clausesOn(on) {
    const found = new Map(this.adopted.clauses.map((clause) => [clause.key, clause]));
    for (const later of this.adopted.later_clauses) if (later.since <= on) { for (const clause of later.clauses) found.set(clause.key, clause); for (const key of later.taken_away ?? []) found.delete(key); }
    const all = [...found.values()], titles = all.map((clause) => clause.title);
    return all.map((clause) => (titles.filter((title) => title === clause.title).length === 1 ? clause : { ...clause, title: `${clause.title}, ${role(clause.debt_class ?? clause.key).replaceAll(" ", UNBROKEN)}` }));
  }
  line({ key, title, cite }) {
    const { stands } = this, first = this.determined ? this.determined.payload.publication_date : this.facts.on;
    const newest = this.of("tested", key).at(-1)?.payload.result ?? null;
    return {
      key, title, cite, result: newest && newest.on >= first ? newest : null, test: stands.tests[key] ?? null, trigger: stands.triggers[key] ?? null,
      obligation: stands.obligations.filter((one) => one.clause === key).at(-1) ?? null, run: stands.runs[key]?.failures ?? 0,
      released: stands.released.filter((one) => one.clause === key).at(-1) ?? null, rounding: this.deal.rounding, triggerTitle: triggerName(key, title),
    };
  }
  title(key) { return this.clauses.find((clause) => clause.key === key)?.title ?? capital(key.replaceAll("-", " ")); }
  triggerTitle(key) { return triggerName(key, this.title(key)); }
  get subject() { return this.lines.find((line) => line.key === this.facts.subject) ?? null; }
  get issuer() {
    const { parties } = this;
    return ["borrower", "issuer", "co_issuer"].map((key) => parties.find((one) => one.role === key)).find(Boolean) ?? parties[0];
  }
  // The parties by the file and by Acts since; an Act that was withdrawn changes nothing (`rulings.md` 55).
  get parties() {
    const identity = (act, entry) => [act.act, act.clause ?? "deal", ...(act.details.party ? [act.details.party] : []), ...entry, act.effective_on].join("|");
    const goesBy = (act, name) => name === identity(act, act.details.entry ? [`no. ${act.details.entry}`] : []) || (!act.details.entry && name === [act.act, act.clause ?? "deal", act.effective_on].join("|"));
    let acts = [];
    for (const { payload: act } of this.events.filter((event) => event.kind === "act recorded").sort((one, other) => one.seq - other.seq)) {
      if (act.act === "act withdrawn") acts = acts.filter((other) => !goesBy(other, act.details.names ?? ""));
      else if (act.act === "address changed" || act.act === "party replaced") acts.push(act);
    }
    const parties = new Map(this.adopted.parties.map((one) => [one.role, one]));
    const dated = acts.map((act, place) => [act, place]).sort(([one, first], [other, second]) => (one.effective_on < other.effective_on ? -1 : one.effective_on > other.effective_on ? 1 : first - second));
    for (const [act] of dated) {
      const party = parties.get(act.details.party);
      if (party && act.act === "party replaced" && act.effective_on <= this.facts.on) parties.set(party.role, { ...party, name: act.details.name });
    }
    return [...parties.values()];
  }

  // ---- the blocks, in the form of page.json ----
  blocks() {
    const block = (name, words) => ({ page: "first", block: name, words: words.filter(([, text]) => text !== "").map(([flow, text, ...more]) => [flow, text.split(/[ \t\n\r\f\v\u00a0\u2000-\u200a\u202f\u205f\u3000\u1680\u0085]+/).filter(Boolean).join(" "), ...more]) });
    if (!this.adopted) return this.neverAdopted().map(([name, words]) => block(name, words));
    return [block("masthead", this.masthead()), block("answer", this.answer().map((text) => [0, text])), block("due", this.dues())];
  }
  mastheadOf(issuer, name, form, particulars) {
    return [[0, issuer], [0, `${name} No. ${this.facts.number}`], [0, form], ...particulars.map(([head]) => [0, head, 1]), ...particulars.map(([, text]) => [0, text])];
  }
  masthead() {
    const { facts } = this, whole = DOCUMENTS[facts.kind], name = this.duty || facts.kind === "correction" ? whole : whole.replace("Notice", "Report"), line = this.subject;
    const to = this.duty ? listed(this.duty.to.filter((one) => one !== this.duty.given_by).map((one) => `the ${role(one)}`)) : "";
    const form = this.duty ? `Draft notice, to be given by the ${role(this.duty.given_by)}${to ? ` to ${to}` : ""}. It becomes a notice by the Recorded Act \u201cnotice given\u201d.` : "Report. No party owes it as a notice under the deal file.";
    const balance = this.determined?.payload.outstanding_principal, principal = balance ? `${figureText(balance)}${this.asOf()}` : "not reported", date = ["Determination Date", this.dateOf()];
    const about = line === null ? date : facts.kind === "trigger_event" ? ["Trigger Event", `${line.triggerTitle}, ${line.cite}`] : ["Test", `${line.title}, ${line.cite}`];
    const supersedes = facts.supersedes === null ? "none" : `No. ${facts.supersedes}${facts.supersedes_on ? ` of ${shortDate(facts.supersedes_on)}` : ""}`;
    return this.mastheadOf(this.issuer.name, name, form, [about, ["Issued", instant(facts.issued_at, this.deal.time_zone)], line === null ? ["Outstanding principal", principal] : date, ["Supersedes", supersedes]]);
  }
  // The date as of which a balance is, where it is not of the week that the date rests on.
  dateOf() {
    const { facts, determined } = this, asOf = determined?.effective_on === facts.on ? determined.payload.as_of : null;
    return asOf ? `${longDate(facts.on)}, as of ${longDate(asOf)}` : longDate(facts.on);
  }

  asOf() {
    const days = this.lines.flatMap(({ result }) => (result ? result.inputs : [])).filter(({ name, source }) => name === "outstanding_principal" && source.as_of).map(({ source }) => source.as_of).sort();
    return days.length && days[0] < this.determined.payload.window_end ? `, as of ${shortDate(days[0])}` : "";
  }
  neverAdopted() {
    const { facts } = this, unknown = "No file of this deal has been adopted before. So no test has been run, no state is on record, and this page names no party and no deadline: they stand in the file that could not be evaluated.";
    const form = "Report. Whether a party owes it as a notice is not known: no file of this deal has been adopted.", particulars = [["Date", longDate(facts.on)], ["Issued", instant(facts.issued_at, "UTC")], ["Made by", facts.operator], ["Supersedes", "none"]];
    const mend = { by: "at once", mark: "", who: facts.operator, what: "Mend what is listed above and run again; the dates since closing are determined then", amount: "", cite: "", ways: [] };
    return [["masthead", this.mastheadOf(this.name, "Report of a Date Not Evaluated", form, particulars)], ["answer", [[0, `The deal was not evaluated on ${longDate(facts.on)}.`], [0, unknown]]], ["due", this.dueWords(2, [mend], "")]];
  }
  dueWords(number, rows, note) {
    const heads = ["By", "Who", "Does what", "Amount", "Section"].map((head) => [0, head, 1]);
    const body = rows.flatMap((row) => [[0, row.by], [0, row.mark], [0, row.who], [0, row.what], [0, row.amount], [0, row.cite], ...row.ways.flatMap(([what, amount]) => [[0, what], [0, amount]])]);
    return [[0, String(number)], [0, "What is due"], ...(rows.length ? [...heads, ...body] : [[0, "Nothing is due from anybody before the next Determination Date."]]), [0, note]];
  }
  dues() {
    const { facts, due } = this, following = this.determined?.payload.next_determination_date ?? null;
    let rows, more = 0;
    if (facts.kind === "not_evaluated") {
      const mend = { by: "at once", mark: "", who: facts.operator, what: "Mend what is listed above and run again; this date is determined then", amount: "", cite: "", ways: [] };
      rows = [mend, ...due.filter((one) => !this.came(one)).map((one) => this.passed(one))];
    } else {
      const hidden = due.filter((one) => one.act === "notify").map((one, place) => [one, place]).sort(([a, n], [b, m]) => (a.by < b.by ? -1 : a.by > b.by ? 1 : n - m)).slice(3).map(([one]) => one);
      rows = due.filter((one) => !hidden.some((other) => canonical(other) === canonical(one))).map((one) => this.dueRow(one));
      more = hidden.length;
    }
    let note = due.some((one) => one.ways.length) && following ? `Amounts at the Reference Rate of ${shortDate(this.dated)}; computed again on ${shortDate(following)}.` : "";
    if (this.dated !== facts.on) note = `As determined on ${shortDate(this.dated)}. ${note}`;
    if (more) note = `And ${counted(more)} more notice${more === 1 ? "" : "s"} to be given; the list of notices has all of them. ${note}`;
    return this.dueWords(DUE_PLACE[facts.kind], rows, note.trim());
  }
  came(one) {
    if (one.act !== "report") return false;
    const late = one.facts ? one.facts.period_end ?? null : /period to (\d{4}-\d\d-\d\d)/.exec(one.what)?.[1] ?? null, reports = this.of("report received").map(({ payload }) => payload);
    return reports.some((report) => (late !== null ? report.period_end === late : report.period_end >= this.dated));
  }
  passed(one) {
    const row = this.dueRow(one);
    return one.urgent || one.by >= this.facts.on ? row : { ...row, mark: `overdue since ${shortDate(after(one.by, 1))}` };
  }
  dueRow(one) {
    const line = this.lines.find(({ key }) => key === one.subject) ?? null, even = line ? this.nearest(line) : null, following = this.determined?.payload.next_determination_date ?? null;
    const ways = one.act === "cure" ? this.cureWays(one, even, following) : [], days = one.overdue_since ? daysBetween(one.overdue_since, this.dated) + 1 : 0;
    const late = one.deadline?.found_late_on ? `found late on ${shortDate(one.deadline.found_late_on)}` : one.deadline?.projected ? "rests on a projected calendar" : "";
    const amount = one.figure ? figureText(one.figure) : one.act === "cure" && !one.ways.length && line?.test ? "not determined" : "";
    return {
      by: tableDate(one.by), mark: one.overdue_since ? `overdue since ${shortDate(one.overdue_since)}, ${days} day${days === 1 ? "" : "s"}` : late, who: role(one.who),
      what: this.dueAct(one), amount: ways.length ? "" : amount, cite: one.cite, ways,
    };
  }
  nearest(line) {
    const far = (even) => { const [a, b] = fraction(even.rate.value), [c, d] = fraction(this.rates.get(even.index).value); return [absolute(a * d - c * b), b * c]; };
    const found = (line.result?.break_even ?? []).filter((even) => even.rate && this.rates.get(even.index)?.value);
    return found.reduce((best, even) => { if (!best) return even; const [a, b] = far(even), [c, d] = far(best); return a * d < c * b ? even : best; }, null);
  }
  cureWays(one, even, following) {
    const ways = one.ways.map((way) => [way.method === "additional collateral" ? `pledge of further GPUs${this.classOf(way)}` : way.method === "prepayment" ? "prepayment" : "equity contribution, applied as prepayment", figureText(way.figure)]);
    if (!ways.length) return [];
    const retest = one.facts ? (one.facts.cured_by ?? []).includes("retest") : one.what.includes("retest");
    if (retest && even && following && following <= one.by) ways.push([`retest on ${shortDate(following)}, Reference Rate ${even.fails === "below" ? "at or above" : "at or below"}`, figureText(even.rate)]);
    return ways.map(([what, amount], n) => [`(${String.fromCharCode(97 + n)}) ${what}`, amount]);
  }
  classOf(way) { const found = way.asset_class ?? /of class (\S+)/.exec(way.text ?? "")?.[1]; return found ? `, class ${inPlain(found)}` : ""; }
  dueAct(one) {
    const title = this.title(one.subject), { facts } = one;
    if (one.act === "cure") {
      if (one.ways.length) return `Cure ${title}, by one of:`;
      const listedWays = facts ? facts.cured_by ?? null : one.what.replace(/^cure by /, "").split(" or ");
      return listedWays ? `Cure ${title} by ${listed(listedWays, "or")}` : `Cure ${title}`;
    }
    if (one.notice !== null && one.notice !== undefined) {
      const trigger = this.triggerTitle(one.subject), kinds = { test_failed: `that ${title} failed${facts?.held ? " (held: not decisive)" : ""}`, event_of_default: `of the Event of Default indicated on ${title}`, trigger_event: `that ${trigger} is in effect`, cure: `that ${title} was cured`, correction: "of what was corrected" };
      return `Give notice ${kinds[one.notice] ?? "of the tests of the date"}${one.overdue_since && one.of ? `, of ${shortDate(one.of)}` : ""} to ${listed(one.to.map((to) => `the ${role(to)}`))}`;
    }
    const what = capital(!facts ? withDates(one.what) : ["cure", "notify"].includes(one.act) ? withDates(this.dueFacts(one)) : inPlain(withDates(this.dueFacts(one))));
    return one.act === "report" ? `${what}; all tests are run again` : what;
  }
  dueFacts({ act, facts, what }) {
    if (facts.deposit) {
      const usd = (value) => printed({ value, unit: "USD" }), { deposit } = facts, target = deposit.target !== undefined && deposit.target !== null ? ` of ${usd(deposit.target)}` : "";
      return `pay ${trimmed({ value: deposit.share, unit: "%" })} of ${deposit.of} into the ${deposit.to} (${usd(deposit.held)}${target}), ${deposit.reported ? "by the report on hand" : "by the report for it"}`;
    }
    if (act === "deliver") return `deliver the ${facts.deliver}${facts.overdue_since ? ", overdue" : ""}`;
    if (facts.period_end) return `report for the period to ${facts.period_end}, overdue since ${facts.overdue_since}`;
    return facts.for_date ? `report for ${facts.for_date}` : what;
  }
}
