/**
 * How modules are found where mutants are judged: `node:test` is the collector, and a module of the
 * workspace has its importer's version, so that a test file can be loaded again with all that it
 * stands on.
 */
let workspace = '';
const collector = new URL('./collector.mjs', import.meta.url).href;

export function initialize(data) {
  workspace = data.workspace;
}

export async function resolve(specifier, context, next) {
  const { parentURL = '' } = context;
  if (!parentURL.startsWith(workspace)) return next(specifier, context);
  if (specifier === 'node:test') return { url: collector, shortCircuit: true };
  const found = await next(specifier, context);
  const version = new URL(parentURL).searchParams.get('v');
  if (version === null || !found.url.startsWith(workspace)) return found;
  const url = new URL(found.url);
  url.searchParams.set('v', version);
  return { ...found, url: url.href };
}
