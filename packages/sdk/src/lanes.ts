/** Which lanes of an account are taken, and the next seq of each. */
import { laneMax } from '@holdfast/order';
import type { Lane, Seq } from '@holdfast/units';

type LaneState = {
  /** Highest seq known to be used. */
  seq: number;
  /** Whether an order of that seq may rest. */
  isLive: boolean;
  /** Requests under way that will change the lane. */
  pending: number;
  /** Highest seq whose order is known to have ended. */
  ended: number;
};

/** The lanes of one account. Plain bookkeeping: the node and the chain have the last word. */
export type Lanes = {
  /** What the node or the chain says; never moves a lane back. */
  learn(lane: number, seq: number, isLive: boolean): void;
  /** Whether anything is known of a lane. */
  knows(lane: number): boolean;
  /** The lowest lane on which nothing rests. */
  free(): Lane;
  /** Takes the next seq of a lane for a new order. */
  next(lane: number): Seq;
  /** The order (lane, seq) was answered. */
  answered(lane: number, seq: number, rests: boolean): void;
  /** The order (lane, seq) is filled, cancelled or expired. */
  ended(lane: number, seq: number): void;
  /** Lanes on which an order may rest. */
  live(): { lane: Lane; seq: Seq }[];
  /** Everything resting is gone (cancel all). */
  allEnded(): void;
};

export function createLanes(): Lanes {
  const lanes = new Map<number, LaneState>();
  const of = (lane: number): LaneState => {
    const known = lanes.get(lane);
    if (known) return known;
    const fresh = { seq: 0, isLive: false, pending: 0, ended: 0 };
    lanes.set(lane, fresh);
    return fresh;
  };
  return {
    learn(lane, seq, isLive) {
      const state = of(lane);
      if (seq > state.seq) Object.assign(state, { seq, isLive });
      else if (seq === state.seq && state.pending === 0) state.isLive = isLive;
    },
    knows: (lane) => lanes.has(lane),
    free() {
      for (let lane = 0; lane <= laneMax; lane++) {
        const state = lanes.get(lane);
        if (!state || (!state.isLive && state.pending === 0)) return lane as Lane;
      }
      return laneMax as Lane;
    },
    next(lane) {
      const state = of(lane);
      state.seq += 1;
      state.pending += 1;
      return state.seq as Seq;
    },
    answered(lane, seq, rests) {
      const state = of(lane);
      state.pending = Math.max(state.pending - 1, 0);
      // A rejected replacement leaves the order before it alone, so `isLive` then stays.
      if (rests) state.isLive = state.ended < seq;
      else if (seq <= state.ended) state.isLive = false;
    },
    ended(lane, seq) {
      const state = of(lane);
      state.ended = Math.max(state.ended, seq);
      if (seq >= state.seq) state.isLive = false;
    },
    live: () =>
      [...lanes]
        .filter(([, state]) => state.isLive)
        .map(([lane, { seq }]) => ({ lane: lane as Lane, seq: seq as Seq })),
    allEnded() {
      for (const state of lanes.values()) {
        state.isLive = false;
        state.ended = state.seq;
      }
    },
  };
}
