from django.test import TestCase

BEARER = [{"Bearer": []}]
OPTIONAL = [{"Bearer": []}, {}]
SHOWN = ("Movie", "Show", "Booking", "Reservation", "ReservedSeat")
COMMON_STATUSES = {"400", "403", "406", "411", "413", "500", "503"}


class SchemaTests(TestCase):
    def setUp(self):
        self.schema = self.client.get("/swagger.json").json()

    def operations(self):
        for path, item in self.schema["paths"].items():
            for method in ("get", "post", "put", "patch", "delete"):
                if method in item:
                    yield f"{method.upper()} {path}", item[method]

    def test_every_operation_has_its_id_statuses_and_security(self):
        documented = {
            name: (
                each["operationId"],
                " ".join(status for status in each["responses"] if status not in COMMON_STATUSES),
                each["security"],
            )
            for name, each in self.operations()
        }
        expected = {
            "GET /api/": ("listLinks", "200", []),
            "POST /api/signup/": ("signUp", "201 415 429", []),
            "POST /api/login/": ("logIn", "200 401 415 429", []),
            "POST /api/token/refresh/": ("refreshToken", "200 401 415", []),
            "POST /api/logout/": ("logOut", "204 401 415", []),
            "POST /api/password-reset/": ("requestPasswordReset", "204 415 429", []),
            "POST /api/password-reset/confirm/": ("resetPassword", "204 415", []),
            "POST /api/verify-email/": ("verifyEmail", "204 415", []),
            "POST /api/verify-email/resend/": ("resendVerification", "204 401 429", BEARER),
            "GET /api/me/": ("getMe", "200 401 429", BEARER),
            "PATCH /api/me/": ("changeMe", "200 401 415 429", BEARER),
            "DELETE /api/me/": ("eraseMe", "204 401 415 429", BEARER),
            "POST /api/me/password/": ("changePassword", "200 401 415 429", BEARER),
            "GET /api/me/sessions/": ("listMySessions", "200 401 429", BEARER),
            "DELETE /api/me/sessions/{id}/": ("endMySession", "204 401 404 429", BEARER),
            "GET /api/movies/": ("listMovies", "200 304", []),
            "GET /api/movies/{id}/": ("getMovie", "200 304 404", []),
            "GET /api/movies/{id}/shows/": ("listMovieShows", "200 304 404", []),
            "GET /api/shows/": ("listShows", "200 304", []),
            "GET /api/shows/{id}/": ("getShow", "200 304 404", []),
            "GET /api/shows/{id}/seats/": ("getSeatMap", "200 304 401 404 429", OPTIONAL),
            "GET /api/shows/{id}/layout/": ("getLayout", "200 304 404", []),
            "GET /api/my-bookings/": ("listMyBookings", "200 401 429", BEARER),
            "GET /api/my-reservations/": ("listMyReservations", "200 401 429", BEARER),
            "GET /api/bookings/{id}/": ("getBooking", "200 401 404 429", BEARER),
            "GET /api/reservations/{reference}/": ("getReservation", "200 401 404 429", BEARER),
        }
        tickets = {
            "bookings/{id}/ticket/": "getTicket",
            "bookings/{id}/ticket.svg": "getTicketSvg",
            "bookings/{id}/ticket.png": "getTicketPng",
            "bookings/{id}/ticket.pdf": "getTicketPdf",
            "bookings/{id}/calendar.ics": "getBookingCalendar",
            "reservations/{reference}/ticket/": "getReservationTickets",
            "reservations/{reference}/ticket.pdf": "getReservationTicketsPdf",
            "reservations/{reference}/calendar.ics": "getReservationCalendar",
        }
        for path, name in tickets.items():
            expected[f"GET /api/{path}"] = (name, "200 401 404 429", BEARER)
        selling = {
            "shows/{id}/book": ("bookSeat", "201 401 404"),
            "shows/{id}/reservations": ("reserveSeats", "201 401 404"),
            "reservations/{reference}/confirm": ("confirmReservation", "200 401 404"),
            "reservations/{reference}/extend": ("extendReservation", "200 401 404"),
            "reservations/{reference}/cancel": ("cancelReservation", "200 401 404"),
            "bookings/{id}/move": ("moveBooking", "200 401 404"),
            "bookings/{id}/cancel": ("cancelBooking", "200 401 404"),
        }
        for path, (name, statuses) in selling.items():
            statuses += " 409 415 422 429"
            expected[f"POST /api/{path}/"] = (name, statuses, BEARER)
        self.assertEqual(documented, expected)
        for name, each in self.operations():
            common = COMMON_STATUSES - ({"406"} if each["tags"] == ["Tickets"] else set())
            self.assertLessEqual(common, each["responses"].keys(), name)
            self.assertEqual("406" in each["responses"], "406" in common, name)

    def test_error_schema_is_shared_where_it_is_the_same(self):
        error = self.schema["definitions"]["ApiError"]
        self.assertEqual(error["required"], ["detail", "code"])
        self.assertEqual(list(error["properties"]), ["detail", "code"])
        for name, each in self.operations():
            for status, response in each["responses"].items():
                if status < "400":
                    continue
                with self.subTest(f"{name} {status}"):
                    if "$ref" in response:
                        response = self.schema["responses"][response["$ref"].split("/")[-1]]
                    sent = [p for p in each["parameters"] if p["in"] in ("body", "query")]
                    has_fields = status == "400" and bool(sent)
                    shape = response["schema"]
                    if "$ref" in shape:
                        shape = self.schema["definitions"][shape["$ref"].split("/")[-1]]
                    self.assertEqual("allOf" in shape, not has_fields)
                    self.assertEqual(
                        "Retry-After" in response.get("headers", {}),
                        status in ("409", "429", "503"),
                    )

    def refused(self, path):
        return self.schema["paths"][path]["post"]["responses"]["400"]["schema"]

    def test_refusal_schema_has_the_facts(self):
        properties = self.refused("/api/shows/{id}/book/")["properties"]
        codes = properties.pop("codes")["properties"]
        documented = {name: each.get("items", each)["type"] for name, each in properties.items()}
        facts = {
            "seat_numbers": "integer",
            "alternatives": "integer",
            "limit": "integer",
            "seats": "integer",
            "bookable_until": "string",
            "cancelled_at": "string",
        }
        fields = {"seat_number": "string", "non_field_errors": "string"}
        self.assertEqual(documented, {"detail": "string", "code": "string"} | facts | fields)
        self.assertEqual({name: each["items"]["type"] for name, each in codes.items()}, fields)
        error, facts = self.refused("/api/bookings/{id}/cancel/")["allOf"]
        self.assertEqual(error, {"$ref": "#/definitions/ApiError"})
        named = [
            *("code", "seat_numbers", "still_free", "cancel_until", "cancelled_at"),
            "admitted_at",
        ]
        self.assertEqual(list(facts["properties"]), named)

    def test_fact_named_like_a_field_has_no_type(self):
        refused = self.refused("/api/shows/{id}/reservations/")
        self.assertNotIn("seat_numbers", refused["properties"])
        self.assertIs(refused["additionalProperties"], True)

    def test_response_fields_are_required_and_texts_may_be_empty(self):
        for name in (*SHOWN, "ListedMovie", "Person", "Session"):
            response = self.schema["definitions"][name]
            with self.subTest(name):
                self.assertEqual(response["required"], list(response["properties"]))
        movie = self.schema["definitions"]["Movie"]["properties"]
        self.assertNotIn("minLength", movie["genre"])
        self.assertTrue(movie["release_date"]["x-nullable"])
        self.assertNotIn("format", movie["poster_url"])
        seat_map = self.schema["definitions"]["PersonalSeatMap"]
        self.assertEqual(set(seat_map["properties"]) - set(seat_map["required"]), {"mine"})

    def test_nullable_fields_are_required(self):
        nullable = {
            f"{name}.{field}"
            for name, definition in self.schema["definitions"].items()
            for field, each in definition.get("properties", {}).items()
            if "x-nullable" in each
        }
        ends = ("cancelled_at", "cancelled_by", "expires_at", "expires_in", "admitted_at")
        of_bookings = {f"{name}.{end}" for name in ("Booking", "CancelledBooking") for end in ends}
        of_others = {
            "Movie.release_date",
            "ListedMovie.release_date",
            "ListedMovie.next_show_at",
            "Show.cancelled_at",
            "Reservation.expires_at",
            "Reservation.expires_in",
            "ReservedSeat.cancelled_by",
            "Ticket.admitted_at",
        }
        self.assertEqual(nullable, of_bookings | of_others)
        for each in nullable:
            name, field = each.split(".")
            shape = self.schema["definitions"][name]["properties"][field]
            self.assertEqual((shape["x-nullable"], shape["x-omitempty"]), (True, False))

    def test_fields_of_choices_list_them(self):
        words = {
            f"{name}.{field}": each["enum"]
            for name, definition in self.schema["definitions"].items()
            for field, each in definition.get("properties", {}).items()
            if "enum" in each
        }
        of = ("Booking", "CancelledBooking", "ReservedSeat", "Reservation")
        statuses = ["held", "booked", "cancelled", "expired"]
        expected = {f"{name}.status": statuses for name in of}
        for name in ("Booking", "CancelledBooking", "ReservedSeat"):
            expected[f"{name}.cancelled_by"] = ["me", "cinema"]
        expected["Seat.kind"] = ["seat", "wheelchair", "companion", "house"]
        self.assertEqual(words, expected)

    def test_definitions_have_no_read_only_or_title(self):
        text = str(self.schema["definitions"])
        self.assertNotIn("readOnly", text)
        self.assertNotIn("'title': 'ID'", text)

    def test_seat_map_has_an_etag(self):
        seats = self.schema["paths"]["/api/shows/{id}/seats/"]["get"]
        self.assertEqual([each["name"] for each in seats["parameters"]], ["id", "If-None-Match"])
        for status in ("200", "304"):
            self.assertEqual(list(seats["responses"][status]["headers"]), ["ETag"])

    def test_operations_on_seats_take_an_idempotency_key(self):
        with_key = [
            name
            for name, each in self.operations()
            if "Idempotency-Key" in [given["name"] for given in each["parameters"]]
            and "Idempotency-Replayed"
            in each["responses"].get("201", each["responses"].get("200"))["headers"]
        ]
        of_seats = [
            name
            for name, each in self.operations()
            if name[:4] == "POST" and each["tags"][0] in ("Bookings", "Reservations")
        ]
        self.assertEqual((with_key, len(with_key)), (of_seats, 7))

    def test_every_operation_has_its_response_schema(self):
        responses = {}
        for _, each in self.operations():
            (success,) = [code for code in each["responses"] if code.startswith("2")]
            schema = each["responses"][success].get("schema", {})
            many = schema.get("type") == "array"
            responses[each["operationId"]] = (schema["items"] if many else schema).get("$ref"), many
        named = {
            "signUp": "Account",
            "logIn": "TokenPair",
            "refreshToken": "TokenPair",
            "getMe": "Person",
            "changeMe": "Person",
            "changePassword": "TokenPair",
            "getMovie": "ListedMovie",
            "getShow": "Show",
            "getSeatMap": "PersonalSeatMap",
            "getLayout": "Layout",
            "bookSeat": "Booking",
            "getBooking": "Booking",
            "moveBooking": "Booking",
            "cancelBooking": "CancelledBooking",
            "reserveSeats": "Reservation",
            "getReservation": "Reservation",
            "confirmReservation": "Reservation",
            "extendReservation": "Reservation",
            "cancelReservation": "Reservation",
            "getTicket": "Ticket",
            "getReservationTickets": "ReservationTickets",
        }
        lists = {
            "listMovies": "ListedMovie",
            "listMovieShows": "Show",
            "listShows": "Show",
            "listMyBookings": "Booking",
            "listMySessions": "Session",
            "listMyReservations": "Reservation",
        }
        expected = {name: (f"#/definitions/{each}", False) for name, each in named.items()}
        expected |= {name: (f"#/definitions/{each}", True) for name, each in lists.items()}
        files = [
            *("getTicketSvg", "getTicketPng", "getTicketPdf", "getBookingCalendar"),
            *("getReservationTicketsPdf", "getReservationCalendar"),
        ]
        others = ["listLinks", "logOut", "eraseMe", "endMySession", *files]
        others += ["requestPasswordReset", "resetPassword", "verifyEmail", "resendVerification"]
        expected |= dict.fromkeys(others, (None, False))
        self.assertEqual(responses, expected)

    def test_security_of_operations_is_defined(self):
        self.assertEqual(self.schema["securityDefinitions"]["Bearer"]["name"], "Authorization")

    def test_lists_have_a_link_header(self):
        for name, each in self.operations():
            is_list = each["operationId"] in (
                "listMovies",
                "listShows",
                "listMovieShows",
                "listMyBookings",
                "listMyReservations",
            )
            self.assertEqual(
                "Link" in each["responses"].get("200", {}).get("headers", {}), is_list, name
            )

    def test_operations_with_a_body_document_it(self):
        bodies = {
            each["operationId"]: parameter["schema"]["$ref"]
            for _, each in self.operations()
            for parameter in each["parameters"]
            if parameter["in"] == "body"
        }
        self.assertEqual(
            bodies,
            {
                "signUp": "#/definitions/SignUp",
                "logIn": "#/definitions/LogIn",
                "refreshToken": "#/definitions/Refresh",
                "logOut": "#/definitions/Refresh",
                "changeMe": "#/definitions/ChangeAccount",
                "eraseMe": "#/definitions/EraseAccount",
                "changePassword": "#/definitions/ChangePassword",
                "requestPasswordReset": "#/definitions/RequestPasswordReset",
                "resetPassword": "#/definitions/ResetPassword",
                "verifyEmail": "#/definitions/VerifyEmail",
                "bookSeat": "#/definitions/BookSeat",
                "moveBooking": "#/definitions/BookSeat",
                "reserveSeats": "#/definitions/ReserveSeats",
            },
        )

    def test_lists_document_their_query_parameters(self):
        parameters = {
            each["operationId"]: [p["name"] for p in each["parameters"] if p["in"] == "query"]
            for _, each in self.operations()
        }
        paging = ["page_size", "cursor"]
        of_movies = ["search", "genre", "language", "now_showing"]
        self.assertEqual(parameters["listMovies"], [*paging, *of_movies])
        times = ["from", "to", "bookable"]
        self.assertEqual(parameters["listShows"], [*paging, "movie", "date", *times])
        self.assertEqual(parameters["listMovieShows"], [*paging, *times])
        self.assertEqual(parameters["listMyReservations"], [*paging, "status", "show"])
        self.assertEqual(parameters["listMyBookings"], [*paging, "status", "show"])
        self.assertEqual(parameters["getShow"], [])

    def test_booking_errors_have_codes_and_sentences(self):
        refused = self.schema["paths"]["/api/shows/{id}/book/"]["post"]["responses"]["400"]
        self.assertEqual(
            refused["schema"]["properties"]["code"]["enum"],
            [
                "show_cancelled",
                "sales_closed",
                "not_for_sale",
                "sold_out",
                "seat_taken",
                "too_many_seats",
                "parse_error",
                "bad_idempotency_key",
                "bad_request",
            ],
        )
        self.assertIn("- `seat_taken`: This seat has just been taken.", refused["description"])

    def test_ids_in_paths_are_integers(self):
        for name, each in self.operations():
            kinds = [(p["name"], p["type"]) for p in each["parameters"] if p["in"] == "path"]
            expected = {"{id}": [("id", "integer")], "{reference}": [("reference", "string")]}
            names = [parameter for parameter in expected if parameter in name]
            self.assertEqual(kinds, expected[names[0]] if names else [], name)

    def test_base_path_is_the_root(self):
        self.assertEqual(self.schema["basePath"], "/")
