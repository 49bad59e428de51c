// typedoc's router: the core's pages lie in api itself, and those of any other entry in a folder of the entry's name.
import { MemberRouter } from 'typedoc-plugin-markdown';

export function load({ renderer }) {
  renderer.defineRouter('entries', EntriesRouter);
}

class EntriesRouter extends MemberRouter {
  getIdealBaseName(reflection) {
    const name = super.getIdealBaseName(reflection).replace(/^rxjs-threading\//, '');
    // api/index.md is the list of entries.
    return name === 'index' ? 'rxjs-threading' : name;
  }
}
