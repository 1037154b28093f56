// What the device keeps: scans in the order of a growing number, and what was told by the server.
import { openDB } from '../../vendor/idb-8.0.4/idb.js';
import { config } from './words.js';

const KEPT_DAYS = 60;
let opened;

// One database an organisation: nobody's scans are ever sent in another's name.
function database() {
  opened ??= openDB(`intake-${config.organisation.code}`, 1, {
    upgrade(db) {
      const rows = db.createObjectStore('rows', { keyPath: 'id', autoIncrement: true });
      rows.createIndex('state', 'state');
      rows.createIndex('code', 'code');
      rows.createIndex('batch', 'batch');
      db.createObjectStore('facts');
    },
    terminated() { opened = undefined; },
  });
  opened.catch(() => { opened = undefined; });
  return opened;
}

// Resolves when the row lies on the disk, and not before.
export async function addRow(row) {
  const transaction = (await database()).transaction('rows', 'readwrite', { durability: 'strict' });
  const id = await transaction.store.add(row);
  await transaction.done;
  return { ...row, id };
}

export async function changeRow(id, changes) {
  const transaction = (await database()).transaction('rows', 'readwrite');
  const row = { ...(await transaction.store.get(id)), ...changes };
  await transaction.store.put(row);
  await transaction.done;
  return row;
}

// Changes a row where `may(row)` still says so when it is written; gives the row as it is then, or null.
export async function changeRowIf(id, may, changes) {
  const transaction = (await database()).transaction('rows', 'readwrite', { durability: 'strict' });
  const row = await transaction.store.get(id);
  const changed = row && may(row) ? { ...row, ...changes } : null;
  if (changed) await transaction.store.put(changed);
  await transaction.done;
  return changed;
}

export const getRow = async (id) => (await database()).get('rows', id);
export const rowsIn = async (state) => (await database()).getAllFromIndex('rows', 'state', state);
// The first of those with this state whose number is above `after`.
export async function nextIn(state, after = 0) {
  let cursor = await (await database()).transaction('rows').store.index('state').openCursor(state);
  if (cursor && cursor.primaryKey <= after) cursor = await cursor.continuePrimaryKey(state, after + 1);
  return cursor?.value;
}

export const countIn = async (state) => (await database()).countFromIndex('rows', 'state', state);
export const rowsOf = async (batch) => (await database()).getAllFromIndex('rows', 'batch', batch);
export const rowsOfCode = async (code) => (await database()).getAllFromIndex('rows', 'code', code);
export const fact = async (name) => (await database()).get('facts', name);
export const keepFact = async (name, value) => (await database()).put('facts', value, name);

export async function forgetFact(name) {
  await (await database()).delete('facts', name);
}

// The newest first, and everything that is not sent yet.
export async function recentRows(count) {
  const found = [];
  let cursor = await (await database()).transaction('rows').store.openCursor(null, 'prev');
  while (cursor && found.length < count) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  const seen = new Set(found.map((row) => row.id));
  const open = [...await rowsIn('waiting'), ...await rowsIn('refused')].filter((row) => !seen.has(row.id));
  return [...found, ...open.sort((one, other) => other.id - one.id)];
}

// The first scan of each batch, the newest batch first.
export async function batches() {
  const found = [];
  let cursor = await (await database()).transaction('rows').store.index('batch').openCursor(null, 'nextunique');
  while (cursor) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  return found.sort((one, other) => other.id - one.id);
}

// Only what was sent long ago is ever dropped.
export async function sweep() {
  const before = new Date(Date.now() - KEPT_DAYS * 86_400_000).toISOString();
  const transaction = (await database()).transaction('rows', 'readwrite');
  for (let cursor = await transaction.store.index('state').openCursor('done'); cursor; cursor = await cursor.continue()) {
    if (cursor.value.occurredAt < before) await cursor.delete();
  }
  await transaction.done;
}

// The share of its room that is used, in percent; null where the browser does not tell.
export async function usedRoom() {
  const told = await navigator.storage?.estimate?.().catch(() => null);
  return told?.quota ? Math.round((100 * told.usage) / told.quota) : null;
}

export const askToStay = () => navigator.storage?.persist?.().catch(() => false);
