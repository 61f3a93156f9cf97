/**
 * The oracle's committee in a running venue: two of five reporters die and reports go on; a third
 * dies and the venue stands still as with any stale oracle; they come back and it goes on.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { committeesAbi, committeeVerifierAbi } from '@holdfast/abi';
import { chainAccess, createChainReader, fetchJson, sleep } from '@holdfast/host';
import { decodeSignedReport } from '@holdfast/oracle';
import { fromHex, type Hex, isRejection } from '@holdfast/units';
import { createService, type Service } from '@holdfast/venue';
import { reporterSpecs } from '../../packages/venue/src/launch/services.ts';
import { awaitFunds, gather, type Member, openPurse } from './harness/herd.ts';
import { onStage, type Stage, serviceOf, showLogs, tell } from './harness/stage.ts';
import { since, until } from './harness/until.ts';

/** Venue seconds per second: a round is still 2 s of the wall, but a price is stale after 12 s. */
const speed = 600;
const roundSeconds = 1200;
const staleWallMs = 12_000;

type Relayed = { round: number; time: number; raw: Hex };

const relayOf = ({ venue }: Stage): string => `http://${venue.relay.host}:${venue.relay.port}`;

async function reportsAfter(stage: Stage, round: number): Promise<Relayed[]> {
  const { body } = await fetchJson(`${relayOf(stage)}/v1/reports?after=${round}`);
  return body as Relayed[];
}

const lastRound = async (stage: Stage): Promise<number> =>
  (await reportsAfter(stage, 0)).at(-1)?.round ?? 0;

async function committeeOf(stage: Stage) {
  const { body } = await fetchJson(`${relayOf(stage)}/v1/committee`);
  return body as { round?: number; signers?: number[]; silent: number[]; key: Hex };
}

/** Waits for so many reports more. @returns wall seconds, and the rounds that had none */
async function goOn(stage: Stage, count: number) {
  const [before, began] = [await lastRound(stage), Date.now()];
  const reports = await until(`${count} reports more`, count * 6_000 + 10_000, async () => {
    const found = await reportsAfter(stage, before);
    return found.length >= count && found;
  });
  const last = reports.at(-1)?.round ?? 0;
  return { seconds: since(began), missed: (last - before) / roundSeconds - reports.length };
}

/** kill -9, and no supervisor that starts it again. */
async function kill(stage: Stage, number: number): Promise<void> {
  const service = serviceOf(stage.running, `reporter-${number}`);
  const pid = service.pid();
  assert.ok(pid, `reporter-${number} is not running`);
  process.kill(pid, 'SIGKILL');
  await until('it is dead', 5000, () => service.pid() === undefined, 20);
  await service.stop();
}

function revive(stage: Stage, numbers: readonly number[]): Service[] {
  const quiet = { note: () => undefined, pid: () => undefined };
  const specs = reporterSpecs(stage.dir, stage.running.plan.kept, stage.venue.committee?.relay);
  return numbers.map((number) => {
    const spec = specs[number - 1];
    assert.ok(spec !== undefined);
    return createService(spec, quiet);
  });
}

/** What the node says to an order far from the price. */
async function order({ client }: Member): Promise<string> {
  const terms = { market: 'BTC-USD', side: 'buy', size: '0.001', price: '50000' } as const;
  const answer = await client.place(terms);
  return 'code' in answer && answer.code ? answer.code : (answer as { status: string }).status;
}

/** The chain itself takes the newest report, and no report with one bit turned. */
async function checkOnChain(stage: Stage): Promise<void> {
  const { venue } = stage;
  const reader = createChainReader(chainAccess(venue));
  const raw = (await reportsAfter(stage, 0)).at(-1)?.raw ?? '0x';
  const report = decodeSignedReport(fromHex(raw));
  assert.ok(!isRejection(report), 'reports are signed by the group');
  const call = { address: venue.contracts.verifier, abi: committeeVerifierAbi } as const;
  const verify = (bytes: Hex) =>
    reader.readContract({ ...call, functionName: 'verify', args: [bytes] });
  assert.equal((await verify(raw)).round, report.round);
  const flipped = `${raw.slice(0, 40)}${raw[40] === '0' ? '1' : '0'}${raw.slice(41)}` as Hex;
  await assert.rejects(verify(flipped), /ReportUnsigned/);
  assert.ok(venue.committee);
  const known = await reader.readContract({
    address: venue.committee.registry,
    abi: committeesAbi,
    functionName: 'committee',
    args: [venue.committee.id],
  });
  assert.deepEqual([known.threshold, known.size, known.generation], [3, 5, 1]);
  assert.equal(known.roster, venue.committee.roster);
}

async function stopsAndComesBack(stage: Stage, member: Member): Promise<Service[]> {
  await kill(stage, 5);
  await sleep(2_000);
  const last = await lastRound(stage);
  tell('three of five are dead');
  const answers = new Set<string>();
  await until('orders are refused for want of a price', 2 * staleWallMs, async () => {
    const answer = await order(member);
    if (!answers.has(answer)) tell(`an order is answered ${answer}`);
    answers.add(answer);
    return answer === 'PriceStale';
  });
  assert.equal(await lastRound(stage), last, 'two of five made a report');
  assert.deepEqual((await committeeOf(stage)).silent, [1, 2, 5]);
  const again = revive(stage, [2, 5]);
  const began = Date.now();
  await Promise.all(again.map((service) => service.start()));
  await goOn(stage, 3);
  tell(`reports again ${since(began)} s after two were started`);
  await until('orders are taken again', 20_000, async () => (await order(member)) === 'accepted');
  return again;
}

describe('the oracle of a venue', { timeout: 400_000 }, () => {
  it('goes on with two of five dead, stands still with three, and goes on again', async () => {
    await onStage({ traders: 0, seed: 'oracle', speed, reports: 'committee' }, async (stage) => {
      let revived: Service[] = [];
      try {
        await until('a report', 30_000, async () => (await lastRound(stage)) > 0);
        await checkOnChain(stage);
        const [member] = await gather(stage.venue, await openPurse(stage.venue), [10_000]);
        assert.ok(member !== undefined);
        await awaitFunds([member]);
        assert.equal(await order(member), 'accepted');
        const whole = await goOn(stage, 5);
        tell(`five of five: 5 reports in ${whole.seconds} s, ${whole.missed} rounds without`);
        await kill(stage, 1);
        await kill(stage, 2);
        const two = await goOn(stage, 6);
        tell(`three of five: 6 reports in ${two.seconds} s, ${two.missed} rounds without`);
        assert.ok(two.missed <= 2, `${two.missed} rounds had no report`);
        const { signers, silent } = await committeeOf(stage);
        assert.deepEqual(signers, [3, 4, 5]);
        assert.deepEqual(silent, [1, 2]);
        await checkOnChain(stage);
        revived = await stopsAndComesBack(stage, member);
        member.client.close();
      } catch (error) {
        showLogs(stage.dir, ['relay', 'reporter-1', 'reporter-3', 'reporter-4']);
        throw error;
      } finally {
        await Promise.all(revived.map((service) => service.stop()));
      }
    });
  });
});
