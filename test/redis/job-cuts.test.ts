import { jobsHaveOneEnd, someMoments } from '../support/job-cuts.js';
import { anySeed, random } from '../support/random.js';

const seed = anySeed();
const next = random(seed);

// Each moment in turn: test/long/job-cuts.test.ts.
jobsHaveOneEnd(`, seed ${seed}`, someMoments(2, next), someMoments(1, next));
