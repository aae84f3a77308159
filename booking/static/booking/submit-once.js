"use strict";

// A form is sent once: after a double click the answer to the first, such as recovery codes, is lost.

const AGAIN_AFTER = 5000; // milliseconds
const sent = new WeakSet();

document.addEventListener("submit", (event) => {
    const form = event.target;
    if (sent.has(form)) {
        event.preventDefault();
        return;
    }
    sent.add(form);
    setTimeout(() => sent.delete(form), AGAIN_AFTER);
});
