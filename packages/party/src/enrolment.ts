/** The founding of a committee: every party says its keys under its invitation's secret. */
import type { Logger } from '@holdfast/host';
import { type Roster, readBody } from '@holdfast/quorum';
import { type Hex, isRejection, type Rejection } from '@holdfast/units';
import type { Identity, KeyPair } from './identity.ts';
import { type Founding, foundingId, rosterFrom } from './invitation.ts';
import { createLink, type Link } from './link.ts';
import { createWire } from './wire.ts';

export type EnrolmentOptions = {
  readonly founding: Omit<Founding, 'enrol'>;
  readonly enrol: KeyPair;
  readonly identity: Identity;
  readonly logger: Logger;
  readonly complete: (roster: Roster) => void;
  readonly fail: (reason: Rejection) => void;
};

export type Enrolment = { missing(): string[]; close(): void };

const sayMs = 500;

/** Says our keys until everybody's are known; goes on for those who are late, until closed. */
export function startEnrolment(options: EnrolmentOptions): Enrolment {
  const { founding, enrol, identity, logger, complete, fail } = options;
  const whole = { ...founding, enrol };
  const sid = foundingId(whole);
  const nameOf = new Map(founding.parties.map((party) => [party.enrol, party.name]));
  const others = founding.parties.map((party) => party.enrol).filter((key) => key !== enrol.public);
  const enrolled = new Map<string, { key: Hex; seal: Hex }>();
  const own = { key: identity.sign.public, seal: identity.seal.public };
  enrolled.set(founding.you, own);
  let isComplete = false;
  const wire = createWire({
    identity: { ...identity, sign: enrol },
    // Nothing is sealed here; the key says only that the sender is invited.
    sealKeyOf: (key) => (nameOf.has(key) ? key : undefined),
    now: Date.now,
  });
  const body = { name: founding.you, ...own };

  function take(text: string): void {
    const message = wire.decode(text);
    if (isRejection(message) || message.type !== 'enrol' || message.sid !== sid) return;
    const said = readBody('enrol', message.body);
    const name = nameOf.get(message.from);
    if (said === undefined || name === undefined || said.name !== name) return;
    const { key, seal } = said;
    const known = enrolled.get(name);
    if (known !== undefined && (known.key !== key || known.seal !== seal)) {
      logger.error({ name }, 'a party enrolled twice with different keys');
      const text2 = `${name} enrolled twice with different keys: found the committee anew`;
      fail({ code: 'EnrolmentWrong', message: text2 });
      return;
    }
    enrolled.set(name, { key, seal });
    settle();
  }

  function settle(): void {
    if (isComplete) return;
    const roster = rosterFrom(whole, enrolled);
    if (roster === undefined) return;
    isComplete = true;
    if (isRejection(roster)) fail(roster);
    else complete(roster);
  }

  const link: Link = createLink({ url: founding.relay, pair: enrol, logger, deliver: take });
  const speaker = setInterval(() => {
    const message = { sid, gen: 0, type: 'enrol' as const, to: others, isPrivate: false, body };
    const { to, text } = wire.encode(message);
    link.send(to, text);
  }, sayMs);
  return {
    missing: () => founding.parties.flatMap(({ name }) => (enrolled.has(name) ? [] : [name])),
    close() {
      clearInterval(speaker);
      link.close();
    },
  };
}
