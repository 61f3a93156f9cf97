/** What an operator may ask of the running party, over its own socket. */
import type { JsonReply, JsonRoutes } from '@holdfast/host';
import { approve, reshare, rosterHash, rosterSchema } from '@holdfast/quorum';
import { fromHex, type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { z } from 'zod';
import type { RunningParty } from './inside.ts';

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);
const bodies = {
  accept: z.strictObject({ hash }),
  message: z.strictObject({ message: z.string().regex(/^0x(?:[0-9a-f]{2})*$/) }),
  reshare: z.strictObject({
    roster: rosterSchema,
    holdersMin: z.number().int().min(2).optional(),
  }),
};

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
    'POST /allow': with_(bodies.message, ({ message }) => {
      party.allow(fromHex(message));
      return answer({ ok: true });
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
