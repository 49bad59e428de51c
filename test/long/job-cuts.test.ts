import { allMoments, jobsHaveOneEnd } from '../support/job-cuts.js';

jobsHaveOneEnd('', allMoments, allMoments);
