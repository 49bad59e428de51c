/** Of a worker that a monitor asks; loaded with the first question. */
export { answerOf } from '../wire/loop-answers.js';
