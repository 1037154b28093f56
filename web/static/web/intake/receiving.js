// From what was read to what is recorded: the row is on the disk before anything is said of it, and the server's word
// takes the place of the device's own as soon as it is there.
import { reader, today } from './codes.js';
import { judgeLabel } from './labels.js';
import { colourOf, isShowing, show } from './outcomes.js';
import * as queue from './queue.js';
import { ask } from './server.js';
import { changeRow, rowsOfCode } from './store.js';
import { batch, expects, operator, selection } from './totals.js';
import { clock, config, say } from './words.js';

// How long the server may take before the device speaks by itself.
const PATIENCE = 150;
const UNSAFE = ['LEAKING', 'BURNT'];
const FRESH = 12 * 3_600_000;
const HISTORY = `query History($code: String!) { battery(code: $code) { events(last: 20) { edges { node {
  type occurredAt actor organisation { code } } } } } }`;
const DETAILS = `query Look($payload: String!) { resolveScan(payload: $payload) {
  battery { stage holder { name } model { number } manufacturer { name } } expectedTransfer { waybill sender { name } }
  warnings { message } } }`;

export const codes = reader(config.rules);
export const isCode = (text) => Boolean(codes.read(text, today()).code);

let chain = Promise.resolve();
let half = '';
let asksDetails = () => false;
let openDetails = () => {};
let newest = null;
const local = new Map();

export function withDetails(asks, open) {
  asksDetails = asks;
  openDetails = open;
}

// One after the other, however fast they come.
export function take(payload) {
  const at = performance.now();
  chain = chain.then(() => takeOne(payload, at)).catch(() => show('unsaved', { code: payload.slice(0, 80) }));
  return chain;
}

async function takeOne(payload, at) {
  const found = codes.scan(payload, today());
  const [first, joined] = [half, half + payload];
  half = '';
  if (!found.code && first && isCode(joined)) return takeCode(joined, codes.read(joined, today()).code, at);
  const pair = twoCodes(codes.normalise(payload.slice(0, 100)));
  if (pair) {
    for (const code of pair) await takeCode(code, code, at);
    return null;
  }
  if (found.code) return takeCode(payload, found.code, at);
  if (/^[0-9A-Z]{14}$/.test(found.text)) {
    half = payload;
    return show('half', { code: found.text });
  }
  const problem = say(`code.${found.problem ?? 'form'}`, { count: found.text.length });
  return show('unreadable', { code: payload.slice(0, 120), more: [problem], takeIn: true });
}

// A gun that ends nothing delivers two codes as one text: both are meant.
function twoCodes(text) {
  const pair = text.length === 48 ? [text.slice(0, 24), text.slice(24)] : [];
  return pair.length && pair.every(isCode) ? pair : null;
}

async function takeCode(payload, code, at) {
  const earlier = await earlierOf(code);
  if (earlier) return showDuplicate(code, earlier);
  if (asksDetails()) return openDetails({ payload, code });
  return record({ payload, code }, at);
}

// What this device scanned itself in this batch, or has not sent yet, and did not take back.
async function earlierOf(code) {
  const since = new Date(Date.now() - FRESH).toISOString();
  const rows = await rowsOfCode(code);
  return rows.find((row) => row.kind === 'receive' && !row.undone && row.state !== 'refused'
    && row.result?.outcome !== 'duplicate' && (row.state === 'waiting' || (row.batch === batch() && row.occurredAt > since)));
}

function showDuplicate(code, { occurredAt, person }) {
  newest = null;
  show('duplicate', { code, more: [say('since', { when: clock(occurredAt), who: person.name })] });
}

// `at`: when it was scanned, by the clock that patience is measured with.
export async function record(found, at = performance.now()) {
  const { waybill, from } = selection();
  const expected = found.code ? expects(found.code) : false;
  const row = {
    kind: 'receive', batch: batch(), occurredAt: new Date().toISOString(), person: operator(), code: found.code ?? '',
    payload: found.payload || null, massKg: found.massKg || null, condition: found.condition || null, label: found.label || null,
    photo: found.photo ?? null, waybill: waybill || null, from: from || null,
  };
  let kept;
  try {
    kept = await queue.add(row);
  } catch {
    return show('unsaved', { code: row.code || say('nocode') });
  }
  newest = kept.id;
  judge(kept, expected);
  queue.flush();
  if (!queue.isAsking()) present(kept.id);
  else setTimeout(() => present(kept.id), Math.max(0, PATIENCE - (performance.now() - at)));
  return kept;
}

