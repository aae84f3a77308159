"use strict";

// The picture of a layout while it is typed. The server reads the drawing, so there is one parser.

const drawing = document.getElementById("id_layout");
const preview = document.getElementById("layout-preview");
let picture = document.createElement("div");

function element(tag, className, text = "") {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
}

function drawHall(hall) {
    const box = element("div", "hall-box");
    box.append(element("p", "", hall.counts), element("div", "screen-mark", "Screen"));
    const seats = element("div", "hall");
    seats.style.setProperty("--places", hall.width);
    for (const row of hall.rows) {
        const label = element("span", "row-label", row.label);
        label.style.gridArea = `${row.y + 1} / 1`;
        seats.append(label);
    }
    for (const seat of hall.seats) {
        const place = element("span", "seat");
        const marks = { wheelchair: "W", companion: "C", house: "H" };
        place.dataset.kind = seat.kind;
        place.dataset.state = seat.kind === "house" ? "house" : "free";
        place.title = `${seat.label} ${seat.kind}`;
        place.style.gridArea = `${seat.y + 1} / ${seat.x + 2}`;
        place.append(element("span", "", marks[seat.kind] ?? seat.label.match(/[0-9]+$/)[0]));
        seats.append(place);
    }
    box.append(seats);
    return box;
}

async function refresh() {
    const typed = drawing.value;
    const body = new FormData();
    body.append("layout", typed);
    body.append("csrfmiddlewaretoken", drawing.form.elements.csrfmiddlewaretoken.value);
    const response = await fetch(preview.dataset.url, { method: "POST", body });
    if (!response.ok || drawing.value !== typed) return; // an older answer
    const hall = await response.json();
    const problems = element("ul", "problems");
    problems.setAttribute("role", "status");
    problems.append(...hall.problems.map((problem) => element("li", "", problem)));
    preview.classList.toggle("outdated", hall.problems.length > 0);
    if (!hall.problems.length) picture = drawHall(hall);
    preview.replaceChildren(problems, picture);
}

if (drawing && preview) {
    let typing;
    drawing.addEventListener("input", () => {
        clearTimeout(typing);
        typing = setTimeout(refresh, 250);
    });
    if (drawing.value) refresh();
    else preview.textContent = "Draw the hall, and it is shown here.";
}
