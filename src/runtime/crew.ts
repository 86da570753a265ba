// Crew: the kernel workers of a pool, from their spawning together to their end together. One that dies
// ends the crew: the others may wait for its tile.
import { type Remote, wrap } from "comlink";
import { pause } from "./copy.ts";
import {
  type AnswerMessage,
  isAnswerMessage,
  type KernelWorker,
  type RunAnswer,
  type RunMessage,
  type RunRequest,
  runTag,
  type Setup,
} from "./protocol.ts";
import type { WorkerLike } from "./spawn.ts";

export interface Member {
  readonly worker: WorkerLike;
  readonly remote: Remote<KernelWorker>;
  /** Programs it still holds and that nobody will ask for. */
  readonly forget: number[];
  pending: number;
  /** Runs it has not answered yet, by number. */
  readonly runs: Map<number, (answer: RunAnswer) => void>;
}

export interface CrewOptions {
  readonly size: number;
  readonly spawn: () => WorkerLike;
  readonly setup: Omit<Setup, "worker">;
  readonly onDeath: (crew: Crew, cause: Error) => void;
}

/** ms that workers get to leave their tiles, and between two looks whether they have. */
const drainMilliseconds = 500;
const drainStep = 2;
/** ms in which a browser stops a terminated worker in all likelihood; it does not say when it has. */
const terminationMilliseconds = 200;

export class Crew {
  readonly members: readonly Member[];
  private pending = 0;
  private runs = 0;
  private death: Error | null = null;

  private constructor(members: readonly Member[]) {
    this.members = members;
  }

  /** Resolves when every worker has answered; if one cannot be had, none is kept. */
  static async open({ size, spawn, setup, onDeath }: CrewOptions): Promise<Crew> {
    const members: Member[] = [];
    const crew = new Crew(members);
    try {
      for (let index = 0; index < size; index++) members.push(makeMember(spawn()));
      for (const member of members) {
        member.worker.onMessage((data) => {
          if (isAnswerMessage(data)) crew.answered(member, data);
        });
      }
      await Promise.all(
        members.map(async ({ worker, remote }, index) => {
          worker.onDeath((cause) => {
            crew.death ??= cause;
            onDeath(crew, cause);
          });
          await worker.ready;
          await worker.answer(remote.init({ ...setup, worker: index }));
          worker.keepAlive(false);
        }),
      );
      if (crew.death) throw crew.death;
    } catch (error) {
      await crew.terminate();
      throw error;
    }
    return crew;
  }

  /** `onAnswer` hears what the member answers to the run's message; of its death `onDeath` tells. */
  run(member: Member, request: RunRequest, onAnswer: (answer: RunAnswer) => void): void {
    const number = ++this.runs;
    this.count(member, 1);
    member.runs.set(number, onAnswer);
    member.worker.endpoint.postMessage([runTag, number, request] satisfies RunMessage, noTransfer);
  }

  private answered(member: Member, data: AnswerMessage): void {
    const isPlain = typeof data === "number";
    const number = isPlain ? data : data[1];
    const onAnswer = member.runs.get(number);
    if (!onAnswer) return;
    member.runs.delete(number);
    this.count(member, -1);
    onAnswer(isPlain ? plainAnswer : data[2]);
  }

  /** Keeps the process up until the call is answered; rejects when the worker dies before. */
  call<T>(member: Member, ask: (remote: Remote<KernelWorker>) => PromiseLike<T>): Promise<T> {
    this.count(member, 1);
    const call = ask(member.remote);
    const end = () => this.count(member, -1);
    call.then(end, end);
    return member.worker.answer(call);
  }

  /** The one with the fewest calls to answer. */
  idlest(): Member {
    return this.members.reduce((best, member) => (member.pending < best.pending ? member : best));
  }

  /**
   * Ends all workers, after those that can have left the runs, which the caller has marked as dead. True
   * when they surely touch the memory no more. Scar: in a page a worker lives on after an uncaught error,
   * and after `terminate` for a while; one walked into a run of the crew that followed.
   */
  async terminate(): Promise<boolean> {
    const stopsForSure = this.members.every(({ worker }) => worker.stopsForSure);
    const hasLeft = stopsForSure || (await this.hasDrained());
    await Promise.all(this.members.map(({ worker }) => worker.terminate()));
    if (!hasLeft) await pause(terminationMilliseconds);
    return hasLeft;
  }

  /** Whether all calls are answered in time, also those of a worker that counts as dead. */
  private async hasDrained(): Promise<boolean> {
    const until = performance.now() + drainMilliseconds;
    while (this.pending > 0 && performance.now() < until) await pause(drainStep);
    return this.pending === 0;
  }

  private count(member: Member, change: 1 | -1): void {
    member.pending += change;
    const before = this.pending;
    this.pending += change;
    if (before > 0 && this.pending > 0) return;
    for (const { worker } of this.members) worker.keepAlive(this.pending > 0);
  }
}

const plainAnswer: RunAnswer = { end: { kind: "done" }, trace: [] };

const noTransfer: Transferable[] = [];

function makeMember(worker: WorkerLike): Member {
  const remote = wrap<KernelWorker>(worker.endpoint);
  return { worker, remote, forget: [], pending: 0, runs: new Map() };
}
