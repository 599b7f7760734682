// Where the browser reads QR codes by itself, the camera fills the field and sends the form.
const field = document.querySelector("#kode");
const button = document.querySelector("#kamera");
const video = document.querySelector("#gambar");

async function canScan() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return false;
  return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
}

async function scan() {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.hidden = false;
  await video.play();
  const look = async () => {
    const [found] = await detector.detect(video).catch(() => []);
    if (!found) {
      requestAnimationFrame(look);
      return;
    }
    for (const track of video.srcObject.getTracks()) track.stop();
    field.value = found.rawValue;
    field.form.requestSubmit();
  };
  look();
}

if (field && (await canScan())) {
  button.hidden = false;
  button.addEventListener("click", () => scan().catch(() => { video.hidden = true; field.focus(); }));
}

// A hand scanner types at once; on a phone the keyboard would cover the list after every tap.
if (field && !document.querySelector("#q").value && matchMedia("(pointer: fine)").matches) field.focus();

// While a name is typed the lists narrow to it; Enter asks the server, which knows every spelling.
const names = document.querySelector("#q");
const people = [...document.querySelectorAll("[data-words]")];
const nobody = document.querySelector("#tiada");
const recorded = document.querySelector("#sudah");

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function narrow() {
  const words = plain(names.value).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  let found = 0;
  for (const row of people) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
    found += row.hidden ? 0 : 1;
  }
  nobody.hidden = found > 0 || people.length === 0;
  if (recorded && words.length > 0) recorded.open = recorded.querySelector("li:not([hidden])") !== null;
}

if (names && nobody) names.addEventListener("input", narrow);
