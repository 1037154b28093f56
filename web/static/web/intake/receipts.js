// The end of a batch: its total, and the receipt on paper. The record confirms it, once everything is sent; before that
// the device itself prints what was scanned, and says that it is not confirmed.
import { button, current, find, go, make, onShow } from './screens.js';
import { batches, rowsOf } from './store.js';
import { batch, beginBatch, counts, kilogramsOf, tellTotals, toldOf } from './totals.js';
import { clock, config, say } from './words.js';

const SIZES = ['58', '80', 'a4'];
const EARLIER = 8;
// Another batch than the one that is being scanned; null for that one.
let chosen = null;

export function begin() {
  onShow('finish', () => {
    chosen = null;
    return showFinish();
  });
  find('new-batch').addEventListener('click', async () => {
    await beginBatch();
    await tellTotals();
    go('scan');
  });
  find('print').addEventListener('click', () => window.print());
  for (const change of ['online', 'offline']) window.addEventListener(change, () => current() === 'finish' && showFinish());
}

export async function showFinish() {
  await tellTotals();
  const shown = chosen ?? batch();
  const rows = await rowsOf(shown);
  const here = rows.filter(isHere);
  const received = here.filter((row) => counts(row) && row.state === 'done');
  const waits = rows.some((row) => row.state === 'waiting');
  const isConfirmed = !waits && navigator.onLine;
  find('finish-totals').hidden = find('new-batch').hidden = chosen !== null;
  find('finish-of').textContent = chosen && here.length ? say('receipt.of', { when: clock(here[0].occurredAt), count: here.length }) : '';
  find('receipt-state').textContent = stateOf(here, waits);
  find('receipts').replaceChildren(...(isConfirmed && received.length ? SIZES.map((size) => form(size, received)) : []));
  find('paper').hidden = find('print').hidden = isConfirmed || !here.length;
  find('paper').replaceChildren(...(find('paper').hidden ? [] : paper(shown, here)));
  await showEarlier(shown);
}

// What stands on the dock by this batch, recorded or not.
const isHere = (row) => row.kind === 'receive' && !row.undone && row.result?.outcome !== 'duplicate';

function stateOf(here, waits) {
  if (!here.length) return say('receipt.none');
  return waits ? say('receipt.wait') : navigator.onLine ? '' : say('receipt.offline');
}

async function showEarlier(shown) {
  const others = (await batches()).filter((one) => one.batch !== shown).slice(0, EARLIER);
  find('batches-title').hidden = !others.length;
  find('batches').replaceChildren(...others.map((one) => button(clock(one.occurredAt), () => {
    chosen = one.batch === batch() ? null : one.batch;
    return showFinish();
  })));
}

// A form, because it opens in the browser's own reader, from which it is printed.
function form(size, rows) {
  const found = make('form', '', { method: 'post', action: config.addresses.receipt, target: '_blank' });
  const field = (name, value) => found.append(make('input', '', { type: 'hidden', name, value }));
  field('csrfmiddlewaretoken', document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? '');
  field('size', size);
  for (const row of rows) field('key', `${row.key}#${row.result.code}`);
  found.append(button(say(`receipt.${size}`), () => {
    found.csrfmiddlewaretoken.value = document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? '';
    found.submit();
  }, ''));
  return found;
}

// What the device knows, with what the record finds it again by: the batch, the key of each scan.
function paper(shown, rows) {
  const each = (work) => [...new Set(rows.map(work).filter(Boolean))].join(', ');
  const times = rows.map((row) => row.occurredAt);
  const facts = [
    ['by', `${config.organisation.name} ${config.organisation.code}`],
    ['operator', each((row) => row.person.name)],
    ['scanned', [...new Set([clock(times[0]), clock(times.at(-1))])].join(' – ')],
    ['waybill', each((row) => row.waybill)],
    ['batteries', String(rows.length)],
    ['mass', kilogramsOf(rows)],
    ['batch', `intake-${shown}`],
    ['printed', clock(new Date().toISOString())],
  ];
  const list = make('dl');
  for (const [name, value] of facts) if (value) list.append(make('dt', say(`paper.${name}`)), make('dd', value));
  const lines = make('ol');
  lines.append(...rows.map((row) => line(row, shown)));
  const signs = make('p', '', { className: 'signs' });
  signs.append(make('span', say('paper.giver')), make('span', say('paper.by')));
  return [make('h2', say('paper.title')), make('p', say('paper.unconfirmed'), { className: 'mark warn' }), list, lines, signs];
}

function line(row, shown) {
  const { massKg, condition } = toldOf(row);
  const state = row.state === 'done' ? say(`outcome.${row.result.outcome}`) : say(`state.${row.state}`);
  const told = [clock(row.occurredAt), massKg && say('mass', { mass: massKg }), condition && say(`condition.${condition}`), state];
  const found = make('li');
  found.append(
    make('span', row.result?.code || row.code || say('nocode'), { className: 'code' }),
    make('div', told.filter(Boolean).join(' · ')),
    make('div', row.key.replace(`intake-${shown}`, '…'), { className: 'key' }),
  );
  return found;
}
