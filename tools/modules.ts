/**
 * The module table: which workspace packages exist and which of each other they may import.
 * `tools/tidy.ts` holds imports and each package.json to it.
 */

const rules = ['units', 'laws', 'order', 'oracle', 'risk'] as const;

/** Allowed `@holdfast/*` imports of each package's sources. Tests may also import `testExtras`. */
export const modules: Readonly<Record<string, readonly string[]>> = {
  units: [],
  laws: ['units'],
  order: ['units', 'laws'],
  oracle: ['units', 'laws'],
  risk: ['units', 'laws'],
  forecast: ['units'],
  core: rules,
  abi: ['units'],
  host: ['units'],
  quorum: ['units'],
  proof: ['units'],
  party: ['units', 'oracle', 'quorum', 'host'],
  treasury: ['units', 'abi', 'host', 'quorum', 'party'],
  trust: ['units', 'abi', 'host'],
  settle: [...rules, 'core', 'abi', 'host'],
  node: [...rules, 'core', 'settle', 'abi', 'host'],
  sdk: ['units', 'order', 'oracle', 'risk', 'abi', 'host'],
  pool: ['units', 'order', 'risk', 'abi', 'host', 'settle', 'sdk', 'proof'],
  keeper: [...rules, 'abi', 'host'],
  steward: ['units', 'risk', 'forecast', 'abi', 'host', 'keeper'],
  sentinel: [...rules, 'abi', 'host'],
  reporter: ['units', 'order', 'oracle', 'abi', 'host', 'quorum', 'party'],
  trader: ['units', 'order', 'sdk', 'host'],
  cli: [
    'units',
    'order',
    'risk',
    'forecast',
    'sdk',
    'host',
    'abi',
    'proof',
    'quorum',
    'party',
    'sentinel',
    'steward',
    'treasury',
    'trust',
    'pool',
  ],
  venue: [
    ...rules,
    'core',
    'abi',
    'host',
    'settle',
    'node',
    'sdk',
    'keeper',
    'sentinel',
    'quorum',
    'party',
    'reporter',
    'forecast',
    'steward',
    'treasury',
    'trust',
    'trader',
    'cli',
  ],
  range: [
    'units',
    'order',
    'oracle',
    'core',
    'abi',
    'host',
    'settle',
    'node',
    'sentinel',
    'trader',
    'venue',
    'party',
    'risk',
    'sdk',
  ],
};

/** Modules that may be imported besides a package's index, each with its package. */
export const doors: Readonly<Record<string, string>> = {
  'host/programs': 'host',
  'proof/node': 'proof',
  'settle/sim': 'settle',
  'units/measure': 'units',
};

/** Packages that hold no clock, no randomness, no timers, no process and no `node:*`. */
export const pureModules: readonly string[] = [...rules, 'core', 'quorum', 'proof'];

/** Folders of pure packages whose sources run on a machine, as a door of their own. */
export const impureFolders: readonly string[] = ['packages/proof/src/node/'];
