import { render } from 'preact';
import type { MonitorMessage } from '../protocol.js';
import { Moment } from './model/moment.js';
import { Stream } from './stream.js';
import { beginTheme } from './theme.js';
import { App } from './view/app.js';

/*
 * The page. Messages come by the Stream, are applied to the Moment once a frame, however many there are, and then the App
 * is drawn from it anew. All names are text nodes; nothing is made of HTML.
 */

/** ms: while it is live it is drawn as often, though nothing comes. */
const LEAST = 1000;

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
const title = document.title;
const moment = new Moment();
const stream = new Stream(
  (message) => {
    messages.push(message);
    draw();
  },
  () => draw(),
);
let messages: MonitorMessage[] = [];
let frame = 0;

beginTheme();
draw();
watchVisibility();
setInterval(() => {
  if (stream.connection.state === 'live') draw();
}, LEAST);

function draw(): void {
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    const come = messages;
    messages = [];
    for (const message of come) moment.apply(message);
    if (moment.process !== null && stream.connection.state === 'live') moment.settle();
    document.title = title || moment.process?.name || 'rxjs-threading';
    if (root !== null) render(<App moment={moment} stream={stream} />, root);
  });
}

/** Browsers allow six connections to a host: a page that nobody sees needs none. */
function watchVisibility(): void {
  let hiddenBy = false;
  const look = (): void => {
    const { state } = stream.connection;
    if (document.hidden && state !== 'paused') {
      hiddenBy = true;
      stream.pause();
    } else if (!document.hidden && (hiddenBy || state === 'opening')) {
      hiddenBy = false;
      stream.open();
    }
  };
  document.addEventListener('visibilitychange', look);
  look();
}
