// The errors dq reports: what kind (which decides the exit code), what happened, and what to do about it.

/**
 * - `usage`: the command line is wrong; `config`: the configuration is. Nothing was done.
 * - `absent`: the asked-for thing is not so (a named job that isn't there).
 * - `unavailable`: not possible now; the same call may succeed later.
 */
export type ErrorKind = 'usage' | 'config' | 'absent' | 'unavailable';

export interface ErrorFacts {
  /** What the user can do about it: one sentence without a final stop. */
  readonly hint?: string | undefined;
  /** The endpoint of the node it is about. */
  readonly node?: string;
  /** Where in the configuration it is, such as `work.timeout`. */
  readonly path?: string;
  readonly cause?: unknown;
}

/** An error a user can act on. Anything else that is thrown is a defect of dq. */
export class DqError extends Error {
  override readonly name: string = 'DqError';
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly node: string | undefined;
  readonly path: string | undefined;

  constructor(kind: ErrorKind, message: string, facts: ErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.kind = kind;
    this.hint = facts.hint;
    this.node = facts.node;
    this.path = facts.path;
  }
}

/**
 * - `down`: no connection, or it was lost before the reply.
 * - `timeout`: no reply within its deadline (the connection was destroyed).
 * - `protocol`: a reply that breaks the protocol (the connection was destroyed).
 * - `out-of-memory`, `draining`, `internal`: the node refused; nothing changed there.
 * - `too-big`: the envelope is over the node's limit.
 */
export type NodeFault =
  'down' | 'timeout' | 'protocol' | 'out-of-memory' | 'draining' | 'internal' | 'too-big';

/** A node didn't do what it was asked to. */
export class NodeError extends DqError {
  override readonly name = 'NodeError';
  override readonly node: string;
  readonly fault: NodeFault;
  /** The command was written and its reply never came: it may have taken effect. */
  readonly unconfirmed: boolean;

  constructor(node: string, fault: NodeFault, message: string, facts: NodeErrorFacts = {}) {
    super('unavailable', message, { ...facts, node });
    this.node = node;
    this.fault = fault;
    this.unconfirmed = facts.unconfirmed ?? false;
  }
}

export interface NodeErrorFacts {
  readonly unconfirmed?: boolean;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The ledger can't be asked now (it is unreachable, full, read-only or loading). Nothing may start. */
export class LedgerDown extends DqError {
  override readonly name: string = 'LedgerDown';

  constructor(message: string, cause?: unknown) {
    super('unavailable', message, { cause });
  }
}

/** What the ledger holds for this job isn't an entry of this dq: all others can be asked. */
export class StrangeEntry extends LedgerDown {
  override readonly name = 'StrangeEntry';
}

/** The same error, of an option of the command line. @throws anything else, as it is. */
export function aboutOption(option: string, error: unknown): DqError {
  if (!(error instanceof DqError)) throw error;
  return new DqError('usage', `${option}: ${error.message}`, { hint: error.hint });
}

/** What is wrong with each node, on one line. */
export function reasonsOf(errors: readonly NodeError[]): string {
  return errors.map((error) => `${error.node}: ${messageOf(error)}`).join('; ');
}

/** The text of whatever was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
