// Tour of the API with the client that was generated from the schema.
// `node build/tour.js http://127.0.0.1:8000` signs up, lists shows, books and cancels seats.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Api, type HttpResponse } from "./generated/api.js";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8000";

// Adds the access token to each call that needs one.
const client = new Api<string>({
  baseUrl,
  securityWorker: (token) => (token ? { headers: { Authorization: `Bearer ${token}` } } : {}),
});
const { api } = client;

// Returns the error of a call that must fail. Its type, and so its codes, are those of the call.
async function errorOf<E>(call: Promise<HttpResponse<unknown, E>>): Promise<E> {
  try {
    await call;
  } catch (failure) {
    if (failure instanceof Response) return (failure as HttpResponse<unknown, E>).error;
    throw failure;
  }
  throw new Error("The call succeeded.");
}

// Sends a change until there is a response. Thanks to the key it is done only once.
async function retry<T>(
  change: (options: { headers: Record<string, string> }) => Promise<T>,
): Promise<T> {
  const headers = { "Idempotency-Key": randomUUID() };
  for (let attempt = 0; ; attempt++) {
    try {
      return await change({ headers });
    } catch (failure) {
      const seconds = retryDelay(failure, attempt);
      if (seconds === null) throw failure;
      await sleep(seconds * 1000);
    }
  }
}

// Seconds to wait before the next attempt; null if another attempt would not help.
function retryDelay(failure: unknown, attempt: number): number | null {
  if (attempt === 5) return null;
  if (!(failure instanceof Response)) return failure instanceof TypeError ? 2 ** attempt : null;
  if (![409, 429, 500, 503].includes(failure.status)) return null;
  const seconds = Number(failure.headers.get("Retry-After") ?? 2 ** attempt);
  return seconds <= 30 ? seconds : null; // longer than a customer waits
}

function first<T>(list: T[]): T {
  const [found] = list;
  if (found === undefined) throw new Error("This list is empty.");
  return found;
}

const who = { username: `ada-${randomUUID().slice(0, 8)}`, password: "paper-moon-1973" };
const account = (await api.signUp(who)).data;
const tokens = (await api.logIn(who)).data;
client.setSecurityData(tokens.access);
console.log(`Signed up and logged in as ${account.username}.`);

const page = await api.listMovies({ page_size: 1 });
const movie = first(page.data);
const released = movie.release_date ?? "undated";
console.log(`${movie.title}, ${movie.duration_minutes} minutes, ${released}.`);
const next = page.headers.get("Link")?.match(/<([^>]+)>; rel="next"/)?.[1];
const cursor = next && new URL(next, baseUrl).searchParams.get("cursor");
if (cursor) {
  const following = await api.listMovies({ page_size: 1, cursor });
  console.log(`On the next page: ${first(following.data).title}.`);
}

// A show that starts in more than an hour: its seats can still be held and cancelled.
const inAnHour = Date.now() + 60 * 60 * 1000;
const shows = (await api.listMovieShows(movie.id)).data;
const laterShows = shows.filter((each) => Date.parse(each.date_time) > inAnHour);
const show = first(laterShows.filter((each) => each.is_bookable && each.available_seats >= 8));
console.log(`${show.screen_name}: ${show.available_seats} seats are free.`);

const before = (await api.getSeatMap(show.id)).data;
const taken = new Set([...before.booked, ...before.held]);
const seats = Array.from({ length: before.total_seats }, (_, n) => n + 1);
const free = seats.filter((seat) => !taken.has(seat));

const booking = (await retry((o) => api.bookSeat(show.id, { seat_number: first(free) }, o))).data;
console.log(`Booked seat ${booking.seat_label}: ${booking.reference}.`);

const refused = await errorOf(api.bookSeat(show.id, { seat_number: booking.seat_number }));
if (refused.code !== "seat_taken") throw new Error(`Refused for another reason: ${refused.code}`);
console.log(`Refused: ${refused.code}; near it are free: ${refused.alternatives?.length ?? 0}.`);

const couple = (await retry((o) => api.reserveSeats(show.id, { count: 2, hold: true }, o))).data;
console.log(`Holding ${couple.bookings.length} seats for ${couple.expires_in} seconds.`);
const confirmed = (await retry((o) => api.confirmReservation(couple.reference, o))).data;
console.log(`Confirmed: ${confirmed.status}.`);

const ticket = (await api.getTicket(booking.id)).data;
const pdf = new Uint8Array(await (await api.getTicketPdf(booking.id, { format: "blob" })).data.arrayBuffer());
const begin = new TextDecoder().decode(pdf.slice(0, 4));
console.log(`My ticket is good for ${ticket.seat_label}; as PDF it begins with ${begin}.`);

const map = (await api.getSeatMap(show.id)).data;
console.log(`Mine are ${map.mine?.booked.length} seats.`);

const another = first(free.filter((seat) => !map.booked.includes(seat)));
const moved = (await retry((o) => api.moveBooking(booking.id, { seat_number: another }, o))).data;
console.log(`Moved to another seat: ${moved.seat_number !== booking.seat_number}.`);

const cancelled = (await retry((o) => api.cancelBooking(booking.id, o))).data;
console.log(cancelled.detail);
const again = await errorOf(api.cancelBooking(booking.id));
console.log(`Refused: ${again.code}.`);
const all = (await retry((o) => api.cancelReservation(couple.reference, o))).data;
console.log(`The reservation is ${all.status}.`);

const mine = (await api.listMyBookings()).data;
console.log(`I have ${mine.length} bookings, ${mine.filter((b) => b.can_cancel).length} active.`);

const fresh = (await api.refreshToken({ refresh: tokens.refresh })).data;
await api.logOut({ refresh: fresh.refresh });
client.setSecurityData(null);
console.log(`Logged out: ${(await errorOf(api.listMyBookings())).code}.`);
