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
