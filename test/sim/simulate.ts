// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One seeded run: several lives of the engine on one disk, clients that write and read at once,
// faults, power losses and kills at random moments, and after each recovery the comparison with
// the model. The seed decides everything; the trace hash of a repeated seed must be equal.

import { createHash } from 'node:crypto';
import { at, DbError, type Random, seededRandom } from '../../src/core/index.ts';
import { type AppliedEvent, encodeRowBatch } from '../../src/model/index.ts';
import { encodeBaseParquet } from '../../src/storage/index.ts';
import { type Life, openLife } from './engine-life.ts';
import { noPlant, type Plant } from './plants.ts';
import { SimDisk } from './sim-disk.ts';
import { StreamModel, Violation } from './stream-model.ts';
import { VirtualClock } from './virtual-clock.ts';
import {
  chooseShape,
  checkLife,
  createCollection,
  fieldsOf,
  type Shape,
  Workload,
} from './workload.ts';

export interface SimReport {
  readonly seed: number;
  /** Null when engine and model agreed to the end. */
  readonly violation: string | null;
  readonly traceHash: string;
  readonly lives: number;
  readonly acknowledged: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly virtualMs: number;
}

/** How a violation begins that opening itself reported. */
export const notOpened = 'the engine does not open';

export async function simulate(seed: number, plant: Plant = noPlant): Promise<SimReport> {
  await loadLibraries();
  const run = new Run(seed, plant);
  let violation: string | null = null;
  try {
    await run.lives();
  } catch (thrown) {
    if (!(thrown instanceof Violation) && !(thrown instanceof DbError)) throw thrown;
    violation = thrown.message;
  }
  return run.report(violation);
}

/** The Parquet libraries load in real time: before the first step, or they would decide its order. */
async function loadLibraries(): Promise<void> {
  const empty = encodeRowBatch({ rowCount: 0, columns: [] });
  await encodeBaseParquet(empty, JSON.stringify({ fields: [] })).catch(() => undefined);
}

class Run {
  private readonly seed: number;
  private readonly plant: Plant;
  private readonly random: Random;
  private readonly shape: Shape;
  private readonly model: StreamModel;
  private readonly trace = createHash('sha256');
  private readonly faults: Record<string, number> = {};
  private clock: VirtualClock;
  private disk: SimDisk;
  private lifeCount = 0;
  private acknowledged = 0;
  private consumerFailure: unknown = null;

  constructor(seed: number, plant: Plant) {
    this.seed = seed;
    this.plant = plant;
    this.random = seededRandom(seed * 2_654_435_761 + 1);
    this.shape = chooseShape(this.random);
    this.model = new StreamModel(fieldsOf);
    this.clock = new VirtualClock(this.random);
    // The disk outlives the clocks: it always asks the present one.
    const present = (): VirtualClock => this.clock;
    this.disk = new SimDisk({
      random: this.random,
      clock: {
        nowMs: () => present().nowMs(),
        monotonicMs: () => present().monotonicMs(),
        timer: (delayMs, callback) => present().timer(delayMs, callback),
        defer: (callback) => present().defer(callback),
      },
      latencyMs: 3,
    });
  }

  async lives(): Promise<void> {
    const count = 2 + Math.floor(this.random.unit() * 4);
    for (let i = 0; i < count; i++) await this.life(i === count - 1);
  }

  report(violation: string | null): SimReport {
    this.trace.update(`end ${violation ?? 'agreed'} ${this.clock.stepCount()}`);
    return {
      seed: this.seed,
      violation,
      traceHash: this.trace.digest('hex'),
      lives: this.lifeCount,
      acknowledged: this.acknowledged,
      faults: this.faults,
      virtualMs: this.clock.nowMs(),
    };
  }

  private async life(last: boolean): Promise<void> {
    const life = await this.open();
    try {
      await this.checked(life, 'after recovery');
      await this.work(life, last);
    } finally {
      life.abandon();
    }
  }

