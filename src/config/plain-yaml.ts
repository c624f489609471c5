// Reads plain YAML, as most configurations are: a put would take a millisecond to load the library that reads all of it.

type Scalar = string | number | boolean;
type Mapping<Value> = Record<string, Value>;
type Value = Scalar | Scalar[] | Mapping<Scalar>;

/** One line: `- value`, or `key: value`. */
interface Entry {
  readonly indent: string;
  readonly key: string | undefined;
  readonly value: string | undefined;
}

interface Section {
  readonly key: string;
  readonly value: string | undefined;
  readonly below: Entry[];
}

/** What YAML refuses, or takes for the end of a line or the mark of an encoding. */
const unusual = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
/** Or nothing but a comment: then it has no indent. */
const entry = /^(?:( *)(?:-|([a-z][A-Za-z]*):)(?: +([^ #].*?))?(?: +#.*| *)| *(?:#.*)?)$/;
const list = /^\[ *(.*?) *\]$/;
/** What is neither a number nor a time to YAML: a name, an address, an endpoint, a duration. */
const word = /^(?:[A-Za-z/][\w./@:-]*|\d[\w.]*:[\w.:]*|(?:\d+(?:ms|[smhd]))+)(?<!:)$/;
const keywords = ['true', 'false', 'null'];

/**
 * A mapping of keys of letters to words, whole numbers and booleans, and to lists and mappings of these.
 * @returns undefined when there is anything else, or nothing: right or wrong, that is for a reader of all YAML.
 */
export function readPlainYaml(text: string): Mapping<Value> | undefined {
  const sections = unusual.test(text) ? undefined : sectionsOf(text);
  if (sections === undefined || sections.length === 0) return undefined;
  return mappingOf(sections.map((section) => [section.key, valueOf(section)]));
}

function sectionsOf(text: string): Section[] | undefined {
  const sections: Section[] = [];
  for (const line of text.split('\n')) {
    const [found, indent, key, value] = entry.exec(line) ?? [];
    if (found === undefined) return undefined;
    if (indent === undefined) continue;
    const last = sections.at(-1);
    if (indent === '' && key !== undefined) sections.push({ key, value, below: [] });
    else if (last === undefined) return undefined;
    else last.below.push({ indent, key, value });
  }
  return sections;
}

function valueOf({ value, below }: Section): Value | undefined {
  const [first] = below;
  if (first === undefined) return value === undefined ? undefined : listOrScalar(value);
  if (value !== undefined || below.some(({ indent }) => indent !== first.indent)) return undefined;
  const values = below.map((each) => [each.key, scalarOf(each.value)] as const);
  return first.key === undefined ? listOf(values) : mappingOf(values);
}

function listOrScalar(text: string): Value | undefined {
  const [, items] = (text.startsWith('[') && list.exec(text)) || [];
  if (items === undefined) return scalarOf(text);
  return listOf(items.split(/ *, */).map((item) => [undefined, scalarOf(item)]));
}

type Pairs<Value> = readonly (readonly [key: string | undefined, value: Value | undefined])[];

function listOf(pairs: Pairs<Scalar>): Scalar[] | undefined {
  const values: Scalar[] = [];
  for (const [key, value] of pairs) {
    if (key !== undefined || value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function mappingOf<Value>(pairs: Pairs<Value>): Mapping<Value> | undefined {
  const mapping: Mapping<Value> = {};
  for (const [key, value] of pairs) {
    if (key === undefined || value === undefined || Object.hasOwn(mapping, key)) return undefined;
    mapping[key] = value;
  }
  return mapping;
}

function scalarOf(text = ''): Scalar | undefined {
  const number = Number(text);
  if (Number.isInteger(number) && String(number) === text) return number;
  if (text === 'true' || text === 'false') return text === 'true';
  return word.test(text) && !keywords.includes(text.toLowerCase()) ? text : undefined;
}
