import type { Curve } from '../kit/budget.ts';

export const calibration: Readonly<Record<string, Curve>> = {};
