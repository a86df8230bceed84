#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The standalone server: settings, directory lock, native pool, cells, engine, doors, in this
// order, and the way back on a signal. Anything that stops it says so in one line.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CatalogMirror, ThreadHost } from '../actors/index.ts';
import { native } from '../native/index.ts';
import { AppliedCounters } from '../pipelines/index.ts';
import type { CellSettings } from './cell.worker.ts';
import { createComputePool } from './compute-pool.ts';
import {
  createStream,
  DbError,
  loadSettings,
  type Settings,
  settingsHelp,
  systemClock,
} from './core/index.ts';
import { openSystemDisk } from './core/system-disk.ts';
import { type Engine, engineFactories, openEngine } from './engine.ts';
import { realHostParts } from './host-parts.ts';
import { metricsText } from './metrics.ts';
import type { AppliedEvent } from './model/index.ts';
import { trimWhenIdle } from './idle-trim.ts';
import { openDoor, openManagement, serverVersion } from './server/index.ts';
import { claimDataFormat } from './storage/index.ts';

const mainOwnerEpoch = 1;

async function serve(settings: Settings): Promise<void> {
  const startedMs = systemClock.nowMs();
  const unlock = lockDirectory(settings.dataDirectory);
  await claimDataFormat(openSystemDisk(settings.dataDirectory));
  native.startPool(settings.nativeThreadCount);
  const counters: AppliedCounters[] = [];
  const { engine, mirror, closePool } = await startEngine(settings, counters);
  const management = await openManagement(
    { port: settings.metricsPort },
    {
      database: engine.database,
      metrics: () =>
        metricsText({
          native,
          counters,
          collectionCount: () => mirror.collectionCount(),
          startedMs,
        }),
    },
  );
  const door = await openDoor(
    { host: settings.host, port: settings.port },
    { database: engine.database, clock: systemClock },
  );
  printWelcome(
    settings,
    door.address.port,
    management.address.port,
    systemClock.nowMs() - startedMs,
  );
  if (settings.host !== '127.0.0.1' && settings.host !== 'localhost') {
    process.stderr.write(
      `listening on ${settings.host}: there is no authentication yet, whoever reaches the port owns the data\n`,
    );
  }
  const stopTrimming = trimWhenIdle(systemClock, native);
  const stop = async (): Promise<void> => {
    stopTrimming();
    await door.close();
    await management.close();
    await engine.close();
    await closePool();
    unlock();
  };
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    stop().then(
      () => process.exit(0),
      (thrown: unknown) => fail(thrown),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

interface Started {
  readonly engine: Engine;
  readonly mirror: CatalogMirror;
  readonly closePool: () => Promise<void>;
}

async function startEngine(settings: Settings, counters: AppliedCounters[]): Promise<Started> {
  const hybridClock = native.createClock(mainOwnerEpoch);
  const pool = createComputePool();
  const applied = createStream<AppliedEvent>((name, error) => {
    process.emitWarning(`applied stream consumer ${name} was cut off: ${String(error)}`);
  });
  const own = new AppliedCounters();
  counters.push(own);
  applied.consume('metrics', (event) => own.count(event));
  const complain = (what: string, error: DbError): void => {
    process.stderr.write(`${what}: ${error.message}\n`);
  };
  const cells = Array.from({ length: settings.cellCount }, () => {
    const counted = new AppliedCounters();
    counters.push(counted);
    return (
      hostId: number,
      route: ConstructorParameters<typeof ThreadHost>[0]['route'],
    ): ThreadHost => {
      const cellSettings: CellSettings = {
        settings,
        hybridClock,
        ownerEpoch: mainOwnerEpoch + hostId,
        counters: counted.buffer,
      };
      return new ThreadHost({
        hostId,
        entry: fileURLToPath(new URL('./cell.worker.js', import.meta.url)),
        settings: cellSettings,
        clock: systemClock,
        route,
        onDeath: (error) => fail(error),
      });
    };
  });
  const parts = realHostParts(settings, pool, { hybridClock, ownerEpoch: mainOwnerEpoch });
  const mirror = new CatalogMirror(native, mainOwnerEpoch);
  const engine = await openEngine({
    parts,
    mirror,
    factories: engineFactories(parts, mirror),
    cells,
    publish: applied.publish,
    onCrash: complain,
  });
  return { engine, mirror, closePool: () => pool.close() };
}

/** One process a directory: the lock dies with its holder, so a kill leaves nothing to clean up. */
function lockDirectory(directory: string): () => void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (thrown) {
    throw new DbError({
      code: 'settings-invalid',
      message: `cannot create the data directory ${directory}: ${String(thrown)}`,
    });
  }
  const { lock, heldBy } = native.lockFile(join(directory, 'LOCK'), `pid ${process.pid}`);
  if (lock === null) {
    throw new DbError({
      code: 'directory-locked',
      message: `data directory ${directory} is in use by ${heldBy ?? 'another process'}: stop it or choose another with --data`,
    });
  }
  return () => native.unlockFile(lock);
}

function printWelcome(settings: Settings, port: number, metricsPort: number, tookMs: number): void {
  process.stdout.write(
    [
      `Dipper ${serverVersion}, listening on ${settings.host}:${port} (gRPC and REST), ready in ${Math.round(tookMs)} ms`,
      `  data ${settings.dataDirectory}, health and metrics on http://127.0.0.1:${metricsPort}, kernels ${native.simdLevel()}`,
      '  Try it (pip install pymilvus):',
      '    from pymilvus import MilvusClient',
      `    client = MilvusClient("http://127.0.0.1:${port}"); client.create_collection("demo", dimension=4)`,
      '    client.insert("demo", [{"id": 1, "vector": [1, 2, 3, 4]}]); print(client.search("demo", [[1, 2, 3, 4]]))',
      '',
    ].join('\n'),
  );
}

function fail(thrown: unknown): never {
  const error = DbError.from(thrown);
  process.stderr.write(`dipper: ${error.message}\n`);
  if (error.kind === 'internal' && error.stack !== undefined)
    process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(
    `Dipper ${serverVersion}\n\nUse: npm start -- [flags]\n\n${settingsHelp()}\n`,
  );
} else {
  try {
    await serve(loadSettings(args, process.env));
  } catch (thrown) {
    fail(thrown);
  }
}
