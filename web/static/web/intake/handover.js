// The device goes from hand to hand: who takes it shows a PIN, and what is scanned from then on is recorded as theirs.
// Without a network the name is taken at once; those scans are sent when the person has shown the PIN.
import { show } from './outcomes.js';
import * as queue from './queue.js';
import { button, current, find, go, onShow } from './screens.js';
import { post } from './server.js';
import { fact, keepFact } from './store.js';
import { operator, takeOver } from './totals.js';
import { config, say } from './words.js';

let candidate = null;

export function begin() {
  onShow('people', showPeople);
  find('pin-form').addEventListener('submit', finish);
}

async function showPeople() {
  const people = (await fact('people')) ?? [config.person];
  find('people').replaceChildren(...people.map((person) => {
    const may = person.hasPin || person.id === config.person.id;
    const found = button(may ? person.name : `${person.name} (${say('pin.missing')})`, () => choose(person));
    found.disabled = !may;
    if (person.id === operator().id) found.setAttribute('aria-current', 'true');
    return found;
  }));
}

export async function choose(person) {
  candidate = person;
  if (person.id === config.person.id && !person.hasPin) return done();
  find('pin-person').textContent = person.name;
  find('pin-problem').textContent = find('pin').value = '';
  go('pin');
  find('pin').focus();
  return null;
}

async function finish(event) {
  event.preventDefault();
  try {
    await post(config.addresses.handOver, { person: candidate.id, pin: find('pin').value });
    await done();
    await queue.flush();
  } catch (trouble) {
    if (trouble.kind === 'offline' || trouble.kind === 'server') {
      await done();
      find('announce').textContent = say('pin.later');
    } else {
      find('pin-problem').textContent = trouble.message || say('pin.wrong');
      find('pin').focus();
    }
  } finally {
    find('pin').value = '';
  }
}

async function done() {
  await takeOver({ id: candidate.id, name: candidate.name });
  while (['pin', 'people'].includes(current())) go('back');
  show('changed', { code: candidate.name });
}

export const keepPeople = (people) => keepFact('people', people);
