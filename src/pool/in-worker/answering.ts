/** Of a worker that a monitor asks; loaded with the first question. */
export { answerHere } from '../workers/loop-questions.js';
