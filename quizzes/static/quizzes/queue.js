// The answers that still have to reach the server, kept on this device across reloads.
// Key: user/attempt/item, so that another person on the device neither sees nor sends them.

const NAME = "klinik-quiz";
const STORE = "queue";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function run(mode, act) {
  return opened().then(
    (database) =>
      new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => {
          database.close();
          resolve(request.result);
        };
        transaction.onerror = () => reject(transaction.error);
      }),
  );
}

const range = (prefix) => IDBKeyRange.bound(prefix, prefix + "\uffff");

export const put = (key, entry) => run("readwrite", (store) => store.put(entry, key));
export const get = (key) => run("readonly", (store) => store.get(key));
export const all = (prefix) => run("readonly", (store) => store.getAll(range(prefix)));
export const wipe = (prefix) => run("readwrite", (store) => store.delete(range(prefix)));

// Removes an entry only if it is still the one that was answered: a newer one stays.
export async function settle(key, seq) {
  const held = await get(key);
  if (held && held.seq === seq) await run("readwrite", (store) => store.delete(key));
}
