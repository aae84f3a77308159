"use strict";

// The door page: sends a scan without leaving the page, sounds, and the camera.
// Without JavaScript each form is a page of its own.

const SAME_TICKET = 5000; // milliseconds in which the camera sees one ticket many times
const REFRESH_EVERY = 10000; // milliseconds
const door = document.getElementById("door");
const code = document.getElementById("code");
let sending = false;
let lastSent = 0;
let sounds;

// Two rising tones for a good answer, one low and longer for a bad one.
function sound(isGood) {
    sounds ??= new AudioContext();
    const tones = isGood ? [[880, 0, 0.12], [1320, 0.12, 0.18]] : [[160, 0, 0.6]];
    for (const [frequency, begin, length] of tones) {
        const tone = sounds.createOscillator();
        tone.type = isGood ? "sine" : "square";
        tone.frequency.value = frequency;
        const volume = sounds.createGain();
        volume.gain.value = 0.2;
        tone.connect(volume).connect(sounds.destination);
        tone.start(sounds.currentTime + begin);
        tone.stop(sounds.currentTime + begin + length);
    }
}

// The sections of a page that the server has rendered, in the place of those shown.
function show(page, { withAnswer }) {
    const search = document.getElementById("find")?.value ?? "";
    const isOpen = document.getElementById("waiting")?.open;
    document.getElementById("state").replaceWith(page.getElementById("state"));
    const waiting = document.getElementById("waiting");
    if (waiting && isOpen !== undefined) waiting.open = isOpen;
    const find = document.getElementById("find");
    if (find && search) {
        find.value = search;
        filter(search);
    }
    if (!withAnswer) return;
    document.getElementById("answer").replaceChildren(...page.getElementById("answer").childNodes);
    const answer = document.querySelector(".answer");
    if (!answer) return;
    if (!answer.classList.contains("ask")) {
        const isGood = answer.dataset.good === "yes";
        navigator.vibrate?.(isGood ? 80 : [200, 100, 200]);
        sound(isGood);
    }
}

function complain(sentence) {
    const box = document.createElement("div");
    box.className = "answer bad";
    const word = document.createElement("p");
    word.className = "word";
    word.textContent = "✕ NO ANSWER";
    const text = document.createElement("p");
    text.className = "sentence";
    text.textContent = sentence;
    box.append(word, text);
    document.getElementById("answer").replaceChildren(box);
    sound(false);
}

async function send(body) {
    if (sending) return;
    sending = true;
    door.classList.add("busy");
    try {
        const response = await fetch(location.href, { method: "POST", body, redirect: "manual" });
        if (response.type === "opaqueredirect") return location.reload(); // to the login
        if (!response.ok) throw new Error(response.status);
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        show(page, { withAnswer: true });
    } catch {
        complain("The ticket may be checked in already. Look at the list before you scan it again.");
    } finally {
        sending = false;
        door.classList.remove("busy");
        lastSent = Date.now();
        code.value = "";
        code.focus({ preventScroll: true });
    }
}

async function refresh() {
    if (!document.hidden && !sending) {
        try {
            const response = await fetch(location.href, { redirect: "manual" });
            if (response.ok && !sending) {
                const page = new DOMParser().parseFromString(await response.text(), "text/html");
                show(page, { withAnswer: false });
            }
        } catch {
            // Offline: the next try may succeed.
        }
    }
    refreshing = setTimeout(refresh, REFRESH_EVERY);
}

function filter(text) {
    const words = text.toLowerCase().split(/\s+/);
    for (const row of document.querySelectorAll("#waiting tbody tr")) {
        const content = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => content.includes(word));
    }
}

document.addEventListener("submit", (event) => {
    if (!door.contains(event.target)) return;
    event.preventDefault();
    if (event.target.id === "scan" && !code.value.trim()) return;
    const body = new FormData(event.target);
    if (event.submitter?.name) body.set(event.submitter.name, event.submitter.value);
    send(body);
});

document.addEventListener("input", (event) => {
    if (event.target.id === "find") filter(event.target.value);
});

// --- The camera ---

const camera = document.getElementById("camera");
const video = document.getElementById("video");
let stream;

async function reasonAgainstCamera() {
    const other = "Type the code, or use a scanner.";
    if (!window.isSecureContext) return `The camera needs HTTPS. ${other}`;
    if (!navigator.mediaDevices?.getUserMedia) return `This browser gives no access to a camera. ${other}`;
    if (!("BarcodeDetector" in window)) return `This browser cannot read QR codes. ${other}`;
    const formats = await BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? "" : `This browser cannot read QR codes. ${other}`;
}

function sayNoCamera(sentence) {
    const place = document.getElementById("no-camera");
    place.textContent = sentence;
    place.hidden = false;
}

async function scanWithCamera() {
    try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
        const denied = error.name === "NotAllowedError";
        sayNoCamera(denied ? "Allow the camera for this page to scan with it." : "There is no camera to scan with.");
        return;
    }
    sounds ??= new AudioContext(); // while the button is being pressed; later it would be mute
    video.srcObject = stream;
    video.hidden = false;
    camera.textContent = "Stop the camera";
    await video.play();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    let last = "";
    while (stream) {
        const [found] = await detector.detect(video).catch(() => []);
        const isNew = found && (found.rawValue !== last || Date.now() - lastSent > SAME_TICKET);
        if (isNew && !sending && stream) {
            last = found.rawValue;
            const body = new FormData(document.getElementById("scan"));
            body.set("code", last);
            await send(body);
        }
        await new Promise((done) => setTimeout(done, 150));
    }
}

function stopCamera() {
    stream.getTracks().forEach((track) => track.stop());
    stream = undefined;
    video.hidden = true;
    camera.textContent = "Scan with the camera";
}

camera.addEventListener("click", () => (stream ? stopCamera() : scanWithCamera()));
reasonAgainstCamera().then((reason) => {
    if (reason) sayNoCamera(reason);
    else camera.hidden = false;
});

let refreshing = setTimeout(refresh, REFRESH_EVERY);
