// What became of a scan, over the whole screen: a colour, a sign, words, a tone, a vibration.
import { play } from './sounds.js';
import { find, make } from './screens.js';
import { say } from './words.js';

const COLOURS = {
  saved: 'good', received: 'good', undone: 'good', amended: 'good', changed: 'good', half: 'warn',
  saved_unannounced: 'warn', received_with_differences: 'warn', unannounced: 'warn', disputed: 'warn', duplicate: 'warn',
  conflict: 'bad', quarantined: 'bad', unreadable: 'bad', refused: 'bad', unsaved: 'bad',
};
const SIGNS = { good: '✓', warn: '!', bad: '✕' };
const GRAVITY = ['bad', 'warn', 'good'];
const SHORT = 1_500;

let current = null;
let timer;

export const colourOf = (outcome) => COLOURS[outcome] ?? 'bad';

// `more`: lines below; `worse`: colours that the device found by itself, such as a label that is not genuine; `then`:
// words in place of the outcome's own; `stays`: what is well does not go away by itself yet.
export function show(outcome, { code = '', more = [], id = null, worse = null, takeIn = false, then = outcome, stays = false } = {}) {
  const colour = GRAVITY.find((one) => one === worse || one === colourOf(outcome));
  const box = find('outcome');
  const isNews = current === null || current.id !== id || current.colour !== colour;
  current = { id, colour, outcome };
  box.className = colour;
  box.querySelector('.sign').textContent = SIGNS[colour];
  box.querySelector('.colour').textContent = say(`colour.${colour}`);
  find('outcome-title').textContent = say(`outcome.${outcome}`);
  find('outcome-code').textContent = code;
  find('outcome-then').textContent = say(`then.${then}`);
  find('outcome-more').replaceChildren(...more.filter(Boolean).map((line) => make('li', line)));
  find('outcome-details').hidden = !takeIn;
  box.dataset.outcome = outcome;
  box.hidden = false;
  const announced = `${say(`colour.${colour}`)}. ${say(`outcome.${outcome}`)}. ${[code, ...more].filter(Boolean).join('. ')}`;
  if (isNews || find('announce').textContent !== announced) find('announce').textContent = announced;
  if (isNews) play(colour);
  clearTimeout(timer);
  // What is well goes away by itself; what is not stays until somebody saw it, or the next scan.
  if (colour === 'good' && !stays) timer = setTimeout(hide, SHORT);
}

export function hide() {
  clearTimeout(timer);
  current = null;
  find('outcome').hidden = true;
  find('outcome').dispatchEvent(new CustomEvent('closed'));
}

export const isShowing = (id) => current !== null && current.id === id;
