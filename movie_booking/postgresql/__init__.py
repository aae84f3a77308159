"""Django's backend for PostgreSQL, with fewer journeys to the server and back: each of them costs a
booking about a tenth of its time."""
