// The words and the configuration that the shell brings along.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
export const config = read('config');
const words = read('words');

export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? '');
}

export function clock(moment) {
  const options = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false };
  return new Date(moment).toLocaleString(config.language, options);
}
