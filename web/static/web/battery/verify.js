// The button that verifies a battery's record in the browser itself: fetches the stored bytes once, then needs nobody.

import { isSupported, placeOf, verifyChain } from './chain.js';
import { compare } from './shown.js';

const panel = document.getElementById('verify');
const button = document.getElementById('verify-button');
const result = document.getElementById('verify-result');
const words = JSON.parse(document.getElementById('verify-words').textContent);
let fetched = null;

const say = (name, values = {}) => words.said[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

async function fetchAll(address) {
  const events = [];
  let heads = [];
  let next = '0';
  while (next !== null) {
    const answer = await fetch(`${address}?after=${next}`, { credentials: 'same-origin', cache: 'no-store' });
    if (!answer.ok) throw new Error(answer.status);
    const page = await answer.json();
    events.push(...page.events);
    ({ heads, next } = page);
  }
  return { events, heads };
}

function mark(row, faults) {
  const verdict = row.querySelector('[data-verdict]');
  verdict.textContent = faults.length ? `✗ ${faults.join('; ')}` : `✓ ${say('held')}`;
  verdict.className = faults.length ? 'bad' : 'good';
  row.classList.toggle('fails', faults.length > 0);
  if (faults.length) row.querySelector('details').open = true;
}

async function faultsOf(row, found, counted) {
  if (!found) return [say('unknown')];
  const faults = found.faults.map((fault) => say(fault));
  if (!found.isOpen) counted.withheld += 1;
  if (found.isUnlinked) counted.unlinked += 1;
  if (!found.body) return faults;
  try {
    const { fields, committed, isWrong } = await compare(row, found, words);
    counted.committed += committed;
    if (fields.length) faults.push(say('differs', { fields: fields.map((name) => words.fields[name] ?? name).join(', ') }));
    if (isWrong) faults.push(say('content'));
  } catch {
    // JSON of another shape than an event's.
    faults.push(say('unreadable'));
  }
  return faults;
}

// What does not stand on the page: events of other pages are judged by their bytes alone, none may be left out.
function elsewhere(found, shown) {
  const isComplete = !document.querySelector('[data-other-page]');
  return [...found.entries()].filter(([place]) => !shown.has(place)).flatMap(([, one]) => {
    const { record: code, sequence } = one.event;
    const told = one.faults.map((fault) => `${code} ${sequence}: ${say(fault)}`);
    const isHidden = isComplete && one.isOpen && !one.event.elsewhere;
    return isHidden ? [...told, say('hidden', { sequence, code })] : told;
  });
}

function conclude(failed, others, counted, verified) {
  const notes = ['withheld', 'unlinked', 'committed'].filter((name) => counted[name]);
  const lines = notes.map((name) => say(name, { count: counted[name] }));
  const count = failed + others.length;
  const values = { events: verified.events, links: verified.links, shown: counted.shown };
  const first = count ? say('fails', { count }) : say('holds', values);
  result.className = count ? 'notice bad' : 'notice good';
  result.textContent = [`${count ? '✗' : '✓'} ${first}`, ...others, ...lines].join(' ');
}

async function verify() {
  fetched ??= await fetchAll(panel.dataset.address);
  const { found, links, ends } = await verifyChain(fetched);
  const counted = { withheld: 0, unlinked: 0, committed: 0, shown: 0 };
  const shown = new Set();
  let failed = 0;
  for (const row of document.querySelectorAll('[data-event]')) {
    const place = placeOf(row.dataset.record, row.dataset.sequence);
    shown.add(place);
    counted.shown += 1;
    const faults = await faultsOf(row, found.get(place), counted);
    mark(row, faults);
    failed += faults.length ? 1 : 0;
  }
  const others = [...elsewhere(found, shown), ...ends.map((code) => say('head', { code }))];
  conclude(failed, others, counted, { events: [...found.values()].filter((one) => one.isOpen).length, links });
}

button.addEventListener('click', async () => {
  if (!isSupported()) {
    result.textContent = say('unsupported');
    return;
  }
  button.setAttribute('aria-busy', 'true');
  result.textContent = say('working');
  try {
    await verify();
  } catch {
    result.className = 'notice warn';
    result.textContent = say('unreachable');
  } finally {
    button.removeAttribute('aria-busy');
  }
});
