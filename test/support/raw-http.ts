import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** All of the header lines, as they came. */
  readonly head: string;
  readonly body: string;
}

/** Sends these lines as they are, and reads until the server ends the connection. */
export async function askRaw(port: number, lines: readonly string[], host = '127.0.0.1'): Promise<RawAnswer> {
  const socket = connect(port, host);
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return parse(text);
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  return { status: Number(head.split(' ')[1]), head, body: text.slice(end + 4) };
}

/** A connection that has asked for `events`, and reads nothing until it is told to. */
export async function openEvents(port: number, headers: readonly string[] = []): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  const lines = ['GET /events HTTP/1.1', `Host: 127.0.0.1:${port}`, ...headers];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}
