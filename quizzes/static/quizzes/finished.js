// The attempt is over: what still waited on this device can no longer count.
import { wipe } from "./queue.js";

const { user, attempt } = document.querySelector("#selesai").dataset;
wipe(`${user}/${attempt}/`);
