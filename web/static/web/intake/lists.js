// What was scanned and what became of it; what is still missing; which consignment.
import { openAgain } from './details.js';
import { colourOf } from './outcomes.js';
import * as queue from './queue.js';
import { undo } from './receiving.js';
import { button, find, go, make, onShow } from './screens.js';
import { recentRows, rowsOf } from './store.js';
import { batch, counts, expected, missing, nameOf, select, tellTotals, toldOf, transfers } from './totals.js';
import { clock, config, say } from './words.js';

const SHOWN = 300;

export function begin() {
  onShow('list', showList);
  onShow('waybill', showTransfers);
  find('send-now').addEventListener('click', () => queue.flush());
  find('waybill-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const waybill = find('waybill-text').value.trim();
    if (waybill) choose({ waybill });
  });
}

async function showTransfers() {
  const all = button(say('everything'), () => choose({}));
  const each = transfers().map((transfer) => {
    const name = sender(transfer);
    const text = say('transfer', { name: `${transfer.waybill || say('nowaybill')} · ${name}`, count: transfer.items.length });
    return button(text, () => choose({ transfer: transfer.id, waybill: transfer.waybill, from: transfer.sender.code, name }));
  });
  find('transfers').replaceChildren(all, ...each);
}

const sender = ({ sender: { name, nameEn } }) => (config.language === 'en' && nameEn ? nameEn : name);

async function choose(found) {
  await select(found);
  go('back');
  await tellTotals();
}

export async function showList() {
  find('rows').replaceChildren(...ordered(await recentRows(SHOWN)).map(line));
  if (!find('rows').children.length) find('rows').append(make('li', say('empty')));
  const open = await missing(await rowsOf(batch()));
  const { at, complete } = expected();
  find('list-state').textContent = [at && say('trouble.stale', { when: clock(at) }), complete ? '' : say('trouble.cut')].filter(Boolean).join(' ');
  const items = open.flatMap((transfer) => transfer.items.map((item) => ({ ...item, transfer })));
  find('missing').replaceChildren(...items.slice(0, SHOWN).map(({ code, massKg, transfer }) => {
    const parts = [nameOf(transfer) === say('everything') ? sender(transfer) : nameOf(transfer), massKg && say('mass', { mass: massKg })];
    const found = make('li');
    found.append(make('span', code, { className: 'code' }), make('br'), make('span', parts.filter(Boolean).join(' · '), { className: 'quiet' }));
    return found;
  }));
}

// What needs somebody comes first.
function ordered(rows) {
  const rank = (row) => (row.state === 'refused' ? 0 : ['conflict', 'disputed'].includes(row.result?.outcome) ? 1 : 2);
  return rows.sort((one, other) => rank(one) - rank(other) || other.id - one.id);
}

function line(row) {
  const found = make('li');
  found.dataset.state = row.state;
  found.dataset.row = row.id;
  const code = row.result?.code || row.code || say('nocode');
  const outcome = row.state === 'refused' ? 'refused' : row.result?.outcome;
  const title = row.kind === 'receive' ? code : say(`${row.kind}.row`, { code });
  const state = row.undone ? say('state.undone') : outcome && row.kind === 'receive' ? say(`outcome.${outcome}`) : say(`state.${row.state}`);
  const colour = row.state === 'waiting' ? 'quiet' : row.state === 'refused' ? 'bad' : outcome ? colourOf(outcome) : 'good';
  const { massKg, condition } = toldOf(row);
  const known = [massKg && say('mass', { mass: massKg }), condition && say(`condition.${condition}`)];
  const notes = [known.filter(Boolean).join(' · '), row.message, ...(row.result?.warnings ?? []).map(({ message }) => message), ['altered', 'revoked', 'replaced'].includes(row.verdict) && say(`label.${row.verdict}`)];
  const below = make('div', '', { className: 'row' });
  below.append(make('span', state, { className: `mark ${colour}` }), make('span', `${clock(row.occurredAt)} · ${row.person.name}`, { className: 'quiet' }));
  if (row.state === 'refused') below.append(button(say('retry'), () => queue.sendAgain(row.id).then(showList), 'plain'));
  if (counts(row)) below.append(button(say('amend'), () => openAgain(row), 'plain'));
  if (counts(row)) below.append(button(say('undo'), () => undo(row).then(showList), 'plain'));
  found.append(make('span', title, { className: 'code' }), below, ...notes.filter(Boolean).map((note) => make('div', note, { className: 'quiet' })));
  return found;
}
