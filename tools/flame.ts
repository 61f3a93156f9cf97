/**
 * `node --import tsx tools/flame.ts <out.svg> <title=profile.cpuprofile…>`: CPU profiles of V8 as
 * one flame graph, a picture per profile: width is time on the CPU, what is called lies above its
 * caller. Idle time, the loading of modules and what takes less than 0.25 % are left out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isMain } from './is-main.mjs';

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
};

/** What `node --cpu-prof` writes, as far as it is needed here. */
export type Profile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** µs before each sample. */
  readonly timeDeltas: readonly number[];
};

/** A function at one place of the stack, with its time and that of all it calls, µs. */
export type Flame = { name: string; time: number; readonly called: Map<string, Flame> };

const WIDTH = 1200;
const ROW = 17;
const PART_MIN = 0.0025;
const GLYPH = 6.2;

const nameOf = ({ functionName, url }: ProfileNode['callFrame']): string => {
  const file = url.split('/').slice(-2).join('/').replace(/\?.*$/, '');
  return `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}`}`;
};

const isLeftOut = ({ functionName, url }: ProfileNode['callFrame']): boolean =>
  functionName === '(idle)' || /internal\/modules|\/tsx\/|\/esbuild\//.test(url);

/** The profile as a tree of stacks; the root is all of it. */
export function flameOf({ nodes, samples, timeDeltas }: Profile): Flame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children } of nodes) for (const child of children ?? []) parents.set(child, id);
  const root: Flame = { name: 'all', time: 0, called: new Map() };
  for (const [i, sample] of samples.entries()) {
    const stack: ProfileNode[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const node = byId.get(id);
      if (node !== undefined && node.callFrame.functionName !== '(root)') stack.push(node);
    }
    if (stack.some(({ callFrame }) => isLeftOut(callFrame))) continue;
    const time = Math.max(timeDeltas[i] ?? 0, 0);
    root.time += time;
    let at = root;
    for (const { callFrame } of stack.reverse()) {
      const name = nameOf(callFrame);
      const next = at.called.get(name) ?? { name, time: 0, called: new Map() };
      at.called.set(name, next);
      next.time += time;
      at = next;
    }
  }
  return root;
}

const safe = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** A warm colour that is the same for the same name. */
function colourOf(name: string): string {
  let sum = 7;
  for (const char of name) sum = (sum * 31 + char.charCodeAt(0)) % 9973;
  return `hsl(${10 + (sum % 45)},80%,${62 + (sum % 13)}%)`;
}

type Box = { flame: Flame; x: number; width: number; depth: number };

function boxesOf(flame: Flame, x: number, scale: number, depth: number, all: Flame): Box[] {
  if (flame.time < all.time * PART_MIN) return [];
  const boxes: Box[] = [{ flame, x, width: flame.time * scale, depth }];
  let at = x;
  for (const child of [...flame.called.values()].sort((a, b) => b.time - a.time)) {
    boxes.push(...boxesOf(child, at, scale, depth + 1, all));
    at += child.time * scale;
  }
  return boxes;
}

/** Boxes of one profile with its title, and their height. */
function draw(title: string, flame: Flame, top: number): { lines: string[]; height: number } {
  const boxes = boxesOf(flame, 0, WIDTH / Math.max(flame.time, 1), 0, flame);
  const depth = Math.max(...boxes.map((box) => box.depth)) + 1;
  const lines = [`<text x="4" y="${top + 14}" font-weight="bold">${safe(title)}</text>`];
  for (const { flame: box, x, width, depth: level } of boxes) {
    const y = top + ROW * (depth - level);
    const part = ((100 * box.time) / flame.time).toFixed(1);
    const room = Math.floor((width - 6) / GLYPH);
    const label = room < 4 ? '' : safe(box.name.slice(0, room));
    lines.push(
      `<g><title>${safe(box.name)}: ${part} %</title><rect x="${x.toFixed(1)}" y="${y}" ` +
        `width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colourOf(box.name)}"/>` +
        `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${label}</text></g>`,
    );
  }
  return { lines, height: ROW * (depth + 2) };
}

/** One SVG of all profiles, one below the other. */
export function svgOf(profiles: readonly (readonly [title: string, profile: Profile])[]): string {
  const lines: string[] = [];
  let top = 4;
  for (const [title, profile] of profiles) {
    const drawn = draw(title, flameOf(profile), top);
    lines.push(...drawn.lines);
    top += drawn.height;
  }
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" ` +
    'font-family="monospace" font-size="10">';
  const ground = `<rect width="${WIDTH}" height="${top}" fill="#fff"/>`;
  const title = '<title>Flame graph: CPU time by call, widest below</title>';
  return `${[head, title, ground, ...lines, '</svg>'].join('\n')}\n`;
}

if (isMain(import.meta.url)) {
  const [out, ...given] = process.argv.slice(2);
  if (out === undefined || given.length === 0) {
    console.error('usage: tools/flame.ts out.svg "title=file.cpuprofile" …');
    process.exit(2);
  }
  const profiles = given.map((each) => {
    const [title = '', path = ''] = each.split('=');
    return [title, JSON.parse(readFileSync(path, 'utf8')) as Profile] as const;
  });
  writeFileSync(out, svgOf(profiles));
}
