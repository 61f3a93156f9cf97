/**
 * Who is served next when more comes in than can be served. A flow is what shares fairly: an
 * account whose owner logged in, or all strangers together. Flows take turns, one item each, and
 * inside a flow its connections do. Room is shared the same way: the fuller the queue, the less
 * each may keep in it (dynamic thresholds, Choudhury and Hahne 1998). Every connection has a few
 * places of its own, so that a newcomer finds room however many others filled it.
 */

/** First in, first out, without moving what waits. */
type Line<T> = { items: (T | undefined)[]; head: number };

const lengthOf = (line: Line<unknown> | undefined): number =>
  line === undefined ? 0 : line.items.length - line.head;

function shift<T>(line: Line<T>): T {
  const item = line.items[line.head] as T;
  line.items[line.head] = undefined;
  line.head += 1;
  if (line.head >= 1024 && line.head * 2 > line.items.length) {
    line.items = line.items.slice(line.head);
    line.head = 0;
  }
  return item;
}

type Flow<T> = { size: number; readonly lines: Map<string, Line<T>> };

export type FairQueue<T> = {
  /** Queues an item of a member of a flow; false where they have no room left. */
  push(flow: string, member: string, item: T): boolean;
  /** The next `count` items in turn, fewer if there are fewer. */
  take(count: number): T[];
  size(): number;
};

/** The first key of a map, moved to its end: whose turn it is now, and never twice in a row. */
function nextTurn<V>(turns: Map<string, V>): [string, V] {
  const [key, value] = turns.entries().next().value as [string, V];
  turns.delete(key);
  turns.set(key, value);
  return [key, value];
}

/** Places that every member has of its own. */
const OWN_PLACES = 32;

/** @param roomMax - items in all, own places left out; one member alone gets a third of it */
export function createFairQueue<T>(roomMax: number): FairQueue<T> {
  const flows = new Map<string, Flow<T>>();
  let size = 0;

  function takeOne(): T {
    const [name, flow] = nextTurn(flows);
    const [member, line] = nextTurn(flow.lines);
    const item = shift(line);
    if (lengthOf(line) === 0) flow.lines.delete(member);
    flow.size -= 1;
    if (flow.size === 0) flows.delete(name);
    size -= 1;
    return item;
  }

  return {
    push(name, member, item) {
      const flow = flows.get(name) ?? { size: 0, lines: new Map<string, Line<T>>() };
      const line = flow.lines.get(member) ?? { items: [], head: 0 };
      const length = lengthOf(line);
      if (length >= OWN_PLACES && length + flow.size + size >= roomMax) return false;
      flows.set(name, flow);
      flow.lines.set(member, line);
      line.items.push(item);
      flow.size += 1;
      size += 1;
      return true;
    },
    take: (count) => Array.from({ length: Math.min(count, size) }, takeOne),
    size: () => size,
  };
}
