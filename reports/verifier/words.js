// Whether all text of the pages is what page.json says: each flow in its own order, the margins on every page (the same search as `verify`).
const plainText = (text) => text.replace(/[\ufffe\u0002\u00ad]/g, "-").replace(/[\u200b\ufeff]/g, "").normalize("NFKC").replace(/[\s\x1c-\x1f\x85]+/g, "");

function readPageWords(bytes) {
  const found = readCanonical(bytes, "page.json");
  need(hasKeys(found, "version", "margin", "blocks") && found.version === 1, "page.json says other things than version 1, margin and blocks");
  need(hasKeys(found.margin, "left", "middle", "right", "foot") && Object.values(found.margin).every((one) => typeof one === "string"), "page.json names other margins than left, middle, right and foot");
  for (const block of found.blocks) {
    need(hasKeys(block, "page", "block", "words") && ["first", "proof"].includes(block.page) && typeof block.block === "string", "a block of page.json says other things than page, block and words");
    for (const word of block.words) need([2, 3].includes(word.length) && typeof word[1] === "string" && [word[0], ...word.slice(2)].every((one) => Number.isSafeInteger(one) && one >= 0), "a string of page.json is not a flow and a text, with the number of a table or without");
  }
  return found;
}

function flowsOf(words) {
  const flows = new Map([["0 0", { texts: [], written: [], at: 0, cut: 0, cutOn: -1 }]]), heads = new Map();
  words.blocks.forEach((block, number) => {
    for (const [flow, text, table] of block.words) {
      const seen = plainText(text), key = `${flow ? number : 0} ${flow}`;
      if (seen === "") continue;
      if (!flows.has(key)) flows.set(key, { texts: [], written: [], at: 0, cut: 0, cutOn: -1 });
      flows.get(key).texts.push(seen);
      flows.get(key).written.push(text);
      if (table !== undefined) { const head = `${number} ${table} ${flow}`; heads.set(head, (heads.get(head) ?? "") + seen); }
    }
  });
  return { flows: [...flows.values()], heads: [...heads.values()] };
}

function* cutsOf(flow, text, place) {
  const rest = flow.texts[flow.at], ends = [];
  let done = 0;
  for (const word of flow.written[flow.at].split(/\s+|(?<=-)/).slice(0, -1)) {
    done += plainText(word).length;
    if (done <= flow.cut) continue;
    if (!text.startsWith(rest.slice(flow.cut, done), place)) break;
    ends.push(done - flow.cut);
  }
  yield* ends.reverse();
}

// How many strings the pages show, each one that page.json says.
function allWords(pages, words) {
  const texts = pages.map(plainText), { flows, heads } = flowsOf(words), sides = ["left", "middle", "right", "foot"].map((side) => plainText(words.margin[side]));
  const margins = texts.map((_, n) => ({ texts: [...sides, `Page${n + 1}of${texts.length}`].filter((one) => one !== ""), at: 0 }));
  const total = flows.reduce((sum, flow) => sum + flow.texts.length, 0), undo = [], drawn = new Set();
  let page = 0, place = 0, current = 0, furthest = [0, 0], steps = 0;
  const rest = (flow) => flow.texts[flow.at].slice(flow.cut);
  function* moves() {
    if (page >= texts.length || place >= texts[page].length) return;
    const text = texts[page], now = flows[current];
    if (now.at < now.texts.length && now.cutOn !== page && text.startsWith(rest(now), place)) yield ["whole", current, rest(now).length];
    const begun = flows.map((flow, n) => [flow, n]).filter(([flow]) => flow.at < flow.texts.length && flow.cutOn !== page && flow.texts[flow.at][flow.cut] === text[place]);
    for (const [flow, n] of begun) if (n !== current && text.startsWith(rest(flow), place)) yield ["whole", n, rest(flow).length];
    const margin = margins[page];
    if (margin.at < margin.texts.length && text.startsWith(margin.texts[margin.at], place)) yield ["margin", 0, margin.texts[margin.at].length];
    if (page > 0) for (const [n, head] of heads.entries()) if (!drawn.has(`${page} ${n}`) && text.startsWith(head, place)) yield ["head", n, head.length];
    for (const [flow, n] of begun) for (const length of cutsOf(flow, text, place)) yield ["cut", n, length];
  }
  const difference = () => {
    const [on, at] = furthest;
    if (on >= texts.length) { const left = flows.find((flow) => flow.at < flow.texts.length); return `the pages end before \`${left ? left.written[left.at].slice(0, 60) : ""}\`, which page.json says`; }
    const shown = texts[on].slice(at, at + 60), there = shown ? `page ${on + 1} shows \`${shown}\`` : `page ${on + 1} ends`;
    return `${there} after \`${texts[on].slice(Math.max(0, at - 30), at)}\`, which page.json does not say there`;
  };
  for (;;) {
    while (page < texts.length && place === texts[page].length && margins[page].at === margins[page].texts.length) { page += 1; place = 0; }
    if (page === texts.length && flows.every((flow) => flow.at === flow.texts.length)) return total;
    if (page > furthest[0] || (page === furthest[0] && place > furthest[1])) furthest = [page, place];
    let trying = moves(), step = trying.next();
    while (step.done) {
      if (undo.length === 0) throw new Differs(difference());
      const before = undo.pop();
      ({ page, place, current } = before);
      if (before.flow) Object.assign(before.flow, before.was);
      if (before.head) drawn.delete(before.head);
      trying = before.trying;
      step = trying.next();
    }
    steps += 1;
    if (steps > 4 * total + 200) throw new Differs(difference());
    const [kind, n, length] = step.value, flow = kind === "margin" ? margins[page] : kind === "head" ? null : flows[n];
    undo.push({ page, place, current, trying, flow, was: flow ? { at: flow.at, cut: flow.cut, cutOn: flow.cutOn } : null, head: kind === "head" ? `${page} ${n}` : null });
    place += length;
    if (kind === "head") drawn.add(`${page} ${n}`);
    else if (kind === "cut") { flow.cut += length; flow.cutOn = page; current = n; }
    else { flow.at += 1; flow.cut = 0; if (kind === "whole") current = n; }
  }
}
