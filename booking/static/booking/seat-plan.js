"use strict";

// Refresh of the seat plan, what is chosen in words, arrow keys, and suggestions of customers.
// The page works without: choosing, selling and cancelling are a plain form.

const REFRESH_EVERY = 4000; // milliseconds
const form = document.getElementById("seat-plan");
const boxes = new Map([...form.querySelectorAll("input[name=seat]")].map((box) => [box.value, box]));
const free = new Map([...boxes].map(([number, box]) => [number, freeLook(box)]));
let taken = JSON.parse(document.getElementById("state").textContent).seats;

// What a seat looks like when nobody has it; the page knows it only of seats that are free.
function freeLook(box) {
    const label = box.closest("label");
    const kind = label.dataset.kind;
    const names = { wheelchair: ", wheelchair space", companion: ", companion seat" };
    const marks = { wheelchair: "W", companion: "C", house: "H" };
    const place = box.dataset.label.match(/[0-9]+$/)[0];
    return {
        state: kind === "house" ? "house" : "free",
        mark: marks[kind] ?? place,
        description: `${box.dataset.label}${names[kind] ?? ""}, ${kind === "house" ? "house seat" : "free"}`,
    };
}

function show(number, look) {
    const box = boxes.get(number);
    const label = box.closest("label");
    label.dataset.state = look.state;
    label.title = look.description;
    box.setAttribute("aria-label", look.description);
    label.querySelector("span").textContent = look.mark;
}

function update(state) {
    const lost = [];
    for (const [number, box] of boxes) {
        const look = state.seats[number] ?? free.get(number);
        if (box.checked && state.seats[number] && !taken[number]) {
            box.checked = false;
            lost.push(box.dataset.label);
        }
        show(number, look);
    }
    taken = state.seats;
    for (const [name, count] of Object.entries(state.counts)) {
        form.querySelector(`[data-count="${name}"]`).textContent = count;
    }
    describeChosen(lost);
}

function describeChosen(lost = []) {
    const chosen = [...boxes].filter(([, box]) => box.checked);
    const labels = chosen.map(([, box]) => box.dataset.label);
    const seats = chosen.length === 1 ? "1 seat" : `${chosen.length} seats`;
    const gone = lost.length ? `Taken meanwhile: ${lost.join(", ")}. ` : "";
    const status = document.getElementById("chosen");
    const summary = chosen.length ? `${seats}: ${labels.join(", ")}` : status.dataset.prompt;
    if (status.textContent !== gone + summary) status.textContent = gone + summary;
    const kinds = new Set(chosen.map(([number]) => (taken[number] ? "taken" : "free")));
    form.dataset.chosen = kinds.size > 1 ? "both" : ([...kinds][0] ?? "none");
    const details = chosen.filter(([number]) => taken[number]).map(([number]) => {
        const item = document.createElement("li");
        item.textContent = taken[number].details;
        return item;
    });
    document.getElementById("details").replaceChildren(...details);
}

async function refresh() {
    if (!document.hidden) {
        try {
            const response = await fetch(form.dataset.state, { headers: { Accept: "application/json" } });
            if (response.ok && !response.redirected) update(await response.json());
        } catch {
            // Offline: the next try may succeed.
        }
    }
    refreshing = setTimeout(refresh, REFRESH_EVERY);
}

// The nearest seat in the direction of an arrow key.
function neighbour(box, key) {
    const place = (each) => {
        const area = each.closest("label").style.gridArea.split("/").map((part) => parseInt(part, 10));
        return { y: area[0], x: area[1] };
    };
    const from = place(box);
    const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    let best = null;
    for (const each of boxes.values()) {
        const to = place(each);
        const ahead = (to.x - from.x) * across + (to.y - from.y) * down;
        const aside = Math.abs((to.x - from.x) * down) + Math.abs((to.y - from.y) * across);
        if (ahead <= 0 || (across && aside)) continue;
        const distance = ahead * 100 + aside;
        if (!best || distance < best.distance) best = { each, distance };
    }
    return best?.each;
}

form.addEventListener("change", (event) => {
    if (event.target.name === "seat") describeChosen();
});

form.addEventListener("keydown", (event) => {
    if (event.target.name === "seat" && event.key.startsWith("Arrow")) {
        event.preventDefault();
        neighbour(event.target, event.key)?.focus();
    } else if (event.key === "Enter" && event.target.matches("input")) {
        // Not the first button of the page, but the one that belongs to the field.
        event.preventDefault();
        const own = event.target.closest(".inline")?.querySelector("button");
        (own ?? form.querySelector("button[value=sell]"))?.focus();
    }
});

form.addEventListener("submit", () => {
    // After the browser has read which button was pressed.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
});
window.addEventListener("pageshow", () => {
    form.querySelectorAll("button").forEach((button) => (button.disabled = false));
});

const customer = form.elements.customer;
let typing;
customer?.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(async () => {
        const text = customer.value.trim();
        if (text.length < 2) return;
        const response = await fetch(`?suggest=${encodeURIComponent(text)}`);
        if (!response.ok) return;
        const options = (await response.json()).customers.map(({ username, name }) => {
            const option = document.createElement("option");
            option.value = username;
            option.label = name;
            return option;
        });
        document.getElementById("customers").replaceChildren(...options);
    }, 200);
});

describeChosen();
let refreshing = setTimeout(refresh, REFRESH_EVERY);