  /** Opens the engine; faults during recovery are tried first, then it must open without any. */
  private async open(): Promise<Life> {
    for (let attempt = 0; ; attempt++) {
      this.lifeCount++;
      this.clock = new VirtualClock(
        this.random,
        this.clock.nowMs() + 1 + Math.floor(this.random.unit() * 1_000),
      );
      const hostile = attempt < 2 && this.random.unit() < 0.3;
      if (hostile) this.disk.setFaults(this.recoveryFaults());
      else this.disk.setFaults({});
      this.model.beginLife();
      const life = await openLife({
        clock: this.clock,
        random: this.random,
        disk: this.disk,
        onApplied: (event) => this.observe(event),
        flushSizeBytes: this.shape.flushSizeBytes,
        plant: this.plant,
      });
      this.countFaults();
      if (life !== null && !(life instanceof DbError)) {
        this.disk.setFaults({});
        return life;
      }
      this.trace.update(`not opened: ${life?.message ?? 'power'}`);
      if (!hostile)
        throw life === null
          ? new Violation('the engine stopped while opening')
          : new Violation(`${notOpened}: ${life.message}`);
      this.disk = this.random.unit() < 0.5 ? this.disk.crash() : this.disk.restart();
    }
  }

  private recoveryFaults(): Parameters<SimDisk['setFaults']>[0] {
    const operation = this.disk.operationCount() + Math.floor(this.random.unit() * 60);
    if (this.random.unit() < 0.6) return { powerLossAt: operation };
    return { failAt: { operation, fault: 'error' } };
  }

  private workFaults(): Parameters<SimDisk['setFaults']>[0] {
    const draw = this.random.unit();
    if (draw < 0.45)
      return { powerLossAt: this.disk.operationCount() + Math.floor(this.random.unit() * 250) };
    if (draw < 0.55) return { syncErrorRate: 0.02 };
    if (draw < 0.65) return { writeErrorRate: 0.02 };
    if (draw < 0.72) return { noSpaceRate: 0.05 };
    return {};
  }

  private observe(event: AppliedEvent): void {
    this.trace.update(
      `${event.shardId} ${event.sequence} ${event.timestamp} ${event.body.byteLength}`,
    );
    try {
      this.model.accept(event);
    } catch (thrown) {
      // Thrown later: the publisher is the engine.
      this.consumerFailure ??= thrown;
    }
  }

  private async checked(life: Life, when: string): Promise<void> {
    if (this.consumerFailure !== null) throw this.consumerFailure;
    if (life.crashes.length > 0)
      throw new Violation(`${when}: an actor crashed: ${at(life.crashes, 0)}`);
    const check = checkLife(life, this.model, this.shape, this.random);
    if (!(await this.clock.runUntil(check))) throw new Violation(`${when}: a read never answered`);
    if (this.consumerFailure !== null) throw this.consumerFailure;
  }

  private async work(life: Life, last: boolean): Promise<void> {
    const created = createCollection(life, this.shape);
    if (!(await this.clock.runUntil(created)))
      throw new Violation('creating a collection never answered');
    this.disk.setFaults(last ? {} : this.workFaults());
    const workload = new Workload(life, this.shape, this.random, this.clock, this.model);
    let done = false;
    const all = workload.run().then(() => void (done = true));
    const settled = await this.clock.runUntil(Promise.race([all, this.disk.powerLost]));
    if (!settled) throw new Violation('a client waits for ever');
    this.acknowledged += workload.acknowledgedCount();
    this.trace.update(workload.summary());
    this.countFaults();
    if (this.consumerFailure !== null) throw this.consumerFailure;
    workload.checkAcknowledged();
    if (done) {
      this.disk.setFaults({});
      await this.checked(life, 'at rest');
    }
    // The end of a life: the machine loses power, or the process alone dies.
    this.disk = this.random.unit() < 0.6 ? this.disk.crash() : this.disk.restart();
  }

  private countFaults(): void {
    for (const [name, count] of this.disk.faultCounts())
      this.faults[name] = (this.faults[name] ?? 0) + count;
  }
}
