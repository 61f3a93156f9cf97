/** What an operator may ask of the running party, over its own socket. */
import type { JsonReply, JsonRoutes } from '@holdfast/host';
import { approve, reshare, rosterHash, rosterSchema } from '@holdfast/quorum';
import { fromHex, type Hex, isRejection, type Rejection, reject, toHex } from '@holdfast/units';
import { z } from 'zod';
import { draftRotation, lifeOf } from './handover.ts';
import type { RunningParty } from './inside.ts';
import { bareDigest } from './purpose.ts';
import { encodeStatement, offerSchema } from './statement.ts';

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);
const bodies = {
  accept: z.strictObject({ hash }),
  message: z.strictObject({ message: z.string().regex(/^0x(?:[0-9a-f]{2})*$/) }),
  draft: z.strictObject({ offer: offerSchema, validSeconds: z.number().int().min(1) }),
  reshare: z.strictObject({
    roster: rosterSchema,
    holdersMin: z.number().int().min(2).optional(),
  }),
};

/** A message as this party reads it, and what it would say to it once its operator allows it. */
function review(party: Pick<RunningParty, 'read' | 'key'>, message: Uint8Array): JsonReply {
  const reading = party.read(message) ?? bareDigest(message);
  if (reading === undefined) return answer({ lines: [], verdict: null });
  if (isRejection(reading)) return refuse(reading);
  const { lines, digest } = reading;
  const verdict = reading.judge(true, party.key) ?? null;
  return answer({ lines, digest: toHex(digest), verdict });
}

/** Has the committee say to the registry that its key lives. */
async function proveLife(party: Pick<RunningParty, 'sight' | 'sign'>): Promise<JsonReply> {
  const life = lifeOf(party.sight());
  const signature = isRejection(life) ? life : await party.sign(encodeStatement(life));
  return isRejection(signature) ? refuse(signature) : answer({ version: 1, life, signature });
}

const answer = (body: unknown): JsonReply => ({ status: 200, body });
const refuse = (reason: Rejection): JsonReply => ({ status: 409, body: reason });

/** Handlers by method and path; each answers 200, or 409 with a rejection. */
export function controlRoutes(party: Omit<RunningParty, 'close'>): JsonRoutes {
  const with_ =
    <Schema extends z.ZodType>(
      schema: Schema,
      handle: (body: z.output<Schema>) => Promise<JsonReply> | JsonReply,
    ) =>
    ({ body }: { body: unknown }): Promise<JsonReply> | JsonReply => {
      const parsed = schema.safeParse(body);
      if (parsed.success) return handle(parsed.data);
      return refuse(reject('BodyMalformed', z.prettifyError(parsed.error)));
    };
  const done = (no: Rejection | undefined): JsonReply => (no ? refuse(no) : answer({ ok: true }));
  return {
    'GET /status': () => answer(party.status()),
    'GET /active': () => {
      const { active } = party.committee().records;
      if (active === undefined) return refuse(reject('KeyMissing', 'there is no key yet'));
      const { roster, certificate, keys } = active;
      return answer({ roster, certificate, keys });
    },
    'GET /proposed': () => answer({ roster: party.proposed() ?? null }),
    'POST /accept': with_(bodies.accept, async ({ hash: said }) => done(await party.accept(said))),
    'POST /approve': with_(bodies.accept, async ({ hash: said }) =>
      done(await party.work((committee, now) => approve(committee, said, now))),
    ),
    'POST /allow': with_(bodies.message, ({ message }) => done(party.allow(fromHex(message)))),
    'POST /review': with_(bodies.message, ({ message }) => review(party, fromHex(message))),
    'POST /prove': () => proveLife(party),
    'POST /draft': with_(bodies.draft, ({ offer, validSeconds }) => {
      const drafted = draftRotation(offer, validSeconds, party.sight());
      return isRejection(drafted) ? refuse(drafted) : answer(drafted);
    }),
    'POST /sign': with_(bodies.message, async ({ message }) => {
      const signature = await party.sign(fromHex(message));
      return isRejection(signature) ? refuse(signature) : answer({ signature });
    }),
    'POST /reshare': with_(bodies.reshare, async ({ roster, holdersMin }) => {
      const no = await party.work((committee, now) => {
        const refused = reshare(committee, roster, now, holdersMin);
        return refused ?? { records: committee.records, send: [], events: [] };
      });
      return no ? refuse(no) : answer({ roster: rosterHash(roster) });
    }),
  };
}
