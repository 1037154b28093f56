// Mass, condition, photo: asked for each battery, for one without a code, or not at all; mass and condition also later.
import { shrunk } from './photos.js';
import { amend, record } from './receiving.js';
import { find, go, make } from './screens.js';
import { fact, keepFact } from './store.js';
import { toldOf } from './totals.js';
import { say } from './words.js';

const CONDITIONS = ['INTACT', 'DAMAGED', 'LEAKING', 'BURNT'];
const MASS = /^[0-9]{1,6}([.,][0-9]{1,6})?$/;

let current = null;
let photo = null;
let asks = false;

export const asksDetails = () => asks;

export function open(found) {
  current = found;
  photo = null;
  find('details').reset();
  find('details-code').textContent = found.code || say('nocode');
  find('label-state').hidden = Boolean(found.code || found.row);
  find('photo').parentElement.hidden = Boolean(found.row);
  find('mass-problem').textContent = find('photo-state').textContent = '';
  go('details');
  find('mass').focus();
}

// For what was scanned before: with what was said of it then, and nothing that was not.
export function openAgain(row) {
  open({ row, code: row.result?.code || row.code });
  const { massKg, condition } = toldOf(row);
  find('mass').value = massKg ?? '';
  for (const one of find('details').elements.condition) one.checked = one.value === condition;
}

export async function begin() {
  asks = (await fact('asks')) === true;
  tellAsks();
  find('conditions').replaceChildren(...CONDITIONS.map(choice));
  find('ask-details').addEventListener('click', async () => {
    asks = !asks;
    tellAsks();
    await keepFact('asks', asks);
  });
  find('photo').addEventListener('change', keepPhoto);
  find('details').addEventListener('submit', finish);
  find('details-cancel').addEventListener('click', () => go('back'));
  find('no-code').addEventListener('click', () => open({}));
}

function tellAsks() {
  find('ask-details').textContent = say(asks ? 'details.on' : 'details.off');
  find('ask-details').setAttribute('aria-pressed', String(asks));
}

function choice(condition) {
  const label = make('label', '', { className: 'choice' });
  label.append(make('input', '', { type: 'radio', name: 'condition', value: condition, checked: condition === 'INTACT' }), say(`condition.${condition}`));
  label.firstChild.defaultChecked = condition === 'INTACT';
  return label;
}

async function keepPhoto() {
  const [file] = find('photo').files;
  if (!file) return;
  try {
    photo = await shrunk(file);
    find('photo-state').textContent = say('photo.kept', { size: Math.ceil(photo.size / 1024) });
  } catch {
    photo = null;
    find('photo-state').textContent = say('photo.failed');
  }
}

async function finish(event) {
  event.preventDefault();
  const given = new FormData(find('details'));
  const mass = find('mass').value.normalize('NFKC').trim();
  if (mass && !MASS.test(mass)) {
    find('mass-problem').textContent = say('mass.wrong');
    find('mass').focus();
    return;
  }
  const [massKg, condition] = [mass.replace(',', '.'), given.get('condition')];
  if (current.row) {
    go('back');
    await amend(current.row, { massKg: massKg || null, condition });
    return;
  }
  const label = current.code ? 'READ' : given.get('label');
  const found = { ...current, massKg, condition, label, photo };
  go('back');
  await record(found);
}
