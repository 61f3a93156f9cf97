/** Every typed message of the project: from the contracts' type hashes, and from TypeScript. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { observationTypes, reportTypes } from '@holdfast/oracle';
import { types } from '@holdfast/order';
import { root } from '../sources.mjs';

/** A field of an EIP-712 struct. */
export type Field = { readonly name: string; readonly type: string };
/** Fields by the name of the struct. */
export type Structs = Readonly<Record<string, readonly Field[]>>;

const hashed = /keccak256\(\s*((?:"[^"]*"\s*)+)\)/g;
const definition = /^([A-Z]\w*)\((\w+(?:\[\])? \w+(?:,\w+(?:\[\])? \w+)*)\)$/;

/** The structs whose type hash a Solidity source computes; the domain is not a message. */
export function structsIn(source: string): Record<string, readonly Field[]> {
  const found: Record<string, readonly Field[]> = {};
  for (const [, literals = ''] of source.matchAll(hashed)) {
    const text = [...literals.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join('');
    const [, name, list] = definition.exec(text) ?? [];
    if (name === undefined || list === undefined || name === 'EIP712Domain') continue;
    found[name] = list.split(',').map((field) => {
      const [type = '', fieldName = ''] = field.split(' ');
      return { name: fieldName, type };
    });
  }
  return found;
}

/** What the contracts verify. */
export function contractStructs(): Structs {
  const folder = join(root, 'contracts/src');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const sources = paths.filter((path) => path.endsWith('.sol'));
  return Object.assign(
    {},
    ...sources.map((path) => structsIn(readFileSync(join(folder, path), 'utf8'))),
  );
}

/** What TypeScript signs or verifies. */
export const packageStructs: Structs = { ...types, ...observationTypes, ...reportTypes };

/** All of them, by name. */
export const allStructs = (): Structs => ({ ...contractStructs(), ...packageStructs });
