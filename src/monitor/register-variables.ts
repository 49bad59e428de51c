/** Environment variables that register.ts reads. */

/** The port of the monitor; 'off': none is served. Default: 7711, or any if that is taken. */
export const PORT_VARIABLE = 'RXJS_THREADING_MONITOR';
/** Set by `top`: the descriptor to which the monitor's address goes, and not to stderr. Any free port is taken. */
export const FD_VARIABLE = 'RXJS_THREADING_MONITOR_FD';
