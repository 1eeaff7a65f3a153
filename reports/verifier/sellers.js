// What results and rates say of their sellers, counted again of the listings that the notice carries: subsets of sellers, one seller at a time.

// The listings of each index and Publication Date by seller; a seller is a number, nothing where it is unknown.
function sellersOf(weeks) {
  const found = new Map();
  for (const [key, rows] of weeks) {
    const week = new Map();
    for (const [price, seller] of rows) week.set(seller, [...(week.get(seller) ?? []), price]);
    found.set(key, week);
  }
  return found;
}

// How many subsets have a sum of 2 x (listings below) - listings of at least `least`.
function subsetsOf(week, below, least) {
  let sums = new Map([[0, 1n]]);
  for (const held of week.values()) {
    const surplus = 2 * held.filter(below).length - held.length, next = new Map(sums);
    for (const [sum, ways] of sums) next.set(sum + surplus, (next.get(sum + surplus) ?? 0n) + ways);
    sums = next;
  }
  return [...sums].reduce((total, [sum, ways]) => (sum >= least ? total + ways : total), 0n);
}
const everyPrice = (week) => [...week.values()].flat();
const lowBelow = (week, price) => subsetsOf(week, (one) => one < price, 0) - 1n + (everyPrice(week).some((one) => one < price) ? 1n : 0n);
const highBelow = (week, price) => subsetsOf(week, (one) => one < price, 1) + (everyPrice(week).every((one) => one < price) ? 1n : 0n);

// The ends of the interval by sellers at 95 per cent, at 4 decimals.
function sellerInterval(week) {
  const prices = everyPrice(week).sort(byNumber), all = 1n << BigInt(week.size);
  const low = prices.find((price) => 40n * lowBelow(week, price + 1n) > all), high = prices.findLast((price) => 40n * (all - highBelow(week, price)) > all);
  return [low, high].map((price) => rounded([price, 1000000n], 4).replaceAll(",", ""));
}
function intervalsAgain(rates, weeks) {
  let again = 0;
  for (const { payload: { published: used } } of rates) {
    if (!used || used.seller_low === null || used.seller_low === undefined) continue;
    const week = weeks.get(`${used.index}, ${used.publication_date}`);
    need(week, `no listings of ${used.index} of ${used.publication_date} are attached, and the log says an interval by its sellers`);
    const [low, high] = sellerInterval(week);
    need(low === used.seller_low && high === used.seller_high, `${used.index} of ${used.publication_date}: the interval by sellers comes out as ${low} to ${high}, the log says ${used.seller_low} to ${used.seller_high}`);
    again += 1;
  }
  return again;
}

// A result of one rate: its subsets, those apart and the share failing, where the log says that the result turns. False for a result of several rates, or of drawn subsets.
function sellersAgain(result, weeks) {
  const said = result.bearing, rates = result.inputs.filter(({ source }) => source.kind === "publication"), fails = result.break_even?.[0]?.fails;
  const prints = new Set(rates.map(({ name, source }) => `${name.slice(0, name.lastIndexOf(", "))}, ${source.as_of}`));
  if (!said || said.replicates === null || said.replicates === undefined || said.drawn || prints.size !== 1 || !fails) return false;
  const week = weeks.get([...prints][0]);
  need(week, `${result.test}: no listings of its rate are attached, and the log says what its sellers give`);
  const same = (name, stated, found) => need(stated === found, `${result.test}: \`${name}\` by sellers comes out as ${found}, the log says ${stated}`);
  const all = 1n << BigInt(week.size), unknown = (week.get("") ?? []).length, named = week.size - (week.has("") ? 1 : 0), below = fails === "below", passed = result.verdict === "PASS";
  const [top, under] = fraction(said.share_failing_sellers);
  let failing, apart;
  if (said.turns_at === null || said.turns_at === undefined) {
    need(top === 0n || top === under, `${result.test}: every listing gives one verdict, and the share says two`);
    [failing, apart] = [top === 0n ? 0n : 2n * all, (top === 0n) === passed ? 0n : all];
  } else {
    const at = micro(said.turns_at), low = lowBelow(week, at), high = highBelow(week, at);
    failing = below ? low + high : 2n * all - low - high;
    apart = below === passed ? low : all - high;
  }
  same("sellers", Number(said.sellers), named);
  same("replicates", BigInt(said.replicates), all);
  same("apart", BigInt(said.apart), apart);
  need(top * 2n * all === failing * under, `${result.test}: \`share_failing_sellers\` by sellers comes out as ${failing}/${2n * all}, the log says ${said.share_failing_sellers}`);
  for (const [level, tail, least] of [[95, 40n, 6], [80, 10n, 4]]) {
    if (said[`decisive_${level}`] !== undefined) same(`decisive_${level}`, said[`decisive_${level}`], 5 * unknown <= everyPrice(week).length && named >= least && tail * apart <= all);
  }
  return true;
}

// Whether a verdict and its headroom follow from the figure and the limit; the figure itself is not computed here.
function verdictFollows({ test, verdict, measured, limit, comparison, headroom }) {
  const [a, b] = fraction(measured.value), [c, d] = fraction(limit.value), apart = ["at least", "more than"].includes(comparison) ? a * d - c * b : c * b - a * d;
  const passes = ["at least", "at most"].includes(comparison) ? apart >= 0n : apart > 0n, made = passes ? "PASS" : "FAIL";
  need(made === verdict, `${test}: \`verdict\` comes out as ${made} of its figure and its limit, the log says ${verdict}`);
  if (headroom) need(sameFraction(fraction(headroom.value), [apart, b * d]), `${test}: \`headroom\` comes out as ${apart}/${b * d} of its figure and its limit, the log says ${headroom.value}`);
}
