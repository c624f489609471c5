// Opens sockets: TCP, or TLS over it, within a deadline. The only file that loads `node:net` and `node:tls`.

import { Buffer } from 'node:buffer';
import { connect as connectTcp, isIP } from 'node:net';
import type { OnReadOpts, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { NodeError } from '../core/errors.ts';
import { parseEndpoint } from './endpoint.ts';
import type { Address } from './endpoint.ts';
import type { Opening } from './opening.ts';
import { secondsText, socketErrorText } from './socket-error.ts';

/** Node's own options. The server's certificate is verified unless `rejectUnauthorized` is false. */
export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'
>;

export interface SocketOptions {
  /** `host:port` */
  readonly endpoint: string;
  /** Left out: plain TCP. */
  readonly tls?: TlsOptions | undefined;
  /** In ms. */
  readonly connectTimeout: number;
  /** What it is given up with. */
  readonly opening?: Opening | undefined;
}

/** What the system hands over at once, in bytes. */
const mostRead = 65_536;

/** A peer that may have vanished is asked for a sign of life after this long, in ms. */
const keepAliveAfter = 15_000;

interface Target extends Address {
  readonly onread: OnReadOpts;
}

/** Is given what comes, in a buffer that is used again for what comes next. */
type OnBytes = (bytes: Buffer) => void;

/**
 * It has no `data` events: Node's streams of them cost a start of dq a third of a millisecond.
 * @throws NodeError
 */
export async function openSocket(options: SocketOptions, onBytes: OnBytes): Promise<Socket> {
  const { endpoint, tls } = options;
  const target = { ...parseEndpoint(endpoint), onread: into(onBytes) };
  try {
    const socket = tls === undefined ? connectTcp(target) : await connectTls(target, tls);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveAfter);
    await opened(socket, tls === undefined ? 'connect' : 'secureConnect', options);
    return socket;
  } catch (error) {
    if (error instanceof NodeError) throw error;
    throw new NodeError(endpoint, 'down', socketErrorText(error), { cause: error });
  }
}

function into(onBytes: OnBytes): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(mostRead);
  return {
    buffer,
    callback: (length) => {
      onBytes(buffer.subarray(0, length));
      return true;
    },
  };
}

async function connectTls(target: Target, tls: TlsOptions): Promise<Socket> {
  const { connect } = await import('node:tls');
  const named = isIP(target.host) === 0 ? { servername: target.host } : {};
  return connect({ ...target, ...named, ...tls });
}

/** Rejects with whatever error the socket ends with before that event. */
function opened(
  socket: Socket,
  event: string,
  { endpoint, tls, connectTimeout, opening }: SocketOptions,
): Promise<void> {
  const onTimeout = (): void => {
    const missed = tls === undefined ? 'connection' : 'TLS handshake';
    const message = `no ${missed} within ${secondsText(connectTimeout)}`;
    socket.destroy(new NodeError(endpoint, 'timeout', message));
  };
  return new Promise((resolve, reject) => {
    let look: NodeJS.Immediate | undefined;
    // After a pause of this process the timer fires before it hears that the connection is there
    const timer = setTimeout(() => {
      look = setImmediate(onTimeout);
    }, connectTimeout);
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      clearImmediate(look);
      opening?.delete(socket);
      socket.off(event, onOpen).off('error', finish);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onOpen = (): void => {
      finish();
    };
    socket.on(event, onOpen).on('error', finish);
    opening?.add(socket);
  });
}
