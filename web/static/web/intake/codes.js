// What a scanner read, resolved as batteries.codes does it: the expressions and tables come from there, with the shell.
const GS = '\x1d';
const whole = (pattern, flags = 's') => new RegExp(`^(?:${pattern})$`, flags);

export function reader(rules) {
  const { code: table } = rules;
  const form = whole(table.form);
  const url = whole(rules.url);
  const provisional = whole(rules.provisional);
  const gtin = whole(rules.gtin);
  const gtinField = new RegExp(rules.gtinField);
  const fixedFields = new RegExp(`^(?:${rules.fixedFields})`);
  const symbology = new RegExp(`^(?:${rules.symbology})`);
  // Python counts the separators of ASCII and NEL among blanks, JavaScript does not.
  const blanks = new RegExp(rules.blanks.replace('[', '[\\x1c-\\x1f\\x85'), 'g');

  const normalise = (text) => text.normalize('NFKC').replace(blanks, '').replace(/[a-z]/g, (letter) => letter.toUpperCase());

  function dayOf(letters) {
    const [year, month, day] = [table.years, table.months, table.days].map((letterTable, at) => letterTable.indexOf(letters[at]));
    if (Math.min(year, month, day) < 0) return null;
    const found = new Date(Date.UTC(table.firstYear + year, month, day + 1));
    return found.getUTCMonth() === month ? found.toISOString().slice(0, 10) : null;
  }

  // {code} of a battery code, or {problem} with the first thing that is wrong.
  function read(text, today) {
    const code = normalise(text);
    const dateAt = table.dateAt[[...code].length];
    if (dateAt === undefined) return { text: code, problem: /[^0-9A-Z]/.test(code) ? 'character' : 'length' };
    if (/[^0-9A-Z]/.test(code)) return { text: code, problem: 'character' };
    if (!form.test(code)) return { text: code, problem: 'form' };
    const day = dayOf(code.slice(dateAt, dateAt + 3));
    if (day === null) return { text: code, problem: 'date' };
    return day > today ? { text: code, problem: 'future_date' } : { text: code, code };
  }

  function identity(kind, text, today) {
    const found = read(text, today);
    if (found.code) return { kind, ...found };
    return provisional.test(found.text) ? { kind, text: found.text, code: found.text } : { kind: 'unknown', ...found };
  }

  function scan(payload, today) {
    if ([...payload].length > rules.limit) return { kind: 'unknown', text: payload.slice(0, 60), problem: 'length' };
    const given = payload.replace(/^[\x00-\x1f\x7f]+|[\x00-\x1f\x7f]+$/g, '');
    const plain = identity('battery_code', given, today);
    if (plain.code) return plain;
    const text = given.split(GS).map(normalise).join(GS);
    const address = url.exec(text);
    if (address) {
      const attempts = inUrl(address[1], address[2]).map(([kind, candidate]) => identity(kind, candidate, today));
      const found = attempts.find((attempt) => attempt.code);
      // No guessing at the end of a URL: a signature in the query would pass for a code now and then.
      if (found || text.includes('://')) return found ?? attempts[0] ?? plain;
    }
    for (const [kind, candidate] of inString(text)) {
      const found = read(candidate, today);
      if (found.code) return { kind, ...found };
    }
    return plain;
  }

  function inUrl(path, rest) {
    const segments = path.split('/').filter(Boolean).map(unquote);
    const at = segments.findIndex((segment, place) => segment === '01' && place < segments.length - 3 && gtin.test(segments[place + 1]));
    const found = [];
    let serial;
    for (let place = at + 2; at >= 0 && place + 1 < segments.length; place += 2) if (segments[place] === '21') serial = segments[place + 1];
    if (serial !== undefined) found.push(['digital_link', serial]);
    else if (segments.length) found.push(['label', segments.at(-1)]);
    const tail = rest.replace(/\/+$/, '').split(/[/?&=#]/).at(-1);
    if (tail) found.push(['label', unquote(tail)]);
    return found;
  }

  function inString(text) {
    const elements = text.replace(symbology, '');
    const found = [];
    if (elements.startsWith('(01)')) {
      for (const field of elements.split('(').slice(1)) if (field.startsWith('21)')) found.push(['digital_link', field.slice(3)]);
    } else if (gtinField.test(elements)) {
      for (const field of elements.split(GS)) {
        const variable = field.replace(fixedFields, '');
        if (variable.startsWith('21')) found.push(['digital_link', variable.slice(2)]);
      }
    }
    const joined = text.replaceAll(GS, '');
    return [...found, ['battery_code', joined.slice(-24)], ['battery_code', joined.slice(-19)]];
  }

  return { scan, read, normalise };
}

function unquote(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-7][0-9a-f])/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  }
}

// The day it is in China, which is the day that codes are judged by.
export const today = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
