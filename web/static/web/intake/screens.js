// One task a screen. A screen may say what is to be done when it is shown.
const shown = new Map();
const path = [];

export const find = (id) => document.getElementById(id);
export const onShow = (name, work) => shown.set(name, work);
export const current = () => path.at(-1);

export function go(name) {
  if (name === 'back') path.pop();
  else if (path.includes(name)) path.length = path.indexOf(name) + 1;
  else path.push(name);
  const now = current() ?? 'start';
  if (!path.length) path.push(now);
  for (const section of document.querySelectorAll('[data-screen]')) section.hidden = section.dataset.screen !== now;
  window.scrollTo(0, 0);
  shown.get(now)?.();
}

export function tell(name, text) {
  for (const place of document.querySelectorAll(`[data-tell="${name}"]`)) place.textContent = text;
}

export function make(tag, text = '', more = {}) {
  const element = Object.assign(document.createElement(tag), more);
  element.textContent = text;
  return element;
}

export function button(text, work, kind = 'secondary') {
  const element = make('button', text, { type: 'button', className: kind });
  element.addEventListener('click', work);
  return element;
}
