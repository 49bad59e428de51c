import './name-worker-file.js';
import './threads.js';