async function judge(row, expected) {
  const own = row.code && !UNSAFE.includes(row.condition) ? (expected ? 'saved' : 'saved_unannounced') : 'quarantined';
  local.set(row.id, { row, outcome: own, label: null });
  const label = row.payload ? await judgeLabel(row.payload, codes.normalise).catch(() => 'unchecked') : null;
  if (!label) return;
  local.get(row.id).label = label;
  await changeRow(row.id, { verdict: label }).catch(() => null);
  if (isShowing(row.id)) present(row.id);
}

// Shows the newest scan as far as it is known: by the server, else by the device.
function present(id) {
  const known = local.get(id);
  if (!known || newest !== id) return;
  const { row, label } = known;
  const outcome = row.state === 'refused' ? 'refused' : row.result?.outcome ?? known.outcome;
  const isDoubtful = ['altered', 'revoked'].includes(label) || row.result?.warnings.some(({ code }) => code === 'implausible_travel');
  const more = [row.message, ...(row.result?.warnings ?? []).map(({ message }) => message), label && say(`label.${label}`), ...(known.more ?? [])];
  const isAsked = row.state === 'waiting' && queue.isAsking();
  const told = { then: isAsked ? 'asking' : outcome, stays: isAsked };
  show(outcome, { id, code: row.result?.code || row.code || say('nocode'), more, worse: isDoubtful ? 'bad' : label === 'replaced' ? 'warn' : null, ...told });
}

// Whether an answer still comes was said with the scan: when sending ended without one, that is no longer so.
queue.events.addEventListener('status', () => {
  if (local.get(newest)?.row.state === 'waiting' && isShowing(newest)) present(newest);
});

// The server's answer to one row, from this tab or another.
export async function answered(row) {
  const known = local.get(row.id);
  if (!known || row.kind !== 'receive') return;
  known.row = row;
  if (row.state === 'waiting') return;
  present(row.id);
  if (newest !== row.id || colourOf(row.result?.outcome) === 'good' || row.state === 'refused') return;
  known.more = await (row.result.outcome === 'duplicate' ? whoReceived(row) : whatIsKnown(row)).catch(() => []);
  if (isShowing(row.id)) present(row.id);
}

async function whoReceived(row) {
  const { battery } = await ask(HISTORY, { code: row.result.code }, row.person.id);
  const events = battery?.events.edges.map(({ node }) => node) ?? [];
  const last = events.filter((event) => event.type === 'RECEIVED' && event.organisation?.code === config.organisation.code).at(-1);
  return last ? [say('since', { when: clock(last.occurredAt), who: nameOf(last.actor) })] : [];
}

let people = [];
export const knowPeople = (found) => { people = found; };
const nameOf = (actor) => people.find((one) => actor === `user:${one.id}`)?.name ?? say('somebody');

async function whatIsKnown(row) {
  if (!row.payload) return [];
  const { resolveScan: { battery, expectedTransfer } } = await ask(DETAILS, { payload: row.payload }, row.person.id);
  const told = [battery?.manufacturer?.name, battery?.model?.number, battery?.holder?.name, expectedTransfer?.waybill];
  return [[...new Set(told.filter(Boolean))].join(' · ')];
}

// Says mass and condition of what was scanned before; what is unsafe is told as it is when it is scanned.
export async function amend(row, said) {
  const code = row.result?.code || row.code || say('nocode');
  newest = null;
  try {
    await queue.amend(row, said, { occurredAt: new Date().toISOString(), person: operator() });
  } catch {
    return show('unsaved', { code });
  }
  show(UNSAFE.includes(said.condition) ? 'quarantined' : 'amended', { code });
}

// Takes the last receipt back, by a correction that stands beside it.
export async function undo(row) {
  const code = row.code || row.result?.code || say('nocode');
  newest = null;
  try {
    await queue.add({ kind: 'undo', target: row.id, code: row.code, batch: row.batch, occurredAt: new Date().toISOString(), person: operator() });
    await changeRow(row.id, { undone: true });
  } catch {
    return show('unsaved', { code });
  }
  show('undone', { code });
  await queue.tellStatus();
  queue.flush();
}

export const isNewest = (id) => newest === id;
