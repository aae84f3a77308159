"""What the clerk does with halls: change them, set seats aside for the house, release them."""

import http.client
from contextlib import suppress

from . import counter
from .drawings import DRAWINGS, MOST_SEATS, SEATS_PER_ROW, begin_of_name, name_of_rows
from .staff import Staff

REDRAW = 0.7  # share of the changes before which the screen gets another layout


class HallStaff(Staff):
    def _set_aside(self, show):
        seats = sorted({self._seat() for _ in range(self.random.randint(1, 2))})
        request = self.history.begin(
            user=self.clerk.house,
            show=show,
            kind="set_aside",
            arguments={"seats": seats, "hold": True, "clerk": self.clerk.pk},
            key=None,
        )
        self._send_page(
            request, f"show/{show}/seats/", counter.set_aside_form(seats, request.request_id)
        )
        self.clerk.set_aside.extend((show, seat) for seat in seats)

    def _release(self, show):
        """Free a seat that was set aside, or that another customer has meanwhile."""
        of_show = [each for each in self.clerk.set_aside if each[0] == show]
        if not of_show:
            return
        _, seat = chosen = self.random.choice(of_show)
        with suppress(ValueError):  # another client has released it
            self.clerk.set_aside.remove(chosen)
        request = self.history.begin(
            user=0,
            show=show,
            kind="release",
            arguments={"seat": seat, "clerk": self.clerk.pk},
            key=None,
        )
        self._send_page(request, f"show/{show}/seats/", counter.release_form(seat))

    def _change_hall(self, show):
        """The clerk opens the form of the show, and saves it while others sell and change it."""
        path = f"show/{show}/change/"
        if screens := self.clerk.screens[show]:
            number = self.random.randrange(len(screens))
            begin = self._begin_of_name(show, number)
            if self.random.random() < REDRAW:
                self._redraw(screens[number], begin)
            wanted = {"name": begin}
            fields = {"screen": screens[number], "take_layout": "on"}
        else:
            seats = self.random.randint(MOST_SEATS // 2, MOST_SEATS)
            wanted = {"name": name_of_rows(seats), "seats": seats}
            fields = {
                "screen": "",
                "screen_name": wanted["name"],
                "total_seats": seats,
                "seats_per_row": SEATS_PER_ROW,
            }
        page = self._read_page(path)
        seen = page and counter.SEEN_VERSION.search(page)
        if not seen:
            return
        version = int(seen[1])
        request = self.history.begin(
            user=0,
            show=show,
            kind="change_hall",
            arguments={"version": version, "clerk": self.clerk.pk, **wanted},
            key=None,
        )
        fields |= {"seen_version": version, "confirm": "on", **self.clerk.show_form}
        self._send_page(request, path, counter.change_form(fields))

    def _begin_of_name(self, show, number):
        position = sorted(self.clerk.screens).index(show)
        return begin_of_name(position, "ab"[number])

    def _redraw(self, screen, begin):
        """Change the layout of a screen, and its name with it. Shows keep theirs."""
        number = self.random.randrange(len(DRAWINGS))
        form = counter.change_form({"name": f"{begin}{number}", "layout": DRAWINGS[number]})
        with suppress(OSError, http.client.HTTPException):
            self._exchange("POST", f"/admin/booking/screen/{screen}/change/", form, self._headers())

    def _read_page(self, path):
        """The text of a page of the admin, or None. It is no operation: nothing is checked."""
        with suppress(OSError, http.client.HTTPException):
            response = self._exchange("GET", f"/admin/booking/{path}", None, self._headers())
            return response.text if response.status == 200 else None

    def _headers(self):
        return {"Connection": "close", **counter.headers(self.clerk.session)}
