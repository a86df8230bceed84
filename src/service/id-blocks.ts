// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Auto ids for inserts, from blocks that the coordinator reserved durably. A request's ids are
// consecutive; what is left of a block when the process ends is never given again.

import { type ActorSystem, coordinatorAddress } from '../../actors/index.ts';

const blockSize = 1_000_000;

export class IdBlocks {
  private next = 0;
  private end = 0;
  private refill: Promise<void> | null = null;
  private readonly system: ActorSystem;

  constructor(system: ActorSystem) {
    this.system = system;
  }

  /** First of `count` consecutive ids; waits only when the block is used up. */
  async take(count: number): Promise<bigint> {
    while (this.next + count > this.end) {
      this.refill ??= this.fetch(Math.max(blockSize, count)).finally(() => {
        this.refill = null;
      });
      await this.refill;
    }
    const first = this.next;
    this.next += count;
    return BigInt(first);
  }

  private async fetch(count: number): Promise<void> {
    const first: number = await this.system.ask(coordinatorAddress, { type: 'reserve-ids', count });
    this.next = first;
    this.end = first + count;
  }
}
