// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The kill -9 loop. One directory lives through all rounds. A round lets concurrent clients write,
// kills the server at a random moment with at least four requests in flight, starts it again and
// compares everything with the oracle. Some rounds kill while a flush runs, some kill once more
// while the server is still recovering. kill -9 keeps the page cache, so this lane proves recovery
// and not the fsync itself; that is proved by the simulation's disk.

import assert from 'node:assert/strict';
import { setImmediate as tick, setTimeout as sleep } from 'node:timers/promises';

import type { Random } from '../../src/core/random.ts';
import { RefusedError, WireClient } from '../support/milvus-wire.ts';
import { launchServer, startServer, waitReady, type ServerProcess } from '../support/server.ts';
import {
  createCollections,
  flushEverything,
  MilvusStore,
  perform,
  recallFloorOf,
  waitLoaded,
} from './milvus-store.ts';
import { applyOperation } from './operation.ts';
import { knowledgeOf, OracleFile, readOracle } from './oracle.ts';
import { verifyStore } from './verify.ts';
import { nextOperation, type Counters } from './workload.ts';

export type RoundKind = 'anytime' | 'flush' | 'recovery';

/** What a run needs to know. */
export interface CrashSettings {
  readonly directory: string;
  readonly rounds: number;
  readonly clients: number;
  readonly acknowledgedMin: number;
  /** Whether keys are inserted again while they live. */
  readonly duplicates: boolean;
  readonly random: Random;
  readonly log: (line: string) => void;
}

/** What one round did and found. */
export interface RoundReport {
  readonly round: number;
  readonly kind: RoundKind;
  readonly acknowledged: number;
  /** Requests sent and unanswered at the moment of the kill. */
  readonly inFlight: number;
  readonly killedInFlush: boolean;
  readonly killsInRecovery: number;
  readonly recoveryMs: number;
  readonly rowsChecked: number;
  readonly inDoubt: number;
  readonly violations: readonly string[];
}

const openRequestsMin = 4;
const searchesPerClient = 25;

/** Three of ten rounds or more kill in a flush, two in recovery, the others anywhere. */
export function kindOfRound(round: number): RoundKind {
  const kinds: readonly RoundKind[] = ['anytime', 'flush', 'recovery', 'flush', 'anytime'];
  return kinds[round % kinds.length] ?? 'anytime';
}

/** One crash run over one directory. */
export class CrashRun {
  readonly #settings: CrashSettings;
  readonly #oracle: OracleFile;
  readonly #counters: Counters = { operations: 0, versions: 0 };
  #server: ServerProcess;
  #recoveryMs = 500;

  private constructor(settings: CrashSettings, oracle: OracleFile, server: ServerProcess) {
    this.#settings = settings;
    this.#oracle = oracle;
    this.#server = server;
  }

  /** Starts the first server and makes the collections. */
  static async start(settings: CrashSettings): Promise<CrashRun> {
    const oracle = await OracleFile.open(`${settings.directory}/oracle.jsonl`);
    const server = await startServer({ dataDirectory: `${settings.directory}/data` });
    const wire = new WireClient(server.port);
    await createCollections(wire);
    wire.close();
    return new CrashRun(settings, oracle, server);
  }

