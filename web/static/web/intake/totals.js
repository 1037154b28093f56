// The batch, the consignment and the person that scans are recorded under, and what they come to.
import { find, tell } from './screens.js';
import { fact, forgetFact, keepFact, rowsOf } from './store.js';
import { config, say } from './words.js';

const chosen = { batch: '', selection: {}, operator: config.person, expected: { transfers: [], complete: true } };

export const batch = () => chosen.batch;
export const selection = () => chosen.selection;
export const operator = () => chosen.operator;
export const transfers = () => chosen.expected.transfers;
export const expected = () => chosen.expected;

export async function load() {
  const session = await fact('session');
  chosen.operator = session === config.person.id ? (await fact('operator')) ?? config.person : config.person;
  await keepFact('session', config.person.id);
  chosen.batch = (await fact('batch')) ?? (await beginBatch());
  chosen.selection = (await fact('selection')) ?? {};
  chosen.expected = (await fact('expected')) ?? chosen.expected;
}

export async function beginBatch() {
  chosen.batch = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => (byte % 36).toString(36)).join('');
  await keepFact('batch', chosen.batch).catch(() => null);
  return chosen.batch;
}

export async function select(found) {
  chosen.selection = found;
  await (Object.keys(found).length ? keepFact('selection', found) : forgetFact('selection'));
}

export async function takeOver(person) {
  chosen.operator = person;
  await keepFact('operator', person);
  find('person-name').textContent = person.name;
}

export async function keepExpected(found) {
  chosen.expected = { ...found, at: new Date().toISOString() };
  await keepFact('expected', chosen.expected);
}

// What is known of a battery that is on its way here, under whatever waybill.
export const expectedItem = (code) => transfers().flatMap(({ items }) => items).find((item) => item.code === code);

export const expects = (code) => wanted().some((transfer) => transfer.items.some((item) => item.code === code));

// The consignment that was chosen, or all; under a waybill that the list does not have there is none.
function wanted() {
  const { transfer, waybill } = chosen.selection;
  if (transfer) return transfers().filter((one) => one.id === transfer);
  return waybill ? transfers().filter((one) => one.waybill === waybill) : transfers();
}

export const counts = (row) => row.kind === 'receive' && !row.undone && row.state !== 'refused' && row.result?.outcome !== 'duplicate';

// Mass and condition as they were told last.
export const toldOf = (row) => row.said ?? row;

export async function missing(rows) {
  const here = new Set(rows.filter(counts).map((row) => row.result?.code ?? row.code));
  return wanted().map((transfer) => ({ ...transfer, items: transfer.items.filter((item) => !here.has(item.code)) }))
    .filter((transfer) => transfer.items.length);
}

export async function tellTotals() {
  const rows = await rowsOf(chosen.batch);
  const taken = rows.filter(counts);
  const open = await missing(rows);
  tell('count', say('count', { count: taken.length }));
  tell('mass', say('mass', { mass: kilogramsOf(taken) }));
  tell('missing', say('missing', { count: open.reduce((sum, transfer) => sum + transfer.items.length, 0) }));
  tell('waybill', nameOf(chosen.selection));
  const last = taken.at(-1);
  tell('last', last ? last.result?.code || last.code || say('nocode') : '');
  find('undo-last').disabled = find('amend-last').disabled = !last;
  return { taken, last };
}

export const nameOf = (found) => found.waybill || found.name || say('everything');

export const kilogramsOf = (rows) => kilograms(rows.reduce((sum, row) => sum + milligrams(toldOf(row).massKg), 0));

// Whole milligrams: sums of decimals would be off.
const milligrams = (text) => {
  const [whole, part = ''] = (text ?? '').split('.');
  return whole ? Number(whole) * 1e6 + Number(part.padEnd(6, '0')) : 0;
};
const kilograms = (sum) => (sum / 1e6).toFixed(6).replace(/\.?0+$/, '');
