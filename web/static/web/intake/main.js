// Puts the parts of the page together.
import * as details from './details.js';
import * as gun from './gun.js';
import * as handover from './handover.js';
import { renewLabels } from './labels.js';
import * as lists from './lists.js';
import { hide, isShowing } from './outcomes.js';
import * as queue from './queue.js';
import * as receipts from './receipts.js';
import { answered, isCode, knowPeople, take, undo, withDetails } from './receiving.js';
import * as scanner from './scanner.js';
import { current, find, go, onShow } from './screens.js';
import { state } from './server.js';
import * as sounds from './sounds.js';
import { askToStay, fact, sweep, usedRoom } from './store.js';
import * as totals from './totals.js';
import { clock, config, say } from './words.js';

const RENEW = 60_000;
const OLD = 12 * 3_600_000;
const FULL = 80;
let unseen = 0;
let told = { waiting: 0, refused: 0, trouble: null };
const notes = new Map();

function tellBadge() {
  const refused = told.refused + unseen;
  const parts = [told.waiting && say('badge.waiting', { count: told.waiting }), refused && say('badge.refused', { count: refused })];
  find('badge').textContent = parts.filter(Boolean).join(' · ') || say('badge.none');
  find('badge').className = `plain ${refused ? 'bad' : told.waiting ? 'warn' : ''}`;
}

// One line for all that stands in the way; the gravest first.
function note(name, text) {
  if (text) notes.set(name, text);
  else notes.delete(name);
  const line = find('trouble');
  const found = ['unkept', 'queue', 'storage', 'old', 'clock'].map((one) => notes.get(one)).filter(Boolean);
  line.hidden = !found.length;
  line.textContent = `${found.join(' ')} `;
  if (told.trouble?.kind === 'sign_in' || notes.get('session')) line.append(Object.assign(document.createElement('a'), { href: config.addresses.signIn, textContent: say('signIn') }));
}

queue.events.addEventListener('status', async ({ detail }) => {
  told = detail;
  tellBadge();
  const { trouble, oldest } = detail;
  note('queue', trouble ? say(`trouble.${trouble.kind === 'csrf' ? 'sign_in' : trouble.kind}`, { who: trouble.who }) : notes.get('session') ?? '');
  note('old', oldest && Date.now() - Date.parse(oldest) > OLD ? say('trouble.old', { when: clock(oldest) }) : '');
  await totals.tellTotals();
  if (current() === 'list') lists.showList();
  if (current() === 'finish') receipts.showFinish();
});

queue.events.addEventListener('row', async ({ detail: row }) => {
  await answered(row);
  const bad = row.state === 'done' && row.kind === 'receive' && ['conflict', 'disputed'].includes(row.result?.outcome);
  if (bad && !isShowing(row.id)) unseen += 1;
  tellBadge();
});

async function tellRoom() {
  const percent = await usedRoom();
  note('storage', percent >= FULL ? say('trouble.storage', { percent }) : '');
}

// Asks who is signed in and what is expected; a shell that is another's or older is replaced before work begins.
async function renew() {
  try {
    const found = await state();
    note('session', '');
    if (found.shell !== config.shell && current() === 'start') return await replaceShell();
    const minutes = Math.round((Date.now() - Date.parse(found.now)) / 60_000);
    note('clock', Math.abs(minutes) >= 2 ? say('trouble.clock', { minutes }) : '');
    knowPeople(found.people);
    await handover.keepPeople(found.people);
    await totals.keepExpected(found.expected);
    document.documentElement.dataset.expected = 'known';
    await totals.tellTotals();
    if (found.shell === config.shell) await renewLabels();
  } catch (trouble) {
    if (trouble.kind === 'sign_in') {
      notes.set('session', say('trouble.sign_in'));
      note('queue', say('trouble.sign_in'));
    }
  }
  return null;
}

async function replaceShell() {
  if (sessionStorage.replaced === config.shell) return;
  sessionStorage.replaced = config.shell;
  await keepShell();
  location.reload();
}

async function keepShell() {
  const worker = navigator.serviceWorker?.controller;
  if (!worker) return;
  await new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    worker.postMessage('renew', [channel.port2]);
    setTimeout(resolve, 5_000);
  });
}

async function installWorker() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(config.addresses.worker);
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((resolve) => { navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }); });
  await keepShell();
  document.documentElement.dataset.offline = 'ready';
}

async function startCamera() {
  const video = find('video');
  const problem = await scanner.start(video);
  find('camera-state').textContent = say(problem ? `camera.${problem}` : 'camera.on');
  if (problem) return;
  scanner.watch(video, take, () => current() === 'scan' && ['', 'good'].includes(find('outcome').hidden ? '' : find('outcome').className));
  const track = scanner.torch();
  find('torch').hidden = !track;
  let on = false;
  find('torch').textContent = say('torch.on');
  find('torch').addEventListener('click', async () => {
    on = (await scanner.light(track, !on)) ? !on : on;
    find('torch').setAttribute('aria-pressed', String(on));
    find('torch').textContent = say(on ? 'torch.off' : 'torch.on');
  });
}

async function readPhoto() {
  const [file] = find('code-photo').files;
  find('code-photo').value = '';
  if (!file) return;
  find('code-problem').textContent = say('photo.reading');
  const found = await scanner.decode(file, true).catch(() => []);
  find('code-problem').textContent = found.length ? '' : say('photo.none');
  for (const text of found) await take(text);
}

function wire() {
  document.addEventListener('click', ({ target }) => {
    const place = target.closest('[data-go]')?.dataset.go;
    if (!place) return;
    if (place === 'list') unseen = 0;
    hide();
    go(place);
    tellBadge();
  });
  find('start').disabled = !config.mayReceive;
  find('start').addEventListener('click', () => {
    sounds.unlock();
    askToStay();
    go('scan');
    if (!find('video').srcObject) startCamera();
  });
  find('language').addEventListener('click', switchLanguage);
  find('undo-last').addEventListener('click', async () => {
    const { last } = await totals.tellTotals();
    if (last) await undo(last);
  });
  find('amend-last').addEventListener('click', async () => {
    const { last } = await totals.tellTotals();
    if (last) details.openAgain(last);
  });
  find('code-photo').addEventListener('change', readPhoto);
  document.addEventListener('keydown', ({ key }) => { if (key === 'Escape' && !find('outcome').hidden) hide(); });
  find('outcome-next').addEventListener('click', hide);
  find('outcome-details').addEventListener('click', () => {
    hide();
    find('no-code').click();
  });
  find('outcome').addEventListener('closed', gun.focus);
  onShow('scan', gun.focus);
}

async function switchLanguage() {
  const form = new FormData();
  form.append('language', find('language').value);
  const headers = { 'X-CSRFToken': document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? '' };
  await fetch(config.addresses.language, { method: 'POST', body: form, headers, redirect: 'manual' }).catch(() => null);
  await keepShell();
  location.reload();
}

async function begin() {
  // Modules run when the sheets are there, which say all of this themselves.
  find('first')?.remove();
  wire();
  go('start');
  gun.listen(take, isCode);
  withDetails(details.asksDetails, details.open);
  for (const part of [lists, receipts, handover]) part.begin();
  try {
    await totals.load();
    await details.begin();
    find('person-name').textContent = totals.operator().name;
    knowPeople((await fact('people')) ?? []);
    await queue.tellStatus();
    await sweep();
    await tellRoom();
  } catch {
    note('unkept', say('trouble.unkept'));
  }
  installWorker().catch(() => null);
  await renew();
  setInterval(() => { renew(); tellRoom(); }, RENEW);
  await queue.begin();
}

begin();
