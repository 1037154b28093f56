// Sends what was scanned, in order, by one tab at a time; nothing leaves the device before the server has said what
// became of it. A key is made with the row, so that what was recorded without an answer is not recorded twice.
import { ask, sendFile, Trouble } from './server.js';
import { addRow, changeRow, countIn, getRow, nextIn } from './store.js';
import { say } from './words.js';

const EVERY = 15_000;
const RECEIVE = `mutation Receive($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
  items { code outcome warnings { code message } } errors { code message path } } }`;
const UNDO = `mutation Undo($input: CorrectBatteryInput!) { correctBattery(input: $input) { errors { code message path } } }`;

// `row` (detail: the row) when something became of one; `status` (detail: {waiting, refused, trouble, who, oldest}).
export const events = new EventTarget();
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('intake');
let trouble = null;
let running = null;
let asked = false;

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
    if (!found) continue;
    met = { kind: found.kind, who: row.person?.name };
    // A row that the server stumbles over, or whose person has to come first, must not hold up the others.
    if (!['server', 'operator', 'order'].includes(found.kind)) break;
  }
  trouble = met?.kind === 'order' ? null : met;
  await tellStatus();
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

async function attempt(row) {
  try {
    const changes = row.kind === 'undo' ? await sendUndo(row) : await sendReceipt(row);
    tell(await changeRow(row.id, { ...changes, sentAt: new Date().toISOString() }));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (error.again) {
      await changeRow(row.id, { tries: row.tries + 1 });
      return error;
    }
    tell(await changeRow(row.id, { state: 'refused', message: error.message }));
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
  const target = await getRow(row.target);
  if (target?.state === 'waiting') throw new Trouble('order');
  if (target?.state === 'refused' || target?.result?.outcome === 'duplicate') return { state: 'done', message: '' };
  const corrects = `${target.key}#${target.result.code}`;
  const input = { idempotencyKey: row.key, occurredAt: row.occurredAt, corrects, reason: say('undo.reason') };
  const { correctBattery: answer } = await ask(UNDO, { input }, row.person.id);
  check(answer.errors);
  return { state: 'done', message: '' };
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
