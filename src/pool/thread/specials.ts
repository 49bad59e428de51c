import { TimeoutError } from 'rxjs';
import { type AnyPrimitive, fromHandle, isPrimitive, toHandle } from '../../primitives/handle.js';
import { registerCodec } from '../wire/codec.js';
import { addErrorKind } from '../wire/error-parts.js';

/** What of the rooms below arrives in another thread as itself. */
registerCodec({
  kind: 'primitive',
  is: isPrimitive,
  pack: (value) => toHandle(value as AnyPrimitive),
  unpack: fromHandle,
});
addErrorKind('TimeoutErrorImpl', () => new TimeoutError());
