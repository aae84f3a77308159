// Short tour of the API with types that were generated from the OpenAPI 3.1 document.
// `node build/tour.js http://127.0.0.1:8000` signs up, books, holds and cancels seats.

import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8000";
const client = createClient<paths>({ baseUrl });

// Returns the body of a call that succeeded.
function body<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.data !== undefined) return result.data;
  throw new Error(`${result.response.status} ${JSON.stringify(result.error)}`);
}

const who = { username: `ada-${randomUUID().slice(0, 8)}`, password: "paper-moon-1973" };
const account = body(await client.POST("/api/signup/", { body: who }));
const tokens = body(await client.POST("/api/login/", { body: who }));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${tokens.access}`);
    return request;
  },
});
console.log(`Signed up and logged in as ${account.username}.`);

const page = await client.GET("/api/movies/", { params: { query: { page_size: 1 } } });
const [movie] = body(page);
if (movie === undefined) throw new Error("There is no movie.");
// Nullable in the document, so the compiler asks for the other case.
const released: string | null = movie.release_date;
console.log(`${movie.title}, ${movie.duration_minutes} minutes, ${released ?? "undated"}.`);

const ofMovie = { params: { path: { id: movie.id } } };
// A show that starts in more than an hour: its seats can still be held and cancelled.
const inAnHour = Date.now() + 60 * 60 * 1000;
const shows = body(await client.GET("/api/movies/{id}/shows/", ofMovie));
const laterShows = shows.filter((each) => Date.parse(each.date_time) > inAnHour);
const show = laterShows.find((each) => each.is_bookable && each.available_seats >= 8);
if (show === undefined) throw new Error("There is no show.");
const path = { id: show.id };
const map = body(await client.GET("/api/shows/{id}/seats/", { params: { path } }));
const taken = new Set([...map.booked, ...map.held]);
const seats = Array.from({ length: map.total_seats }, (_, number) => number + 1);
const free = seats.find((seat) => !taken.has(seat));
if (free === undefined) throw new Error("There is no free seat.");

const key = () => ({ "Idempotency-Key": randomUUID() });
const booking: components["schemas"]["Booking"] = body(
  await client.POST("/api/shows/{id}/book/", {
    params: { path, header: key() },
    body: { seat_number: free },
  }),
);
console.log(`Booked seat ${booking.seat_label}: ${booking.reference}.`);

const again = await client.POST("/api/shows/{id}/book/", {
  params: { path },
  body: { seat_number: free },
});
if (again.error?.code !== "seat_taken") throw new Error("The seat was sold twice.");
const near = "alternatives" in again.error ? again.error.alternatives : undefined;
console.log(`Refused: ${again.error.code}; near it are free: ${near?.length ?? 0}.`);

const ofTicket = { params: { path: { id: booking.id } } };
const ticket = body(await client.GET("/api/bookings/{id}/ticket/", ofTicket));
const file = await client.GET("/api/bookings/{id}/ticket.pdf", { ...ofTicket, parseAs: "blob" });
const begin = (await (file.data as Blob).text()).slice(0, 4);
console.log(`My ticket is good for ${ticket.seat_label}; as PDF it begins with ${begin}.`);

const couple = body(
  await client.POST("/api/shows/{id}/reservations/", {
    params: { path, header: key() },
    body: { count: 2, hold: true },
  }),
);
console.log(`Holding ${couple.bookings.length} seats for ${couple.expires_in} seconds.`);
const reservation = { params: { path: { reference: couple.reference } } };
const confirmed = body(await client.POST("/api/reservations/{reference}/confirm/", reservation));
console.log(`Confirmed: ${confirmed.status}.`);
body(await client.POST("/api/reservations/{reference}/cancel/", reservation));
const ofBooking = { params: { path: { id: booking.id } } };
console.log(body(await client.POST("/api/bookings/{id}/cancel/", ofBooking)).detail);

const mine = body(await client.GET("/api/my-bookings/"));
console.log(`I have ${mine.length} bookings, ${mine.filter((b) => b.can_cancel).length} active.`);
await client.POST("/api/logout/", { body: { refresh: tokens.refresh } });
const { error } = await client.POST("/api/token/refresh/", { body: { refresh: tokens.refresh } });
console.log(`Logged out: ${error?.code}.`);
