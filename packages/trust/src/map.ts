/** The committed map of who may call what, as it was found by asking, and how it changes. */
import type { Found } from './probe.ts';

/** What was found, by contract and signature. */
export type RoleMap = Record<string, Record<string, Found>>;

const all = (map: RoleMap): Map<string, Found> =>
  new Map(
    Object.entries(map).flatMap(([name, functions]) =>
      Object.entries(functions).map(
        ([signature, found]) => [`${name}.${signature}`, found] as const,
      ),
    ),
  );

/** Lines that say what is different, each as widening or not; none when the maps are the same. */
export function differences(before: RoleMap, after: RoleMap): string[] {
  const [old, now] = [all(before), all(after)];
  const lines: string[] = [];
  for (const [name, { callers, strangers }] of now) {
    const was = old.get(name);
    const who = callers.join(', ') || 'anybody';
    if (was === undefined) {
      lines.push(`NEW: ${name} lets in ${who}`);
      continue;
    }
    const opened = callers.length === 0 && was.callers.length > 0;
    const more = callers.filter((each) => !was.callers.includes(each));
    const fewer = was.callers.filter((each) => !callers.includes(each));
    const told = strangers.filter((each) => !was.strangers.includes(each));
    if (opened)
      lines.push(`WIDER: ${name} was for ${was.callers.join(', ')}, now anybody is let in`);
    else if (was.callers.length > 0 && more.length > 0) {
      lines.push(`WIDER: ${name} now lets in ${more.join(', ')}, too`);
    } else if (more.length > 0) lines.push(`NARROWER: ${name} was for anybody, is for ${who} now`);
    if (!opened && fewer.length > 0)
      lines.push(`NARROWER: ${name} is shut for ${fewer.join(', ')}`);
    if (told.includes('ok') && callers.length > 0) lines.push(`WIDER: ${name} lets a stranger in`);
    else if (told.length > 0) lines.push(`OTHER: ${name} tells strangers ${told.join(', ')}`);
  }
  for (const name of old.keys()) if (!now.has(name)) lines.push(`GONE: ${name}`);
  return lines;
}
