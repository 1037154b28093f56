// A scanner gun is a keyboard: the field has the focus, Enter or Tab ends a code. Speed is never asked for, nothing is
// cut off and nothing filled in.
import { find } from './screens.js';

const SHIFTED = { Digit1: '!', Digit2: '@', Digit3: '#', Digit4: '$', Digit5: '%', Digit6: '^', Digit7: '&', Digit8: '*', Digit9: '(', Digit0: ')' };
const MARKS = {
  Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}', Semicolon: ';:', Quote: "'\"", Backquote: '`~',
  Backslash: '\\|', Comma: ',<', Period: '.>', Slash: '/?', Space: '  ',
  NumpadAdd: '++', NumpadSubtract: '--', NumpadMultiply: '**', NumpadDivide: '//', NumpadDecimal: '..',
};

// The character of a key on the layout that guns use, whatever an input method made of it.
export function characterOf(event) {
  const { code, shiftKey } = event;
  if (/^Key[A-Z]$/.test(code)) {
    const upper = shiftKey !== event.getModifierState?.('CapsLock');
    return upper ? code[3] : code[3].toLowerCase();
  }
  if (/^Digit\d$/.test(code)) return shiftKey ? SHIFTED[code] : code[5];
  if (/^Numpad\d$/.test(code)) return code[6];
  return MARKS[code]?.[shiftKey ? 1 : 0] ?? '';
}

// `take(text)` is given each text as a whole; `isCode(text)` tells whether a text put in at once is one by itself.
export function listen(take, isCode) {
  const field = find('code');
  let keys = '';
  let byMethod = false;
  let rest = false;

  function finish() {
    const text = byMethod ? keys : field.value;
    rest = byMethod;
    clear();
    if (text) take(text);
  }

  function clear() {
    field.value = '';
    [keys, byMethod] = ['', false];
  }

  field.addEventListener('keydown', (event) => {
    const ends = ['Enter', 'Tab', 'NumpadEnter'].includes(event.key === 'Process' ? event.code : event.key);
    if (ends && (field.value || keys)) {
      event.preventDefault();
      finish();
      return;
    }
    rest = false;
    if (event.key === 'Process' || event.isComposing || event.keyCode === 229) {
      // Some telephones tell no key at all; there the field itself is right.
      byMethod ||= Boolean(characterOf(event));
      keys += characterOf(event);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      keys += event.key;
    } else if (event.key === 'Backspace') {
      keys = keys.slice(0, -1);
    }
  });
  // What an input method puts in after the code was taken is not the beginning of the next one.
  field.addEventListener('compositionend', () => {
    if (rest) field.value = '';
    rest = false;
  });
  field.addEventListener('paste', (event) => {
    const text = event.clipboardData.getData('text');
    if (!text || field.value) return;
    event.preventDefault();
    clear();
    for (const line of lines(text, isCode)) take(line);
  });
  // PDAs put a whole code in at once, without a key.
  field.addEventListener('input', (event) => {
    if (!event.isComposing && (event.data?.length ?? 0) > 1 && isCode(event.data) && field.value === event.data) finish();
  });
  find('gun').addEventListener('submit', (event) => {
    event.preventDefault();
    finish();
  });
}

// A text is one code on one or two lines, or several codes, one a line.
function lines(text, isCode) {
  if (isCode(text)) return [text];
  const parts = text.split(/[\r\n\t]+/).filter((part) => part.trim());
  return parts.every(isCode) ? parts : [text];
}

export function focus() {
  const field = find('code');
  if (!field.closest('section').hidden) field.focus({ preventScroll: true });
}
