// Sends what was scanned, in order, by one tab at a time; nothing leaves the device before the server has said what
// became of it. A key is made with the row, so that what was recorded without an answer is not recorded twice.
import { ask, sendFile, Trouble } from './server.js';
import { addRow, changeRow, changeRowIf, countIn, getRow, nextIn } from './store.js';
import { say } from './words.js';

const EVERY = 15_000;
const SOON = 1_000;
const RECEIVE = `mutation Receive($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
  items { code outcome warnings { code message } } errors { code message path } } }`;
const CORRECT = `mutation Correct($input: CorrectBatteryInput!) { correctBattery(input: $input) {
  errors { code message path } } }`;
const RECORDED = `query Recorded($code: String!) { battery(code: $code) { events(last: 100) { edges { node {
  key occurredAt details site { name region lat lon } attachments { sha256 name mediaType bytes } } } } } }`;

// `row` (detail: the row) when something became of one; `status` (detail: {waiting, refused, trouble, who, oldest}).
export const events = new EventTarget();
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('intake');
let trouble = null;
let running = null;
let asked = false;
let pause = SOON;
let later;

const emit = (name, detail) => events.dispatchEvent(new CustomEvent(name, { detail }));

function tell(row) {
  emit('row', row);
  others?.postMessage({ row: { ...row, photo: undefined } });
}

export async function add(row) {
  const key = `intake-${row.batch}-${randomText()}`;
  const kept = await addRow({ ...row, key, state: 'waiting', tries: 0 });
  tell(kept);
  tellStatus().catch(() => null);
  return kept;
}

// Mass and condition of what was scanned: in the row itself as long as it was never sent, else by a correction of its own.
export async function amend(row, said, about) {
  const isUnsent = ({ state, isSent }) => state === 'waiting' && !isSent;
  const changed = await changeRowIf(row.id, isUnsent, said);
  if (changed) {
    tell(changed);
    return tellStatus();
  }
  await add({ ...about, kind: 'amend', target: row.id, code: row.code, batch: row.batch, said, before: row.said ?? null });
  // Beside what the key of the row stands for, not in its place.
  tell(await changeRow(row.id, { said }));
  return flush();
}

export function randomText(bytes = 9) {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes)))).replaceAll('+', '-').replaceAll('/', '_');
}

export async function sendAgain(id) {
  tell(await changeRow(id, { state: 'waiting', message: '' }));
  return flush();
}

// Whoever calls while it runs is served by another round after this one.
export function flush() {
  asked = true;
  running ??= rounds().finally(() => { running = null; });
  return running;
}

// Whether an answer may come at any moment: something is being sent, and what was sent before got through.
export const isAsking = () => running !== null && trouble === null && navigator.onLine;

async function rounds() {
  while (asked) {
    asked = false;
    await (navigator.locks ? navigator.locks.request('intake-flush', sendWaiting) : sendWaiting());
  }
}

async function sendWaiting() {
  let met = null;
  // In order of their numbers; what is put back among them meanwhile asks for another round.
  for (let row = await nextIn('waiting'); row; row = await nextIn('waiting', row.id)) {
    const found = await sendOne(row);
    if (!found) {
      pause = SOON;
      continue;
    }
    met = { kind: found.kind, who: row.person?.name };
    // A row that the server stumbles over, or whose person has to come first, must not hold up the others.
    if (!['server', 'operator', 'order'].includes(found.kind)) break;
  }
  trouble = met?.kind === 'order' ? null : met;
  if (['offline', 'server', 'busy'].includes(met?.kind)) tryLater();
  await tellStatus();
}

// Soon at first, then ever less often; without a network not at all, for its return is told.
function tryLater() {
  clearTimeout(later);
  if (!navigator.onLine) return;
  later = setTimeout(flush, pause);
  pause = Math.min(2 * pause, EVERY);
}

// Gives what stands in the way of sending a row, or null.
async function sendOne(row) {
  try {
    return await attempt(row);
  } catch (error) {
    // The device could not keep what became of it: the row stays as it was, and is sent again with its key.
    if (error instanceof DOMException) return new Trouble('full');
    throw error;
  }
}

const SEND = { receive: sendReceipt, undo: sendUndo, amend: sendAmendment };

