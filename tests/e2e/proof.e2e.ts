import { attacksAreStopped } from '../../packages/proof/test/stopped.ts';

attacksAreStopped('solvency');
