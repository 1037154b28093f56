// The end of a batch: its total, and the receipt on paper.
import { button, find, go, make, onShow } from './screens.js';
import { rowsOf } from './store.js';
import { batch, beginBatch, counts, tellTotals } from './totals.js';
import { config, say } from './words.js';

const SIZES = ['58', '80', 'a4'];

export function begin() {
  onShow('finish', showFinish);
  find('new-batch').addEventListener('click', async () => {
    await beginBatch();
    await tellTotals();
    go('scan');
  });
}

export async function showFinish() {
  await tellTotals();
  const rows = await rowsOf(batch());
  const received = rows.filter((row) => counts(row) && row.state === 'done');
  const waits = rows.some((row) => row.state === 'waiting');
  find('receipt-state').textContent = waits ? say('receipt.wait') : received.length ? '' : say('receipt.none');
  find('receipts').replaceChildren(...(waits || !received.length ? [] : SIZES.map((size) => form(size, received))));
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