async function attempt({ id, isSent = false }) {
  const isOff = !navigator.onLine;
  // From here on the server may know it under its key, which stands for this content alone.
  const row = await changeRowIf(id, ({ state }) => state === 'waiting', { isSent: true });
  if (!row) return null;
  try {
    const changes = await SEND[row.kind](row);
    tell(await changeRow(row.id, { ...changes, sentAt: new Date().toISOString() }));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (error.again) {
      // What the server turned away, and what found no network at all, it does not know.
      const isUnknown = error.kind === 'offline' ? isOff && !navigator.onLine : error.kind !== 'server';
      await changeRow(row.id, { tries: row.tries + 1, isSent: isUnknown ? isSent : true });
      return error;
    }
    tell(await changeRow(row.id, { state: 'refused', message: error.message }));
    if (row.kind === 'amend') tell(await changeRow(row.target, { said: row.before }));
  }
  return null;
}

async function sendReceipt(row) {
  const attachments = row.photo ? [await sendPhoto(row)] : row.attachments;
  const item = { payload: row.payload, massKg: row.massKg, condition: row.condition, label: row.label, attachments };
  const input = { idempotencyKey: row.key, occurredAt: row.occurredAt, waybill: row.waybill, from: row.from, items: [item] };
  const { receiveBatteries: answer } = await ask(RECEIVE, { input }, row.person.id);
  check(answer.errors);
  const [{ code, outcome, warnings }] = answer.items;
  return { state: 'done', result: { code, outcome: outcome.toLowerCase(), warnings }, message: '' };
}

// The photo is kept until the server has it; then its hash goes with the receipt, at each repetition the same.
async function sendPhoto(row) {
  const { sha256, name, mediaType, bytes } = await sendFile(row.photo, `${row.key}.jpg`);
  const attachment = { sha256, name, mediaType, bytes };
  await changeRow(row.id, { photo: null, attachments: [attachment] });
  return attachment;
}

async function sendUndo(row) {
  const target = await sentBefore(row);
  if (target) await sendCorrection(row, target, { reason: say('undo.reason') });
  return { state: 'done', message: '' };
}

// A correction gives the whole content anew: what was recorded, and in it what is said otherwise now.
async function sendAmendment(row) {
  const target = await sentBefore(row);
  if (!target) return { state: 'done', message: '' };
  const { battery } = await ask(RECORDED, { code: target.result.code }, row.person.id);
  const key = keyOf(target);
  const first = battery?.events.edges.map(({ node }) => node).find((event) => event.key === key);
  if (!first) throw new Trouble('refused', say('amend.lost'));
  const details = { ...first.details, ...row.said };
  for (const name of Object.keys(row.said)) if (!details[name]) delete details[name];
  if (details.condition) details.condition = details.condition.toLowerCase();
  const { occurredAt, site, attachments } = first;
  const replacement = { type: 'RECEIVED', occurredAt, site, attachments, details };
  await sendCorrection(row, target, { reason: say('amend.reason'), replacement });
  return { state: 'done', message: '' };
}

// What is corrected, once it was sent; null where it recorded nothing.
async function sentBefore(row) {
  const target = await getRow(row.target);
  if (target?.state === 'waiting') throw new Trouble('order');
  return target?.state === 'done' && target.result.outcome !== 'duplicate' ? target : null;
}

const keyOf = ({ key, result }) => `${key}#${result.code}`;

async function sendCorrection(row, target, said) {
  const input = { idempotencyKey: row.key, occurredAt: row.occurredAt, corrects: keyOf(target), ...said };
  const { correctBattery: answer } = await ask(CORRECT, { input }, row.person.id);
  check(answer.errors);
}

function check(errors) {
  if (!errors.length) return;
  const code = errors[0].code;
  throw new Trouble(code === 'concurrent_change' ? 'server' : 'refused', errors.map((error) => error.message).join(' '), code);
}

export async function tellStatus() {
  const [waiting, refused, first] = await Promise.all([countIn('waiting'), countIn('refused'), nextIn('waiting')]);
  emit('status', { waiting, refused, trouble: waiting ? trouble : null, oldest: first?.occurredAt });
}

export function begin() {
  others?.addEventListener('message', ({ data }) => {
    if (data.row) emit('row', { ...data.row, elsewhere: true });
    tellStatus();
  });
  const again = () => flush();
  window.addEventListener('online', again);
  window.addEventListener('pageshow', again);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && flush());
  setInterval(async () => { if (await countIn('waiting')) flush(); }, EVERY);
  return flush();
}