  /** Writes and verifies without any kill: what fails here is no matter of recovery. */
  async calmRound(): Promise<readonly string[]> {
    const writers = new Writers(this.#server.port, this.#settings, this.#oracle, this.#counters);
    await writers.start();
    await writers.until((done) => done >= this.#settings.acknowledgedMin / 2);
    const { refusals } = await writers.finish();
    return [...refusals, ...(await this.#verify()).violations];
  }

  /** Writes, kills, restarts, verifies. */
  async round(round: number): Promise<RoundReport> {
    const kind = kindOfRound(round);
    const writers = new Writers(this.#server.port, this.#settings, this.#oracle, this.#counters);
    await writers.start();
    const killedInFlush = await this.#runUntilKill(kind, writers);
    await this.#server.kill();
    const { inFlightAtKill: inFlight, acknowledged, refusals } = await writers.finish();
    const killsInRecovery = kind === 'recovery' ? await this.#killInRecovery() : 0;
    const recoveryMs = await this.#restart();
    const found = await this.#verify();
    const report: RoundReport = {
      round,
      kind,
      acknowledged,
      inFlight,
      killedInFlush,
      killsInRecovery,
      recoveryMs,
      rowsChecked: found.rowsChecked,
      inDoubt: found.settled.length,
      violations: [...refusals, ...found.violations],
    };
    this.#settings.log(
      `round ${round} ${kind}: ${acknowledged} acknowledged, ${inFlight} in flight, ` +
        `${report.inDoubt} in doubt, ${killsInRecovery} kills in recovery, ` +
        `recovered in ${recoveryMs.toFixed(0)} ms, ${report.violations.length} violations`,
    );
    return report;
  }

  /** Flushes, stops politely, starts again and verifies: the files alone must hold everything. */
  async finalPass(): Promise<readonly string[]> {
    const wire = new WireClient(this.#server.port);
    await flushEverything(wire);
    wire.close();
    await this.#server.stop();
    await this.#restart();
    return (await this.#verify()).violations;
  }

  /** Ends the server and returns what it printed last. */
  async end(): Promise<string> {
    await this.#server.kill();
    await this.#oracle.close();
    return this.#server.output();
  }

  async #runUntilKill(kind: RoundKind, writers: Writers): Promise<boolean> {
    const { acknowledgedMin, random } = this.#settings;
    const wire = new WireClient(this.#server.port);
    try {
      if (kind !== 'flush') {
        await writers.until((done) => done > acknowledgedMin / 4);
        await flushEverything(wire); // so that sealed and growing rows both survive
        await writers.until((done) => done >= acknowledgedMin);
        await sleep(-Math.log(1 - random.unit()) * 150);
        await writers.killMoment(() => process.kill(-this.#server.pid, 'SIGKILL'));
        return false;
      }
      await writers.until((done) => done >= acknowledgedMin);
      return await this.#killInFlush(writers, wire);
    } finally {
      wire.close();
    }
  }

  /** Starts flushes until one is still running when its random moment comes; kills then. */
  async #killInFlush(writers: Writers, wire: WireClient): Promise<boolean> {
    let spanMs = 60;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      let flushing = true;
      let killed = false;
      const flush = flushEverything(wire).then(
        () => (flushing = false),
        () => (flushing = false), // the kill ends the call
      );
      await sleep(this.#settings.random.unit() * spanMs);
      await writers.killMoment(() => {
        if (!flushing) return;
        killed = true;
        process.kill(-this.#server.pid, 'SIGKILL');
      });
      await flush;
      if (killed) return true;
      spanMs /= 2;
      const before = writers.acknowledged;
      await writers.until((done) => done > before + 20);
    }
    assert.fail('no flush ran long enough to be killed');
  }

  /** Starts the server and kills it before it is ready; returns how often that succeeded. */
  async #killInRecovery(): Promise<number> {
    let spanMs = this.#recoveryMs;
    let kills = 0;
    for (let attempt = 0; attempt < 6 && kills < 2; attempt += 1) {
      const server = await launchServer({ dataDirectory: this.#server.dataDirectory });
      let ready = false;
      const waiting = waitReady(server).then(
        () => (ready = true),
        () => false, // killed before it was ready, as intended
      );
      await sleep((0.3 + 0.65 * this.#settings.random.unit()) * spanMs);
      if (!ready && server.isAlive()) kills += 1;
      else spanMs *= 0.7;
      await server.kill();
      await waiting;
    }
    return kills;
  }

  async #restart(): Promise<number> {
    const { dataDirectory } = this.#server;
    this.#server = await startServer({ dataDirectory });
    this.#recoveryMs = performance.now() - this.#server.startedAtMs;
    return this.#recoveryMs;
  }

  async #verify(): Promise<Awaited<ReturnType<typeof verifyStore>>> {
    const wire = new WireClient(this.#server.port);
    try {
      await waitLoaded(wire);
      const known = knowledgeOf(await readOracle(this.#oracle.path), this.#settings.clients);
      const verdict = await verifyStore(new MilvusStore(wire), known, (client) => ({
        searches: searchesPerClient,
        recallFloor: recallFloorOf(client),
      }));
      for (const { id, happened } of verdict.settled) {
        await this.#oracle.append({ type: 'settled', id, happened });
      }
      return verdict;
    } finally {
      wire.close();
    }
  }
}

/** The concurrent clients of one round. */
class Writers {
  acknowledged = 0;
  #inFlight = 0;
  #inFlightAtKill = 0;
  #stopped = false;
  readonly #refusals: string[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #port: number;
  readonly #settings: CrashSettings;
  readonly #oracle: OracleFile;
  readonly #counters: Counters;

  constructor(port: number, settings: CrashSettings, oracle: OracleFile, counters: Counters) {
    this.#port = port;
    this.#settings = settings;
    this.#oracle = oracle;
    this.#counters = counters;
  }

  async start(): Promise<void> {
    const known = knowledgeOf(await readOracle(this.#oracle.path), this.#settings.clients);
    known.forEach(({ rows }, client) => this.#loops.push(this.#loop(client, rows)));
  }

  /** Waits until enough requests of this round are acknowledged. */
  async until(enough: (acknowledged: number) => boolean): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!enough(this.acknowledged)) {
      assert(!this.#stopped, `the clients stopped early: ${this.#refusals.join('; ')}`);
      assert(performance.now() < deadline, `only ${this.acknowledged} requests acknowledged`);
      await sleep(5);
    }
  }

  /** Waits for an instant with enough requests in flight and acts in it. */
  async killMoment(act: () => void): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (this.#inFlight < openRequestsMin && performance.now() < deadline) await tick();
    this.#inFlightAtKill = this.#inFlight;
    act();
  }

  async finish(): Promise<{ inFlightAtKill: number; acknowledged: number; refusals: string[] }> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    const refusals = this.#refusals;
    return { inFlightAtKill: this.#inFlightAtKill, acknowledged: this.acknowledged, refusals };
  }

  async #loop(client: number, rows: Map<number, bigint[]>): Promise<void> {
    const wire = new WireClient(this.#port);
    try {
      while (!this.#stopped) {
        const { random, duplicates } = this.#settings;
        const operation = nextOperation(client, rows, this.#counters, random, duplicates);
        await this.#oracle.append({ type: 'sent', operation });
        this.#inFlight += 1;
        try {
          await perform(wire, operation);
        } finally {
          this.#inFlight -= 1;
        }
        await this.#oracle.append({ type: 'acknowledged', id: operation.id });
        applyOperation(rows, operation);
        this.acknowledged += 1;
      }
    } catch (error) {
      // A lost connection is the kill; a refusal is the server's mistake. Both leave it in doubt.
      if (error instanceof RefusedError) this.#refusals.push(error.message);
      else if (error instanceof assert.AssertionError) this.#refusals.push(error.message);
    } finally {
      wire.close();
    }
  }
}
